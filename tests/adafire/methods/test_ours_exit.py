"""ours+exit: the precision of each step by hand and against a loop; who leaves pays for the steps that he saw."""

import pytest
import torch

import adafire
from adafire.errors import InputError
from adafire.methods import get
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build


@pytest.mark.parametrize(
    "timesteps, levels, weights, finest",
    [
        (1, 6, (1.0,), 1 / 32),  # one step has the precision of `ours`
        (2, 5, (1.0, 1 / 4), 1 / 64),
        (4, 5, (1.0, 1 / 2, 1 / 4, 1 / 8), 1 / 128),
        (3, 5, (1.0, 1 / 4, 1 / 8), 1 / 128),  # 96 values, rounded up; the odd halving comes first
    ],
)
def test_steps_by_hand(timesteps, levels, weights, finest):
    law, last = get("ours+exit").law(timesteps)
    assert (law.levels, law.weights, last) == (levels, weights, finest)


def test_a_step_tells_a_value_to_its_own_precision_and_only_what_is_new():
    law, _ = get("ours+exit").law(4)
    values = torch.rand(500, generator=torch.Generator().manual_seed(0)) * 1.2 - 0.1  # of the clip value
    mean = torch.zeros(500)
    for step, finest in enumerate((1 / 16, 1 / 32, 1 / 64, 1 / 128), 1):
        change, spikes = law.burst(values - mean, law.weight(step), 8.0)
        mean = mean + change
        assert ((values - mean).abs() <= finest * 33 / 64 + 1e-6).all()  # a rest of 33/64 is what 31/64 leaves unsent
        assert (mean / finest == (mean / finest).round()).all()
        assert ((spikes > 0) == (change != 0)).all()


@pytest.fixture(scope="module")
def case():
    network = build("Residual")
    x = torch.randn(48, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    return network, x


def test_finer_steps_bring_the_outputs_nearer_to_the_networks(case):
    network, x = case
    snn = adafire.convert(network, x[:30], method="ours+exit", timesteps=4, first=4)
    with torch.no_grad():
        expected = network(x[30:])
        run = Run(snn.plan(x[30:]), snn.params, network, x[30:], snn.call)
        errors = [float((y - expected).square().mean()) for _, y in simulate(run, (1, 2, 4), 1)]
    assert errors[0] > 3 * errors[1] > 3 * errors[2]


def test_who_leaves_early_costs_less(case):
    network, x = case
    snn = adafire.convert(network, x[:30], method="ours+exit", timesteps=4, first=4)
    spikes, steps = [], []
    for threshold in (1.0, 0.0):  # nobody is sure, then everybody
        snn.exit.thresholds[:-1] = threshold
        snn.reset()
        snn(x[30:])
        spikes.append(snn.report().spikes)
        steps.append(snn.report().mean_timesteps)
    assert steps == [4, 1]
    assert spikes[1] < spikes[0]


@pytest.mark.parametrize("options", [dict(first=12), dict(first=1), dict(search="channels"), dict(exit_drop=1.0)])
def test_bad_options(case, options):
    with pytest.raises(InputError, match=next(iter(options))):
        adafire.convert(case[0], case[1][:9], method="ours+exit", timesteps=2, **options)
