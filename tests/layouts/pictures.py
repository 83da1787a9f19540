"""Random pictures and masks in files."""

import hashlib

import numpy as np
from PIL import Image


def _random(path):
    """A generator of the last three parts of a path, so that files are the same every time and differ from each other."""
    return np.random.default_rng(int(hashlib.sha256("/".join(path.parts[-3:]).encode()).hexdigest()[:12], 16))


def picture(path, width=64, height=48, block=4):
    """An RGB picture of blocks of ``block`` pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = _random(path).integers(0, 256, (-(-height // block), -(-width // block), 3))
    pixels = np.kron(small, np.ones((block, block, 1)))[:height, :width].astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def mask(path, values, width=64, height=48, palette=False):
    """A grey mask (palette: with colours, as VOC's) of vertical stripes of ``values``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stripes = np.array(values, np.uint8)[np.arange(width) * len(values) // width]
    image = Image.fromarray(np.tile(stripes, (height, 1)), "P" if palette else "L")
    if palette:
        image.putpalette([channel for value in range(256) for channel in (value, value * 7 % 256, value * 13 % 256)])
    image.save(path)
    return path
