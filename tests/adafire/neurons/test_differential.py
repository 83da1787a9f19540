"""The differential burst neuron against exact rationals, by hand, and its kernel against the reference, bit for bit."""

from fractions import Fraction
from math import floor

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.graph.activations import activation_of
from adafire.graph.calls import Site
from adafire.neurons import kernels as fused
from adafire.neurons import over_fired
from adafire.neurons.count import NeuronParams
from adafire.neurons.differential import DifferentialBurst
from adafire.neurons.multi_threshold import MultiThreshold
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build, relative_error

RELU = activation_of("relu", None, (None,), {})
ACTIVATIONS = {
    "relu": RELU,
    "leaky_relu": activation_of("leaky_relu", F.leaky_relu, (None, 0.2), {}),
    "relu6": activation_of("relu6", F.relu6, (None,), {}),
    "gelu": activation_of("gelu", F.gelu, (None,), {}),
}


def params(theta, law, bias=0.0, most=1000):
    full = lambda value: torch.as_tensor(value, dtype=torch.float32).view(1, -1, 1)
    return NeuronParams(full(theta), full(bias), full(0.0), most, most, law)


def slow(currents, theta, weights, levels, most):
    """One ReLU neuron, spike by spike, in exact rationals: (running mean after every step, spikes of every step)."""
    total = mean = Fraction(0)
    means, counts = [], []
    for t, current in enumerate(currents, 1):
        total += current
        wanted, sent = max(total, 0) / t / theta, []
        weight = Fraction(weights[min(t, len(weights)) - 1])
        for j in range(levels):
            level, rest = weight / 2**j, Fraction(31, 64) if j == levels - 1 else Fraction(1, 3)
            gap = wanted - mean
            for _ in range(floor(abs(gap) / level + rest)):
                if len(sent) < most:
                    sent.append(level if gap > 0 else -level)
                    mean += sent[-1]
        means.append(mean)
        counts.append(len(sent))
    return means, counts


@pytest.mark.parametrize(
    "weights,levels,most",
    [((1,), 1, 1000), ((4, 2, 1), 1, 1000), ((4, 2, 1), 1, 2), ((2, 1), 4, 1000), ((1, 0.5, 0.25), 3, 3), ((1,), 5, 1)],
)
def test_equals_the_slow_neuron(weights, levels, most):
    # exact in float32 but for divisions, which meet no rounding border
    z = torch.randint(-300, 400, (7, 3, 4, 5), generator=torch.Generator().manual_seed(levels)) / 64
    z[0] += 1 / 128
    law = DifferentialBurst(weights, levels)
    p = params(0.75, law, most=most)
    out, state = law.scan(z, 0, 7, p, law.initial_state(z[0], p), RELU)
    negative = 0
    for b, c, i in ((b, c, i) for b in range(3) for c in range(4) for i in range(5)):
        means, counts = slow([Fraction(float(v)) for v in z[:, b, c, i]], Fraction(3, 4), weights, levels, most)
        handed_on = [t * m - (t - 1) * before for t, (m, before) in enumerate(zip(means, [0, *means]), 1)]
        assert out[:, b, c, i].tolist() == pytest.approx([float(v) * 0.75 for v in handed_on], abs=1e-5)
        assert state.events[b, c, i] == sum(counts) and state.graded[b, c, i] == sum(k > 0 for k in counts)
        assert state.mean[b, c, i] == float(means[-1]) and state.n[b, c, i] == 7 * float(means[-1])
        negative += sum(a < b for a, b in zip(means[1:], means))
    assert negative > 0 and (state.mean >= 0).all() | (most < 3)


def test_by_hand():
    # theta 2, w = 4, 2, 1; current 10, 4, -1/2. t=1: a = 5, floor(5/4 + 31/64) = 1 spike, m = 4. t=2: a = 7/2,
    # floor(1/4 + 31/64) = 0. t=3: a = 9/4, v = -7/4: 2 spikes back, m = 2. y = 4, 4, 3 * 2 - 2 * 4 = -2, times theta.
    law = DifferentialBurst((4.0, 2.0, 1.0))
    p = params(2.0, law)
    z = torch.tensor([10.0, 4, -0.5]).view(3, 1, 1, 1)
    out, state = law.scan(z, 0, 3, p, law.initial_state(z[0], p), RELU)
    assert out.flatten().tolist() == [8, 8, -4]
    assert (state.events.item(), state.graded.item(), state.n.item()) == (3, 2, 6)
    assert not over_fired(state, 3, p, RELU).any()


