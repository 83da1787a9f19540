"""The neuron against event-by-event references, and the fused kernel against the reference, bit for bit."""

import random
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F

import adafire
from adafire.graph.activations import activation_of
from adafire.graph.calls import Site
from adafire.neurons import DifferentialBurst, MultiThreshold, over_fired, pool_kernels
from adafire.neurons import in_blocks as blocked
from adafire.neurons import kernels as fused
from adafire.neurons.count import NeuronParams, initial_state, scan
from adafire.simulation.loop import simulate
from helpers.references import count_form

RELU = activation_of("relu", None, (None,), {})


def step_form(currents, theta, v0, phi):
    """Membrane potential with soft reset, event by event: the burst neuron as papers write it."""
    v, out = v0 * theta, []
    for current in currents:
        v += current
        spikes = 0
        while v >= theta and spikes < phi:
            v -= theta
            spikes += 1
        out.append(spikes)
    return out


def params(theta, v0, plus, minus, channels=1):
    full = lambda value: torch.full((1, channels, 1), float(value))
    return NeuronParams(full(theta), full(0), full(v0), plus, minus)


def test_count_form_is_the_step_form_of_the_burst_neuron():
    rng = random.Random(0)
    for _ in range(20000):
        currents = [rng.randint(-7, 9) for _ in range(8)]
        theta, phi = rng.randint(1, 6), rng.randint(1, 4)
        assert count_form(currents, theta, Fraction(1, 2), phi, 0) == step_form(currents, theta, Fraction(1, 2), phi)


@pytest.mark.parametrize("plus,minus", [(1, 0), (4, 0), (1, 1), (3, 2), (8, 8)])
@pytest.mark.parametrize("theta,v0", [(1, 0.0), (3, 0.5), (4, 0.25), (5, 0.0)])
def test_scan_equals_event_by_event_counts(plus, minus, theta, v0):
    z = torch.randint(-6, 8, (9, 3, 2, 5)).float()
    p = params(theta, v0, plus, minus, channels=2)
    out, state = scan(z, 0, 9, p, initial_state(z[0], p), RELU)
    for b in range(3):
        for c in range(2):
            for i in range(5):
                expected = count_form([int(v) for v in z[:, b, c, i]], theta, Fraction(v0), plus, minus)
                assert (out[:, b, c, i] / theta).tolist() == expected
                assert state.n[b, c, i] == sum(expected)
                assert state.events[b, c, i] == sum(map(abs, expected))
                assert state.graded[b, c, i] == sum(s != 0 for s in expected)


def test_hand_computed_signed_burst():
    # theta 2, v0 1/2: cumulative 5, 1, 1, 9 -> floor(x/2 + 1/2) = 3, 1, 1, 5; limits +2, -1
    z = torch.tensor([5.0, -4, 0, 8]).view(4, 1, 1, 1)
    p = params(2, 0.5, 2, 1)
    out, state = scan(z, 0, 4, p, initial_state(z[0], p), RELU)
    assert (out.flatten() / 2).tolist() == [2, -1, 0, 2]
    assert (state.n.item(), state.events.item(), state.graded.item()) == (3, 5, 3)
    assert not over_fired(state, 4, p, RELU).any()


def test_over_firing_is_counted():
    z = torch.tensor([[5.0, -4, 0, 0], [1, 1, 1, 1]]).T.reshape(4, 2, 1, 1)
    p = params(2, 0.5, 4, 0)
    _, state = scan(z, 0, 4, p, initial_state(z[0], p), RELU)
    assert state.n.flatten().tolist() == [3, 2]  # the input asks for 1 and 2, spikes cannot be taken back
    assert over_fired(state, 4, p, RELU).flatten().tolist() == [True, False]


def test_chunks_carry_state():
    z = torch.randn(12, 2, 3, 4)
    p = params(0.7, 0.5, 2, 1, channels=3)
    whole, last = scan(z, 0, 12, p, initial_state(z[0], p), RELU)
    state, parts = initial_state(z[0], p), []
    for start, stop in ((0, 1), (1, 6), (6, 12)):
        part, state = scan(z[start:stop], start, stop - start, p, state, RELU)
        parts.append(part)
    assert torch.equal(torch.cat(parts), whole)
    assert all(torch.equal(a, b) for a, b in zip(state[:4], last[:4]))


ACTIVATIONS = {
    "relu": RELU,
    "leaky_relu": activation_of("leaky_relu", F.leaky_relu, (None, 0.1), {}),
    "relu6": activation_of("relu6", F.relu6, (None,), {}),
    "hardtanh": activation_of("hardtanh", F.hardtanh, (None, -0.5, 0.8), {}),
}


SMOOTH = {
    "silu": activation_of("silu", F.silu, (None,), {}),
    "gelu": activation_of("gelu", F.gelu, (None,), {}),
    "prelu": activation_of("prelu", F.prelu, (None, torch.linspace(-0.2, 0.5, 7)), {}),
}
LAYOUTS = ["contiguous", "channels_last", "constant", "strided", "tokens"]


