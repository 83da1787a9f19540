"""Early exit: thresholds against brute force, samples that leave, and what they pay."""

import pytest
import torch

import adafire
from adafire.calibration.exit_rules import fit_thresholds, paper_thresholds
from adafire.simulation.exit import Exit, part
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build
from helpers.references import leave


def settling(samples, seed, steps=6):
    """Scores that settle as 1 / t: early classes differ from the last one, the more the less sure they are."""
    g = torch.Generator().manual_seed(seed)
    settled = torch.randn(samples, 4, generator=g) * 3
    return torch.stack([settled + torch.randn(samples, 4, generator=g) * 2 / (t + 1) for t in range(steps)])


@pytest.mark.parametrize("drop", [0.0, 0.05, 0.3])
def test_fitted_thresholds_keep_the_stated_share_of_what_they_saw(drop):
    trajectory = settling(60, 0)
    thresholds = fit_thresholds(trajectory, drop)
    steps, wrong = leave(trajectory, thresholds)
    assert sum(wrong) <= drop * 60 and thresholds[-1] == 0
    assert drop == 0 or sum(steps) < 60 * 5  # somebody leaves early


def test_the_stated_drop_holds_on_other_samples():
    """Fitted on 85 samples, scored on 1,000 others, twenty times: on average clearly below the stated share."""
    over, shares, spent = 0, [], []
    for seed in range(20):
        rule = Exit(fit_thresholds(settling(85, seed), 0.02))
        fresh = settling(1000, 1000 + seed)
        out = torch.stack([rule.sure(scores, t + 1) for t, scores in enumerate(fresh)])
        first = out.float().argmax(0)
        share = float((fresh.argmax(2).gather(0, first[None])[0] != fresh[-1].argmax(1)).float().mean())
        over, shares, spent = over + (share > 0.02), [*shares, share], [*spent, float(first.float().mean()) + 1]
    assert sum(shares) / 20 < 0.016 and over <= 5, (over, shares)
    assert sum(spent) / 20 < 4.7  # of 6 steps


def test_without_anything_to_learn_from_nobody_leaves():
    same = torch.ones(4, 10, 3)
    assert fit_thresholds(same, 0.0).tolist() == [2.0, 2.0, 2.0, 0.0]
    assert fit_thresholds(settling(5, 0, steps=1), 0.5).tolist() == [0.0]


def test_paper_formula_by_hand():
    # step 1: uniform scores, entropy 1, the class is right; step 2: sure, entropy about 0 -> g = (0.6 + 0.4/e, 1)
    trajectory = torch.tensor([[[0.0, 0.0]], [[50.0, 0.0]]])
    g = paper_thresholds(trajectory, torch.tensor([0]))
    assert g.tolist() == pytest.approx([0.6 + 0.4 * 2.718281828**-1, 1.0], abs=1e-4)


@pytest.fixture(scope="module")
def case():
    network = build("Residual")
    x = torch.randn(48, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    return network, x, adafire.convert(network, x[:30], method="adafire+iat", timesteps=6)


def test_a_part_of_a_simulation_goes_on_as_the_whole(case):
    network, x, snn = case
    rows = torch.tensor([1, 4, 5])
    whole = Run(snn.plan(x[30:38]), snn.params, network, x[30:38], snn.call)
    list(simulate(whole, (2,), 2))
    piece = part(whole, rows, snn.plan)
    ((_, some),) = simulate(piece, (6,), 6)
    ((_, everybody),) = simulate(whole, (6,), 6)
    assert torch.allclose(some, everybody[rows], atol=1e-5)
    assert torch.equal(piece.neurons[1].n, whole.neurons[1].n[rows])


def test_outputs_and_cost_are_those_of_the_step_each_sample_left_at(case):
    network, x, snn = case
    x = x[30:]
    snn.reset()
    scores, report = snn(x), snn.report()
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    trajectory = torch.stack([y for _, y in simulate(run, range(1, 7), 1)])
    steps, _ = leave(trajectory, snn.exit.thresholds)
    expected = torch.stack([trajectory[t, n] for n, t in enumerate(steps)])
    assert torch.allclose(scores, expected, atol=1e-4)
    assert report.samples == 18 and report.mean_timesteps == pytest.approx(sum(t + 1 for t in steps) / 18)
    assert report.exits == {t + 1: steps.count(t) for t in sorted(set(steps))}
    spent = 0.0
    for n, t in enumerate(steps):
        one = Run(snn.plan(x[n : n + 1]), snn.params, network, x[n : n + 1], snn.call)
        list(simulate(one, (t + 1,), t + 1))
        spent += float(sum(s.events.sum() for s in one.neurons.values()))
    assert report.spikes * 18 == pytest.approx(spent, rel=1e-3)


def test_what_is_held_out_is_not_used_for_anything_else():
    network, x = build("Residual"), torch.randn(30, 3, 16, 16)
    spoiled = torch.cat([x[:20], torch.full((10, 3, 16, 16), 1e6)])
    clean, other = (adafire.convert(network, c, method="adafire+iat", timesteps=3) for c in (x, spoiled))
    assert all(torch.equal(clean.params[i].theta, other.params[i].theta) for i in clean.params)
    assert all(torch.equal(clean.params[i].bias, other.params[i].bias) for i in clean.params)


def test_the_papers_rule_is_an_option_and_takes_the_anns_predictions_for_labels(case):
    network, x, _ = case
    snn = adafire.convert(network, x[:30], method="adafire+iat", timesteps=6, exit_rule="paper", exit_shape=(0.1, 0.05))
    assert snn.exit.rule == "paper" and snn.found["exit"]["labels"] == "predictions of the ANN"
    held = x[20:30]
    run = Run(snn.plan(held), snn.params, network, held, snn.call)
    with torch.no_grad():
        expected = paper_thresholds(
            torch.stack([y for _, y in simulate(run, range(1, 7), 1)]), network(held).argmax(1), 0.1, 0.05
        )
    assert torch.allclose(snn.exit.thresholds, expected, atol=1e-5)
    snn.reset()
    scores = snn(x[30:])
    whole = Run(snn.plan(x[30:]), snn.params, network, x[30:], snn.call)
    trajectory = torch.stack([y for _, y in simulate(whole, range(1, 7), 1)])
    for n in range(18):  # by the formula: the entropy of the summed scores, in parts of log K
        for t in range(6):
            p = (trajectory[t, n] * (t + 1)).softmax(0)
            if t == 5 or float(1 + (p * p.log()).sum() / torch.log(torch.tensor(5.0))) > float(expected[t]):
                break
        assert torch.allclose(scores[n], trajectory[t, n], atol=1e-4), n
    assert adafire.convert(network, x[:30], method="adafire+iat", timesteps=2, faithful=True).exit.rule == "paper"
    with pytest.raises(adafire.InputError, match="exit_rule"):
        adafire.convert(network, x[:30], method="adafire+iat", timesteps=2, exit_rule="best")


def test_clear_errors():
    with pytest.raises(adafire.UnsupportedError, match="early exit needs class scores"):
        adafire.convert(build("Pyramid"), torch.randn(9, 3, 16, 16), method="adafire+iat", timesteps=3)
    with pytest.raises(adafire.InputError, match="too few to hold some out"):
        adafire.convert(build("Residual"), torch.randn(2, 3, 16, 16), method="adafire+iat", timesteps=3)
