"""The methods that AdaFire is compared with: their neurons event by event, their threshold rules, their read-out."""

import math
import random
from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.calibration.thresholds import Histogram, balanced, gaussian
from adafire.graph.activations import activation_of
from adafire.neurons import over_fired
from adafire.neurons.count import NeuronParams
from adafire.neurons.multi_threshold import MultiThreshold
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.networks import build, relative_error
from helpers.references import count_form

RELU = activation_of("relu", None, (None,), {})


def full(value):
    return torch.full((1, 1, 1), float(value))


def published_multi_threshold(currents, theta, levels):
    """One neuron, exact rationals, as the authors' code keeps its books: running means of input and output, a membrane
    that charges with the difference, a ledger of what was put out. Returns (spikes, running mean after every step)."""
    membrane = e_in = e_out = ledger = Fraction(0)
    spikes, means = [], []
    for t, current in enumerate(currents):
        change = current - e_in  # what arrives is the change of the running mean, times t + 1
        membrane += change + e_in - e_out
        ledger += e_out
        spike = Fraction(0)
        for k in reversed(range(levels)):
            level = theta / 2**k
            if membrane >= level * 3 / 4:
                spike = level
            elif membrane <= -level * 3 / 4 and ledger >= level:
                spike = -level
        membrane -= spike
        ledger += spike
        e_in += change / (t + 1)
        e_out += spike / (t + 1)
        spikes.append(spike)
        means.append(e_out)
    return spikes, means


@pytest.mark.parametrize("levels,theta", [(1, 1.0), (4, 0.75), (4, 3.0), (7, 1.5)])
@pytest.mark.parametrize("shift", [-0.5, 0.6])
def test_multi_threshold_equals_the_published_books(levels, theta, shift):
    z = torch.randn(12, 3, 4, 5, generator=torch.Generator().manual_seed(levels)) + shift
    p, law = NeuronParams(full(theta), full(0), full(0), 1, 0), MultiThreshold(levels)
    out, state = law.scan(z, 0, 12, p, law.initial_state(z[0], p), RELU)
    spikes = 0
    for b, c, i in ((b, c, i) for b in range(3) for c in range(4) for i in range(5)):
        currents = [Fraction(float(v)) for v in z[:, b, c, i]]
        expected, means = published_multi_threshold(currents, Fraction(theta), levels)
        handed_on = [m + s for m, s in zip([0, *means], expected)]
        assert out[:, b, c, i].tolist() == pytest.approx([float(v) for v in handed_on], abs=1e-5)
        assert state.events[b, c, i] == state.graded[b, c, i] == sum(s != 0 for s in expected)
        assert state.n[b, c, i] * theta == pytest.approx(float(12 * means[-1]), abs=1e-4)
        spikes += sum(s < 0 for s in expected)
    assert spikes > 0 and (state.n > -1e-3).all()


def test_multi_threshold_by_hand():
    # theta 4, levels 4, 2, 1; current 3, 3, 0, 0. t=1: V = 3 >= 3/4 4: +4, mean 4. t=2: V = 6 - 8 = -2 <= -3/4 2: -2,
    # mean 3. t=3: V = 6 - 9 = -3 <= -3/4 4 and 9 >= 4: -4, mean 5/3. t=4: V = 6 - 20/3 = -2/3 > -3/4: silent, mean 5/3.
    z = torch.tensor([3.0, 3, 0, 0]).view(4, 1, 1, 1)
    p, law = NeuronParams(full(4), full(0), full(0), 1, 0), MultiThreshold(3)
    out, state = law.scan(z, 0, 4, p, law.initial_state(z[0], p), RELU)
    assert out.flatten().tolist() == pytest.approx([4, 2, -1, 5 / 3])
    assert not over_fired(state, 4, p._replace(neuron=law), RELU).any()
    assert state.events.item() == 3 and state.n.item() == pytest.approx(20 / 3 / 4)


def test_multi_threshold_in_chunks_and_with_constant_current():
    z, law = torch.randn(2, 3, 5), MultiThreshold(4)
    p = NeuronParams(full(0.8), full(0.1), full(0), 1, 0)
    whole, last = law.scan(z, 0, 9, p, law.initial_state(z, p), RELU)
    state, parts = law.initial_state(z, p), []
    for start, stop in ((0, 1), (1, 6), (6, 9)):
        part, state = law.scan(z.expand(stop - start, -1, -1, -1), start, stop - start, p, state, RELU)
        parts.append(part)
    assert torch.equal(torch.cat(parts), whole)
    assert all(torch.equal(a, b) for a, b in zip(state[:5], last[:5]))