def currents_and_params(memory, minus, steps):
    """(currents, those of one step, parameters, channel axis) of 7 channels in a memory layout."""
    axis, z = 1, torch.randn(steps, 2, 7, 9, 13)
    if memory == "channels_last":
        z = z.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    elif memory == "constant":
        z = z[0]
    elif memory == "strided":
        z = torch.randn(2, steps, 7, 9, 13).transpose(0, 1)
    elif memory == "tokens":
        z, axis = torch.randn(steps, 2, 11, 7), 2
    step = z if memory == "constant" else z[0]
    shape = [1] * step.dim()
    shape[axis] = 7
    return z, step, NeuronParams(torch.rand(shape) + 0.1, torch.randn(shape) * 0.1, torch.rand(shape), 3, minus), axis


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("minus", [0, 3])
@pytest.mark.parametrize("memory", LAYOUTS)
def test_fused_equals_reference_bit_for_bit(name, minus, memory):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    z, step, p, axis = currents_and_params(memory, minus, 5)
    site = Site(0, 0, "site", ACTIVATIONS[name], tuple(step.shape), axis)
    expected, want = scan(z, 4, 5, p, initial_state(step, p), ACTIVATIONS[name])
    out, got = fused.scan(z, 4, 5, p, initial_state(step, p), site)
    assert torch.equal(out, expected)
    assert all(torch.equal(a, b) for a, b in zip(got[:4], want[:4]))


@pytest.mark.parametrize(
    "name,memory",
    [(name, memory) for name in (*ACTIVATIONS, *SMOOTH) for memory in LAYOUTS if (name, memory) != ("prelu", "tokens")],
)  # its channels are dimension 1
@pytest.mark.parametrize("minus", [0, 3])
def test_blocks_equal_the_reference_bit_for_bit(name, minus, memory, monkeypatch):
    monkeypatch.setattr(blocked, "BLOCK", 64)
    activation = {**ACTIVATIONS, **SMOOTH}[name]
    assert activation.shaped == (name == "prelu")
    z, step, p, _ = currents_and_params(memory, minus, 5)
    state = initial_state(step, p)
    for t in (0, 5):
        expected, want = scan(z, t, 5, p, state, activation)
        out, got = blocked.scan(z, t, 5, p, state, activation)
        # vectorised transcendental functions end a vector in another place than a whole tensor
        same = torch.equal if name not in SMOOTH else lambda a, b: (a - b).abs().gt(1e-4).float().mean() < 0.01
        assert same(out, expected) and all(same(a, b) for a, b in zip(got[:4], want[:4]))
        state = want


@pytest.mark.parametrize("method", ["burst", "ours", "dcgs", "adafire-differential"])
@pytest.mark.parametrize(
    "kernel,stride,padding,ceil",
    [(2, 2, 0, False), (3, 2, 1, False), (3, 2, 1, True), (5, 1, 2, False), ((2, 3), (1, 2), 0, False)],
)
def test_fused_pooling_equals_the_rate_operator(kernel, stride, padding, ceil, method, monkeypatch):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    pooled = torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(2, 5, 3, padding=1),
        torch.nn.ReLU(),
        pooled,
        torch.nn.Conv2d(5, 3, 1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(3, 2, 1),
    ).eval()
    x = torch.randn(3, 2, 11, 12)
    options = dict(phi_plus=3, phi_minus=2) if method == "burst" else {}
    snn = adafire.convert(network, x, method=method, timesteps=6, **options)
    plan, results = snn.plan(x), []
    for on in (True, False):
        used = []
        monkeypatch.setattr(fused, "enabled", on)
        monkeypatch.setattr(pool_kernels, "pool", _counting(pool_kernels.pool, used) if on else pool_kernels.pool)
        run = snn.run(plan, x)
        outputs = [y for _, y in simulate(run, (1, 4, 6), 3)]
        ((_, totals, size, active),) = run.rates.values()
        assert float(active.sum()) > 0
        results.append((outputs, totals[0], size, active))
        assert not on or all(used) and used
    for a, b in zip(*results):
        assert torch.allclose(torch.stack(list(a)), torch.stack(list(b)), atol=1e-6)


def _counting(function, used):
    def wrapped(*args):
        result = function(*args)
        used.append(result is not None)
        return result

    return wrapped


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("law", [None, DifferentialBurst((1.0,), 6), MultiThreshold(5)], ids=["count", "bursts", "one"])
@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_activations_that_kernels_do_not_know_give_the_bits_of_the_reference(name, law, steps):
    """torch makes the targets, in blocks, and the kernel the rest."""
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    f = getattr(torch.nn.functional, name)
    activation = activation_of(name, f, (None,), {})
    shape = (2, 6, 9, 7)
    site = Site(0, 0, "s", activation, shape, 1)
    one = lambda values: torch.tensor(values).view(6, 1, 1)
    p = NeuronParams(
        one([0.5, 0.3, 0.7, 1.0, 0.2, 0.4]),
        one([0.1, 0.0, -0.2, 0.05, 0.0, 0.3]),
        torch.full((6, 1, 1), 0.5),
        4,
        4,
        law,
    )
    like = torch.randn(shape).to(memory_format=torch.channels_last)
    mine, theirs = None, (law.initial_state if law else initial_state)(like, p)
    for t in (0, steps):
        z = (
            torch.stack([torch.randn(shape) for _ in range(steps)])
            .permute(0, 1, 3, 4, 2)
            .contiguous()
            .permute(0, 1, 4, 2, 3)
        )
        fast, mine = fused.scan(z, t, steps, p, mine, site) if law is None else law.fast(z, t, steps, p, mine, site)
        slow, theirs = (law.scan if law else scan)(z, t, steps, p, theirs, activation)
        assert torch.equal(fast, slow)
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs))
