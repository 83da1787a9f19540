"""The clouds that a point cloud variant's network is trained on, in memory."""

import numpy as np

from adafire.errors import InputError

from ..shared.training import Part, without_scored
from .data import cloud_arrays, modelnet, shapenet  # noqa: F401  register their sets
from .data.cloud_sets import load, read


def training(settings, options):
    """Training of a variant's ``settings``: float32 [n, 3, points], in the unit sphere, as many points as the task takes; with
    parts [n, points] where the task is of parts. more: parts, their names, and parts_of, those of each class."""
    found = read(settings.get("data"), options)
    how = (settings.get("points", 1024), settings.get("sampling", "random"), float(settings.get("turn_y", 0)))
    with_parts = settings.get("target", "class") == "parts"
    if found.set_aside:
        raise InputError(
            f"{found.name} has no train set in '{options.data_root}'; to train, give a folder that holds its train set too"
        )
    to_train = found.train() if found.train else found.candidates
    train, test = (_part(listed, load(listed, *how), with_parts) for listed in (to_train, found.test))
    of_parts = {"parts": list(found.parts), "parts_of": [list(own) for own in found.parts_of]} if with_parts else {}
    return without_scored(found.name, found.classes, train, test, of_parts)


def _part(listed, clouds, with_parts):
    points = np.ascontiguousarray(clouds.points.transpose(0, 2, 1))
    parts = clouds.parts if with_parts else None
    return Part([item.id for item in listed], points, clouds.labels, clouds.digests, parts)
