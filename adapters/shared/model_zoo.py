"""Where MMDetection and MMSegmentation keep their checkpoints: addresses by file name, from the installed packages' own
metafiles. Imports neither, nor torch."""

import importlib.util
import re
from functools import cache
from pathlib import Path

from adafire.errors import InputError

FRAMEWORKS = {
    "mmdet": ("MMDetection", "retinanet/retinanet_r18_fpn_1x_coco.py"),
    "mmseg": ("MMSegmentation", "fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py"),
}
"""package: its name, and one of its configs."""


def zoo(package):
    """The folder with the configs that come with an installed OpenMMLab package."""
    found = importlib.util.find_spec(package)
    if found is None:
        raise InputError(
            f"{FRAMEWORKS[package][0]} is not installed, whose config or checkpoint is wanted; pip install -e '.[suite]' here"
        )
    return Path(found.origin).parent / ".mim" / "configs"


@cache
def _addresses(package):
    """{file name: URL} of a package's checkpoints; empty where it is not installed."""
    if importlib.util.find_spec(package) is None:
        return {}
    found = [
        url
        for file in sorted(zoo(package).glob("*/metafile.y*ml"))
        for url in re.findall(r"Weights: *(https?://\S+)", file.read_text(encoding="utf-8"))
    ]
    return {url.rpartition("/")[2]: url for url in reversed(found)}


def address(name, packages=tuple(FRAMEWORKS)):
    """URL of the checkpoint whose file name is ``name`` (no folder, no URL); None: none of the packages has it."""
    return next((url for package in packages for url in [_addresses(package).get(str(name))] if url), None)
