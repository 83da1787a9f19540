"""Spiking modules written by hand, and a slow count of what arrives in them: every spike by itself, every synapse by itself."""

import copy

import torch
import torch.nn.functional as F
from torch import nn


class Fire(nn.Module):
    """Integrate-and-fire neurons of soft reset; spikes are worth ``size``. burst: most spikes in a step; the state is its own."""

    def __init__(self, threshold=1.0, size=1.0, burst=1):
        super().__init__()
        self.threshold, self.size, self.burst, self.v = threshold, size, burst, None

    def reset(self):
        self.v = None

    def forward(self, z):
        self.v = z if self.v is None else self.v + z
        count = torch.clamp(torch.floor(self.v / self.threshold), 0, self.burst)
        self.v = self.v - count * self.threshold
        return count * self.size


class Net(nn.Module):
    """Strides, borders, groups, dilation, a residual, average and max pooling, a classifier. Weights are small integers."""

    def __init__(self, seed=0, size=1.0, burst=1):
        super().__init__()
        self.stem, self.fire = nn.Conv2d(3, 4, 3, padding=1), Fire(25.0, size, burst)
        self.a, self.fire_a = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), Fire(6.0 * size, 2 * size, burst)
        self.pool, self.b, self.fire_b = nn.AvgPool2d(2), nn.Conv2d(6, 6, 3, padding=2, dilation=2), Fire(size)
        self.up, self.fire_up = nn.ConvTranspose2d(6, 4, 2, stride=2), Fire(1.0, 0.5)
        self.fc = nn.Linear(4 * 2 * 2, 5)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            parameter.data = torch.randint(-1, 3, parameter.shape, generator=generator).float()

    def forward(self, x):
        x = self.fire_a(self.a(self.fire(self.stem(x))))
        x = self.fire_b(self.b(self.pool(x)))
        x = F.max_pool2d(self.fire_up(self.up(x)), 4, stride=2, padding=1)
        return self.fc(x.flatten(1))


class Stateful(nn.Module):
    """(x, state) -> (y, state), with neurons of its own law in between, and a recurrent layer."""

    def __init__(self):
        super().__init__()
        self.first, self.back, self.last = nn.Linear(6, 8), nn.Linear(8, 8, bias=False), nn.Linear(8, 3)

    def forward(self, x, state=None):
        v, z = state if state is not None else (torch.zeros(len(x), 8), torch.zeros(len(x), 8))
        v = 0.9 * v + self.first(x) + self.back(z)
        z = (v > 0.5).float()
        return self.last(z), (v - 0.5 * z, z)


def at_rest(module):
    """``module``, its neurons reset."""
    for fire in (m for m in module.modules() if isinstance(m, Fire)):
        fire.reset()
    return module


def slow_arrivals(module, x, timesteps, sizes):
    """{layer: (synaptic operations, graded events)} of the whole batch: each value of each layer's input in each step, as value / size
    events (``sizes``: by layer), each at every synapse that it has, found by moving that one input alone."""
    arrived, handles = {}, []
    for name, layer in module.named_modules():
        if name in sizes:
            handles.append(layer.register_forward_pre_hook(_counter(name, layer, sizes[name], arrived)))
    at_rest(module)
    with torch.no_grad():
        for _ in range(timesteps):
            module(x)
    for handle in handles:
        handle.remove()
    return arrived


def _counter(name, layer, size, arrived):
    synapses = {}

    def hook(_, args):
        (x,) = args
        for index in torch.nonzero(x).tolist():
            place = tuple(index[1:])
            if place not in synapses:
                synapses[place] = _synapses(layer, x.shape[1:], place)
            events = abs(float(x[tuple(index)])) / size
            assert abs(events - round(events)) < 1e-6
            total, graded = arrived.get(name, (0, 0))
            arrived[name] = total + round(events) * synapses[place], graded + synapses[place]
        arrived.setdefault(name, (0, 0))

    return hook


def _synapses(layer, shape, place):
    """Outputs that one input has a weight to."""
    probe = copy.deepcopy(layer)
    probe.weight.data.fill_(1.0)
    if probe.bias is not None:
        probe.bias.data.fill_(0.0)
    one = torch.zeros(1, *shape)
    one[(0, *place)] = 1.0
    return int((type(layer).forward(probe, one) != 0).sum())
