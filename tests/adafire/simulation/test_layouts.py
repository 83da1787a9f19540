"""Channels stay last in memory through concatenations, so that layers and kernels behind them keep their fast paths."""

import pytest
import torch
from torch import nn

import adafire
from adafire.simulation import running_mean
from adafire.simulation.stepwise import cat_channels_last


class Fire(nn.Module):
    """Two branches side by side, and a pooling of both, as SqueezeNet's."""

    def __init__(self):
        super().__init__()
        self.first, self.a, self.b = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 6, 1), nn.Conv2d(8, 6, 3, padding=1)
        self.pool, self.c, self.last = nn.MaxPool2d(3, 2), nn.Conv2d(12, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = self.pool(torch.cat([torch.relu(self.a(x)), torch.relu(self.b(x))], 1))
        return self.last(torch.relu(self.c(x)))


@pytest.mark.parametrize("dim", [1, -3, 0, 2, 3, -1])
def test_the_same_values_with_channels_last(dim):
    parts = [torch.randn(2, 5, 4, 4).contiguous(memory_format=torch.channels_last) for _ in range(3)]
    for args, kwargs in (((parts, dim), {}), ((parts,), {"dim": dim}), ((), {"tensors": parts, "dim": dim})):
        found = cat_channels_last(torch.cat, args, kwargs)
        assert torch.equal(found, torch.cat(parts, dim)) and found.stride(1) == 1
    mixed = [parts[0], parts[1].contiguous()]
    assert torch.equal(cat_channels_last(torch.cat, (mixed, dim), {}), torch.cat(mixed, dim))
    rows = [torch.randn(2, 3)] * 2
    assert torch.equal(cat_channels_last(torch.cat, (rows,), {}), torch.cat(rows))


@pytest.mark.parametrize("method", ["burst", "ours", "dcgs"])
def test_pooling_behind_a_concatenation_is_fused(method, monkeypatch):
    from adafire.neurons import kernels

    if kernels.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    torch.manual_seed(0)
    network, x, found = Fire().eval(), torch.randn(2, 3, 16, 16), []
    snn = adafire.convert(network, x, method=method, timesteps=3)
    fused = running_mean._fused_pool
    monkeypatch.setattr(running_mean, "_fused_pool", lambda *args: found.append(fused(*args)) or found[-1])
    snn(x)
    assert found and all(result is not None for result in found)


@pytest.mark.parametrize("method", ["dcgs", "ours", "adafire-signed", "adafire-differential"])
def test_what_a_pooling_sends_is_the_same_in_any_chunk_and_without_kernels(method, monkeypatch):
    """Sums whose spikes cancelled are 0 but for rounding, which is no spike."""
    from adafire.neurons import kernels

    torch.manual_seed(1)
    network, found = Fire().eval(), []
    x = torch.rand(8, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    snn = adafire.convert(network, x, method=method, timesteps=32)
    for fused in (True, False):
        for at_once in (1, 3, 8):
            monkeypatch.setattr(kernels, "enabled", fused)
            snn.most_at_once = at_once
            snn.reset()
            snn(x)
            report = snn.report()
            found.append((report.synops, report.messages, *(layer["spikes"] for layer in report.layers)))
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=2e-4)
