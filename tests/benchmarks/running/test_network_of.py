"""The networks of tasks, as tools/check.py builds them, with random weights at a small size: they pass the check and converge."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import adafire
from adafire.errors import InputError
from adafire.graph.interception import tensors_in
from benchmarks.running import network_of
from helpers.workloads import exact_bursts
from tools import check

pytestmark = pytest.mark.filterwarnings("ignore")

NETWORKS = {  # (task, variant): (side of the input, gain of batch norm, operators that stay numbers)
    ("imagenet_swin", "full"): (64, None, {"layer_norm", "softmax", "matmul"}),
    ("imagenet_convnext", "full"): (64, None, {"layer_norm"}),
    ("imagenet_efficientnet", "full"): (64, 0.6, {"mul"}),
    ("imagenet_mobilenetv3", "small"): (64, 1.3, {"mul"}),
    ("ade20k_upernet", "full"): (64, 0.6, {"layer_norm", "softmax", "matmul"}),
    ("voc12_deeplabv1", "r34"): (32, 0.6, set()),
    ("coco_rtmdet", "tiny"): (64, 1.2, {"mul"}),
    ("modelnet10_pointnet", "mean"): (64, 1.0, set()),
}


def asked(task, variant=None):
    return SimpleNamespace(network=task, variant=variant, checkpoint=None, trust_checkpoint=False, trust_config=False)


def live(network, gain):
    """Weights at which signals neither vanish nor explode, and a last layer that is not zero."""
    torch.manual_seed(0)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and gain:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.constant_(module.weight, gain)
        elif isinstance(module, nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.05)
        if isinstance(
            getattr(module, "layer_scale", None), nn.Parameter
        ):  # ConvNeXt's begin at 1e-6, which hides the neurons
            nn.init.constant_(module.layer_scale, 0.3)


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("task, variant", NETWORKS, ids=["-".join(name) for name in NETWORKS])
def test_passes_the_check_and_converges(task, variant):
    side, gain, numbers = NETWORKS[task, variant]
    network, forward, channels, sizes = check.build(asked(task, variant))
    live(network, gain)
    x, forward = torch.randn(1, channels, *([side] * len(sizes[0]))), forward(side)
    report = adafire.check(network, x, forward=forward)
    analog = {row.operator for row in report.rows if row.region == "steps" and row.status == "analog"}
    assert report.sites and numbers <= analog, analog
    expected = tensors_in(forward(network, x))
    outputs = exact_bursts(network, x, forward, False)(x, at=(4, 16))
    errors = []
    for found in map(tensors_in, outputs):
        apart = sum(float((a - b).square().sum()) for a, b in zip(found, expected, strict=True))
        errors.append((apart / sum(float((b - b.mean()).square().sum()) for b in expected)) ** 0.5)
    assert errors[1] < 0.5 * errors[0] and errors[1] < 0.3, errors


def test_what_a_task_says_of_its_input():
    settings = network_of.settings_of("cifar10dvs_resnet18", "frames")
    assert (network_of.channels_of(settings), network_of.sides_of(settings)) == (2, [(128, 128)])
    settings = network_of.settings_of("modelnet10_pointnet")
    assert (network_of.channels_of(settings), network_of.sides_of(settings)) == (3, [(1024,)])
    settings = network_of.settings_of("imagenet_mobilenetv2", "mini")
    assert (network_of.channels_of(settings), network_of.sides_of(settings)) == (1, [(28, 28)])
    assert network_of.sides_of(network_of.settings_of("imagenet_vit")) is None  # the network says it
    assert not network_of.is_task("torchvision::resnet18") and network_of.is_task("tasks/imagenet_vit.py")
    assert not network_of.is_task("benchmarks/zoo/yolov2/config.py")
    with pytest.raises(InputError, match="has no variant 'b32'; it has b16, s16"):
        network_of.settings_of("imagenet_vit", "b32")
