"""Bits of a message, bytes of state, longest burst and values: what each law says, against all that it really sends."""

import math

import pytest
import torch

from adafire.graph.activations import activation_of, identity, relu
from adafire.neurons import (
    DifferentialBurst,
    Digits,
    FewSpikes,
    FirstSpike,
    Harmony,
    MultiThreshold,
    NeuronParams,
    PhasedSpikes,
    SigmaDelta,
    costs_of,
    count,
    values_of,
)
from adafire.neurons.costs import bits_of

SIGMOID = activation_of("sigmoid", torch.sigmoid, (None,), {})
ZERO = torch.tensor(0.0)


def params(plus, minus=0, neuron=None, v0=0.5):
    return NeuronParams(torch.tensor(1.0), ZERO, torch.tensor(v0), plus, minus, neuron)


def said(p, activation=relu(), steps=4):
    return costs_of(p.neuron or count, p, activation, steps)


def random_walks(steps=12, neurons=20000):
    """Currents [T, N] that make neurons send all that they can."""
    g = torch.Generator().manual_seed(0)
    return torch.randn(steps, neurons, generator=g) * 4 * torch.rand(1, neurons, generator=g)


@pytest.mark.parametrize(
    "p,bits,spike,burst",
    [
        (params(1), 1, 1, 1),  # a unit spike
        (params(1, 1), 1, 1, 1),  # its sign
        (params(4), 2, 1, 4),  # 1, 2, 3 or 4
        (params(4, 4), 3, 1, 4),  # and their signs
        (params(5, 2), 3, 1, 5),  # seven numbers
        (params(1, 0, MultiThreshold(4), 0.0), 3, 3, 1),  # a sign and one of four levels: 1 + ceil(log2 4)
        (params(1, 0, MultiThreshold(5), 0.0), 4, 4, 1),  # 1 + ceil(log2 5)
        (params(4, 4, DifferentialBurst((1.0, 0.25), 1)), 3, 1, 4),  # the clock fixes the weight: as 4, 4 above
        (
            params(8, 8, DifferentialBurst((1.0,), 8)),
            11,
            4,
            8,
        ),  # up to 8 * 128, of either sign; a spike: a sign, a level
        (params(3, 3, DifferentialBurst((1.0,), 3)), 5, 3, 3),  # up to 3 * 4, of either sign: 24 numbers
        (params(8, 0, Harmony(8)), 8, 3, 8),  # 1 to 255; one of eight levels
        (params(4, 4, Harmony(4)), 5, 3, 4),  # and their signs
        (params(1, 0, PhasedSpikes(8)), 1, 1, 1),  # the clock says its weight
        (params(6, 0, Digits(6)), 6, 1, 6),  # 1 to 63; a spike says its weight by its time
        (params(8, 0, Digits(4, 3)), 7, 1, 8),  # 1 to 80; two spikes for a 2
        (params(1, 0, FirstSpike(6)), 6, 1, 1),  # one of 63 times
        (params(8, 0, SigmaDelta(8)), 9, 4, 8),  # 1 to 255, of either sign; a one of eight, and the sign
    ],
)
def test_bits_of_a_message(p, bits, spike, burst):
    costs = said(p)
    assert (costs.message_bits, costs.spike_bits, costs.longest_burst) == (bits, spike, burst)


@pytest.mark.parametrize("plus,minus", [(1, 0), (1, 1), (3, 0), (4, 4), (5, 2)])
def test_the_bits_tell_apart_all_messages_of_the_counting_law(plus, minus):
    p, z = params(plus, minus), random_walks()
    out, _ = count.scan(z[:, None], 0, len(z), p, count.initial_state(z[:1], p), relu())
    sent = out[out != 0].unique()
    assert len(sent) == plus + minus and bits_of(len(sent)) == said(p).message_bits
    assert float(sent.abs().max()) == said(p).longest_burst


@pytest.mark.parametrize("levels,phi", [(1, 4), (3, 3), (4, 8)])
def test_the_bits_tell_apart_all_messages_of_a_differential_burst(levels, phi):
    law, v = DifferentialBurst((1.0,), levels), torch.linspace(-2 * phi, 2 * phi, 200001)
    total, spikes = law.burst(v, 1.0, float(phi))
    sent, costs = total[total != 0].unique(), said(params(phi, phi, law))
    assert len(sent) <= 2**costs.message_bits and float(spikes.max()) == costs.longest_burst
    assert float(sent.abs().max()) * 2 ** (levels - 1) * 2 > 2 ** (costs.message_bits - 1), "a bit less would not do"


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 6])
def test_the_bits_tell_apart_all_spikes_of_several_levels(levels):
    spikes = MultiThreshold(levels).spikes(torch.linspace(-3, 3, 100001))
    assert bits_of(len(spikes[spikes != 0].unique())) == said(params(1, 0, MultiThreshold(levels))).message_bits


