"""What early exit costs: every sample pays for the steps that it spent, as if it had been run alone for them."""

import pytest
import torch

import adafire
from adafire.cost.meter import Meter
from adafire.simulation.exit import confidence
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build
from helpers.references import leave


@pytest.fixture(scope="module")
def found():
    """(report of a batch with early exit, report of its samples run one by one for the steps that each spent, the steps)."""
    network = build("Residual")
    x = torch.randn(48, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    snn = adafire.convert(network, x[:30], method="adafire+iat", timesteps=6)
    x = x[30:]
    with torch.no_grad():
        run = Run(snn.plan(x), snn.params, network, x, snn.call)
        trajectory = torch.stack([y for _, y in simulate(run, range(1, 7), 1)])
        sure = torch.stack([confidence(y).quantile(0.7) for y in trajectory])
        sure[-1] = 0
        snn.exit = snn.exit._replace(thresholds=sure)  # fitted on noise, nobody would leave early
        steps, _ = leave(trajectory, sure)
        snn.reset()
        snn(x)
        alone = Meter()
        for n, t in enumerate(steps):
            one = Run(snn.plan(x[n : n + 1]), snn.params, network, x[n : n + 1], snn.call)
            list(simulate(one, (t + 1,), t + 1))
            alone.add(one, at=6)
    return snn.report(), alone.report(6), steps


def test_samples_leave_at_different_steps(found):
    report, _, steps = found
    assert len(set(steps)) > 1, "otherwise the tests below would show nothing"
    assert report.mean_timesteps == pytest.approx(sum(t + 1 for t in steps) / len(steps))
    assert report.exits == {t + 1: steps.count(t) for t in sorted(set(steps))}


@pytest.mark.parametrize("figure", ["spikes", "synops", "synops_graded", "macs", "firing_rate", "mean_timesteps"])
def test_costs_are_those_of_the_steps_that_each_sample_spent(found, figure):
    together, alone, _ = found
    assert getattr(together, figure) == pytest.approx(getattr(alone, figure), rel=2e-3)


def test_costs_of_every_layer_and_the_energy_follow(found):
    together, alone, steps = found
    for here, there in zip(together.layers, alone.layers, strict=True):
        assert here["layer"] == there["layer"]
        for figure in ("synops", "synops_graded", "macs"):
            assert here[figure] == pytest.approx(there[figure], rel=5e-3, abs=1e-6), (here["layer"], figure)
    assert together.energy_pj() == pytest.approx(alone.energy_pj(), rel=2e-3)
    assert together.energy_pj(graded=True) == pytest.approx(alone.energy_pj(graded=True), rel=2e-3)