@pytest.mark.parametrize("value,digits", [(7, 2), (11, 3), (6, 2), (5, 2), (15, 2), (8, 1), (0, 0)])
def test_binary_bursts_are_short(value, digits):
    # 7 = 8 - 1, 11 = 8 + 4 - 1, 15 = 16 - 1: the non-adjacent form
    change, spikes = DifferentialBurst(levels=5).burst(torch.tensor([value / 16]), 1.0, 99.0)
    assert change.item() == value / 16 and spikes.item() == digits


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "relu6"])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "law,most",
    [
        (DifferentialBurst((2.0, 1.0), 1), 3),
        (DifferentialBurst((1.0, 0.5, 0.25, 0.125), 4), 99),
        (MultiThreshold(4), 1),
        (MultiThreshold(1), 1),
    ],
    ids=["unit", "binary", "multi-threshold", "one-threshold"],
)
def test_fused_equals_reference_bit_for_bit(name, memory, law, most):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    steps = 6
    site = Site(0, 0, "s", ACTIVATIONS[name], (3, 7, 9, 11), 1)
    p = params(torch.rand(7) + 0.1, law, torch.randn(7) * 0.1, most)
    p = p._replace(**{k: getattr(p, k).view(1, 7, 1, 1) for k in ("theta", "bias")})
    for z in (torch.randn(steps, 3, 7, 9, 11) * 2, torch.randn(3, 7, 9, 11) * 2):
        like = (z[0] if z.dim() == 5 else z).contiguous(memory_format=memory)
        z = like if z.dim() == 4 else z
        out, state = law.scan(z, 3, steps, p, law.initial_state(like, p), site.activation)
        fast, found = law.fast(z, 3, steps, p, law.initial_state(like, p), site)
        assert torch.equal(out, fast)
        assert all(torch.equal(a, b) for a, b in zip(state[:5], found[:5]))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_mean_of_what_flows_on_is_the_activation_to_the_finest_level(name):
    z, law = torch.randn(5, 4, 6, 5), DifferentialBurst((1.0, 0.5, 0.25), 3)
    p = params(0.9, law)
    out, state = law.scan(z, 0, 5, p, law.initial_state(z[0], p), ACTIVATIONS[name])
    assert torch.allclose(out.mean(0), ACTIVATIONS[name].f(z.mean(0)), atol=0.9 / 16 * 33 / 64 + 1e-5)
    assert torch.allclose(state.n * 0.9, out.sum(0), atol=1e-4)
    assert not over_fired(state, 5, p, ACTIVATIONS[name]).any()


def test_in_chunks():
    z, law = torch.randn(9, 2, 3, 5), DifferentialBurst((2.0, 1.0, 0.5), 2)
    p = params([0.8, 0.5, 1.3], law, 0.1)
    whole, last = law.scan(z, 0, 9, p, law.initial_state(z[0], p), RELU)
    state, parts = law.initial_state(z[0], p), []
    for start, stop in ((0, 1), (1, 6), (6, 9)):
        part, state = law.scan(z[start:stop], start, stop - start, p, state, RELU)
        parts.append(part)
    assert torch.equal(torch.cat(parts), whole)
    assert all(torch.equal(a, b) for a, b in zip(state[:5], last[:5]))


def test_pooled_spikes_are_counted_as_they_would_be_sent():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.fc = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 3, 1), nn.Linear(3, 4)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.a(x)), 3, 2, 1)
            return self.fc(F.relu(self.b(x)).mean((2, 3)))

    network, x, steps = Net().eval(), torch.randn(2, 1, 8, 8), 4
    snn = adafire.convert(network, x, method="adafire-differential", timesteps=steps)
    snn(x)
    p = snn.params[0]
    z = network.a(x).detach()
    out, _ = p.neuron.scan(z, 0, steps, p, p.neuron.initial_state(z, p), RELU)
    counts, before = 0, torch.zeros(2, 2, 4, 4)
    for t in range(1, steps + 1):
        mean = F.max_pool2d(out[:t].mean(0), 3, 2, 1)
        counts += ((mean - before).abs() / p.theta / p.neuron.weight(t)).round().sum()  # unit spikes of the step
        before = mean
    layer = next(row for row in snn.report().layers if row["layer"] == "b")
    assert layer["synops"] * 2 == int(counts) * 3 > layer["synops_graded"] * 2 > 0


@pytest.mark.parametrize(
    "timesteps,weights",
    [(1, (1,)), (2, (1, 1 / 2)), (4, (1, 1 / 4)), (8, (1, 1 / 4, 1 / 8)), (32, (1, 1 / 4, 1 / 16, 1 / 32))],
)
def test_weights_of_unit_spikes(timesteps, weights):
    law, finest = adafire.methods.get("adafire-differential").law(timesteps)
    assert law.weights == weights and finest == weights[-1] and law.levels == 1


