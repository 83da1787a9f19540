"""A conversion proves itself: what a dry run cannot see is right, or refused with the call that differs."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.calibration.data import Calibration
from adafire.calibration.thresholds import Histogram
from adafire.check import call_network
from adafire.graph.recorder import record
from adafire.simulation.plan import Plan
from adafire.simulation.proof import difference, verify
from helpers.networks import relative_error


def conv(i, o):
    return nn.Conv2d(i, o, 3, padding=1)


class Net(nn.Module):
    """Layers by name, and a forward given as a function of (network, x)."""

    def __init__(self, forward, **layers):
        super().__init__()
        torch.manual_seed(0)
        self.steps = forward
        for name, layer in layers.items():
            setattr(self, name, layer())
        self.eval()

    def forward(self, *args, **kwargs):
        return self.steps(self, *args, **kwargs)


def plain_net(**more):
    return Net(
        lambda s, x: s.f(F.relu(s.b(F.relu(s.a(x)))).mean((2, 3))),
        a=lambda: conv(3, 8),
        b=lambda: conv(8, 8),
        f=lambda: nn.Linear(8, 3),
        **more,
    )


@pytest.fixture
def x():
    return torch.randn(4, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def chunk_in_place(s, x):
    x = s.a(x)
    x.chunk(2, 1)[0].relu_()
    return s.f(F.relu(s.b(x)).mean((2, 3)))


def slice_in_place(s, x):
    x = s.a(x)
    x[:, ::2].clamp_(min=0)
    return s.f(F.relu(s.b(x)).mean((2, 3)))


def base_in_place(s, x):
    v = F.relu(s.a(x)).mean((2, 3))
    w = v.view(-1, 8)
    v.mul_(3.0)
    return s.f(F.relu(s.g(w)))


def noisy(s, x):
    return s.f(F.relu(s.b(F.relu(s.a(x)) + 0.1 * torch.tensor(torch.randn(1).item()))).mean((2, 3)))


def counting(s, x):
    s.calls = getattr(s, "calls", 0) + 1
    return s.f(F.relu(s.b(F.relu(s.a(x * (1 + s.calls))))).mean((2, 3)))


def remembering(s, x):
    y = s.f(F.relu(s.b(F.relu(s.a(x)))).mean((2, 3)))
    s.last = y + getattr(s, "last", 0.0)
    return s.last


UNSOUND = {
    chunk_in_place: "'conv2d' at b. Before it the network writes in place .'relu'",
    slice_in_place: "'conv2d' at b. Before it the network writes in place .'clamp'",
    base_in_place: "'linear' at g. Before it the network writes in place .'mul'",
    noisy: "'randn' draws random numbers; .* .'item' in the network hands them to Python",
    counting: "run again on the same input",
    remembering: "run again on the same input",
}


@pytest.mark.parametrize("method", ["ann", "ours"])
@pytest.mark.parametrize("forward", UNSOUND, ids=lambda f: f.__name__)
def test_what_the_plan_would_compute_otherwise_is_refused_by_name(forward, method, x):
    network = Net(
        forward, a=lambda: conv(3, 8), b=lambda: conv(8, 8), g=lambda: nn.Linear(8, 8), f=lambda: nn.Linear(8, 3)
    )
    with pytest.raises(adafire.UnsupportedError, match=UNSOUND[forward]):
        adafire.convert(network, x, method=method, timesteps=4)
    with pytest.raises(adafire.UnsupportedError, match="first call|run again|draws random"):
        adafire.check(network, x)


def test_only_writes_that_another_tensor_shows_are_named(x):
    def forward(s, x):
        x = s.b(F.relu(s.a(x), inplace=True))
        x.chunk(2, 1)[0].clamp_(min=0)
        return s.f(F.relu(s.c(x)).mean((2, 3)))

    network = Net(forward, a=lambda: conv(3, 8), b=lambda: conv(8, 8), c=lambda: conv(8, 8), f=lambda: nn.Linear(8, 3))
    with pytest.raises(adafire.UnsupportedError, match=r"writes in place \('clamp' at network:clamp\)"):
        adafire.check(network, x)


def test_a_write_in_place_that_nobody_sees_twice_goes_through(x):
    def forward(s, x):
        v = s.a(x).flatten(1)
        return s.g(v.relu_()[:, :8].clone().mul_(2.0))

    network = Net(forward, a=lambda: conv(3, 8), g=lambda: nn.Linear(8, 3))
    assert relative_error(adafire.convert(network, x, method="ours", timesteps=16)(x), network(x)) < 0.01


def odd_widths(s, x):
    x = F.relu(s.a(x))
    if x.shape[-1] % 2:
        x = torch.cat([x, torch.zeros(*x.shape[:3], 1)], -1)
    for layer in (s.b, s.c, s.d):
        x = F.relu(s.n(layer(x)) if layer is s.c else layer(x))
    return s.f(x.mean((2, 3)))


def odd_pads(s, x):
    x = F.pad(x, (0, 1)) if x.shape[-1] % 2 else x
    return s.f(F.relu(s.c(F.relu(s.b(F.relu(s.a(x)))))).mean((2, 3)))


@pytest.mark.parametrize("method", ["ann", "ours", "adafire-signed"])
@pytest.mark.parametrize("forward", [odd_widths, odd_pads])
def test_layers_keep_their_weights_at_sizes_that_add_calls(forward, method, x):
    network = Net(
        forward,
        a=lambda: conv(3, 8),
        b=lambda: conv(8, 8),
        c=lambda: conv(8, 8),
        d=lambda: conv(8, 8),
        n=lambda: nn.BatchNorm2d(8),
        f=lambda: nn.Linear(8, 3),
    )
    odd = torch.randn(4, 3, 12, 13, generator=torch.Generator().manual_seed(1))
    snn = adafire.convert(network, x, method=method, timesteps=64)
    assert relative_error(snn(odd), network(odd)) < (1e-5 if method == "ann" else 0.02)
    assert relative_error(snn(x), network(x)) < (1e-5 if method == "ann" else 0.02)


def test_potentials_of_every_neuron_are_for_one_size(x):
    snn = adafire.convert(plain_net(), x, method="snn-calibration-advanced", timesteps=4)
    with pytest.raises(
        adafire.InputError, match=r"keeps a potential for every neuron, here \[8, 12, 12\]; this input gives"
    ):
        snn(torch.randn(4, 3, 12, 13))


def test_a_size_at_which_the_plan_is_wrong_is_refused_when_it_comes(x):
    def forward(s, x):
        x = s.a(x)
        if x.shape[-1] > 12:
            x.chunk(2, 1)[0].mul_(2.0)
        return s.f(F.relu(s.b(x)).mean((2, 3)))

    network = Net(forward, a=lambda: conv(3, 8), b=lambda: conv(8, 8), f=lambda: nn.Linear(8, 3))
    wide = torch.randn(2, 3, 12, 14)
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    with pytest.raises(adafire.UnsupportedError, match="first call whose result differs"):
        snn(wide)
    assert adafire.convert(network, x, method="ours", timesteps=4, verify=False)(wide).shape == (2, 3)


def test_a_plan_is_proved_once_for_all_batch_sizes(x, monkeypatch):
    from adafire.simulation import proved_plans as plans

    calls, verify = [], plans.verify
    monkeypatch.setattr(plans, "verify", lambda *args: (calls.append(1), verify(*args)))
    snn = adafire.convert(plain_net(), x, method="ours", timesteps=2)
    for part in (x[:1], x[:3], torch.cat([x, x])):
        snn(part)
    assert len(calls) == 1
    snn(torch.randn(2, 3, 8, 8))
    assert len(calls) == 2


class Magnifying(nn.Module):
    """Makes rounding large."""

    def forward(self, x):
        return torch.sin(1e5 * x)


def test_rounding_is_no_difference():
    x = torch.randn(64, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    network = Net(
        lambda s, x: s.c(s.f(F.relu(s.b(F.relu(s.a(x)))).mean((2, 3)))),
        a=lambda: conv(3, 8),
        b=lambda: conv(8, 8),
        f=lambda: nn.Linear(8, 30),
        c=Magnifying,
    )
    plan = Plan(record(network, x, call_network))
    with pytest.raises(adafire.UnsupportedError, match="the plan of this network gives other outputs"):
        verify(plan, network, x, call_network)
    assert adafire.convert(network, x, method="ours", timesteps=1)(x).shape == (64, 30)  # float64 tells what it was


def test_unpooling_by_computed_indices_converges(x):
    def forward(s, x):
        y, where = F.max_pool2d(F.relu(s.a(x)), 2, return_indices=True)
        return s.f(F.relu(s.c(F.max_unpool2d(F.relu(s.b(y)), where, 2))))

    network = Net(forward, a=lambda: conv(3, 8), b=lambda: conv(8, 8), c=lambda: conv(8, 8), f=lambda: conv(8, 2))
    for method in ("adafire-signed", "dcgs"):
        assert relative_error(adafire.convert(network, x, method=method, timesteps=256)(x), network(x)) < 0.02


def test_gather_by_computed_indices_converges(x):
    def forward(s, x):
        y = F.relu(s.a(x)).flatten(2)
        return s.f(F.relu(s.g(y.gather(2, y.topk(9, dim=2).indices))).mean(1))

    network = Net(forward, a=lambda: conv(3, 8), g=lambda: nn.Linear(9, 8), f=lambda: nn.Linear(8, 3))
    errors = [
        relative_error(adafire.convert(network, x, method="adafire-signed", timesteps=t)(x), network(x))
        for t in (4, 512)
    ]
    assert errors[1] < min(errors[0], 0.02)


@pytest.mark.parametrize("method", adafire.methods.names())
def test_view_behind_a_convolution(method, x):
    def forward(s, x):
        y = F.max_pool2d(F.relu(s.b(F.relu(s.a(x)))), 2).view(-1, 8 * 36)
        return s.f(y.view(size=(len(x), 288)).view_as(y))

    network = Net(forward, a=lambda: conv(3, 8), b=lambda: conv(8, 8), f=lambda: nn.Linear(288, 3))
    snn = adafire.convert(network, x, method=method, timesteps=2)
    assert snn(x).shape == (4, 3) and relative_error(adafire.convert(network, x, method="ann")(x), network(x)) < 1e-5


def test_a_conversion_is_a_snapshot(x):
    network = plain_net(n=lambda: nn.BatchNorm2d(8))
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    before = snn(x)
    network.load_state_dict({k: v * 2 for k, v in network.state_dict().items()})
    network.f.bias.data.add_(1.0)
    network.a = conv(3, 8)
    assert torch.equal(snn(x), before)


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n.b.weight.data.mul_(3),
        lambda n: n.load_state_dict({k: v * 2 for k, v in n.state_dict().items()}),
        lambda n: setattr(n, "b", conv(8, 8)),
        lambda n: setattr(n, "scale", 2.0),
    ],
)
def test_a_calibration_notices_that_the_network_changed(change, x):
    network = Net(
        lambda s, x: s.f(F.relu(s.b(s.scale * F.relu(s.a(x)))).mean((2, 3))),
        a=lambda: conv(3, 8),
        b=lambda: conv(8, 8),
        f=lambda: nn.Linear(8, 3),
        scale=lambda: 1.0,
    )
    kept = Calibration(x)
    adafire.convert(network, kept, method="ours", timesteps=4)
    unchanged = kept._snapshot
    adafire.convert(network, kept, method="ours", timesteps=4)
    assert kept._snapshot is unchanged
    change(network)
    again, fresh = (adafire.convert(network, c, method="ours", timesteps=4)(x) for c in (kept, x))
    assert torch.equal(again, fresh) and relative_error(again, network(x)) < 0.05


def test_a_measurement_that_is_broken_off_leaves_nothing_behind(monkeypatch):
    batches = list(torch.randn(8, 4, 3, 12, 12) * torch.linspace(0.05, 3, 8).view(8, 1, 1, 1, 1))
    network, kept, update, calls = plain_net(), Calibration(batches), Histogram.update, []

    def interrupted(histogram, a, axis):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return update(histogram, a, axis)

    monkeypatch.setattr(Histogram, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adafire.convert(network, kept, method="adafire-signed", timesteps=4)
    monkeypatch.undo()
    one, other = (adafire.convert(network, c, method="adafire-signed", timesteps=4) for c in (kept, batches))
    assert all(torch.equal(one.params[i].theta, other.params[i].theta) for i in other.params)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("method", ["ours", "dcgs", "adafire-signed", "burst"])
def test_an_input_that_is_not_finite_is_no_score(method, value, x):
    snn = adafire.convert(plain_net(), x, method=method, timesteps=4)
    bad = x.clone()
    bad[2, 1, 3, 3] = value
    with pytest.raises(adafire.InputError, match="sample 2 of 4: the input holds NaN or infinity"):
        snn(bad)


def test_inside_inference_mode():
    with torch.inference_mode():
        network, x = plain_net(), torch.randn(4, 3, 12, 12)
        inside = adafire.convert(network, x, method="ours", timesteps=4)(x)
    assert torch.equal(adafire.convert(network, x, method="ours", timesteps=4)(x), inside)


def test_calibration_is_one_dict_or_one_tuple_of_arguments(x):
    network = plain_net()
    named = Net(lambda s, *, pixels: network(pixels), n=lambda: network)
    two = Net(lambda s, a, b: network(a + b), n=lambda: network)
    expected = adafire.convert(network, x, method="ours", timesteps=4)(x)
    assert torch.equal(adafire.convert(named, {"pixels": x}, method="ours", timesteps=4)({"pixels": x}), expected)
    assert adafire.convert(two, (x, x), method="ours", timesteps=4)((x, x)).shape == (4, 3)
    with pytest.raises(adafire.InputError, match="the network itself fails on this input.*positional arguments"):
        adafire.convert(network, (x, x), method="ours", timesteps=4)


@pytest.mark.parametrize(
    "given,message",
    [
        (lambda x: x.half(), "float16"),
        (lambda x: x.byte(), "uint8"),
        (lambda x: x.double(), "float64"),
        (lambda x: x[0], r"network itself fails.*\[3, 12, 12\].*a batch"),
        (lambda x: x[:, :2], r"network itself fails.*\[4, 2, 12, 12\]"),
    ],
)
def test_inputs_that_the_network_does_not_take(given, message, x):
    snn = adafire.convert(plain_net(), x, method="ours", timesteps=4)
    with pytest.raises(adafire.InputError, match=message):
        snn(given(x))


def test_an_input_without_a_batch_dimension_is_no_batch(x):
    network = Net(lambda s, x: s.b(F.relu(s.a(x))), a=lambda: conv(3, 8), b=lambda: conv(8, 2))
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    for attempt in (lambda: snn(x[0]), lambda: adafire.convert(network, x[0], method="ours", timesteps=4)):
        with pytest.raises(adafire.InputError, match=r"no batch dimension: 'conv2d' in a.*\[3, 12, 12\]; give a batch"):
            attempt()
    with pytest.raises(adafire.InputError, match="no batch dimension: 'linear'"):
        adafire.convert(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), torch.randn(4), timesteps=2)


def test_no_samples_no_outputs(x):
    snn = adafire.convert(plain_net(), x, method="ours", timesteps=4)
    assert snn(x[:0]).shape == (0, 3) and [y.shape for y in snn(x[:0], at=(4,))] == [(0, 3)]
    snn(x)
    assert snn.report().samples == 4


def test_tensors_of_every_kind_in_the_network(x):
    network = plain_net()
    network.register_buffer("sparse", torch.eye(3).to_sparse())
    network.register_buffer("mask", torch.triu(torch.full((5, 5), float("-inf")), 1))
    kept = Calibration(x)
    first = adafire.convert(network, kept, method="ours", timesteps=4)(x)
    assert torch.equal(adafire.convert(network, kept, method="ours", timesteps=4)(x), first)
    network.register_buffer("broken", torch.tensor([float("nan")]))
    with pytest.raises(adafire.InputError, match="'broken' holds NaN"):
        adafire.convert(network, x, method="ours", timesteps=4)
    with pytest.raises(adafire.InputError, match="lazy module"):
        adafire.convert(nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.Linear(3, 2)), torch.randn(2, 4))


def test_a_network_that_cannot_be_copied_is_used_as_it_is(x):
    network = plain_net()
    network.lock = threading.Lock()
    snn = adafire.convert(network, x, method="ours", timesteps=4)
    assert snn.network is network and "cannot be copied" in snn.notes[0]


def test_the_global_generator_is_left_alone(x):
    torch.manual_seed(1)
    expected = torch.rand(2)
    for method in adafire.methods.names():
        torch.manual_seed(1)
        adafire.convert(plain_net_like(), x, method=method, timesteps=2)
        assert torch.equal(torch.rand(2), expected), method


def plain_net_like():
    state = torch.get_rng_state()
    network = plain_net()
    torch.set_rng_state(state)
    return network


def test_dry_runs_do_not_reach_other_threads(x):
    one, other, errors, done = plain_net(), plain_net(), [], threading.Event()

    def calling():
        while not done.is_set():
            try:
                other(x)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=calling)
    thread.start()
    names = {tuple(s.name for s in adafire.check(one, x).sites) for _ in range(40)}
    done.set()
    thread.join()
    assert not errors and len(names) == 1


def test_difference_of_nested_outputs():
    a = {"x": torch.tensor([3.0, 4.0]), "n": (torch.arange(200), 2)}
    assert difference(a, {"x": torch.tensor([3.0, 4.0 + 1e-5]), "n": (torch.arange(200), 2)}) == 0
    assert difference(a, {"x": torch.tensor([3.0, 4.0 + 1e-2]), "n": (torch.arange(200), 2)}) == pytest.approx(
        2e-3, rel=1e-3
    )
    assert difference(a, {"x": torch.tensor([3.0, 4.0]), "n": (torch.arange(1, 201), 2)}) == 1
    assert difference(a, {"x": torch.tensor([3.0, float("nan")]), "n": (torch.arange(200), 2)}) == float("inf")
    assert difference(a, [torch.tensor([3.0, 4.0])]) == float("inf")
    assert difference(a, {"x": torch.tensor([3.0, 4.0]), "n": (torch.arange(200), 3)}) == float("inf")
