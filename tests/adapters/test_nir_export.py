"""NIR: the graph, read back from its file and run step by step by a reference, spikes as the simulation does."""

from collections import defaultdict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.errors import UnsupportedError
from adapters import nir_export

nir = pytest.importorskip("nir", reason="nir is not installed (pip install -e '.[nir]')")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv, self.pool, self.head = nn.Conv2d(6, 6, 3, padding=1, groups=2), nn.AvgPool2d(2), nn.Linear(6, 4)
        self.norm.running_mean.normal_(), self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        x = F.relu(self.conv(x) + x)
        return self.head(F.adaptive_avg_pool2d(self.pool(x), 1).flatten(1))


def run(graph, x, steps):
    """Mean output of a NIR graph and spikes of every threshold, one step after the other; feedback arrives a step later."""
    into, value, state, spikes, total = defaultdict(list), {}, {}, defaultdict(float), 0.0
    for source, target in graph.edges:
        into[target].append(source)
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for source in into[name]:
                if not source.endswith("_soft_reset"):
                    visit(source)
            order.append(name)

    for name in graph.nodes:
        visit(name)
    tensor = lambda array: torch.as_tensor(np.asarray(array), dtype=torch.float64)
    for _ in range(steps):
        for name in order:
            node = graph.nodes[name]
            if isinstance(node, nir.Input):
                value[name] = x
                continue
            arrived = sum(value[s] for s in into[name] if s in value)
            if isinstance(node, nir.I):
                state[name] = state.get(name, 0.0) + tensor(node.r) * arrived
                value[name] = state[name]
            elif isinstance(node, nir.Threshold):
                value[name] = (arrived >= tensor(node.threshold)).double()
                spikes[name] += float(value[name].sum())
            elif isinstance(node, nir.Scale):
                value[name] = tensor(node.scale) * arrived
            elif isinstance(node, nir.Conv2d):
                value[name] = F.conv2d(
                    arrived,
                    tensor(node.weight),
                    tensor(node.bias),
                    tuple(node.stride),
                    tuple(node.padding),
                    tuple(node.dilation),
                    int(node.groups),
                )
            elif isinstance(node, nir.Affine):
                value[name] = F.linear(arrived, tensor(node.weight), tensor(node.bias))
            elif isinstance(node, nir.AvgPool2d):
                value[name] = F.avg_pool2d(arrived, tuple(map(int, node.kernel_size)), tuple(map(int, node.stride)))
            elif isinstance(node, nir.Flatten):
                value[name] = arrived.flatten(1)
            else:
                value[name] = arrived
        total = total + value["output"]
    return total / steps, spikes


@pytest.mark.parametrize("method", ["snn-calibration", "rate-percentile"])
def test_round_trip_spikes_as_the_simulation_does(method, tmp_path):
    torch.manual_seed(1)
    network, images = Residual().eval(), torch.rand(5, 2, 8, 8)
    snn = adafire.convert(network, torch.rand(16, 2, 8, 8), method=method, timesteps=8)
    graph = nir_export.to_nir(snn, images)
    nir.write(str(tmp_path / "net.nir"), graph)
    again = nir.read(str(tmp_path / "net.nir"))
    assert nir_export.differences(graph, again) == []
    wanted = snn(images)
    output, spikes = run(again, images.double(), 8)
    own = {site["site"]: site["spikes"] * len(images) for site in snn.report().sites}
    assert list(spikes.values()) == pytest.approx(list(own.values()), rel=5e-3) and min(own.values()) > 100
    assert float((output - wanted).abs().mean()) < 0.02 * float(wanted.abs().mean())
    next(node for node in again.nodes.values() if isinstance(node, nir.Conv2d)).weight[0, 0, 0, 0] += 1
    assert len(nir_export.differences(graph, again)) == 1


def test_refused_with_the_whole_list():
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.SiLU(), nn.Flatten(), nn.Linear(4, 3)
    ).eval()
    images = torch.rand(6, 2, 8, 8)
    with pytest.raises(UnsupportedError) as refusal:
        nir_export.to_nir(adafire.convert(network, images, method="adafire-signed", timesteps=2), images)
    text = str(refusal.value)
    for part in ("bursts of up to 4", "taken back", "code silu", "max_pool2d"):
        assert part in text, part
