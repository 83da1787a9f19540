"""Networks whose simulation is timed, with random inputs of a usual size: time does not depend on what is in them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch


class Case(NamedTuple):
    """forward(network, x): the raw outputs."""

    name: str
    network: Any
    x: torch.Tensor
    forward: Callable


def raw(network, x):
    """How OpenMMLab's networks are called for raw outputs."""
    return network(x, mode="tensor")


def call(network, x):
    return network(x)


def _mini_yolo():
    from adapters.detection.networks import build_detector

    network, _ = build_detector("benchmarks/zoo/yolo_fashion/config.py", "benchmarks/zoo/yolo_fashion/yolo_fashion.pth")
    return network, torch.randn(8, 3, 192, 192), raw


def _retinanet():
    from adapters.detection.networks import build_detector

    network, _ = build_detector("mmdet::retinanet/retinanet_r18_fpn_1x_coco.py")
    return network, torch.randn(2, 3, 320, 320), raw


def _resnet18():
    from torchvision.models import resnet18

    return resnet18(weights=None).eval(), torch.randn(8, 3, 224, 224), call


def _deeplabv3():
    from adapters.segmentation.networks import build_segmentor

    network, _ = build_segmentor("mmseg::deeplabv3/deeplabv3_r18-d8_4xb2-80k_cityscapes-512x1024.py")
    return network, torch.randn(2, 3, 256, 256), raw


def _pointnet():
    from adapters.models.pointnet import pointnet

    return pointnet().eval(), torch.randn(8, 3, 1024), call


def _torchvision(name):
    def make():
        from torchvision.models import get_model

        return get_model(name, weights=None).eval(), torch.randn(4, 3, 224, 224), call

    return make


def _vit():
    from torchvision.models import VisionTransformer

    network = VisionTransformer(image_size=224, patch_size=16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536)
    torch.nn.init.normal_(network.heads.head.weight, std=0.02)  # torchvision's zeros would give outputs of 0 alone
    return network.eval(), torch.randn(4, 3, 224, 224), call


def _yolo_fastest():
    from adapters.detection.networks import build_detector

    network, _ = build_detector("benchmarks/zoo/yolo_fastestv2/config.py")
    return network, torch.randn(4, 3, 352, 352), raw


def _unet():
    from adapters.models.unet_keras import KerasUNet

    return KerasUNet(widths=(32, 64, 128)).eval(), torch.randn(16, 1, 48, 48), call


CASES = {
    "mini-yolo": _mini_yolo,
    "retinanet-r18-320": _retinanet,
    "resnet18-224": _resnet18,
    "deeplabv3-r18-256": _deeplabv3,
    "pointnet-1024": _pointnet,
}


LIGHT = {
    "squeezenet-224": _torchvision("squeezenet1_1"),
    "mobilenetv2-224": _torchvision("mobilenet_v2"),
    "efficientnet-b0-224": _torchvision("efficientnet_b0"),
    "yolo-fastestv2-352": _yolo_fastest,
    "unet-drive-48": _unet,
    "vit-s16-224": _vit,
}
"""Further networks of the grid (grid.py): light ones, on which what is not a layer weighs most; the last, ViT-S/16, all
operators of which that are no layers act on running means."""
GRID = tuple(name for name in CASES | LIGHT if name != "deeplabv3-r18-256")
"""Networks of the grid where none is named: of the heavy segmentors one does."""


def load(name):
    """The Case of a name in ``CASES`` or ``LIGHT``; weights are random (of seed 0) where no checkpoint is in the repository."""
    torch.manual_seed(0)
    return Case(name, *(CASES | LIGHT)[name]())
