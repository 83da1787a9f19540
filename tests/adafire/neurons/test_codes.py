"""Laws that send a value by the time, the weight or the change of its spikes: against slow references on random whole numbers."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from adafire.errors import InputError
from adafire.graph.activations import activation_of, identity
from adafire.graph.calls import Site
from adafire.neurons import (
    TABLES,
    Digits,
    FewSpikes,
    FirstSpike,
    Harmony,
    NeuronParams,
    PhasedSpikes,
    SigmaDelta,
    compiled,
    law_of,
    law_terms,
    over_fired,
)
from adafire.neurons import kernels as fused
from adafire.neurons.harmony import ones_in

RELU, LINE = activation_of("relu", None, (None,), {}), identity()
LEAKY = activation_of("leaky_relu", F.leaky_relu, (None, 0.25), {})
ACTIVATIONS = {"relu": RELU, "identity": LINE, "leaky_relu": LEAKY}


def params(theta, law, v0=0.0, bias=0.0, minus=0):
    full = lambda value: torch.full((1, 1, 1), float(value))
    return NeuronParams(full(theta), full(bias), full(v0), 1, minus, law)


def whole_numbers(steps, seed, low=-40, high=90):
    return torch.randint(low, high, (steps, 3, 2, 5), generator=torch.Generator().manual_seed(seed)).float()


def each(z):
    return ((b, c, i) for b in range(z.shape[1]) for c in range(z.shape[2]) for i in range(z.shape[3]))


def exact(activation, current):
    """The activation of a whole number, as a fraction."""
    slope = {"relu": 0, "identity": 1, "leaky_relu": Fraction(1, 4)}[activation.kind]
    return Fraction(current) * (1 if current > 0 else slope)


# ---- codes of one pass


def digit_by_digit(a, theta, digits, base, v0):
    """What an FS neuron, or radix encoding, sends of ``a``: (spike times weight at every time, spikes)."""
    v, train, spikes = abs(a) + v0, [], 0
    for k in range(1, digits + 1):
        weight, d = theta / base**k, 0
        while d < base - 1 and v >= weight:  # one spike after the other
            v, d = v - weight, d + 1
        train.append(d * weight * (1 if a >= 0 else -1))
        spikes += d
    return train, spikes


def tick_by_tick(a, theta, bits, v0):
    """What a neuron that spikes once sends of ``a``: (value of its spike at every tick, spikes)."""
    train, fired = [], False
    for t in range(1, 2**bits + 1):
        left = theta * (1 - Fraction(t, 2**bits))
        fires = not fired and t < 2**bits and abs(a) + v0 >= left
        fired = fired or fires
        train.append(left * (1 if a >= 0 else -1) if fires else Fraction(0))
    return train, int(fired)


CODES = {
    "fs": (Digits(6), lambda a, v0: digit_by_digit(a, Fraction(64), 6, 2, v0)),
    "ternary": (Digits(3, 3), lambda a, v0: digit_by_digit(a, Fraction(81), 3, 3, v0)),
    "first spike": (FirstSpike(5), lambda a, v0: tick_by_tick(a, Fraction(64), 5, v0)),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("rounds", [False, True])
@pytest.mark.parametrize("name", CODES)
def test_codes_of_one_pass_equal_the_slow_neuron(name, rounds, activation):
    law, slow = CODES[name]
    theta, f, z = 81 if name == "ternary" else 64, ACTIVATIONS[activation], whole_numbers(4, 1)
    z += 0.25 if name == "ternary" else 0  # thirds of a float are on no border
    v0 = Fraction(1, 2) * Fraction(law.finest).limit_denominator(100) if rounds else Fraction(0)
    p = params(theta, law, float(v0), bias=3, minus=1)
    out, state = law.scan(z, 0, 4, p, law.initial_state(z[0], p), f)
    several = 0
    for b, c, i in each(z):
        sent = [slow(exact(f, Fraction(float(v)) + 3), v0 * theta) for v in z[:, b, c, i]]
        assert out[:, b, c, i].tolist() == pytest.approx([float(sum(train)) for train, _ in sent], abs=1e-5)
        assert state.events[b, c, i] == sum(spikes for _, spikes in sent)
        assert state.graded[b, c, i] == sum(spikes > 0 for _, spikes in sent)
        assert state.n[b, c, i] * theta == pytest.approx(float(sum(sum(train) for train, _ in sent)), abs=1e-4)
        several += max(spikes for _, spikes in sent) > 1
    assert (several > 0) == (name != "first spike") and not over_fired(state, 4, p, f).any()


@pytest.mark.parametrize("name", CODES)
def test_trains_show_every_spike_at_its_time(name):
    law, slow = CODES[name]
    theta, a = 81 if name == "ternary" else 64, torch.arange(-100, 101) + 0.25
    train = law.train(a / theta) * theta
    expected = [slow(Fraction(float(v)), Fraction(0)) for v in a]
    assert torch.allclose(train, torch.tensor([[float(s) for s in sent] for sent, _ in expected]).T, atol=1e-5)
    value, spikes = law.encode(a, params(theta, law), LINE)
    assert torch.allclose(train.sum(0), value.flatten() * theta, atol=1e-4)
    assert spikes.flatten().tolist() == [n for _, n in expected]
    assert law.spikes_of(value, 0).flatten().tolist() == [n for _, n in expected], "of pooled values"


@pytest.mark.parametrize("law,levels", [(Digits(6), 64), (Digits(10), 1024), (FirstSpike(4), 16), (FirstSpike(8), 256)])
@pytest.mark.parametrize("rounds", [False, True])
def test_a_code_of_one_pass_is_the_quantised_activation(law, levels, rounds):
    z, theta = torch.randn(2, 3, 4, 50, generator=torch.Generator().manual_seed(0)) * 3, 4.0
    p = params(theta, law, 0.5 / levels if rounds else 0.0)
    out, _ = law.scan(z, 0, 2, p, law.initial_state(z[0], p), RELU)
    quantised = (z.relu() * levels / theta + (0.5 if rounds else 0)).floor().clamp(0, levels - 1) * theta / levels
    assert torch.equal(out, quantised) and len(out.unique()) > levels / 4


# ---- FS neurons by tables


def step_by_step(kind, current, octaves=0):
    table, v, out, spikes = TABLES[kind], current, 0.0, 0
    large = [(4.0 * 2**j + 4, 4.0 * 2**j, 4.0 * 2**j) for j in range(octaves)][::-1]
    for threshold, reset, weight in (*large, *zip(table["T"], table["h"], table["d"])):
        if v >= threshold:
            v, out, spikes = v - reset, out + weight, spikes + 1
    return out, spikes


@pytest.mark.parametrize("kind,octaves", [("silu", 0), ("silu", 3), ("gelu", 0), ("gelu", 1), ("sigmoid", 0)])
def test_tables_are_run_through_step_by_step(kind, octaves):
    law, z = FewSpikes(kind, octaves), torch.randn(2, 3, 2, 40, generator=torch.Generator().manual_seed(0)).double() * 9
    p = params(1.0, law, minus=law.most)
    value, spikes = law.of(z)
    expected = [step_by_step(kind, float(v), octaves) for v in z.flatten()]
    assert value.flatten().tolist() == pytest.approx([out for out, _ in expected], abs=1e-9)
    assert spikes.flatten().tolist() == [n for _, n in expected] and law.most == len(TABLES[kind]["T"]) + octaves
    out, state = law.scan(z.float(), 0, 2, p, law.initial_state(z[0], p), LINE)
    assert torch.allclose(out, law.of(z.float())[0]) and torch.equal(state.events, law.of(z.float())[1].sum(0))
    assert torch.allclose(law.train(z).sum(0), value) and torch.equal((law.train(z) != 0).sum(0), spikes)
    assert torch.equal(law.spikes_of(out, 0), law.of(z.float())[1]) or kind != "sigmoid"


@pytest.mark.parametrize(
    "kind,steps,mean,worst", [("silu", 16, 0.028, 0.1), ("gelu", 16, 0.02, 0.08), ("sigmoid", 12, 0.008, 0.025)]
)
def test_tables_are_near_the_functions(kind, steps, mean, worst):
    x = torch.linspace(-8, 8, 20001)
    function = {"silu": F.silu, "gelu": F.gelu, "sigmoid": torch.sigmoid}[kind]
    error, weight = FewSpikes(kind).of(x)[0] - function(x), torch.exp(-(x**2) / 18) + 0.15
    assert float((error**2 * weight).sum() / weight.sum()) ** 0.5 < mean and float(error.abs().max()) < worst
    assert len(TABLES[kind]["T"]) <= steps and FewSpikes(kind).of(torch.tensor([-1e6]))[0].abs() < worst
    if kind != "sigmoid":
        far = torch.linspace(0, 4 * 2**5 + 4, 20001)
        assert float((FewSpikes(kind, 5).of(far)[0] - function(far)).abs().max()) < worst + 0.08


# ---- weighted spikes


def clocked(currents, theta, period, signed):
    """Kim et al.: the potential of a neuron that fires when it reaches theta w_t; what is sent at every step."""
    v, sent = Fraction(0), []
    for t, current in enumerate(currents, 1):
        weight = theta * period / Fraction(2) ** (1 + (t - 1) % period)
        v += current
        spike = weight if v >= weight else -weight if signed and v <= -weight else Fraction(0)
        v -= spike
        sent.append(spike)
    return sent


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("period", [1, 3, 4, 8])
def test_weighted_spikes_equal_the_slow_neuron(period, signed):
    z, law = whole_numbers(3 * period, period), PhasedSpikes(period)
    p = params(32, law, minus=signed)
    out, state = law.scan(z, 0, len(z), p, law.initial_state(z[0], p), LINE if signed else RELU)
    for b, c, i in each(z):
        sent = clocked([Fraction(int(v)) for v in z[:, b, c, i]], 32, period, signed)
        assert out[:, b, c, i].tolist() == pytest.approx([float(s) for s in sent], abs=1e-4)
        assert state.events[b, c, i] == sum(s != 0 for s in sent) and state.n[b, c, i] * 32 == float(sum(sent))
    assert (out < 0).any() == signed


def test_a_period_carries_a_value_that_is_there_from_the_start():
    """All current at the first step of a period: the binary digits of each value, as in the paper's example."""
    law, values = PhasedSpikes(8), torch.arange(0, 256).float() / 256
    z = torch.zeros(8, 1, 1, 256)
    z[0] = 8 * values
    p = params(1, law)
    out, state = law.scan(z, 0, 8, p, law.initial_state(z[0], p), RELU)
    assert torch.equal(out.sum(0).flatten() / 8, values) and torch.equal(out.mean(0).flatten(), values)
    assert state.events.flatten().tolist() == [bin(k).count("1") for k in range(256)]
    assert [law.weight(t) for t in (1, 8, 9, 16)] == [4, 8 / 256, 4, 8 / 256]
    assert law.spikes_of(out.cumsum(0)[-1:], 0).flatten().tolist() == [bin(k).count("1") for k in range(256)]