def test_ours_is_the_quantised_network():
    network, x = build("Residual"), torch.randn(16, 3, 16, 16)
    quantised = adafire.convert(network, x, method="quantised", timesteps=4, phi_plus=16, correction="none")
    for name, options in (
        ("ours", {"values": 16}),
        ("adafire-differential", {"values": 16, "phi_plus": 16, "phi_minus": 16}),
    ):
        snn = adafire.convert(network, x, method=name, timesteps=4, correction="none", **options)
        assert relative_error(snn(x), quantised(x)) < 0.02
        assert snn.report().over_fired == 0


def test_silence_costs_nothing():
    network, x = build("Residual"), torch.randn(8, 3, 16, 16)
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    snn(x)
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    spent = [float(sum(s.events.sum() for s in run.neurons.values())) for _ in simulate(run, (1, 4), 1)]
    assert spent[0] == spent[1] > 0 and run.silent.tolist() == [3] * 8


def test_analog_layers_between_neurons_compute_while_something_is_sent():
    network = build("Pyramid")  # its head convolves a sum of an analog and a spiking value
    x, macs = torch.randn(4, 3, 16, 16), {}
    for name, timesteps in (("ours", 1), ("ours", 4), ("adafire-signed", 1), ("adafire-signed", 4)):
        snn = adafire.convert(network, x, method=name, timesteps=timesteps, relays=False)
        snn(x)
        macs[name, timesteps] = snn.report().macs
    assert macs["ours", 4] == macs["ours", 1] == macs["adafire-signed", 1] < macs["adafire-signed", 4]


def test_a_silent_sample_pays_nothing_for_a_busy_one():
    network, x = build("Pyramid"), torch.randn(4, 3, 16, 16)
    snn = adafire.convert(network, x, method="ours", timesteps=4, relays=False)
    # one spike a step: large values take several steps, and only samples that have some
    snn.params = {
        i: p._replace(neuron=DifferentialBurst(), theta=p.theta / 4, phi_plus=1) for i, p in snn.params.items()
    }

    def macs(rows):
        snn.reset()
        snn(rows)
        return snn.report().macs * len(rows)

    x[2:] *= 0.05
    alone = [macs(x[i : i + 1]) for i in range(4)]
    assert macs(x) == sum(alone) < 4 * max(alone)


@pytest.mark.parametrize("kind", ["Pyramid", "Modern", "Shuffle"])
@pytest.mark.parametrize("name", ["ours", "adafire-differential"])
def test_other_networks_convert_and_converge(name, kind):
    network, x = build(kind), torch.randn(8, 3, 16, 16)
    errors = [relative_error(adafire.convert(network, x, method=name, timesteps=t)(x), network(x)) for t in (2, 32)]
    assert errors[1] < errors[0] and errors[1] < 0.1


@pytest.mark.parametrize(
    "options",
    [
        {"values": 0},
        {"values": 1.5},
        {"binary": 1},
        {"threshold": "max"},
        {"v0": 0.0},
        {"correction": "potential"},
        {"phi_minus": 2},
        {"shift": True},
        {"objective": "floor"},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(adafire.InputError, match=next(iter(options))):
        adafire.methods.get("ours").with_options(**options)


@pytest.mark.parametrize("name", ["ours", "adafire-differential"])
@pytest.mark.parametrize("kind", ["Residual", "Modern"])
def test_what_is_left_out_at_rest_is_what_would_have_been_simulated(name, kind, monkeypatch):
    network, x, outputs, reports = build(kind), torch.randn(6, 3, 16, 16), [], []
    for may in (True, False):
        if not may:
            monkeypatch.setattr(DifferentialBurst, "constant_after", None)
        snn = adafire.convert(network, x, method=name, timesteps=16)
        outputs.append(snn(x))
        reports.append(snn.report().as_dict())
        run = Run(snn.plan(x), snn.params, network, x, snn.call)
        list(simulate(run, (16,), 1))
        assert run.at_rest == may
    assert torch.allclose(*outputs, atol=1e-4)
    for key in ("spikes", "synops", "synops_graded", "timesteps", "firing_rate"):
        assert reports[0][key] == pytest.approx(reports[1][key], rel=2e-3), key


def test_silence_before_the_finest_weight_is_no_rest():
    network = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1)).eval()
    network[0].weight.data[:], network[0].bias.data[:] = 1.0, 0.0
    snn = adafire.convert(network, torch.tensor([[1.0]]), method="adafire-differential", timesteps=8, correction="none")
    x = torch.tensor([[0.05]])
    assert snn.params[0].theta.item() / 2 > 0.05 and torch.allclose(snn(x), network(x), atol=0.02)
    assert snn.report().spikes > 0


def test_a_value_half_way_between_levels_is_sent_once():
    law = DifferentialBurst()
    p, z = params(1.0, law), torch.tensor([2.5]).view(1, 1, 1)
    out, state = law.scan(z, 0, 9, p, law.initial_state(z, p), RELU)
    assert (state.events.item(), state.mean.item()) == (2, 2)
