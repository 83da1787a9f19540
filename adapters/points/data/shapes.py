"""Generated clouds of furniture and objects, with part labels: the mini split of the point cloud tasks.

A cloud is a pure function of (VERSION, split, number): random proportions (adapters/points/data/furniture.py, objects.py), stretched along
each axis, points spread evenly over the surface, a hole where a share of them is missing, a random turn about the
vertical, the unit sphere, noise. Splits draw from different random streams. Made on first use and kept in the cache
(ADAFIRE_CACHE).

    python -m adapters.points.data.shapes test        # generate, and say what it is
"""

import argparse
import hashlib
import sys
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import near_names

from ...shared.array_cache import cached
from ...shared.scripts import finished
from . import furniture, objects  # noqa: F401  (they register their kinds)
from .kinds import KINDS as _KINDS
from .solids import sample_surface, unit_sphere

VERSION = 1
POINTS = 1024
SPLITS = {"train": 4000, "val": 480, "calibration": 256, "test": 480}
_STREAM = {"train": 1, "val": 2, "calibration": 3, "test": 4}
KINDS = dict(sorted(_KINDS.items()))
CLASSES = tuple(KINDS)
PARTS = tuple(f"{name} {part}" for name, (_, parts) in KINDS.items() for part in parts)
PARTS_OF = {name: tuple(k for k, part in enumerate(PARTS) if part.startswith(f"{name} ")) for name in CLASSES}
GRID = 2**-14
"""Coordinates are kept as multiples of this, so that rounding in another library does not change a cloud."""


class Clouds(NamedTuple):
    """points: float32 [clouds, POINTS, 3]; labels: class of each cloud; parts: index into PARTS of every point."""

    points: np.ndarray
    labels: np.ndarray
    parts: np.ndarray


def cloud(split, number):
    """(points int16 [POINTS, 3] in units of GRID, class, parts uint8 [POINTS]) of cloud ``number`` of a split."""
    rng = np.random.default_rng([VERSION, _STREAM[split], number])
    label = number % len(CLASSES)
    name = CLASSES[label]
    pieces = KINDS[name][0](rng)
    offsets = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    vertices = np.concatenate([p.vertices for p in pieces]) * rng.uniform(0.8, 1.25, 3)
    triangles = np.concatenate([p.triangles + o for p, o in zip(pieces, offsets)])
    index = {part: k for k, part in enumerate(PARTS)}
    owner = np.repeat([index[f"{name} {p.label}"] for p in pieces], [len(p.triangles) for p in pieces])
    points, chosen = sample_surface(vertices, triangles, 2 * POINTS, rng)
    missing = int(len(points) * rng.uniform(0, 0.3))
    hole = points[rng.integers(len(points))]
    kept = np.argsort(np.linalg.norm(points - hole, axis=1), kind="stable")[missing:]
    kept = rng.choice(kept, POINTS, replace=False)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    points = unit_sphere(points[kept] @ turn)
    points = unit_sphere(points + rng.normal(0, rng.uniform(0, 0.03), points.shape))
    return np.rint(points / GRID).astype(np.int16), label, owner[chosen[kept]].astype(np.uint8)


def clouds(split, number=None):
    """The first ``number`` clouds of a split (default: all), from the cache or generated now."""
    if split not in SPLITS:
        raise InputError(
            f"unknown split of the generated shapes {split!r}{near_names(split, SPLITS)} Known: {', '.join(SPLITS)}"
        )
    number = SPLITS[split] if number is None else number

    def make():
        points, labels, parts = zip(*(cloud(split, k) for k in range(number)))
        return {"points": np.stack(points), "labels": np.array(labels, np.int64), "parts": np.stack(parts)}

    found = cached(f"shapes-v{VERSION}-{split}-{number}", make)
    return Clouds(found["points"].astype(np.float32) * np.float32(GRID), found["labels"], found["parts"])


def fingerprint(found):
    """sha256 (hex) of clouds, labels and parts."""
    digest = hashlib.sha256()
    for array in found:
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m adapters.points.data.shapes", description="Generate a split of the shapes."
    )
    parser.add_argument("split", help=", ".join(SPLITS))
    parser.add_argument("--number", type=int, metavar="N", help="how many (default: the split's own number)")
    options = parser.parse_args(argv)

    def made():
        found = clouds(options.split, options.number)
        return (
            f"{len(found.labels)} clouds of {POINTS} points, {len(CLASSES)} classes, {len(PARTS)} parts; sha256 "
            f"{fingerprint(found)}"
        )

    return finished(made)


if __name__ == "__main__":
    sys.exit(main())