# ---- harmony multi-threshold


def published_harmony(currents, theta, n, signed):
    """The authors' books: two potentials that tell each other what they sent, n thresholds in turn; (sent, spikes)."""
    plus = minus = Fraction(theta, 2)
    sent, spikes = [], []
    for current in currents:
        plus, minus, out = plus + current, minus - current, [Fraction(0), Fraction(0)]
        fired = 0
        for i in range(n):
            level = Fraction(theta) * 2 ** (n - 1 - i)
            if plus >= level:
                plus, out[0], fired = plus - level, out[0] + level, fired + 1
            if signed and minus >= level:
                minus, out[1], fired = minus - level, out[1] + level, fired + 1
        plus, minus = plus + out[1], minus + out[0]
        sent.append(out[0] - out[1])
        spikes.append(fired)
    return sent, spikes


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("n,theta", [(1, 8), (3, 3), (4, 5), (8, 1)])
def test_harmony_equals_the_published_books(n, theta, signed):
    z, law = (
        whole_numbers(6, n) + 1 / 16,
        Harmony(n),
    )  # no potential on a threshold, where the two neurons round otherwise
    p = params(theta, law, 0.5, minus=n if signed else 0)._replace(phi_plus=n)
    out, state = law.scan(z, 0, 6, p, law.initial_state(z[0], p), LINE if signed else RELU)
    for b, c, i in each(z):
        sent, spikes = published_harmony([Fraction(float(v)) for v in z[:, b, c, i]], theta, n, signed)
        assert out[:, b, c, i].tolist() == [float(s) for s in sent]
        assert state.events[b, c, i] == sum(spikes) and state.graded[b, c, i] == sum(s > 0 for s in spikes)
    assert (out < 0).any() == signed and state.events.sum() > state.graded.sum() or n == 1


