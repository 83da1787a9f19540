"""Fashion scenes: 192 x 192 colour scenes with 1 to 8 Fashion-MNIST objects on textured backgrounds. Source: ours.

Scene i of a split is a pure function of (version, split, i) and of the split's objects; its pixels, boxes and masks are
the same on every machine. The splits share no object:

    test         300 scenes    the carried 2,500 objects of Fashion-MNIST's test split
    calibration  128 scenes    the carried 500 objects of its train split
    train     16,000 scenes    train-split objects 0..54,999 less the calibration objects   } need the full set
    val          500 scenes    train-split objects 55,000..59,999 less them                 }
"""

from typing import NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import near_names

from ...shared.fashion_mnist import SIDE, carried, full
from ...shared.textures import Stream, background, hsv, mix, resize

VERSION = 1  # raise it with any change of the pixels or boxes
SIZE = 192  # pixels
SPLITS = {"test": 300, "calibration": 128, "train": 16000, "val": 500}  # split: scenes by default
BACKGROUND = 0  # in class maps; class c is c + 1
MAX_HIDDEN = 50  # per cent of an object that later ones may cover
MIN_CONTRAST = 60  # smallest distance (sum over R, G, B) between an object's mean colour and what it covers
_VAL_FROM = 55000


class Scene(NamedTuple):
    """image: uint8 [192, 192, 3], RGB; instances: uint8 [192, 192], 0 or the visible object's number from 1 up;
    labels, sources: class and index in Fashion-MNIST's split of object 1, 2, ... (back to front)."""

    image: np.ndarray
    instances: np.ndarray
    labels: list
    sources: list

    def masks(self):
        """bool [objects, 192, 192]: the visible pixels of each object."""
        return self.instances == np.arange(1, len(self.labels) + 1)[:, None, None]

    def boxes(self):
        """int [objects, 4]: x, y, width, height of the visible pixels of each object, as COCO writes them."""
        return np.array([_box(mask) for mask in self.masks()], np.int64).reshape(-1, 4)

    def class_map(self):
        """uint8 [192, 192]: 0 background, class + 1 elsewhere."""
        return np.array([BACKGROUND] + [label + 1 for label in self.labels], np.uint8)[self.instances]


def split_objects(split, fashion_mnist=None, download=False):
    """The Objects that scenes of ``split`` are made of; 'train' and 'val' need the full set (fashion_mnist.full)."""
    check_split(split)
    if split in ("test", "calibration"):
        return carried(split)
    objects = full("train", fashion_mnist, download)
    own = objects.indices >= _VAL_FROM if split == "val" else objects.indices < _VAL_FROM
    return objects.subset(own & ~np.isin(objects.indices, carried("calibration").indices))


def check_split(split):
    """InputError, with near names, unless ``split`` is one."""
    if split not in SPLITS:
        raise InputError(
            f"unknown split {split!r} of fashion scenes{near_names(split, SPLITS)} Known: {', '.join(SPLITS)}"
        )


def scene(objects, split, number):
    """Scene ``number`` (from 0) of ``split``, made of ``objects`` (what ``split_objects`` returns)."""
    stream = Stream(VERSION, list(SPLITS).index(split), number)
    canvas = background(stream, SIZE)
    instances = np.zeros((SIZE, SIZE), np.uint8)
    labels, sources, areas = [], [], []
    for _ in range(stream.between(1, 8)):
        pick = stream.below(len(objects.labels))
        tone, alpha = cut_out(stream, objects.images[pick])
        for _ in range(6):  # a place where nobody ends up mostly hidden; where there is none, leave the object out
            placed = _place(stream, alpha, instances, areas)
            if placed:
                _paint(stream, canvas, tone, alpha, *placed)
                window, part = placed
                solid = alpha[part] >= 128
                instances[window][solid] = len(labels) + 1
                labels.append(int(objects.labels[pick]))
                sources.append(int(objects.indices[pick]))
                areas.append(int(solid.sum()))
                break
    return Scene(canvas.clip(0, 255).astype(np.uint8), instances, labels, sources)


