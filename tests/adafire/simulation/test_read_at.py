"""Read-outs before the T that a method is fitted for: what an observer sees at that step, and what was spent by then."""

import pytest
import torch

import adafire
from adafire import methods
from adafire.errors import InputError
from adafire.simulation.exit import ExitJudge, class_scores
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build

SNN = [name for name in methods.names() if methods.get(name).kind == "snn"]


@pytest.fixture(scope="module")
def case():
    x = (
        torch.randn(40, 3, 16, 16, generator=torch.Generator().manual_seed(3))
        * torch.linspace(0.3, 2, 40)[:, None, None, None]
    )
    return build("Residual"), x[:24], x[24:]


def exit_step(snn, states, judge=None):
    """The step, from 1, at which each sample leaves."""
    left = torch.stack(
        [snn.exit.sure(class_scores(y) if judge is None else judge.scores(y), t) for t, y in enumerate(states, 1)]
    )
    return left.float().argmax(0) + 1


def simulated(snn, x, at):
    run = Run(snn.plan(x), snn.params, snn.network, x, snn.call, snn.method.read_from(snn.timesteps))
    return [y for _, y in simulate(run, at, 1)]


@pytest.mark.parametrize("name", SNN)
def test_an_observer_sees_the_simulation_as_it_is_at_that_step(name, case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method=name, timesteps=6)
    states, at = simulated(snn, x, range(1, 7)), (1, 2, 5, 6)
    steps = torch.full((len(x),), 6) if snn.exit is None else exit_step(snn, states)
    found, whole = snn(x, at=at), snn.report()
    for t, y in zip(at, found):
        seen = steps.clamp(max=t)
        assert torch.allclose(y, torch.stack([states[s - 1][n] for n, s in enumerate(seen.tolist())]), atol=1e-4), t
        report = snn.report(at=t)
        assert report.samples == len(x) and report.timesteps == t
        assert report.mean_timesteps == pytest.approx(float(seen.double().mean())) and sum(
            report.exits.values()
        ) == len(x)
        assert report.fitted_for == (None if snn.method.anytime else 6)
    assert (
        snn.method.anytime
        or "read out at T=2, fitted for T=6" in str(snn.report(at=2))
        and "fitted for T=6" in snn.summary(at=2)
    )
    snn.reset()
    assert torch.allclose(snn(x), found[-1], atol=1e-5) and snn.report().samples == whole.samples
    assert snn.report().spikes == pytest.approx(whole.spikes, rel=1e-3)
    snn.reset()
    assert torch.allclose(snn(x, at=(2,))[0], found[1], atol=1e-5) and list(snn.meter.sums) == [2]


def test_samples_that_left_are_seen_as_they_left_and_pay_no_more(case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method="adafire+iat", timesteps=6, search="none")
    scores = torch.stack([y.softmax(1).amax(1) for y in simulated(snn, x, range(1, 7))])
    middle = scores[:5].median(1).values
    snn.exit = snn.exit._replace(thresholds=torch.cat([middle, torch.zeros(1)]))  # about half leave at every step
    found = snn(x, at=(1, 3, 6))
    early, late, last = (snn.report(at=t) for t in (1, 3, 6))
    assert early.exits == {1: len(x)} and len(late.exits) == 3 and len(last.exits) > 3
    assert {t: n for t, n in late.exits.items() if t < 3} == {t: n for t, n in last.exits.items() if t < 3}
    assert early.spikes < late.spikes < last.spikes
    gone = exit_step(snn, simulated(snn, x, range(1, 7))) <= 3
    assert (
        0 < gone.sum() < len(x)
        and torch.equal(found[1][gone], found[2][gone])
        and not torch.equal(found[1][~gone], found[2][~gone])
    )


def test_early_exit_by_a_judge_of_ones_own(case):
    network, calibration, x = case
    judge = ExitJudge(lambda y: y[0].softmax(1).amax(1), lambda y, z: y[0].argmax(1) != z[0].argmax(1))
    snn = adafire.convert(
        network,
        calibration,
        method="adafire+iat",
        timesteps=4,
        search="none",
        exit_judge=judge,
        forward=lambda network, x: [network(x)],
    )
    states = simulated(snn, x, range(1, 5))
    steps = exit_step(snn, states, judge)
    for t, y in zip((2, 4), snn(x, at=(2, 4))):
        assert torch.allclose(
            y[0], torch.stack([states[min(s, t) - 1][0][n] for n, s in enumerate(steps.tolist())]), atol=1e-4
        )


def test_the_quantised_network_has_the_levels_of_its_t(case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method="quantised", timesteps=16)
    with torch.no_grad():
        errors = [float((y - network(x)).norm()) for y in snn(x, at=(1, 4, 16))]
    assert errors[0] > errors[1] > errors[2]


def test_delayed_read_out_before_its_delay_averages_all_steps(case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method="threshold-balancing", timesteps=6)
    plain = Run(snn.plan(x), snn.params, snn.network, x, snn.call, 0)
    ((_, expected),) = simulate(plain, (2,), 1)
    assert torch.allclose(snn(x, at=(2, 6))[0], expected, atol=1e-5)


@pytest.mark.parametrize("name", methods.names())
def test_beyond_the_t_that_it_is_fitted_for(name, case):
    snn = adafire.convert(case[0], case[1], method=name, timesteps=2)
    if snn.method.anytime:
        assert len(snn(case[2], at=(2, 3))) == 2
    else:
        with pytest.raises(
            adafire.InputError, match="is fitted for T=2, and read-outs go up to there, found 3; convert"
        ):
            snn(case[2], at=(1, 3))


def test_one_number_is_no_list_of_times():
    network, x = build("Residual"), torch.rand(2, 3, 8, 8)
    snn = adafire.convert(network, x, method="burst", timesteps=2)
    with pytest.raises(InputError, match="at=0; expected read-out times one after the other, such as at=\\(2, 2\\)"):
        snn(x, at=0)
