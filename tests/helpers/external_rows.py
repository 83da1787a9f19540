"""A tiny workload, a layer of spiking neurons and a guard, for tests of rows that other code makes."""

import importlib.util

import pytest
import torch
from torch import nn

from adapters.base import Batch, Evaluation, Workload, adapters

TASK = {
    "name": "clear",
    "version": 1,
    "family": "classification",
    "metric": "accuracy",
    "adapter": "clear",
    "methods": ["quantised"],
    "timesteps": [2, 8],
    "variants": {"mini": {"split": "mini", "data": {"type": "noise"}, "calibration": {"samples": 4}, "batch_size": 4}},
}


def need(package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (pip install -e '.[test]')")


class Clear(Workload):
    """10 random inputs, two linear layers and a ReLU; right is what the network itself says."""

    family, metric = "classification", "accuracy"

    def __init__(self, settings, options):
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3)).eval()
        self.inputs, self.size = torch.rand(options.limit or 10, 6), settings["batch_size"]
        with torch.no_grad():
            self.right = self.network(self.inputs).argmax(1).tolist()

    def calibration(self):
        return [torch.rand(4, 6, generator=torch.Generator().manual_seed(1))]

    def batches(self):
        for start in range(0, len(self), self.size):
            part = self.inputs[start : start + self.size]
            yield Batch(list(range(start, start + len(part))), part)

    def __len__(self):
        return len(self.inputs)

    def predict(self, outputs, batch):
        return outputs.argmax(1).tolist()

    def evaluate(self, predictions):
        right = [float(predictions[i] == label) for i, label in enumerate(self.right)]
        return Evaluation({"accuracy": sum(right) / len(right)}, 0.0, 1.0, {"scores": right, "samples": len(right)})

    def describe(self):
        made = "0" * 64
        return {
            "data": {"name": "noise", "split": "test", "samples": len(self), "fingerprint": made},
            "calibration": {"samples": 4, "fingerprint": made, "overlap": 0},
            "weights": {"source": "seed 0", "sha256": made},
            "network": "clear",
        }


if "clear" not in adapters.names():
    adapters.register("clear", Clear)


class Spikes(nn.Module):
    """Integrate and fire; ``most`` spikes a step, of size theta."""

    def __init__(self, theta, most=1):
        super().__init__()
        self.theta, self.most, self.v = theta, most, 0.0

    def reset(self):
        self.v = self.theta / 2

    def forward(self, x):
        self.v = self.v + x
        spikes = (self.v / self.theta).floor().clamp(0, self.most) * self.theta
        self.v = self.v - spikes
        return spikes