def cut_out(stream, tile):
    """One object, cropped, perhaps mirrored, scaled to 24..96 pixels: tone and opacity, int64 [h, w] of 0..255."""
    solid = _closed(tile > 6)
    x, y, width, height = _box(solid)
    tone = np.where(solid, tile, 0)[y : y + height, x : x + width]
    solid = solid[y : y + height, x : x + width]
    if stream.chance(50):
        tone, solid = tone[:, ::-1], solid[:, ::-1]
    # as many small objects as large ones: 24 * 4 ** (k / 16)
    size = (24, 26, 29, 31, 34, 37, 40, 44, 48, 52, 57, 62, 68, 74, 81, 88, 96)[stream.below(17)]
    scale = size * 256 // max(width, height)
    height, width = height * scale * stream.between(88, 112) // 25600, width * scale * stream.between(88, 112) // 25600
    height, width = max(height, 6), max(width, 6)
    alpha = resize(solid * 255, height, width).clip(0, 255)
    return resize(tone, height, width, cubic=True).clip(0, 255), alpha


def _closed(solid):
    """Morphological closing by 3 x 3: fills the specks where a dark cloth has the background's value."""
    padded = np.pad(solid, 2)
    grown = np.zeros((SIDE + 2, SIDE + 2), bool)
    for dy in range(3):
        for dx in range(3):
            grown |= padded[dy : dy + SIDE + 2, dx : dx + SIDE + 2]
    shrunk = np.ones((SIDE, SIDE), bool)
    for dy in range(3):
        for dx in range(3):
            shrunk &= grown[dy : dy + SIDE, dx : dx + SIDE]
    return shrunk


def _place(stream, alpha, instances, areas):
    """A random place for an object: slices of the scene and of the object, or None if it would hide another one.

    Up to a fifth of an object may lie outside the scene.
    """
    slices = []
    for length in alpha.shape:
        start = stream.between(-(length // 5), SIZE - length + length // 5)
        first, last = max(start, 0), min(start + length, SIZE)
        slices.append((slice(first, last), slice(first - start, last - start)))
    window, part = zip(*slices)
    solid = alpha[part] >= 128
    if solid.sum() < 40:
        return None
    left = np.bincount(np.where(solid, 0, instances[window]).ravel(), minlength=len(areas) + 1)
    touched = np.bincount(instances[window].ravel(), minlength=len(areas) + 1)
    visible = np.bincount(instances.ravel(), minlength=len(areas) + 1) - touched + left
    if any(visible[k + 1] * 100 < area * (100 - MAX_HIDDEN) for k, area in enumerate(areas)):
        return None
    return window, part


def _paint(stream, canvas, tone, alpha, window, part):
    """Paint one object in random colours, over a soft shadow, into ``canvas`` (in place)."""
    drop = stream.between(1, 4)
    shade(canvas, alpha, window, part, drop)
    cover(canvas, tone, alpha, window, part, colours_of(stream, canvas, tone, alpha, window, part))


def shade(canvas, alpha, window, part, drop):
    """The shadow of an object, ``drop`` pixels below it, into ``canvas`` (in place)."""
    alpha = alpha[part][..., None]
    below = tuple(slice(min(s.start + drop, SIZE), min(s.stop + drop, SIZE)) for s in window)
    dark = canvas[below]
    dark -= dark * alpha[: dark.shape[0], : dark.shape[1]] * 90 // 65025


def colours_of(stream, canvas, tone, alpha, window, part):
    """(colour of the darkest tone, of the lightest) of an object that is seen where it lies."""
    tone, alpha, under = tone[part], alpha[part][..., None], canvas[window]
    weight = int(alpha.sum())
    ground = (under * alpha).sum((0, 1)) // weight
    for _ in range(8):
        hue, saturation, value = stream.below(1536), stream.between(10, 220), stream.between(120, 255)
        high = hsv(hue, saturation, value)
        low = hsv(hue + stream.between(-60, 60), min(saturation + 30, 255), value * stream.between(8, 45) // 100)
        colour = mix(low, high, tone)
        if abs((colour * alpha).sum((0, 1)) // weight - ground).sum() >= MIN_CONTRAST:
            break
    return low, high


def cover(canvas, tone, alpha, window, part, colours):
    """An object in its ``colours`` into ``canvas`` (in place)."""
    under = canvas[window]
    under += (mix(*colours, tone[part]) - under) * alpha[part][..., None] // 255


def _box(mask):
    """x, y, width, height of the True pixels."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)
