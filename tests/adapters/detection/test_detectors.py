"""MMDetection's configs as they are: number of sites, treatments, convergence of the raw outputs, parity of chunks."""

import pytest
import torch
from torch import nn

import adafire
from adafire.graph.interception import tensors_in
from adafire.simulation.loop import simulate
from adafire.simulation.state import Run
from helpers.workloads import exact_bursts

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CONFIGS = {  # config: (sites, operators between or at neurons, beside conv2d, batch_norm and add)
    "mmdet::retinanet/retinanet_r18_fpn_1x_coco.py": (
        57,
        {"relu": "neurons", "max_pool2d": "exact", "interpolate": "exact"},
    ),
    "mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py": (
        90,
        {"relu": "neurons", "group_norm": "analog", "max_pool2d": "exact", "interpolate": "exact"},
    ),
    "mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py": (
        72,
        {"leaky_relu": "neurons", "cat": "exact", "interpolate": "exact"},
    ),
    "mmdet::yolox/yolox_tiny_8xb8-300e_coco.py": (
        74,
        {"silu": "neurons", "sigmoid": "exact", "max_pool2d": "exact", "cat": "exact", "interpolate": "exact"},
    ),
    "benchmarks/zoo/yolo_fashion/config.py": (None, {"relu": "neurons"}),
}


def raw(network, x):
    return network(x, mode="tensor")


def detector(config):
    """Random weights at which signals neither vanish nor explode, and heads that do not answer with their bias alone."""
    from adapters.detection.networks import build_detector

    network, _ = build_detector(config)
    torch.manual_seed(0)
    gain = 1.2 if "yolox" in config else 0.6  # SiLU shrinks what passes, residual sums grow it
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.data.fill_(gain)
    return network


def spread_error(a, b):
    """Norm of the error of all raw outputs over the norm of their spread about each tensor's mean."""
    pairs = list(zip(tensors_in(a), tensors_in(b)))
    error = sum(float((x - y).square().sum()) for x, y in pairs)
    return (error / sum(float((y - y.mean()).square().sum()) for _, y in pairs)) ** 0.5


@pytest.mark.parametrize("relays", (False, pytest.param(True, marks=pytest.mark.slow)))
@pytest.mark.parametrize("config", CONFIGS)
def test_sites_treatments_and_convergence(config, relays):
    sites, operators = CONFIGS[config]
    network, x = detector(config), torch.randn(1, 3, 64, 64)
    report = adafire.check(network, x, forward=raw)
    if sites:
        assert len(report.sites) == sites
    found = {row.operator: row.status for row in report.rows if row.region == "steps"}
    assert {k: v for k, v in found.items() if k in operators} == operators
    with torch.no_grad():
        expected = raw(network, x)
    snn = exact_bursts(network, x, raw, relays)
    errors = [spread_error(y, expected) for y in snn(x, at=(4, 16, 64))]
    assert errors[1] < 0.5 * errors[0] and errors[2] < 0.5 * errors[1] and errors[2] < 0.05, errors


def test_chunks_agree_on_a_detector():
    config = "mmdet::retinanet/retinanet_r18_fpn_1x_coco.py"
    network, x = detector(config), torch.randn(2, 3, 64, 64)
    snn = adafire.convert(network, x, method="adafire-signed", timesteps=6, forward=raw)
    results = []
    for chunk in (1, 3, 6):
        run = Run(snn.plan(x), snn.params, network, x, raw)
        list(simulate(run, (6,), chunk))
        results.append([s.n for s in run.neurons.values()])
    for other in results[1:]:  # sums of real currents round differently in other batch sizes: ties may move
        same = sum(int((a == b).sum()) for a, b in zip(results[0], other)) / sum(a.numel() for a in other)
        assert same > 0.9999