@pytest.mark.parametrize("name,minus", [("relu", 0), ("relu", 5), ("identity", 5), ("leaky_relu", 5)])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_fused_harmony_equals_the_reference_bit_for_bit(name, minus, memory):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    law, site = Harmony(5), Site(0, 0, "s", ACTIVATIONS[name], (3, 7, 9, 11), 1)
    shape = (1, 7, 1, 1)
    p = NeuronParams(torch.rand(shape) / 20 + 0.01, torch.randn(shape) * 0.1, torch.full(shape, 0.5), 5, minus, law)
    for z in (torch.randn(6, 3, 7, 9, 11), torch.randn(3, 7, 9, 11)):
        like = (z[0] if z.dim() == 5 else z).contiguous(memory_format=memory)
        z = like if z.dim() == 4 else z
        states = [law.initial_state(like, p) for _ in range(2)]
        for t, steps in ((0, 2), (2, 6 if z.dim() == 4 else 4)):
            part = z if z.dim() == 4 else z[t : t + steps]
            out, states[0] = law.scan(part, t, steps, p, states[0], site.activation)
            fast, states[1] = law.fast(part, t, steps, p, states[1], site)
            assert torch.equal(out, fast) and all(map(torch.equal, *states)) and states[0].events.sum() > 0


def test_ones_among_binary_digits():
    k = torch.cat([torch.arange(-3000, 3000), torch.tensor([2**24 - 1, 2**23, 2**16 - 1])])
    assert ones_in(k.float()).tolist() == [bin(abs(int(v))).count("1") for v in k]


