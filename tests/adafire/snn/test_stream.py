"""Streams: silent where nothing changes, exact for ever, counted as a slow reference counts event by event, and what is refused."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire import methods
from adafire.neurons import DifferentialBurst, HeldBurst
from helpers.networks import build, relative_error


class Net(nn.Module):
    """Max pooling between neurons, and an average before the last layer."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(2, 5, 3, padding=1), nn.Conv2d(5, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        return self.c(F.relu(self.b(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture(scope="module")
def frames():
    """A walk: a tenth of the pixels move at each step, sometimes nothing, once all."""
    g = torch.Generator().manual_seed(1)
    found = [torch.randn(1, 2, 8, 8, generator=g)]
    for k in range(11):
        moved = torch.rand(1, 2, 8, 8, generator=g) < (1.0 if k == 6 else 0.0 if k == 3 else 0.1)
        found.append(torch.where(moved, torch.randn(1, 2, 8, 8, generator=g), found[-1]))
    return found


def converted(network, method="ours", timesteps=2, **options):
    x = torch.randn(32, 2, 8, 8, generator=torch.Generator().manual_seed(5))
    return adafire.convert(network, x, method=method, timesteps=timesteps, **options)


def test_a_still_input_is_told_once(network, frames):
    with converted(network).stream() as stream:
        first = stream(frames[0])
        assert stream.last().synops > 0
        assert stream.last().macs in (
            4840,
            4852,
        )  # 22 x 22 pixels under windows, 2 to 5 channels; and the classifier's 12
        for _ in range(5):
            assert torch.equal(stream(frames[0]), first)
            assert stream.last().spikes == stream.last().synops == stream.last().macs == 0
        assert stream.report().samples == 6


@pytest.mark.parametrize("zone", [0.0, 2.0])
def test_nothing_drifts_in_10_000_inputs(zone):
    """What receivers hold against the activation itself: half a level and a little, or the dead zone."""
    law, g = HeldBurst(DifferentialBurst(levels=6), zone), torch.Generator().manual_seed(0)
    held, worst = torch.zeros(64), 0.0
    for k in range(10_000):
        a = torch.rand(64, generator=g) * (4 if k % 100 else 0)
        change, spikes = law.told(a, held, 8)
        held = held + change
        worst = max(worst, float((held - a).abs().max()) / law.finest)
        assert torch.equal(held, (held / law.finest).round() * law.finest)
    assert worst <= max(33 / 64, zone) + 1e-4
    assert worst > 0.45


def test_outputs_stay_those_of_a_fresh_conversion(network):
    snn, g = converted(network, timesteps=4), torch.Generator().manual_seed(3)
    with snn.stream() as stream:
        for _ in range(200):
            x = torch.randn(1, 2, 8, 8, generator=g)
            assert relative_error(stream(x), snn(x).detach()) < 0.02
            assert relative_error(stream(x), network(x).detach()) < 0.02


def arriving(counts, outputs):
    """Synapses of a convolution of 3 x 3 that counts [1, C, S, S] reach, one after the other."""
    side = counts.shape[-1]
    return sum(
        float(counts[0, c, i, j]) * outputs
        for c in range(counts.shape[1])
        for i in range(side)
        for j in range(side)
        for di in (-1, 0, 1)
        for dj in (-1, 0, 1)
        if 0 <= i + di < side and 0 <= j + dj < side
    )


class Reference:
    """The same stream event by event: lists of what every receiver holds, a loop over synapses."""

    def __init__(self, network, snn):
        self.network, self.params = network, snn.params
        self.held = [torch.zeros(1, 5, 8, 8), torch.zeros(1, 4, 4, 4)]
        self.pooled, self.before = torch.zeros(1, 5, 4, 4), None

    def tell(self, layer, current):
        p = self.params[layer]
        law = DifferentialBurst(levels=p.neuron.levels)
        change, spikes = law.burst(F.relu(current + p.bias) / p.theta - self.held[layer], 1.0, 8.0)
        self.held[layer] = self.held[layer] + change
        return self.held[layer] * p.theta, spikes, law

    def __call__(self, x):
        value, spikes, law = self.tell(0, self.network.a(x))
        pooled = F.max_pool2d(value, 2)
        told = law.burst((pooled - self.pooled) / self.params[0].theta, 1.0, float("inf"))[1]
        self.pooled = pooled
        value, more, _ = self.tell(1, self.network.b(pooled))
        synops = arriving(told, 4)
        every = float(more.sum()) * 3  # to the classifier one by one, or a multiplication of the average, the cheaper
        changed = torch.ones_like(x) if self.before is None else (x != self.before).float()
        macs = arriving(changed, 5)
        self.before = x
        return self.network.c(value.mean((2, 3))), float(spikes.sum() + more.sum()), synops, every, macs