@pytest.mark.parametrize(
    "activation",
    [
        RELU,
        activation_of("gelu", F.gelu, (None,), {}),
        activation_of("leaky_relu", F.leaky_relu, (None, 0.2), {}),
        activation_of("relu6", F.relu6, (None,), {}),
    ],
    ids=lambda a: a.kind,
)
def test_mean_of_what_flows_on_is_the_activation(activation):
    z, law = torch.randn(4, 6, 5), MultiThreshold(4)
    p = NeuronParams(full(2), full(0), full(0), 1, 0)
    out, state = law.scan(z, 0, 64, p, law.initial_state(z, p), activation)
    assert torch.allclose(out.mean(0), activation.f(z), atol=2 / 8 / 64 + 2 * 0.75 / 8 / 64 + 1e-4)
    assert torch.allclose(state.n * 2, out.sum(0), atol=1e-4)
    assert state.events.mean() < 0.5 * 64  # silence while nothing changes


def test_pooling_under_differential_coding_sends_changes_of_the_mean():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.fc = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 3, 1), nn.Linear(3, 4)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.a(x)), 3, 2, 1)
            return self.fc(F.relu(self.b(x)).mean((2, 3)))

    network, x, steps = Net().eval(), torch.randn(2, 1, 8, 8), 10
    snn = adafire.convert(network, x, method="dcgs", timesteps=steps)
    snn.memory_gb = 1e-9  # chunks of one step
    snn(x)
    p = snn.params[0]
    z = network.a(x).detach()
    out, _ = p.neuron.scan(z, 0, steps, p, p.neuron.initial_state(z, p), RELU)
    clock = torch.arange(1.0, steps + 1).view(-1, 1, 1, 1, 1)
    means = F.max_pool2d((out.cumsum(0) / clock).flatten(0, 1), 3, 2, 1).view(steps, 2, 2, 4, 4)
    changes = (torch.diff(means, dim=0, prepend=torch.zeros_like(means[:1])).abs() > 1e-5).sum()
    layer = next(row for row in snn.report().layers if row["layer"] == "b")
    assert layer["synops"] * 2 == layer["synops_graded"] * 2 == int(changes) * 3 > 0


def fast_snn(currents, theta):
    """One neuron, event by event: fires at theta, takes a spike back below 0 if there is one."""
    membrane, total, out = Fraction(theta, 2), 0, []
    for current in currents:
        membrane += current
        spike = 1 if membrane >= theta else -1 if membrane < 0 and total > 0 else 0
        membrane -= spike * theta
        total += spike
        out.append(spike)
    return out


def test_signed_if_is_the_step_form_of_fast_snn():
    rng = random.Random(0)
    for _ in range(5000):
        currents, theta = [rng.randint(-7, 9) for _ in range(9)], rng.randint(1, 6)
        assert count_form(currents, theta, Fraction(1, 2), 1, 1) == fast_snn(currents, theta)
    method = adafire.methods.get("signed-if")
    assert (method.phi_plus, method.phi_minus, method.v0, method.shift) == (1, 1, 0.5, False)


def test_opi_differs_from_rate_percentile_in_the_initial_potential_only():
    a, b = (adafire.methods.get(name).parameters() for name in ("opi", "rate-percentile"))
    assert {k for k in a if a[k] != b[k]} == {"v0"}
    network, x = build("Residual"), torch.randn(16, 3, 16, 16)
    errors = [
        relative_error(adafire.convert(network, x, method=m, timesteps=4)(x), network(x).detach())
        for m in ("opi", "rate")
    ]
    assert errors[0] < errors[1]