@pytest.mark.parametrize("activation", [relu(), identity()], ids=["relu", "identity"])
@pytest.mark.parametrize(
    "law", [Digits(5), Digits(3, 4), FirstSpike(5), FewSpikes("silu", 1), Harmony(4), PhasedSpikes(3), SigmaDelta(4)]
)
def test_the_bits_tell_apart_all_messages_of_a_code(law, activation):
    minus = 4 if activation.signed else 0
    p, a = params(4, minus, law, 0.5 if isinstance(law, Harmony) else 0.0), torch.linspace(-20, 20, 200001)[None]
    z = torch.stack([a, -a, a / 3]) if isinstance(law, (SigmaDelta, PhasedSpikes)) else a
    out, state = law.scan(z, 0, len(z), p, law.initial_state(a, p), activation)
    if isinstance(law, SigmaDelta):
        out = torch.diff(out, dim=0, prepend=torch.zeros_like(out[:1]))
    if isinstance(law, PhasedSpikes):
        out = out / torch.tensor([law.weight(t) for t in (1, 2, 3)]).view(3, 1, 1)
    sent, costs = out[out != 0].unique(), said(p, activation)
    assert 2 ** (costs.message_bits - 1) < max(2, len(sent)) <= 2**costs.message_bits
    assert float(state.events.max()) / len(z) <= costs.longest_burst and costs.state_bytes in (4, 8)
    table = isinstance(law, FewSpikes)
    assert costs.sub_steps == {Digits: costs.longest_burst, FirstSpike: 32}.get(type(law), costs.longest_burst)
    assert bool(costs.waits) == (table or isinstance(law, (Digits, FirstSpike))) == bool(costs.duration)


def test_bytes_that_a_neuron_keeps():
    """One float32, or two: a count to take spikes back from, a target that is no difference, a running mean."""
    for p, activation, kept in (
        (params(1), relu(), 4),
        (params(4), relu(), 4),
        (params(1, 1), relu(), 8),
        (params(4, 4), identity(), 4),
        (params(1, 1), SIGMOID, 8),
        (params(1, 0, MultiThreshold(4)), relu(), 8),
        (params(8, 8, DifferentialBurst((1.0,), 8)), identity(), 8),
        (params(8, 0, Harmony(8)), relu(), 4),
        (params(1, 0, PhasedSpikes(8)), relu(), 4),
        (params(1, 1, PhasedSpikes(8)), SIGMOID, 8),
        (params(6, 6, Digits(6)), SIGMOID, 4),  # nothing is kept from one code to the next
        (params(8, 0, SigmaDelta(8)), relu(), 8),
    ):
        assert said(p, activation).state_bytes == kept, (p, activation.kind)


def test_one_number_is_enough_where_the_law_says_so():
    """The potential alone, u + z - theta s, gives the spikes that the law with its two sums gives."""
    for p, activation in ((params(1), relu()), (params(3), relu()), (params(2, 2), identity())):
        z, u, sent = random_walks(9, 500), 0.0, []
        for current in z:
            u = u + current
            spikes = (u + 0.5).floor().clamp(-p.phi_minus, p.phi_plus)
            u = u - spikes
            sent.append(spikes)
        out, _ = count.scan(z[:, None], 0, len(z), p, count.initial_state(z[:1], p), activation)
        assert torch.equal(torch.stack(sent), out[:, 0])


def reached(p, top, steps):
    """How many numbers above 0 the mean of a constant input up to ``top`` is after ``steps`` steps; what only single inputs
    lead to (on the edge of two levels) left out."""
    a = torch.linspace(0, top, 300001)[None]
    law = p.neuron or count
    _, state = law.scan(a, 0, steps, p, law.initial_state(a, p), relu())
    values, times = (state.n.double() / steps).mul(1e6).round().unique(return_counts=True)
    return int(((values > 0) & (times > 2)).sum())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 8])
@pytest.mark.parametrize(
    "p,top",
    [
        (params(1), 1),
        (params(4), 4),
        (params(4, 4), 4),
        *((params(1, 0, MultiThreshold(levels), 0.0), 1) for levels in (1, 2, 4)),
        (params(8, 8, DifferentialBurst((1.0,), 5)), 1),
        (params(4, 4, DifferentialBurst((1.0, 0.25), 1)), 4),
        (params(4, 0, Harmony(4)), 15),
        (params(5, 0, Digits(5), 0.0), 1),
        (params(4, 0, Digits(2, 3), 0.0), 1),
        (params(1, 0, FirstSpike(4), 0.0), 1),
        (params(1, 0, PhasedSpikes(3), 0.0), 1),
        (params(5, 0, SigmaDelta(5), 0.0), 40),
    ],
)
def test_values_are_those_that_constant_inputs_lead_to(p, top, steps):
    assert said(p, steps=steps).values == reached(p, top, steps)


def test_values_beyond_counting_are_bounded():
    assert values_of(16, 64) == 2**16 and values_of(4, 1) == 4


def test_a_law_of_ones_own_need_not_say():
    assert set(said(params(1, 0, object()))) == {None}