def test_counters_equal_a_slow_reference(network, frames):
    snn = converted(network)
    reference = Reference(network, snn)
    with snn.stream() as stream, torch.no_grad():
        for x in frames:
            outputs, spikes, synops, every, macs = reference(x)
            assert torch.allclose(stream(x), outputs, atol=1e-5)
            report = stream.last()
            assert report.spikes == spikes
            dense = 0.9 * every > 4.6 * 12  # pJ: an addition, a multiply-accumulate
            assert report.synops == synops + (0 if dense else every)
            assert report.macs == macs + (12 if dense else 0)


def test_the_counts_of_a_stream_are_those_of_its_calls(network, frames):
    with converted(network).stream() as stream:
        parts = []
        for x in frames:
            stream(x)
            parts.append(stream.last())
        whole = stream.report()
    for key in ("spikes", "synops", "macs", "messages", "neuron_updates"):
        assert getattr(whole, key) == pytest.approx(sum(getattr(p, key) for p in parts) / len(parts))


def test_a_dead_zone_saves_and_a_refresh_tells_all_again(network, frames):
    sent = {}
    for options in ((), (("zone", 4.0),), (("refresh", 3),)):
        with converted(network).stream(**dict(options)) as stream:
            outputs = [stream(x) for x in frames]
            sent[options] = stream.report().spikes
        assert relative_error(outputs[-1], network(frames[-1]).detach()) < 0.2
    plain, zoned, fresh = sent.values()
    assert zoned < 0.8 * plain < plain < fresh


def test_reset_begins_anew(network, frames):
    with converted(network).stream() as stream:
        stream(frames[0])
        first = stream.last()
        stream(frames[1])
        stream.reset()
        stream(frames[0])
        assert stream.last().spikes == first.spikes and stream.last().macs == first.macs


def test_samples_of_a_batch_are_streams_of_their_own(network, frames):
    snn = converted(network)
    with snn.stream(batch=2) as both, snn.stream() as one, snn.stream() as two:
        for x, y in zip(frames, frames[::-1]):
            out = both(torch.cat([x, y]))
            assert torch.allclose(out, torch.cat([one(x), two(y)]), atol=1e-5)
            spikes = one.last().spikes + two.last().spikes
            assert both.last().spikes * 2 == spikes


@pytest.mark.parametrize("method", [name for name in methods.names() if methods.get(name).kind != "external"])
def test_every_method_streams(method, frames):
    torch.manual_seed(0)
    network = Net().eval()
    options = {"weight_steps": 2} if method == "snn-calibration-advanced" else {}
    snn = converted(network, method, **options)
    before = snn.meter.sums
    with snn.stream() as stream:
        for x in frames[:3]:
            outputs = stream(x)
            if stream.params is None:
                assert torch.allclose(outputs, snn(x), atol=1e-6)
                snn.reset()
                snn.meter.sums = before
        assert stream.report().samples == 3 and (stream.timesteps == 1 or stream.params is None)
    assert (stream.params is not None) == (method in ("ours", "sigma-delta"))


def test_a_residual_network_streams():
    torch.manual_seed(0)
    network, g = build("Residual"), torch.Generator().manual_seed(0)
    snn = adafire.convert(network, torch.randn(24, 3, 16, 16, generator=g), method="ours", timesteps=4)
    x = torch.randn(1, 3, 16, 16, generator=g)
    with snn.stream() as stream:
        for _ in range(5):
            x = torch.where(torch.rand(x.shape, generator=g) < 0.05, torch.randn(x.shape, generator=g), x)
            assert relative_error(stream(x), network(x).detach()) < 0.02
        stream(x)
        assert stream.last().energy_pj("horowitz-45nm") <= 0.01 * stream.report().energy_pj("horowitz-45nm")


@pytest.mark.parametrize(
    "change, words",
    [
        (
            lambda x: x[..., :6],
            r"input 1 of the stream: found \[\(1, 2, 8, 6\)\], expected \[\(1, 2, 8, 8\)\] as before",
        ),
        (lambda x: x / 0, "holds NaN or infinity"),
        (lambda x: x[:0], "expected a batch of 1"),
        (lambda x: x.repeat(2, 1, 1, 1), "expected a batch of 1"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_the_stream_as_it_was(network, frames, change, words):
    with converted(network).stream() as stream:
        first = stream(frames[0])
        with pytest.raises(adafire.InputError, match=words):
            stream(change(frames[0]))
        assert torch.equal(stream(frames[0]), first) and stream.last().spikes == 0 and stream.report().samples == 2
    with pytest.raises(adafire.InputError, match="was closed"):
        stream(frames[0])


def test_options_that_cannot_be_are_refused(network):
    snn = converted(network)
    for options, words in (({"batch": 0}, "batch=0"), ({"zone": -1}, "zone=-1"), ({"refresh": 0}, "refresh=0")):
        with pytest.raises(adafire.InputError, match=words):
            snn.stream(**options)
    with pytest.raises(adafire.InputError, match="adafire-signed has no streaming law"):
        converted(network, "adafire-signed").stream(zone=1.0)
    with pytest.raises(adafire.InputError, match="give the stream an input first"):
        snn.stream().report()
