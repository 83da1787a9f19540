"""What tests of counters share: spikes delivered one by one, and small networks in which constants or averages meet weights."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn


def events_of_conv(counts, weight, stride, padding, dilation, groups):
    """Deliver every spike of ``counts`` [B, C, H, W] to every synapse of a convolution, one by one."""
    total, (out_channels, _per_group, kh, kw) = 0, weight.shape
    (b, c, h, w) = counts.shape
    oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    ow = (w + 2 * padding - dilation * (kw - 1) - 1) // stride + 1
    for n, channel, y, x in itertools.product(range(b), range(c), range(h), range(w)):
        spikes = int(counts[n, channel, y, x])
        if not spikes:
            continue
        for i, j in itertools.product(range(kh), range(kw)):
            oy, ox = y + padding - i * dilation, x + padding - j * dilation
            if oy % stride == 0 and ox % stride == 0 and 0 <= oy // stride < oh and 0 <= ox // stride < ow:
                total += spikes * out_channels // groups
    return total


MEANS = """synops synops_graded macs eff_macs ann_macs ann_eff_macs messages neuron_updates active_steps sub_steps sent_bits
    weight_bytes footprint_bytes""".split()


class Joined(nn.Module):
    """Spikes of one branch, and the input itself, before one convolution."""

    def __init__(self, join, channels):
        super().__init__()
        torch.manual_seed(0)
        self.join, self.a, self.side = join, nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(2, 3, 1)
        self.b, self.fc = nn.Conv2d(channels, 4, 3, 2, 1), nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(F.relu(self.b(self.join(self, F.relu(self.a(x)), x))).mean((2, 3)))


JOINS = {  # (function, channels, and of them those that hold a constant)
    "cat": (lambda net, spikes, x: torch.cat([spikes, x], 1), 5, [3, 4]),
    "cat, in front, of a layer": (lambda net, spikes, x: torch.cat([net.side(x), spikes], 1), 6, [0, 1, 2]),
    "sum": (lambda net, spikes, x: spikes + net.side(x), 3, [0, 1, 2]),
    "product": (lambda net, spikes, x: spikes * net.side(x), 3, []),
    "pooled": (lambda net, spikes, x: F.avg_pool2d(torch.cat([spikes, x], 1), (2, 1)), 5, [3, 4]),
}


class Voxels(nn.Module):
    def __init__(self, moved=lambda x: x):
        super().__init__()
        self.moved, self.a, self.b = moved, nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 2, 3)

    def forward(self, x):
        return self.b(F.relu(self.a(self.moved(x))))


def voxels(count):
    return (torch.rand(count, 2, 6, 6, generator=torch.Generator().manual_seed(0)) < 0.3).float()


POOLS = {
    "mean": lambda x: x.mean((2, 3)),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1),
    "average": lambda x: F.avg_pool2d(x, 4).flatten(1),
    "sum": lambda x: x.sum((2, 3)) / 64,
    "area": lambda x: F.interpolate(x, (1, 1), mode="area").flatten(1),
}


class Net(nn.Module):
    def __init__(self, pool, size=8):
        super().__init__()
        torch.manual_seed(0)
        self.pool, self.a = pool, nn.Conv2d(2, 6, 3, padding=1)
        self.fc = nn.Linear(pool(torch.zeros(1, 6, size, size)).shape[1], 40)

    def forward(self, x):
        return self.fc(self.pool(F.relu(self.a(x))))


def classifier(snn):
    return next(row for row in snn.report().layers if row["layer"] == "fc")