def test_burst_thresholds_are_those_of_the_authors_hook():
    """Their hook, written down: behind every layer, values above 1 are divided by gamma in place, and then sorted."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8 * 16, 3),
    ).eval()
    for norm in (network[1], network[5]):
        norm.running_var.uniform_(0.02, 0.3), norm.running_mean.normal_()
    x, gamma, seen = torch.randn(40, 3, 8, 8) * 2, 5, {}
    snn = adafire.convert(network, list(x.split(20)), method="burst", timesteps=4)
    plain = adafire.convert(network, x, method="burst:threshold=percentile", timesteps=4)

    def hooked(index):
        def hook(module, inputs, output):
            output[output > 1] /= gamma
            ordered = output.flatten().sort().values
            seen[index] = ordered[int(len(ordered) * 0.999) - 1].clone()

        return hook

    for index, layer in enumerate(network):
        if not isinstance(layer, nn.Flatten):
            layer.register_forward_hook(hooked(index))
    with torch.no_grad():
        network(x)
    for site, norm in ((0, 1), (1, 5)):
        assert torch.allclose(snn.params[site].theta, seen[norm], rtol=5e-3)
        assert float(plain.params[site].theta.max()) > 1.5 * float(seen[norm])
    assert snn.params[0].phi_plus == gamma and not snn.params[0].v0.any()


def test_a_fair_burst_just_reaches_the_percentile():
    network, x = build("Residual"), torch.randn(16, 3, 16, 16)
    plain, fair, published = (
        adafire.convert(network, x, method=f"burst:{option}", timesteps=8)
        for option in ("threshold=percentile", "fair=True", "v0=0.0")
    )
    for i, p in fair.params.items():
        assert torch.allclose(p.theta * 5, plain.params[i].theta) and (p.v0 == 0.5).all()
    errors = [relative_error(snn(x), network(x).detach()) for snn in (fair, published, plain)]
    assert errors == sorted(errors) and errors[0] < 0.5 * errors[2]


@pytest.mark.parametrize("kind,relays", [("Residual", 0), ("Bottleneck", 3)])
def test_dcgs_neurons_stand_where_its_converter_puts_them(kind, relays):
    network, x = build(kind), torch.randn(8, 3, 16, 16)
    snn, bare = (adafire.convert(network, x, method=name, timesteps=4) for name in ("dcgs", "dcgs:places=activations"))
    assert [sum(site.relay for site in s.sites) for s in (snn, bare)] == [relays, 0]
    for p in snn.params.values():
        assert p.neuron.levels == (8 if relays else 4)
    first = snn.params[0].theta / bare.params[0].theta
    assert torch.allclose(first, torch.full_like(first, 8.0 if relays else 1.0))
    snn(x), bare(x)
    assert snn.report().macs < bare.report().macs if relays else snn.report() == bare.report()


def test_dcgs_leaves_the_detectors_of_its_list_as_published():
    class RetinaNet(type(build("Pyramid"))):
        pass

    network, x = RetinaNet().eval(), torch.randn(4, 3, 16, 16)
    count = lambda method: sum(s.relay for s in adafire.convert(network, x, method=method, timesteps=2).sites)
    assert count("dcgs") == 0 < count("dcgs:relays=True")


def test_balanced_thresholds_follow_the_update_on_the_values():
    a = (torch.randn(500, 3) * torch.tensor([1.0, 5.0, 0.0])).relu()
    histogram, theta = Histogram(3), torch.zeros(3)
    histogram.update(a, 1)
    for _ in range(50):
        theta = theta + 2 * (a - theta).clamp_min(0).mean(0)
    assert torch.allclose(balanced(histogram, torch.zeros(3), 50), theta, rtol=3e-3)
    assert torch.allclose(balanced(histogram, balanced(histogram, torch.zeros(3), 20), 30), theta, rtol=3e-3)
    assert theta[2] == 0 and (balanced(histogram, torch.zeros(3), 100000) <= a.amax(0) * 1.001).all()


@pytest.mark.parametrize(
    "timesteps,batches,updates", [(1, 1, 32), (2, 1, 32), (8, 3, 128), (45, 1, 4000), (512, 2, 4000)]
)
def test_updates_go_with_T(timesteps, batches, updates, monkeypatch):
    made = []

    def counting(histogram, theta, count):
        made.append(count)
        return balanced(histogram, theta, count)

    monkeypatch.setattr("adafire.methods.threshold_balancing.balanced", counting)
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    x = list(torch.randn(12, 4).split(12 // batches))
    snn = adafire.convert(network, x, method="threshold-balancing", timesteps=timesteps)
    assert sum(made) == updates == snn.method.updates_at(timesteps, 1) and len(made) == 4 * batches and made[0] > 0
    with torch.no_grad():
        assert (snn.params[0].theta > 0).all()


def test_updates_go_with_the_depth():
    """What is clipped makes activations smaller in every layer: with as few updates as two layers need, 24 end far below the ANN."""
    torch.manual_seed(0)
    layers = [nn.Linear(12, 12) for _ in range(24)]
    for layer in layers:
        nn.init.orthogonal_(layer.weight, gain=1.3), nn.init.constant_(layer.bias, 0.05)
    network = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())), nn.Linear(12, 3)).eval()
    x = torch.randn(256, 12).exp()  # long tails
    deep, few = (adafire.convert(network, x, method="threshold-balancing", timesteps=8, updates=n) for n in (0, 128))
    assert deep.method.updates_at(8, len(deep.sites)) == 64 * 24 // 3 == 512
    true = network[:-1](x).detach().mean()
    means = []
    for snn in (deep, few):
        a = x
        for k in range(24):
            a = torch.minimum(network[2 * k : 2 * k + 2](a).detach(), snn.params[k].theta.flatten())
        means.append(float(a.mean() / true))
    assert means[1] < 0.999 and abs(means[0] - 1) < (1 - means[1]) / 4, means


def test_balancing_shows_clipped_values_to_later_layers():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    x = torch.randn(64, 4)
    snn = adafire.convert(network, x, method="threshold-balancing", timesteps=4, updates=6, sweeps=1)
    first, theta = network[:2](x), torch.zeros(3)
    for _ in range(6):
        theta = theta + 2 * (first - theta).clamp_min(0).mean(0)
    second, later = network[2:4](torch.minimum(first, theta)), torch.zeros(3)
    for _ in range(6):
        later = later + 2 * (second - later).clamp_min(0).mean(0)
    assert torch.allclose(snn.params[0].theta.flatten(), theta, rtol=5e-3)
    assert torch.allclose(snn.params[1].theta.flatten()[later > 0], later[later > 0], rtol=1e-2)


def test_balanced_thresholds_hardly_depend_on_the_split_into_batches():
    network, x = build("Residual"), torch.randn(32, 3, 16, 16)
    whole, parts = (adafire.convert(network, c, method="threshold-balancing") for c in (x, list(x.split(8))))
    for i in whole.params:
        assert torch.allclose(whole.params[i].theta, parts.params[i].theta, rtol=0.15)


def test_delayed_read_out_averages_the_last_steps_and_pays_for_all():
    network, x = build("Residual"), torch.randn(4, 3, 16, 16)
    options = {"method": "threshold-balancing", "updates": 400}
    delayed, whole = (adafire.convert(network, x, timesteps=6, delay=d, **options) for d in (0.5, 0))
    assert whole.method.anytime and not delayed.method.anytime
    third, sixth = whole(x, at=(3, 6))
    assert torch.allclose(delayed(x), (6 * sixth - 3 * third) / 3, atol=1e-4)
    assert delayed.report().synops == whole.report().synops
    one = adafire.convert(network, x, timesteps=1, **options)
    assert not adafire.methods.get("threshold-balancing:delay=0").anytime  # updates go with T
    assert torch.allclose(one(x), whole(x, at=(1,))[0], atol=1e-5)


def test_the_twin_of_a_delayed_read_out_is_corrected_for_the_steps_that_are_read():
    torch.manual_seed(0)
    network, x = (
        nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 2)).eval(),
        torch.randn(64, 6),
    )
    snn = adafire.convert(network, x, method="threshold-balancing+bias", timesteps=4)
    run, sent = Run(snn.plan(x), snn.params, network, x, snn.call, 2), []
    for _ in simulate(run, (2, 4), 1):
        sent.append(run.neurons[1].n * snn.params[1].theta)
    with torch.no_grad():
        expected = network[:4](x).mean(0)
    error = ((sent[1] - sent[0]) / 2).mean(0) - expected
    of_all = (sent[1] / 4).mean(0) - expected
    assert error.abs().max() < 0.1 * expected.max() and error.abs().sum() < of_all.abs().sum()


@pytest.mark.parametrize("mean,std", [(0.0, 1.0), (2.0, 1.0), (-0.05, 0.02), (-40.0, 25.0)])
def test_gaussian_threshold_is_the_fixed_point_of_the_published_iteration(mean, std):
    theta = gaussian(torch.tensor([mean]), torch.tensor([std]))
    erf_terms, weights, densities = 0.0, 0.0, 0.0
    for i in range(1, 65):
        u = ((2 * i - 1) / 128 * float(theta) - mean) / std
        erf_terms += math.erf(u / math.sqrt(2)) / 64
        weights += (2 * i - 1) / 64**2 * math.erf(u / math.sqrt(2))
        densities += math.exp(-u * u / 2) / 64
    ratio = (mean * (1 - erf_terms) + std * math.sqrt(2 / math.pi) * densities) / float(theta) / (1 - weights)
    assert ratio == pytest.approx(1, abs=1e-5)


def test_gaussian_threshold_has_the_least_error_on_normal_values():
    a = (torch.randn(200000, generator=torch.Generator().manual_seed(0)) * 3 + 1).relu()

    def error(theta):
        return ((a / (theta / 64) + 0.5).floor().clamp(max=64) * (theta / 64) - a).square().mean()

    theta = float(gaussian(torch.tensor([1.0]), torch.tensor([3.0])))
    assert error(theta) < 1.02 * min(error(theta * r) for r in torch.linspace(0.7, 1.4, 71))


@pytest.mark.parametrize("name", ["dcgs", "threshold-balancing"])
@pytest.mark.parametrize("kind", ["Pyramid", "Modern", "Shuffle"])
def test_other_networks_convert_and_converge(name, kind):
    network, x = build(kind), torch.randn(8, 3, 16, 16)
    errors = [relative_error(adafire.convert(network, x, method=name, timesteps=t)(x), network(x)) for t in (2, 32)]
    assert errors[1] < errors[0] and errors[1] < 0.25


def test_fewer_spikes_late_in_a_simulation():
    network, x = build("Residual"), torch.randn(8, 3, 16, 16)
    snn = adafire.convert(network, x, method="dcgs", timesteps=32)
    snn(x, at=(4, 16, 32))
    early, middle, late = (snn.report(at=t).spikes for t in (4, 16, 32))
    assert (late - middle) / 16 < 0.5 * early / 4


@pytest.mark.parametrize(
    "name,options",
    [
        ("dcgs", {"levels": 0}),
        ("dcgs", {"levels": 2.5}),
        ("dcgs", {"phi_plus": 4}),
        ("dcgs", {"threshold": "mmse"}),
        ("dcgs", {"places": "everywhere"}),
        ("dcgs", {"relay_levels": 0}),
        ("dcgs", {"relay_scale": 0.5}),
        ("burst", {"fair": 1}),
        ("burst", {"threshold": "gaussian"}),
        ("threshold-balancing", {"updates": -1}),
        ("threshold-balancing", {"delay": 1}),
        ("threshold-balancing", {"sweeps": True}),
        ("opi", {"threshold": "gaussian"}),
        ("signed-if", {"levels": 4}),
    ],
)
def test_options_that_make_no_sense_are_refused(name, options):
    with pytest.raises(adafire.InputError, match=next(iter(options)).split("_")[0]):
        adafire.methods.get(name).with_options(**options)


@pytest.mark.parametrize("name", ["opi", "signed-if", "dcgs", "threshold-balancing"])
def test_silent_channels_and_values_that_are_not_finite(name):
    network = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)).eval()
    network[0].bias.data[2], network[0].weight.data[2] = -1.0, 0.0
    x = torch.randn(32, 4)
    snn = adafire.convert(network, x, method=name, timesteps=8)
    theta = snn.params[0].theta.flatten()
    assert theta[2] >= theta[[0, 1, 3, 4]].min() and torch.isfinite(snn(x)).all()
    with pytest.raises(adafire.InputError, match="NaN or infinite activations"):
        adafire.convert(network, torch.full((3, 4), math.inf), method=name)


def test_methods_with_their_own_neuron_can_be_corrected():
    network, x = build("Residual"), torch.randn(16, 3, 16, 16)
    plain, light = (adafire.convert(network, x, method="dcgs", timesteps=3, correction=c) for c in ("none", "light"))
    assert relative_error(light(x), network(x)) < relative_error(plain(x), network(x))
    run = Run(light.plan(x), light.params, network, x, light.call)
    list(simulate(run, (3,), 1))
    assert any(p.bias.abs().max() > 0 for p in light.params.values()) and not light.method.anytime
