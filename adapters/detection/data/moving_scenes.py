"""Fashion scenes in motion: videos of 192 x 192 frames, deterministic, made on the fly. Source: ours.

The objects, backgrounds and colours are those of fashion_scenes.py's test split (on which the small detectors are scored, never
trained or calibrated). Objects move on straight lines and turn at the border; later ones pass in front. One in three comes or
goes in the middle of the video. The camera stands still, pans or shakes; light flickers and pixels are noisy if asked to.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from adafire.errors import InputError

from ...shared.fashion_mnist import CLASSES
from ...shared.textures import Stream, background
from . import coco_annotations
from .coco_export import coco_of
from .fashion_scenes import SIZE, VERSION, Scene, colours_of, cover, cut_out, shade

__all__ = ["CLASSES", "Motion", "video", "write"]

_KEY = 77  # tells a video's random numbers from those of a split
_LEAST = 40  # visible pixels of an object that counts


class _Actor(NamedTuple):
    tone: np.ndarray
    alpha: np.ndarray
    label: int
    source: int
    start: tuple
    way: tuple
    first: int
    last: int


class Motion(NamedTuple):
    """speed: of objects, pixels a frame; pan: of the camera; noise: largest change of a pixel's value, flicker: of all; shake:
    pixels that the camera is off at most, another way in every frame."""

    speed: float = 2.0
    pan: float = 0.0
    noise: int = 0
    flicker: int = 0
    shake: int = 0

    def check(self):
        """InputError unless all are numbers of 0 or more that a frame can hold."""
        for name, value in self._asdict().items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 64:
                raise InputError(f"{name}={value!r} of a video: expected a number from 0 to 64")
        return self


def video(objects, number, frames, motion=Motion()):
    """Iterator of ``frames`` Scenes of video ``number``; ``objects``: what ``split_objects('test')`` returns."""
    motion.check()
    stream = Stream(VERSION, _KEY, number)
    wide = np.tile(background(stream, SIZE), (1, 2, 1))
    actors = [_actor(stream, objects, frames) for _ in range(stream.between(3, 6))]
    looks = {}
    for k in range(frames):
        canvas = np.roll(wide, -round(motion.pan * k), 1)[:, :SIZE].copy()
        instances, labels, sources = np.zeros((SIZE, SIZE), np.uint8), [], []
        for i, actor in enumerate(actors):
            placed = _placed(actor, motion.speed * k) if actor.first <= k < actor.last else None
            if placed is None:
                continue
            window, part = placed
            if i not in looks:
                own = Stream(VERSION, _KEY, number, i)
                looks[i] = own.between(1, 4), colours_of(own, canvas, actor.tone, actor.alpha, window, part)
            shade(canvas, actor.alpha, window, part, looks[i][0])
            cover(canvas, actor.tone, actor.alpha, window, part, looks[i][1])
            instances[window][actor.alpha[part] >= 128] = len(labels) + 1
            labels.append(actor.label)
            sources.append(actor.source)
        if motion.shake:
            off = Stream(VERSION, _KEY, number, 1000 + k, 1)
            way = [off.between(-int(motion.shake), int(motion.shake)) for _ in range(2)]
            canvas, instances = shaken(canvas, way, "edge"), shaken(instances, way, "constant")
        changes = Stream(VERSION, _KEY, number, 1000 + k)
        if motion.flicker:
            canvas = canvas + changes.between(-int(motion.flicker), int(motion.flicker))
        if motion.noise:
            canvas = canvas + changes.below(2 * int(motion.noise) + 1, canvas.shape) - int(motion.noise)
        yield _visible(Scene(canvas.clip(0, 255).astype(np.uint8), instances, labels, sources))


def shaken(picture, way, mode):
    """``picture`` [H, W, ...] moved by ``way`` (pixels down and to the right); what comes in is as np.pad's ``mode`` has it.

    >>> shaken(np.array([[1, 2], [3, 4]]), (1, -1), "constant").tolist()
    [[0, 0], [2, 0]]
    """
    most = max(map(abs, way))
    padded = np.pad(picture, [(most, most)] * 2 + [(0, 0)] * (picture.ndim - 2), mode)
    return padded[tuple(slice(most - d, most - d + n) for d, n in zip(way, picture.shape))].copy()


def _actor(stream, objects, frames):
    pick = stream.below(len(objects.labels))
    tone, alpha = cut_out(stream, objects.images[pick])
    start = tuple(stream.below(max(1, SIZE - length)) for length in alpha.shape)
    angle = stream.below(360) * np.pi / 180
    first, last = 0, frames
    kind = stream.below(6)
    if kind == 0:
        first = stream.below(max(1, frames // 2))
    elif kind == 1:
        last = frames - stream.below(max(1, frames // 2))
    return _Actor(
        tone,
        alpha,
        int(objects.labels[pick]),
        int(objects.indices[pick]),
        start,
        tuple(round(float(f(angle)) * 65536) / 65536 for f in (np.sin, np.cos)),  # the same on every machine
        first,
        last,
    )


def _placed(actor, distance):
    """Slices of the scene and of the object after ``distance`` pixels; it turns at the border, a fifth of it outside."""
    slices = []
    for length, start, way in zip(actor.alpha.shape, actor.start, actor.way):
        low, span = -(length // 5), SIZE - length + 2 * (length // 5)
        place = (start - low + way * distance) % (2 * span)
        at = low + round(place if place <= span else 2 * span - place)
        first, last = max(at, 0), min(at + length, SIZE)
        slices.append((slice(first, last), slice(first - at, last - at)))
    window, part = zip(*slices)
    return window, part


def _visible(drawn):
    """The scene without objects of which next to nothing is seen."""
    seen = [k for k in range(1, len(drawn.labels) + 1) if np.count_nonzero(drawn.instances == k) >= _LEAST]
    number = np.zeros(len(drawn.labels) + 1, np.uint8)
    number[seen] = np.arange(1, len(seen) + 1)
    keep = lambda values: [values[k - 1] for k in seen]
    return Scene(drawn.image, number[drawn.instances], keep(drawn.labels), keep(drawn.sources))


def write(folder, objects, number, frames, motion=Motion()):
    """Write a video's frames and boxes below ``folder``; returns its CocoSet, ids from 1 in the order of the frames."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for k, drawn in enumerate(video(objects, number, frames, motion)):
        name = f"{k + 1:06d}.png"
        Image.fromarray(drawn.image).save(folder / name, compress_level=1)
        images.append({"id": k + 1, "file_name": name, "height": SIZE, "width": SIZE})
        for label, box in zip(drawn.labels, drawn.boxes()):
            box, area = box.tolist(), int(box[2] * box[3])
            entry = {"id": len(annotations) + 1, "image_id": k + 1, "category_id": label + 1, "iscrowd": 0}
            annotations.append({**entry, "bbox": box, "area": area})
    file = folder / "instances.json"
    file.write_text(json.dumps(coco_of(f"fashion scenes in motion, video {number}", images, annotations)))
    return coco_annotations.read(file, folder)
