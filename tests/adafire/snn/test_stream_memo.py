"""What a stream does not compute again: the same bits and the same counts as without, and less work where nothing changes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.simulation import same
from adafire.simulation.plan import Plan


class Net(nn.Module):
    """A strided first layer, max pooling, two branches that meet, an average before the last layer."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.c, self.d = nn.Conv2d(6, 6, 1), nn.Linear(6, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        x = F.relu(self.b(x) + self.c(x))
        return self.d(F.relu(self.c(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Net().eval()


def walk(steps=14):
    """Frames of which some are told twice or more, and some change by a little, which a dead zone swallows."""
    g = torch.Generator().manual_seed(1)
    found = [torch.randn(1, 2, 8, 8, generator=g)]
    for k in range(steps):
        moved = torch.rand(1, 2, 8, 8, generator=g) < (0.0 if k % 4 > 1 else 0.1 if k % 4 else 0.01)
        found.append(torch.where(moved, found[-1] + 0.1 * torch.randn(1, 2, 8, 8, generator=g), found[-1]))
    return found


def forgetful(stream):
    """The same stream, made to compute all at every call."""

    def call(x):
        stream._memo = stream._still = None
        return stream(x)

    return call


def converted(network, method="ours"):
    x = torch.randn(32, 2, 8, 8, generator=torch.Generator().manual_seed(5))
    return adafire.convert(network, x, method=method, timesteps=4 if method == "ours" else 1)


@pytest.mark.parametrize("options", [{}, {"zone": 8.0}, {"refresh": 5}], ids=str)
@pytest.mark.parametrize("method", ["ours", "sigma-delta"])
def test_the_same_bits_and_counts_as_without(network, method, options):
    snn = converted(network, method)
    with snn.stream(**options) as stream, snn.stream(**options) as plain:
        slow = forgetful(plain)
        for x in walk():
            assert torch.equal(stream(x), slow(x))
            assert stream.last().as_dict() == plain.last().as_dict()
        assert stream.report().as_dict() == plain.report().as_dict()


def computed(monkeypatch):
    """A list that gets the name of every call that is computed from now on."""
    found, compute = [], Plan.compute

    def counting(self, call, this):
        found.append(call.name)
        return compute(self, call, this)

    monkeypatch.setattr(Plan, "compute", counting)
    return found


def test_where_nothing_changes_no_layer_is_computed(network, monkeypatch):
    snn, x = converted(network), walk(0)[0]
    with snn.stream() as stream:
        for _ in range(3):
            first = stream(x)
        found = computed(monkeypatch)
        assert torch.equal(stream(x), first) and found == []
        stream(x + 1.0)
        assert len(found) >= 5


def test_layers_behind_a_dead_zone_are_not_computed(network, monkeypatch):
    """A change of a few finest levels of the first neurons, which do not send it."""
    snn, x = converted(network), walk(0)[0]
    with snn.stream(zone=16.0) as stream:
        for _ in range(3):
            stream(x)
        found = computed(monkeypatch)
        changed = x.clone()
        changed[0, 0, 0, 0] += 1e-3
        stream(changed)
        assert stream.last().spikes == 0 and stream.last().macs > 0
        assert not {"b", "c"} & {name.split(" ")[0] for name in found}


def test_what_was_given_back_is_the_users_own(network):
    with converted(network).stream() as stream:
        x = walk(0)[0]
        outputs = [stream(x) for _ in range(5)]
        outputs[-1].zero_()
        assert torch.equal(stream(x), outputs[0]) and outputs[0].any()


def test_a_reset_and_an_error_leave_nothing_behind(network):
    snn, frames = converted(network), walk(4)
    with snn.stream() as stream, snn.stream() as other:
        for _ in range(3):
            stream(frames[0])
        with pytest.raises(adafire.InputError):
            stream(frames[0] / 0)
        stream.reset()
        for x in frames:
            assert torch.equal(stream(x), other(x)) and stream.last().as_dict() == other.last().as_dict()


def test_when_two_operands_are_the_same():
    a = torch.arange(6.0).view(2, 3)
    assert same(a, a) and same(a, a.clone()) and same(None, None) and same(a[:1], a[:1])
    assert not same(a, None) and not same(a, a.double()) and not same(a, a.t()) and not same(a, a + 1)
    assert not same(a[0], a[1])


BEGINNINGS = {
    "layer": lambda: [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)],
    "activation": lambda: [nn.ReLU(), nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)],
    "view": lambda: [nn.Flatten(), nn.ReLU(), nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, 2)],
    "pooling": lambda: [
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(1, 4, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 2, 2),
        nn.ReLU(),
    ],
    "ends in neurons": lambda: [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.ReLU()],
    "ends in pooling": lambda: [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.ReLU(), nn.MaxPool2d(2)],
}


@pytest.mark.parametrize("method", ["ours", "sigma-delta"])
@pytest.mark.parametrize("name", BEGINNINGS)
def test_inputs_and_outputs_may_be_written_into(name, method):
    """A camera writes every frame into one buffer, and a user scales outputs in place: the same as with tensors of one's own."""
    torch.manual_seed(3)
    network = nn.Sequential(*BEGINNINGS[name]()).eval()
    snn = adafire.convert(network, torch.rand(64, 1, 8, 8) * 2 - 0.5, method=method, timesteps=1)
    frames, buffer = torch.rand(4, 1, 1, 8, 8), torch.empty(1, 1, 8, 8)
    with snn.stream() as reused, snn.stream() as own:
        for k in (0, 0, 0, 1, 1, 2, 2, 2, 3, 0):
            wanted = own(frames[k].clone()).clone()
            buffer.copy_(frames[k])
            found = reused(buffer)
            assert torch.equal(found, wanted) and reused.last().spikes == own.last().spikes, k
            found.mul_(0).add_(7)
            buffer.fill_(9)
