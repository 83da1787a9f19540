"""Time of a T-step simulation over T times one forward of the ANN: interleaved, after warm-up, median with spread."""

import copy
import statistics
import time
from typing import NamedTuple

import torch

import adafire


class Ratio(NamedTuple):
    """Seconds are medians; ``ratio`` is the median over pairs of sim / (T ann), ``low`` and ``high`` its quartiles."""

    case: str
    timesteps: int
    batch: int
    threads: int
    ann_s: float
    simulation_s: float
    ratio: float
    low: float
    high: float
    runs: int


def measure(case, network, x, forward, timesteps=8, runs=9, memory_gb=0.5, method="burst"):
    """Ratio for one network and input. The ANN runs in its best layout, channels_last, batch norm as it is."""
    best = copy.deepcopy(network).to(memory_format=torch.channels_last)
    inputs = x.to(memory_format=torch.channels_last) if x.dim() == 4 else x
    snn = adafire.convert(network, x[:1], method=method, timesteps=timesteps, forward=forward, memory_gb=memory_gb,
                          phi_plus=4, phi_minus=4)
    ann, simulation = [], []
    with torch.no_grad():
        for _ in range(runs + 2):
            start = time.perf_counter()
            forward(best, inputs)
            middle = time.perf_counter()
            snn(x)
            ann.append(middle - start)
            simulation.append(time.perf_counter() - middle)
    ann, simulation = ann[2:], simulation[2:]
    ratios = sorted(s / timesteps / a for s, a in zip(simulation, ann))
    quarter = len(ratios) // 4
    return Ratio(case, timesteps, len(x), torch.get_num_threads(), statistics.median(ann), statistics.median(simulation),
                 statistics.median(ratios), ratios[quarter], ratios[-1 - quarter], runs)


def cases():
    """name -> function that gives (network, input, forward)."""
    return {"mini-yolo": _mini_yolo, "retinanet-r18-320": _retinanet, "resnet18-224": _resnet18,
            "pointnet-1024": _pointnet}


def _raw(network, x):
    return network(x, mode="tensor")


def _mini_yolo():
    from adapters.detectors import build_detector
    network, _ = build_detector("benchmarks/zoo/yolo_fashion/config.py", "benchmarks/zoo/yolo_fashion/yolo_fashion.pth")
    return network, torch.randn(8, 3, 192, 192), _raw


def _retinanet():
    from adapters.detectors import build_detector
    network, _ = build_detector("mmdet::retinanet/retinanet_r18_fpn_1x_coco.py")
    return network, torch.randn(2, 3, 320, 320), _raw


def _resnet18():
    from torchvision.models import resnet18
    return resnet18(weights=None).eval(), torch.randn(8, 3, 224, 224), lambda network, x: network(x)


def _pointnet():
    from adapters.models import build
    network = build({"name": "adapters.models.pointnet:pointnet", "classes": 40})
    return network, torch.randn(8, 3, 1024), lambda network, x: network(x)
