"""Early exit: thresholds against brute force, samples that leave, and what they pay."""

import pytest
import torch

import adafire
from adafire.exit import confidence, fit_thresholds, paper_thresholds, part
from adafire.simulate import Run, simulate
from networks import build


def leave(trajectory, thresholds):
    """Step (0-based) at which each sample leaves, and whether its class differs from the last one; sample by sample."""
    steps, wrong = [], []
    for n in range(trajectory.shape[1]):
        t = next(t for t in range(len(thresholds)) if t == len(thresholds) - 1
                 or float(confidence(trajectory[t, n:n + 1])) >= float(thresholds[t]))
        steps.append(t)
        wrong.append(bool(trajectory[t, n].argmax() != trajectory[-1, n].argmax()))
    return steps, wrong


@pytest.mark.parametrize("drop", [0.0, 0.05, 0.3])
def test_fitted_thresholds_keep_the_stated_share(drop):
    settled = torch.randn(60, 4) * 2
    trajectory = torch.stack([settled + torch.randn(60, 4) * 3 / (t + 1) for t in range(6)])
    thresholds = fit_thresholds(trajectory, drop)
    steps, wrong = leave(trajectory, thresholds)
    assert sum(wrong) <= drop * 60 and thresholds[-1] == 0
    assert sum(steps) < 60 * 5  # somebody leaves early
    lower = [thresholds.clone() for _ in range(5)]
    for t, trial in enumerate(lower):  # no step's threshold can be lowered to its next sample alone
        below = torch.tensor([float(confidence(trajectory[t, n:n + 1])) for n in range(60)])
        below = below[below < thresholds[t]]
        if len(below):
            trial[t] = below.max()
            assert sum(leave(trajectory, trial)[1]) > drop * 60 or trial[t] > 0.0


def test_paper_formula_by_hand():
    # step 1: uniform scores, entropy 1, the class is right; step 2: sure, entropy about 0 -> g = (0.6 + 0.4/e, 1)
    trajectory = torch.tensor([[[0.0, 0.0]], [[50.0, 0.0]]])
    g = paper_thresholds(trajectory, torch.tensor([0]))
    assert g.tolist() == pytest.approx([0.6 + 0.4 * 2.718281828 ** -1, 1.0], abs=1e-4)


@pytest.fixture(scope="module")
def case():
    network = build("Residual")
    x = torch.randn(48, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    return network, x, adafire.convert(network, x[:30], method="adafire+iat", timesteps=6)


def test_a_part_of_a_simulation_goes_on_as_the_whole(case):
    network, x, snn = case
    rows = torch.tensor([1, 4, 5])
    whole = Run(snn.plan(x[30:38]), snn.params, network, x[30:38], snn.forward)
    list(simulate(whole, (2,), 2))
    piece = part(whole, rows, snn.plan)
    (_, some), = simulate(piece, (6,), 6)
    (_, everybody), = simulate(whole, (6,), 6)
    assert torch.allclose(some, everybody[rows], atol=1e-5)
    assert torch.equal(piece.neurons[1].n, whole.neurons[1].n[rows])


def test_outputs_and_cost_are_those_of_the_step_each_sample_left_at(case):
    network, x, snn = case
    x = x[30:]
    snn.reset()
    scores, report = snn(x), snn.report()
    run = Run(snn.plan(x), snn.params, network, x, snn.forward)
    trajectory = torch.stack([y for _, y in simulate(run, range(1, 7), 1)])
    steps, _ = leave(trajectory, snn.exit)
    expected = torch.stack([trajectory[t, n] for n, t in enumerate(steps)])
    assert torch.allclose(scores, expected, atol=1e-4)
    assert report.samples == 18 and report.mean_timesteps == pytest.approx(sum(t + 1 for t in steps) / 18)
    assert report.exits == {t + 1: steps.count(t) for t in sorted(set(steps))}
    spent = 0.0
    for n, t in enumerate(steps):
        one = Run(snn.plan(x[n:n + 1]), snn.params, network, x[n:n + 1], snn.forward)
        list(simulate(one, (t + 1,), t + 1))
        spent += float(sum(s.events.sum() for s in one.neurons.values()))
    assert report.spikes * 18 == pytest.approx(spent, rel=1e-3)


def test_what_is_held_out_is_not_used_for_anything_else():
    network, x = build("Residual"), torch.randn(30, 3, 16, 16)
    spoiled = torch.cat([x[:20], torch.full((10, 3, 16, 16), 1e6)])
    clean, other = (adafire.convert(network, c, method="adafire+iat", timesteps=3) for c in (x, spoiled))
    assert all(torch.equal(clean.params[i].theta, other.params[i].theta) for i in clean.params)
    assert all(torch.equal(clean.params[i].bias, other.params[i].bias) for i in clean.params)


def test_clear_errors():
    with pytest.raises(adafire.UnsupportedError, match="early exit needs class scores"):
        adafire.convert(build("Pyramid"), torch.randn(9, 3, 16, 16), method="adafire+iat", timesteps=3)
    with pytest.raises(adafire.InputError, match="too few to hold some out"):
        adafire.convert(build("Residual"), torch.randn(2, 3, 16, 16), method="adafire+iat", timesteps=3)