# ---- sigma-delta


def lava_books(inputs, theta, vth, most, f):
    """Lava's books on one neuron whose ``inputs`` are changes; (what is sent, ones in the payloads)."""
    sigma = act = residue = Fraction(0)
    sent, ones = [], []
    for change in inputs:
        sigma += change
        new = min(max(exact(f, sigma), -most * theta), most * theta)
        delta = new - act + residue
        payload = round(delta / theta) if abs(delta) >= vth * theta else 0
        residue, act = delta - payload * theta, new
        sent.append(payload * theta)
        ones.append(bin(abs(payload)).count("1"))
    return sent, ones


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("bits,vth", [(4, 0.5), (3, 1.5), (6, 2.0)])
def test_sigma_delta_keeps_the_books_of_lava(bits, vth, activation):
    z, law, f = whole_numbers(7, bits), SigmaDelta(bits, vth), ACTIVATIONS[activation]
    z[3:5] = z[2]  # an input that stands still for a while
    p = params(3, law, minus=bits)
    out, state = law.scan(z, 0, 7, p, law.initial_state(z[0], p), f)
    for b, c, i in each(z):
        currents = [Fraction(int(v)) for v in z[:, b, c, i]]  # what all that is held gives; inputs are its changes
        inputs = [now - before for now, before in zip(currents, [Fraction(0), *currents])]
        sent, ones = lava_books(inputs, 3, Fraction(vth), 2**bits - 1, f)
        held = [float(sum(sent[: t + 1])) for t in range(7)]
        assert out[:, b, c, i].tolist() == held and state.mean[b, c, i] * 3 == held[-1]
        assert state.events[b, c, i] == sum(ones) and state.graded[b, c, i] == sum(s != 0 for s in sent)
        assert state.n[b, c, i] * 3 == pytest.approx(sum(held)) and not any(sent[3:5])
    assert not over_fired(state, 7, p, f).any()


# ---- what all share

