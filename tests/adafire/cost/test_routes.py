"""Counting by routes (adafire/cost/routes.py) gives what the pass over all counts gives, figure by figure; it is used where it can be."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.cost import arrived, routes
from adafire.neurons import kernels
from adafire.neurons.compiled import library

pytestmark = pytest.mark.skipif(library() is None, reason="no C compiler: every count is made by the pass")
METHODS = {"burst": dict(phi_plus=4, phi_minus=4), "rate": {}, "ours": {}, "dcgs": {}, "fs": {}}


class Branches(nn.Module):
    """Branches that are joined, shuffled and cut apart, groups, dilation, residual sums, pooling of either kind."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.grouped = nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=4)
        self.left, self.right = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, (1, 3), padding=(0, 1))
        self.norm, self.last = nn.BatchNorm2d(16), nn.Conv2d(16, 16, 3)
        self.norm.weight.data[3] = 0.0
        self.classify = nn.Linear(16, 5)

    def forward(self, x):
        both = torch.cat([F.relu(self.first(x)), F.relu(self.second(x))], 1)
        y = F.relu(self.grouped(both)) + F.max_pool2d(both, 2)
        y = y.view(len(y), 4, 4, 6, 6).transpose(1, 2).reshape(len(y), 16, 6, 6)
        one, other = y.chunk(2, 1)
        y = F.relu(torch.cat([self.left(one), other, self.right(other)], 1)[:, 4:20])
        y = F.avg_pool2d(F.pad(y, (1, 0, 0, 1)), 3, 2, padding=1) + F.interpolate(y[..., ::3, 1::3], scale_factor=2.0)
        y = F.relu(self.last(self.norm(y)))
        return self.classify(F.adaptive_avg_pool2d(y, 1).flatten(1))


class Boxes(nn.Module):
    """Several outputs, rows that are several a sample, a maximum over points, a mask."""

    def __init__(self):
        super().__init__()
        self.points, self.deep = nn.Conv1d(3, 8, 1), nn.Conv1d(8, 12, 1)
        self.each, self.whole = nn.Linear(12, 4), nn.Linear(12, 3)
        self.register_buffer("mask", (torch.arange(12) % 3 > 0).float())

    def forward(self, x):
        y = F.relu(self.deep(F.relu(self.points(x))))
        rows = y.transpose(1, 2).reshape(-1, 12) * self.mask
        return self.each(rows), self.whole(y.amax(-1)), y.mean(-1)


class Turned(nn.Module):
    """Samples that get each other's spikes: no map is the same for all of them."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 3)

    def forward(self, x):
        y = F.relu(self.first(x))
        return self.second(torch.cat([y[:1], y[:-1]]).detach()).mean((2, 3))


def pictures(batch=3, size=12):
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(batch))


def figures(use, monkeypatch, slowly):
    """Sums of every counter of what ``use()`` counted, with routes or without."""
    with monkeypatch.context() as patch:
        if slowly:
            patch.setattr(arrived, "routes_of", lambda plan, run: None)
        return use()


def both(use, monkeypatch):
    fast, slow = (figures(use, monkeypatch, slowly) for slowly in (False, True))
    assert fast == slow
    return fast


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("method", METHODS)
def test_branches_are_counted_as_the_pass_counts_them(method, memory, monkeypatch):
    torch.manual_seed(1)
    network, x = Branches().eval(), pictures()
    snn = adafire.convert(network, x, method=method, timesteps=5, **METHODS[method])

    def use():
        snn.reset()
        at = (5,) if not snn.method.anytime else (1, 2, 5)
        snn(x.contiguous(memory_format=memory), at=at)
        snn(x[:1], at=at)
        return snn.meter.sums

    sums = both(use, monkeypatch)
    assert all(row["spikes"] > 0 for row in sums[5]["sites"].values())
    assert snn.plan(x).routes is not None and snn.plan(x[:1]).routes is not None


@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_no_samples_maxima_and_several_outputs(method, monkeypatch):
    torch.manual_seed(2)
    x = torch.randn(4, 3, 50, generator=torch.Generator().manual_seed(0))
    snn = adafire.convert(Boxes().eval(), x, method=method, timesteps=4, **METHODS[method])

    def use():
        snn.reset()
        snn(x)
        return snn.meter.sums

    both(use, monkeypatch)
    assert snn.plan(x).routes is not None


def test_what_samples_get_from_each_other_is_left_to_the_pass(monkeypatch):
    x = pictures(4)
    snn = adafire.convert(Turned().eval(), x, method="burst", timesteps=3)

    def use():
        snn.reset()
        snn(x)
        return snn.meter.sums

    both(use, monkeypatch)
    assert snn.plan(x).routes is None


def test_early_exit_and_streams(monkeypatch):
    torch.manual_seed(3)
    network, x = Branches().eval(), pictures(6)
    leaving = adafire.convert(network, x, method="ours+exit", timesteps=4)
    streamed = adafire.convert(network, x, method="ours", timesteps=4)

    def use():
        leaving.reset()
        leaving(x, at=(2, 4))
        with streamed.stream(batch=2) as stream:
            for k in range(3):
                stream(x[2 * k : 2 * k + 2])
            stream(x[4:])
            return leaving.meter.sums, stream.meter.sums

    both(use, monkeypatch)


def test_a_derivative_that_is_not_what_the_pass_does_is_found(monkeypatch):
    x, snn = pictures(), None
    monkeypatch.setattr(routes, "_parts", lambda arrived, reach, counts, maps: [(next(iter(counts)), 0, 0)])
    snn = adafire.convert(Branches().eval(), x, method="burst", timesteps=2)
    snn(x)
    assert snn.plan(x).routes is None


def test_without_the_kernels_everything_is_the_same(monkeypatch):
    torch.manual_seed(4)
    network, x = Branches().eval(), pictures()
    found = []
    for enabled in (True, False):
        monkeypatch.setattr(kernels, "enabled", enabled)
        snn = adafire.convert(network, x, method="burst", timesteps=3, phi_minus=4, phi_plus=4)
        snn(x, at=(1, 3))
        found.append(snn.meter.sums)
    assert found[0] == found[1]
