"""Methods whose codes are not rates: they are the quantised network, count what they send, and say how long they take."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire import methods
from adafire.frames import Frames
from adafire.graph.activations import relu
from adafire.neurons import TABLES, Digits, FewSpikes
from adafire.neurons.harmony import ones_in
from adafire.simulation import plain
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build, relative_error

ONE_PASS = {"fs": (1024, 0.0), "radix": (64, 0.5), "ttfs": (64, 0.0)}
"""method -> (values of a neuron, 0 among them; what is added before digits are cut off)"""
STILL = [*ONE_PASS, "sigma-delta"]


class Net(nn.Module):
    """Max pooling behind neurons, batch norm behind it, and average pooling."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.fc = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 5, 1), nn.Linear(5, 3)
        self.norm = nn.BatchNorm2d(4).eval()
        self.norm.running_mean.normal_(0, 0.2), self.norm.weight.data.uniform_(0.5, 1.5)
        for p in self.a.parameters():
            p.data = (p.data * 16).round() / 16  # sums of products with multiples of 1/4 are exact in any order

    def forward(self, x):
        x = self.norm(F.max_pool2d(F.relu(self.a(x)), 3, 2, 1))
        return self.fc(F.relu(self.b(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def case():
    network, x = build("Residual"), torch.randn(24, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return network, x[:16], x[16:]


def quantised(snn, x, levels, offset):
    """The network with its activations cut off to so many values up to the threshold."""

    def on_site(site, z):
        p = snn.params[site.index]
        least = p.theta * (1.0 if p.neuron.__class__.__name__ == "SigmaDelta" else 1 / levels)
        return (F.relu(z + p.bias) / least + offset).floor().clamp(max=levels - 1) * least

    return plain(snn.plan(x), snn.network, x, snn.call, on_site)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("name", [*ONE_PASS, "fs+bias", "ttfs:bits=3", "fs:digits=4:v0=0.5", "radix:base=4:digits=3"])
def test_codes_of_one_pass_are_the_quantised_network(name, steps, case):
    levels, offset = ONE_PASS[name.partition(":")[0].removesuffix("+bias")]
    levels = {"ttfs:bits=3": 8, "fs:digits=4:v0=0.5": 16}.get(name, levels)
    snn = adafire.convert(case[0], case[1], method=name, timesteps=steps)
    expected = quantised(snn, case[2], levels, 0.5 if "v0=0.5" in name else offset)
    assert relative_error(snn(case[2]), expected) < 1e-4
    biases = torch.cat([p.bias.flatten() for p in snn.params.values()])
    assert bool(biases.any()) == name.endswith("+bias") and snn.report().values == levels - 1


def test_sigma_delta_is_the_quantised_network_and_falls_silent(case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method="sigma-delta", timesteps=5)
    once, *later = snn(x, at=(1, 2, 5))
    assert relative_error(once, quantised(snn, x, 256, 0.5)) < 1e-4
    assert all(relative_error(y, once) < 1e-5 for y in later)
    reports = [snn.report(at=t) for t in (1, 2, 5)]
    for key in ("spikes", "messages", "synops", "synops_graded", "macs"):
        assert len({round(getattr(report, key), 6) for report in reports}) == 1, key
    assert [report.active_steps for report in reports] == [1, 1, 1] and reports[0].messages > 0
    run = Run(snn.plan(x), snn.params, network, x, snn.call)
    list(simulate(run, (5,), 1))
    assert run.at_rest and run.silent.tolist() == [4] * len(x)


def test_sigma_delta_pays_for_what_moves():
    """A clip that stands still for three of four frames; messages are counted frame by frame."""
    network, x = Net().eval(), torch.randn(6, 2, 2, 8, 8, generator=torch.Generator().manual_seed(2))
    clip = torch.stack([x[:, 0], x[:, 0], x[:, 1], x[:, 1]], 1)
    snn = adafire.convert(network, Frames(clip), method="sigma-delta", timesteps=4)
    snn(Frames(clip), at=(1, 2, 3, 4))
    sent = [snn.report(at=t) for t in (1, 2, 3, 4)]
    for key in ("messages", "spikes", "synops", "synops_graded"):
        first, second, third, fourth = (getattr(report, key) for report in sent)
        assert 0 < first == second < third == fourth, key
    still = adafire.convert(network, Frames(clip), method="fs", timesteps=4)
    still(Frames(clip), at=(1, 2))
    assert still.report(at=2).spikes == 2 * still.report(at=1).spikes


@pytest.mark.parametrize("name", [*STILL, "h-mt", "phase"])
def test_a_pooled_result_sends_what_its_code_sends(name):
    network, x, steps = Net().eval(), torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(3)), 3
    x = (x * 4).round() / 4
    snn = adafire.convert(network, x, method=name, timesteps=steps)
    snn.memory_gb = 1e-9  # a step at a time
    snn(x)
    p, z = snn.params[0], network.a(x).detach()
    law = p.neuron
    out, _ = law.scan(z, 0, steps, p, law.initial_state(z, p), relu())
    pooled = lambda values: F.max_pool2d(values, 3, 2, 1)
    if name in ("h-mt", "phase"):  # increments of the largest cumulative count
        totals = torch.stack([pooled(out[: t + 1].sum(0)) for t in range(steps)])
        finest = p.theta * (1 if name == "h-mt" else law.weight(8))
        counts = ones_in(torch.diff(totals, dim=0, prepend=torch.zeros_like(totals[:1])) / finest)
    elif name == "sigma-delta":  # the largest value, once
        counts = ones_in(pooled(out[0]) / p.theta)[None]
    else:
        counts = torch.stack([law.spikes_of(pooled(y) / p.theta, 0) for y in out])
    layer = next(row for row in snn.report().layers if row["layer"] == "b")
    assert layer["synops"] * 3 == int(counts.sum()) * 5 and layer["spikes"] * 3 == int(counts.sum()) > 0
    assert layer["synops_graded"] * 3 == int((counts > 0).sum()) * 5


@pytest.mark.parametrize("name", [*STILL, "h-mt", "phase"])
def test_the_same_in_chunks_of_any_size(name, case):
    network, calibration, x = case
    found = []
    for memory in (1, 1e-9):
        snn = adafire.convert(network, calibration, method=name, timesteps=8, memory_gb=memory)
        found.append((snn(x, at=(3, 8)), snn.report().as_dict()))
    (one, first), (two, second) = found
    assert all(relative_error(a + 1, b + 1) < 1e-6 for a, b in zip(one, two))
    for key in ("spikes", "messages", "synops", "synops_graded", "macs", "sub_steps"):
        assert first[key] == pytest.approx(second[key], rel=1e-3), key


def test_with_frames_a_code_of_one_pass_says_each_frame():
    network, clip = Net().eval(), torch.randn(5, 3, 2, 8, 8, generator=torch.Generator().manual_seed(4))
    for name in STILL:
        snn = adafire.convert(network, Frames(clip), method=name, timesteps=3)
        alone = adafire.convert(network, Frames(clip), method=name, timesteps=1)
        alone.params = snn.params
        each = torch.stack([alone(clip[:, k]) for k in range(3)])
        assert relative_error(snn(Frames(clip)), each.mean(0)) < 1e-5, name


@pytest.mark.parametrize(
    "name,duration,waits",
    [("fs", 10, True), ("radix", 6, True), ("ttfs:bits=5", 32, True), ("radix:base=3:digits=4", 8, True)],
)
def test_sub_steps_are_those_of_a_pipeline(name, duration, waits, case):
    network, calibration, x = case
    for steps in (1, 3):
        snn = adafire.convert(network, calibration, method=name, timesteps=steps)
        snn(x[:2])
        report, depth = snn.report(), 4  # the stem, a, b, c: one behind the other
        assert report.sub_steps == duration * (depth + steps - 1)
        assert {row["sub_steps"] for row in report.sites} == {duration * steps}
        assert report.neuron_updates == report.neurons * duration * steps
        assert {row["duration"] for row in report.sites} == {duration} and all(row["waits"] for row in report.sites)


@pytest.mark.parametrize(
    "name,of_a_step", [("h-mt", 8), ("h-mt:n=4", 4), ("phase", 1), ("sigma-delta:bits=5", 5), ("burst", 5)]
)
def test_sub_steps_of_codes_that_do_not_wait(name, of_a_step, case):
    snn = adafire.convert(case[0], case[1], method=name, timesteps=4)
    snn(case[2])
    assert snn.report().sub_steps == 4 * of_a_step and not any(row["waits"] for row in snn.report().sites)


@pytest.mark.parametrize("name", ["h-mt", "h-mt:n=4", "h-mt:threshold=percentile"])
def test_harmony_is_a_burst_that_is_sent_in_binary(name, case):
    network, calibration, x = case
    snn = adafire.convert(network, calibration, method=name, timesteps=3)
    method = snn.method
    burst = adafire.convert(network, calibration, method="adafire-uniform", timesteps=3, correction="none")
    burst.params = {i: p._replace(phi_plus=2**method.n - 1, neuron=None) for i, p in snn.params.items()}
    assert torch.equal(snn(x), burst(x))
    assert snn.report().spikes < burst.report().spikes and snn.report().messages == burst.report().messages


def test_harmony_thresholds_are_the_fixed_point_of_the_published_iteration():
    """Their update of theta, the smallest threshold, written down: levels up to b = T (2^n - 1) of theta / T."""
    network, x = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)).eval(), torch.randn(500, 6)
    for timesteps, n in ((1, 3), (4, 4), (2, 8)):
        snn = adafire.convert(network, x, method="h-mt", timesteps=timesteps, n=n)
        z = network[0](x).detach().double()
        mean, deviation, b = z.mean(0)[:, None], z.std(0, unbiased=False)[:, None], timesteps * (2**n - 1)
        odd = 2 * torch.arange(1, b + 1, dtype=torch.float64) - 1
        theta = snn.params[0].theta.flatten().double()[:, None]
        u = (odd / (2 * timesteps) * theta - mean) / deviation
        erf, density = torch.erf(u / 2**0.5), torch.exp(-u * u / 2)
        below = b**2 - (odd * erf).sum(1, keepdim=True)
        ratio = (mean / theta) * timesteps * (b - erf.sum(1, keepdim=True)) / below
        ratio = ratio + deviation / ((torch.pi / 2) ** 0.5 * theta) * timesteps * density.sum(1, keepdim=True) / below
        assert torch.allclose(ratio, torch.ones_like(ratio), atol=1e-4)


def test_fs_tables_stand_where_their_activations_are():
    network, x = build("Modern"), torch.randn(16, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    snn, plain_codes = (adafire.convert(network, x, method=name, timesteps=1) for name in ("fs", "fs:tables=False"))
    for site in snn.sites:
        table = site.activation.kind in TABLES
        assert isinstance(snn.params[site.index].neuron, FewSpikes if table else Digits)
        assert isinstance(plain_codes.params[site.index].neuron, Digits)
    assert {s.activation.kind for s in snn.sites} >= set(TABLES)
    errors = [relative_error(s(x), network(x).detach()) for s in (snn, plain_codes)]
    assert errors[1] < errors[0] < 0.2


def test_large_currents_of_silu_get_steps_of_their_own():
    network, x = nn.Sequential(nn.Linear(4, 6), nn.SiLU(), nn.Linear(6, 2)).eval(), torch.randn(64, 4)
    network[0].weight.data *= 60
    snn = adafire.convert(network, x, method="fs", timesteps=1)
    most = float(F.silu(network[0](x)).max())
    octaves = snn.params[0].neuron.octaves
    assert 4 * 2 ** (octaves - 1) + 4 < most <= 4 * 2**octaves + 4 and octaves > 2
    assert relative_error(snn(x), network(x).detach()) < 0.02


@pytest.mark.parametrize("name", ["fs", "radix", "ttfs", "h-mt", "phase", "sigma-delta", "multi-threshold"])
@pytest.mark.parametrize("kind", ["Pyramid", "Modern", "Shuffle", "Bottleneck"])
def test_other_networks_convert(name, kind):
    network, x = build(kind), torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    snn = adafire.convert(network, x, method=name, timesteps=32 if name == "phase" else 1)
    assert relative_error(snn(x), network(x)) < (0.4 if name == "phase" else 0.1)


@pytest.mark.parametrize(
    "name,options",
    [
        ("fs", {"digits": 0}),
        ("fs", {"tables": 1}),
        ("fs", {"phi_plus": 3}),
        ("fs", {"threshold": "max"}),
        ("fs", {"correction": "potential"}),
        ("radix", {"base": 1}),
        ("radix", {"base": 16, "digits": 16}),
        ("ttfs", {"bits": 13}),
        ("ttfs", {"shift": True}),
        ("h-mt", {"n": 0}),
        ("h-mt", {"phi_minus": 2}),
        ("h-mt", {"threshold": "mmse"}),
        ("phase", {"period": 17}),
        ("phase", {"v0": 0.5}),
        ("phase", {"correction": "advanced"}),
        ("sigma-delta", {"bits": 17}),
        ("sigma-delta", {"vth": 0.4}),
        ("sigma-delta", {"objective": "floor"}),
        ("sigma-delta", {"correction": "potential"}),
    ],
)
def test_options_that_make_no_sense_are_refused(name, options):
    with pytest.raises(adafire.InputError, match=next(iter(options)).split("_")[0] + "|digits of base"):
        methods.get(name).with_options(**options)
