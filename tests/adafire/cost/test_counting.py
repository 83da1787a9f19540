"""Every number of a report is a sum over samples, for every method: whatever the batches, their order, the memory, the step that
a sample leaves at, or the sizes of the inputs, it equals what runs of one sample each add up to."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire import methods
from adafire.simulation.exit import Exit, confidence, run_until_sure, trajectory
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.counting import MEANS, events_of_conv

NAMES = [name for name in methods.names() if name != "rate"]  # another name of rate-percentile
SEARCHES = {"simulations": 4, "candidates": (2, 4)}


class Net(nn.Module):
    """Max pooling, batch norm behind a ReLU, average pooling, a layer without activation."""

    def __init__(self):
        super().__init__()
        self.a, self.norm, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, padding=1)
        self.c, self.d, self.fc = nn.Conv2d(6, 4, 1), nn.Conv2d(4, 6, 3), nn.Linear(6, 3)

    def forward(self, x):
        x = self.norm(F.max_pool2d(F.relu(self.a(x)), 2))
        x = F.relu(self.b(x))
        x = F.relu(self.d(self.c(F.avg_pool2d(x, 3, 2, 1)) + 0.1))
        return self.fc(x.mean((2, 3))) * 4


def pictures(count, size=12, seed=1):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, size, size, generator=g) + 2 * torch.randn(count, 3, 1, 1, generator=g)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    net = Net().eval()
    net.norm.running_mean.normal_(0, 0.3), net.norm.weight.data.uniform_(-1, 1.5), net.norm.bias.data.normal_(0, 0.3)
    return net


def converted(network, name, **options):
    method = methods.get(name)
    options = {
        **(SEARCHES if getattr(method, "search", "none") == "layers" else {}),
        **({"weight_steps": 2} if name == "snn-calibration-advanced" else {}),
        **options,
    }
    snn = adafire.convert(network, list(pictures(24).split(12)), method=name, timesteps=4, **options)
    snn.counts_ann = True
    return snn


def leaving_at_several_steps(snn, x):
    """The SNN, its thresholds so that a third of the samples x would leave at each step, where it has early exit."""
    if snn.exit is not None:
        with torch.no_grad():
            sure = torch.stack([confidence(scores) for scores in trajectory(snn.run(snn.plan(x), x), 4)]).sort(1).values
        middle = 2 * len(x) // 3
        snn.exit = Exit(torch.cat([(sure[:3, middle - 1] + sure[:3, middle]) / 2, torch.zeros(1)]))
    return snn


def counted(snn, inputs):
    snn.reset()
    for x in inputs:
        snn(x)
    return snn.report()


def added_up(reports):
    """The fields of a report, from reports of one sample each."""
    samples = len(reports)
    mean = lambda values: sum(values) / samples
    neurons = sum(r.neurons for r in reports)
    steps = sum(r.neurons * r.mean_timesteps for r in reports)
    exits, sites, layers = {}, [], []
    for r in reports:
        for t, count in r.exits.items():
            exits[t] = exits.get(t, 0) + count
    for rows in zip(*(r.sites for r in reports)):
        own, spent = (
            sum(row["neurons"] for row in rows),
            sum(row["neurons"] * r.mean_timesteps for row, r in zip(rows, reports)),
        )
        sites.append(
            {
                **rows[0],
                "neurons": mean(row["neurons"] for row in rows),
                "spikes": mean(row["spikes"] for row in rows),
                "firing_rate": sum(row["spikes"] for row in rows) / spent,
                "over_fired": sum(row["over_fired"] * row["neurons"] for row in rows) / own,
                **{key: mean(row[key] for row in rows) for key in ("neuron_updates", "messages", "sub_steps")},
            }
        )
    for rows in zip(*(sorted(r.layers, key=lambda row: row["layer"]) for r in reports)):
        layers.append(
            {key: value if isinstance(value, str) else mean(row[key] for row in rows) for key, value in rows[0].items()}
        )
    return {
        "samples": samples,
        "timesteps": reports[0].timesteps,
        "mean_timesteps": mean(r.mean_timesteps for r in reports),
        "exits": exits,
        "neurons": mean(r.neurons for r in reports),
        "spikes": mean(r.spikes for r in reports),
        "firing_rate": sum(r.spikes for r in reports) / steps if steps else 0.0,
        **{key: mean(getattr(r, key) for r in reports) for key in MEANS},
        **{key: getattr(reports[0], key) for key in ("message_bits", "values")},
        "over_fired": sum(r.over_fired * r.neurons for r in reports) / neurons if neurons else 0.0,
        "over_fired_sites": sum(row["over_fired"] > 0 for row in sites) / len(sites) if sites else 0.0,
        "sites": sites,
        "layers": layers,
    }


def assert_equal(report, expected, rel=2e-4):
    """rel: sums in float32 end in another last bit in a batch, and one spike in some ten thousand falls elsewhere."""
    found = report.as_dict()
    del found["fitted_for"]  # nothing that is counted
    assert set(found) == set(expected)
    found["layers"] = sorted(found["layers"], key=lambda row: row["layer"])
    for key, value in expected.items():
        if key in ("sites", "layers"):
            assert len(found[key]) == len(value)
            for row, wanted in zip(found[key], value):
                assert set(row) == set(wanted)
                for name, number in wanted.items():
                    assert row[name] == (
                        number
                        if isinstance(number, (str, bool, type(None)))
                        else pytest.approx(number, rel=rel, abs=1e-9)
                    ), (key, wanted, name)
        else:
            assert found[key] == pytest.approx(value, rel=rel, abs=1e-9), key


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_the_sum_of_runs_of_one_sample(network, name):
    x = pictures(9, seed=2)
    snn = leaving_at_several_steps(converted(network, name), x)
    expected = added_up([counted(snn, [one]) for one in x.split(1)])
    assert snn.exit is None or len(expected["exits"]) > 1, "all left at one step: nothing is tested"
    for inputs in ([x], x.split(4), list(x.flip(0).split(5))):
        assert_equal(counted(snn, inputs), expected)
    snn.memory_gb = 1e-9  # a step at a time
    assert_equal(counted(snn, [x]), expected)


@pytest.mark.parametrize("name", NAMES)
def test_inputs_of_several_sizes_add_up(network, name):
    snn, inputs = converted(network, name), [pictures(2, 20, seed=3), pictures(4, 12, seed=4), pictures(3, 16, seed=5)]
    if methods.get(name).kind == "snn" and max(p.v0.numel() / p.theta.numel() for p in snn.params.values()) > 1:
        with pytest.raises(adafire.InputError, match="keeps a potential for every neuron"):
            counted(snn, inputs)
        return
    expected = added_up([counted(snn, [one]) for x in inputs for one in x.split(1)])
    assert_equal(counted(snn, inputs), expected)
    assert_equal(counted(snn, inputs[::-1]), expected)


@pytest.mark.parametrize("name", ["adafire-uniform", "adafire-signed", "ours", "dcgs"])
def test_early_exit_pays_for_every_event_up_to_the_step_of_each_sample(name):
    """Against a counter that delivers every spike to every synapse, one by one."""
    torch.manual_seed(0)
    network, x = (
        nn.Sequential(
            nn.Conv2d(3, 4, 3),
            nn.ReLU(),
            nn.Conv2d(4, 5, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(5, 3),
        ).eval(),
        pictures(6, 8, seed=7),
    )
    network[6].weight.data *= 8
    snn = adafire.convert(network, pictures(12, 8), method=name, timesteps=4)
    snn.exit = Exit(torch.zeros(4))
    snn = leaving_at_several_steps(snn, x)
    report = counted(snn, [x])
    assert len(report.exits) > 1
    left = {}
    run_until_sure(
        snn.run(snn.plan(x), x),
        snn.exit,
        snn.plan,
        lambda rows, outputs, run: left.update(
            (row, (run.t, run.neurons[0].events[i : i + 1], run.neurons[0].graded[i : i + 1]))
            for i, row in enumerate(rows.tolist())
        ),
    )
    alone = 0.0
    for row, (t, events, _) in left.items():
        run = Run(snn.plan(x[row : row + 1]), snn.params, network, x[row : row + 1], snn.call)
        list(simulate(run, (t,), 1))
        alone += events_of_conv(run.neurons[0].events, network[2].weight, 2, 1, 1, 1)
    layer = next(row for row in report.layers if row["layer"] == "2")
    assert layer["synops"] * 6 == pytest.approx(alone, rel=1e-3) and alone > 0
    for k, key in ((1, "synops"), (2, "synops_graded")):
        slow = sum(events_of_conv(found[k], network[2].weight, 2, 1, 1, 1) for found in left.values())
        assert layer[key] * 6 == pytest.approx(slow), key


@pytest.mark.parametrize("method", ["burst", "ours"])
def test_thresholds_that_are_written_into_are_counted_by(method):
    """Pooled spikes are counted over thresholds, which a plan keeps: in place or anew, the same counts."""
    import copy

    torch.manual_seed(0)
    parts = (
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 3, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 2),
    )
    snn, x = (
        adafire.convert(nn.Sequential(*parts).eval(), torch.rand(8, 1, 8, 8), method=method, timesteps=4),
        torch.rand(3, 1, 8, 8),
    )
    snn(x)
    for key, value in snn.state_dict().items():
        if "theta" in key:
            value.mul_(1.7)
    anew = copy.deepcopy(snn)
    for each in (snn, anew):
        each.reset()
        each(x)
    assert snn.report().synops == anew.report().synops > 0
