"""Generated retinas: branching vessels on a fundus, in DRIVE's layout, for where DRIVE itself is not at hand.

    <root>/test/{images,1st_manual,mask}/000_test.ppm        pictures, vessels, fields of view
    <root>/training/images/000_training.ppm                  pictures that calibrate

A retina is a pure function of (VERSION, split, number). From an optic disc, trunks walk outwards with random curvature;
they fork and taper until they are thinner than a pixel. Thin vessels are fainter, the light falls off unevenly, and
patches, dots, blur and noise are no vessels. Splits draw from different random streams. The files are portable pixmaps,
as their bytes do not depend on a compressor's version.

    python -m adapters.segmentation.data.retinas        # generate, and say where
"""

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock
from PIL import Image, ImageDraw

from adafire.errors import InputError

from ...shared.fashion_mnist import cache_folder
from ...shared.scripts import finished

VERSION, SIZE, FINER = 1, 128, 4
"""Pixels of a side; vessels are drawn FINER times as fine and a pixel is one where half of it is covered."""
SPLITS = {"train": 400, "val": 20, "calibration": 16, "test": 40}
_STREAM = {"train": 1, "val": 2, "calibration": 3, "test": 4}


class Retina(NamedTuple):
    """rgb: uint8 [SIZE, SIZE, 3]; vessels, view: bool [SIZE, SIZE]."""

    rgb: np.ndarray
    vessels: np.ndarray
    view: np.ndarray


def _segments(rng, disc):
    """[(x, y, x', y', width)] in pixels: pieces of all vessels."""
    found, step = [], 2.0
    heads = [
        (*disc, angle + rng.normal(0, 0.25), rng.uniform(2.2, 3.6))
        for angle in np.linspace(0, 2 * np.pi, rng.integers(5, 8), endpoint=False) + rng.uniform(0, 2 * np.pi)
    ]
    while heads:
        x, y, angle, width = heads.pop()
        turn = rng.normal(0, 0.03)
        while width > 0.8 and max(abs(x - SIZE / 2), abs(y - SIZE / 2)) < SIZE / 2:
            turn = 0.9 * turn + rng.normal(0, 0.03)
            angle += turn
            ahead = x + step * np.cos(angle), y + step * np.sin(angle)
            found.append((x, y, *ahead, width))
            x, y = ahead
            width *= rng.uniform(0.975, 1.0)
            if rng.random() < 0.07:
                side = rng.choice([-1, 1])
                heads.append((x, y, angle + side * rng.uniform(0.4, 1.0), width * rng.uniform(0.5, 0.85)))
                angle -= side * rng.uniform(0.05, 0.3)
                width *= 0.9
    return found


def _drawn(segments, ink):
    """float [SIZE, SIZE] in 0..1: the segments with grey value ``ink(width)``, thick over thin."""
    picture = Image.new("L", (SIZE * FINER, SIZE * FINER))
    draw = ImageDraw.Draw(picture)
    for *ends, width in sorted(segments, key=lambda s: s[-1]):
        ends = [v * FINER for v in ends]
        radius, value = width * FINER / 2, round(255 * ink(width))
        draw.line(ends, fill=value, width=max(1, round(2 * radius)))
        draw.ellipse([ends[2] - radius, ends[3] - radius, ends[2] + radius, ends[3] + radius], fill=value)
    return np.asarray(picture, np.float64).reshape(SIZE, FINER, SIZE, FINER).mean((1, 3)) / 255


def _smooth(rng, scale):
    """A random field [SIZE, SIZE] of mean 0 and deviation 1 that varies over ``scale`` pixels."""
    coarse = Image.fromarray(rng.normal(0, 1, [SIZE // scale + 2] * 2).astype(np.float32))
    field = np.asarray(coarse.resize((SIZE, SIZE), Image.BICUBIC), np.float64)
    return (field - field.mean()) / field.std()


def retina(split, number):
    """Retina ``number`` of a split."""
    import cv2

    rng = np.random.default_rng([VERSION, _STREAM[split], number])
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    view = np.hypot(x - SIZE / 2, y - SIZE / 2) < SIZE * 0.46
    disc = SIZE * (0.5 + rng.choice([-1, 1]) * rng.uniform(0.15, 0.3)), SIZE * rng.uniform(0.4, 0.6)
    segments = _segments(rng, disc)
    vessels = (_drawn(segments, lambda width: 1.0) >= 0.5) & view
    depth = _drawn(segments, lambda width: min(1.0, 0.25 + width / 3.5))
    light = 1 + 0.12 * _smooth(rng, 40) + 0.05 * _smooth(rng, 10)
    spot = np.exp(-((x - disc[0]) ** 2 + (y - disc[1]) ** 2) / (2 * (SIZE * rng.uniform(0.05, 0.07)) ** 2))
    for _ in range(rng.integers(3, 12)):  # dark dots and bright patches
        cx, cy, size = rng.uniform(0.1, 0.9) * SIZE, rng.uniform(0.1, 0.9) * SIZE, rng.uniform(0.8, 2.5)
        light += rng.choice([-0.3, 0.25]) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
    grey = cv2.GaussianBlur(
        light * (1 + 0.6 * spot) * (1 - rng.uniform(0.3, 0.45) * depth), (0, 0), rng.uniform(0.5, 0.9)
    )
    colour = np.stack([grey * 150, grey * 85, grey * 45], -1) + rng.normal(0, rng.uniform(4, 8), (SIZE, SIZE, 3))
    rgb = np.where(view[..., None], colour, rng.uniform(0, 4)).round().clip(0, 255).astype(np.uint8)
    return Retina(rgb, vessels, view)


def ensure():
    """Path of a DRIVE of generated retinas (splits 'test' and, for calibration, 'calibration'), made if it is absent."""
    root = cache_folder() / f"retinas-v{VERSION}"
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(root.parent / f".{root.name}.lock"):
            if not root.is_dir():
                with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-", suffix=".tmp") as work:
                    _write(Path(work) / "all")
                    (Path(work) / "all").rename(root)
    except OSError as error:
        raise InputError(
            f"generated retinas cannot be written to {root} ({error}); set ADAFIRE_CACHE to a folder with room"
        ) from error
    return root


def _write(root):
    for split, folder in (("test", "test"), ("calibration", "training")):
        for number in range(SPLITS[split]):
            made = retina(split, number)
            for name, ending, array in (
                ("images", folder, made.rgb),
                ("1st_manual", "manual1", made.vessels),
                ("mask", f"{folder}_mask", made.view),
            ):
                path = root / folder / name / f"{number:03d}_{ending}.ppm"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(array if array.ndim == 3 else array.astype(np.uint8) * 255).save(path)


def main():
    return finished(ensure)


if __name__ == "__main__":
    sys.exit(main())
