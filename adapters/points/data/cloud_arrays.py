"""Clouds in one numpy file: x [clouds, points, columns] and y [clouds]."""

import numpy as np

from adafire.errors import InputError

from ...shared.asked import root_folder, take
from ...shared.class_order import names_told
from ...shared.labels import checked
from . import shapes
from .cloud_sets import CloudSet, Listed, aside, cloud_sets, generated, in_memory, in_order
from .modelnet import MODELNET40
from .tables import columns


@cloud_sets.register("arrays")
def arrays(data, options):
    """A numpy file: clouds x [n, N, 3 or more columns, x y z first] and labels y [n], numbers or names (other usual names of the
    arrays go too), of ``classes``: a list, or 'modelnet40'.

    ``set_aside`` of the clouds calibrate; with 'shapes' in its place the generated shapes do, and all clouds are
    scored.
    """
    file, name, classes, number = take(data, "arrays", file=None, name="clouds", classes="modelnet40", set_aside=64)
    classes = MODELNET40 if classes == "modelnet40" else names_told(classes)
    path = root_folder(options, None, str(file)) / str(file)
    try:
        with np.load(path, allow_pickle=False) as content:
            points, labels = (
                next((content[k] for k in keys if k in content), None)
                for keys in (("x", "points", "data"), ("y", "labels", "label"))
            )
    except Exception as error:  # zipfile and numpy raise what they like on damaged files
        raise InputError(
            f"'{path}' is missing or no .npz file ({str(error)[:100]}); expected arrays x and y"
        ) from error
    if points is None or labels is None or points.ndim != 3 or not points.size:
        found = "" if points is None else f" in its array of shape {list(points.shape)}"
        raise InputError(f"'{path}' holds no clouds{found}; expected arrays x [clouds, points, 3] and y [clouds]")
    if labels.size != len(points) or labels.ndim > 2:
        coded = (
            "; one row a cloud with a 1 for its class goes as y.argmax(1)"
            if labels.ndim == 2 and len(labels) == len(points)
            else ""
        )
        raise InputError(
            f"'{path}' has {len(points)} clouds and labels of shape {list(labels.shape)}; expected one a cloud{coded}"
        )
    labels = checked(labels, classes, path)
    listed = [
        Listed(f"{k:05d}", int(label), in_memory(columns(cloud, f"{path}, cloud {k}")[:, :3]))
        for k, (cloud, label) in enumerate(zip(points, labels))
    ]
    if number == "shapes":
        candidates = [item._replace(read=in_memory(item.read(0, "")[0])) for item in generated({}, options).candidates]
        return CloudSet(name, classes, in_order(listed), candidates, aside_points=shapes.POINTS)
    return aside(name, classes, listed, number, f"'{path}'", options)
