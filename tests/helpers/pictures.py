"""Random pictures in class folders and archives."""

import hashlib
import zipfile

import numpy as np
from PIL import Image

from adapters.base import WorkloadOptions
from adapters.classification.data import image_sets

TEN = image_sets.CIFAR10


def options(root=None, split="full"):
    return WorkloadOptions(split=split, data_root=root and str(root))


def picture(path, side=32, seed=None, **save):
    """A random picture of ``side`` x ``side``, the same for the same path or seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int(hashlib.sha256(f"{path.parent.name}/{path.name}".encode()).hexdigest()[:8], 16) if seed is None else seed
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **save)
    return pixels


def tree(root, split="test", classes=TEN, number=3, suffix=".png", **more):
    for name in classes:
        for i in range(number):
            picture(root / split / name / f"{i:04d}{suffix}", **more)
    return root


def zipped(folder, file, top=""):
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{top}{path.relative_to(folder).as_posix()}")
    return file