LAWS = [*(law for law, _ in CODES.values()), FewSpikes("silu", 2), PhasedSpikes(4), Harmony(4), SigmaDelta(5, 1.5)]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_in_chunks_and_with_a_constant_current(law):
    z = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0)) * 2
    p = params(0.7, law, 0.0, 0.1, minus=4)._replace(phi_plus=4)
    whole, last = law.scan(z, 0, 9, p, law.initial_state(z, p), LEAKY)
    state, parts = law.initial_state(z, p), []
    for start, stop in ((0, 1), (1, 6), (6, 9)):
        part, state = law.scan(z.expand(stop - start, -1, -1, -1), start, stop - start, p, state, LEAKY)
        parts.append(part)
    assert torch.equal(torch.cat(parts), whole) and whole.any()
    assert all(map(torch.equal, state, last))
    assert torch.allclose(state.n * p.theta, whole.sum(0), atol=1e-4)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_a_law_is_named_and_found_again(law):
    again, p = law_of(law_terms(law)), params(1, law)
    z = torch.randn(2, 3, 4, 5)
    assert type(again) is type(law) and again.words(p) == law.words(p) and law_terms(again) == law_terms(law)
    outs = [one.scan(z, 0, 2, p, one.initial_state(z[0], p), RELU)[0] for one in (law, again)]
    assert torch.equal(*outs)


@pytest.mark.parametrize(
    "terms",
    [
        {"name": "digits", "digits": 6},
        {"name": "digits", "digits": 6, "base": 1},
        {"name": "digits", "digits": True, "base": 2},
        {"name": "first-spike", "bits": 40},
        {"name": "few-spikes", "kind": "relu", "octaves": 0},
        {"name": "few-spikes", "kind": ["silu"], "octaves": 0},
        {"name": "few-spikes", "kind": "silu", "octaves": 99},
        {"name": "phased-spikes", "period": 0},
        {"name": "sigma-delta", "bits": 8, "vth": 0.1},
        {"name": "sigma-delta", "bits": 8, "vth": 1},
        {"name": ["digits"], "digits": 6, "base": 2},
        {"name": "harmony", "levels": 8, "more": 1},
    ],
)
def test_laws_that_cannot_be_are_refused(terms):
    with pytest.raises(InputError, match="the law of its neurons is"):
        law_of(terms)


@pytest.mark.skipif(compiled.library() is None, reason="no C compiler is here")
@pytest.mark.parametrize("still", (False, True))
@pytest.mark.parametrize("shape", ((3, 5, 7, 9), (2, 4, 6), (5, 13), (1, 1)))
@pytest.mark.parametrize("law", (Digits(4), Digits(9), FewSpikes("silu", 3), FewSpikes("gelu"), FewSpikes("sigmoid")))
def test_compiled_codes_give_the_bits_of_the_reference(law, shape, still):
    g = torch.Generator().manual_seed(len(shape))
    one = (1, shape[1], *[1] * (len(shape) - 2))
    p = NeuronParams(*(torch.rand(one, generator=g) + 0.2 for _ in range(3)), 8, 8, law)
    for activation in (RELU, LEAKY, activation_of("hardtanh", F.hardtanh, (None, -0.7, 0.9), {})):
        site = SimpleNamespace(activation=activation, shape=shape, channel_axis=1)
        mine = theirs = None
        for t, steps in ((0, 3), (3, 2)):
            z = torch.randn(*(() if still else (steps,)), *shape, generator=g) * 6
            if len(shape) == 4:
                z = z.movedim(-3, -1).contiguous().movedim(-1, -3)
            out, mine = law.fast(z, t, steps, p, mine, site)
            theirs = law.initial_state(z if still else z[0], p) if theirs is None else theirs
            wanted, theirs = law.scan(z, t, steps, p, theirs, activation)
            for a, b in zip((out, *mine), (wanted, *theirs)):
                assert torch.equal(a, b) and torch.equal(a.signbit(), b.signbit())


@pytest.mark.parametrize("law", (FirstSpike(4), Digits(3, base=4)))
def test_codes_that_no_kernel_knows_run_the_reference(law):
    assert law.table is None and law.fast(None, 0, 1, None, None, None) is None
