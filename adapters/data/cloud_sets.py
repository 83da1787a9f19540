"""Sets of point clouds by name: which clouds are scored, which may serve to calibrate, in the layouts people have.

A reader is a function (data: the task's dict without 'type', options: WorkloadOptions) -> CloudSet. Reading a set lists
it; ``load`` reads the clouds that are wanted, checks them, and keeps what it made in the cache.
"""

import hashlib
import json
from typing import Any, Callable, NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import Registry, near_names

from . import asked, shapes
from .asked import root_folder, take
from .cloud_files import SAMPLINGS, SUFFIXES, prepared, read_points
from .point_cache import cached

VERSION = 1  # of how a file becomes a cloud
cloud_sets = Registry("point cloud set")


class Listed(NamedTuple):
    """An object: id, unique in its set; label: from 0; read: (count, sampling) -> (points [N, 3], parts [N] or None);
    files: what ``read`` opens, () for what is in memory; form: what ``read`` makes of them, where there is a choice."""

    id: str
    label: int
    read: Callable
    files: tuple = ()
    form: str = ""


class CloudSet(NamedTuple):
    """test: the Listed to score; candidates: for calibration, none of them in ``test``; both ``by_hash``. parts: names
    of parts, '<class> <part>', and parts_of: indices of the parts of each class, where there are parts. aside_points:
    how many points the candidates have, where that differs."""

    name: str
    classes: tuple
    test: list
    candidates: list
    set_aside: bool = False
    parts: tuple = ()
    parts_of: Any = None
    aside_points: int | None = None


class Clouds(NamedTuple):
    """float32 [n, N, 3], labels int64 [n], parts int64 [n, N] or None, sha256 of each cloud's points and parts."""

    points: np.ndarray
    labels: np.ndarray
    parts: Any
    digests: list


def read(data, options):
    """CloudSet of a task's ``data``: {'type': name, ...}; InputError for what is unknown or not there."""
    return asked.read(cloud_sets, data, options)


def by_hash(listed):
    """Ordered by a hash of the id: the same everywhere, and every stretch of it holds all classes."""
    return sorted(listed, key=lambda item: hashlib.sha256(item.id.encode()).digest())


def load(listed, points, sampling="random", turn_y=0.0):
    """Clouds of ``listed``, ``points`` points each, turned by ``turn_y`` degrees about the vertical (y)."""
    if sampling not in SAMPLINGS:
        raise InputError(f"sampling is {sampling!r}{near_names(sampling, SAMPLINGS)} Known: {', '.join(SAMPLINGS)}")

    def make():
        made = [prepared(*item.read(points, sampling), points, sampling, item.id) for item in listed]
        arrays = {"points": np.stack([cloud for cloud, _ in made])}
        if made[0][1] is not None:
            arrays["parts"] = np.stack([parts for _, parts in made]).astype(np.int64)
        return arrays

    stamps = [(item.id, item.form, [(str(f.name), f.stat().st_size, f.stat().st_mtime_ns) for f in item.files
                                    if f.exists()]) for item in listed]
    on_disk = all(item.files for item in listed)
    key = hashlib.sha256(json.dumps([VERSION, points, sampling, stamps]).encode()).hexdigest()
    found = cached(f"clouds-{key[:32]}", make) if on_disk else make()
    cloud, parts = found["points"], found.get("parts")
    if turn_y:
        c, s = np.cos(np.deg2rad(turn_y)), np.sin(np.deg2rad(turn_y))
        cloud = (cloud @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])).astype(np.float32)
    digests = [hashlib.sha256(c.tobytes() + (b"" if parts is None else parts[k].tobytes())).hexdigest()
               for k, c in enumerate(cloud)]
    return Clouds(cloud, np.array([item.label for item in listed], np.int64), parts, digests)


def in_memory(points, parts=None):
    """``read`` of a Listed whose cloud is at hand."""
    return lambda count, sampling: (points, parts)


def from_file(path, name, up="y"):
    """``read`` of a Listed that is one file without parts. up: the file's vertical axis; z is turned to y."""
    def reader(count, sampling):
        points = read_points(path, count, sampling, name)
        return (points if up == "y" else points[:, [0, 2, 1]] * [1.0, 1.0, -1.0]), None
    return reader


def aside(name, classes, listed, number, what, **more):
    """CloudSet where only a test set is there: the first ``number`` clouds calibrate and are never scored."""
    ordered = by_hash(listed)
    if len(ordered) <= number:
        raise InputError(f"{what} holds {len(ordered)} clouds, and {number} are to be set aside for calibration; lower "
                         "set_aside= in the task's data")
    return CloudSet(name, classes, ordered[number:], ordered[:number], True, **more)


@cloud_sets.register("shapes")
def generated(data, options):
    """The generated furniture and objects (adapters/data/shapes.py): split 'test' is scored, 'calibration'
    calibrates."""
    take(data, "shapes")

    def listed(split):
        found = shapes.clouds(split)
        return [Listed(f"{split}/{k:04d}", int(label), in_memory(cloud, parts.astype(np.int64)))
                for k, (cloud, label, parts) in enumerate(zip(*found))]
    return CloudSet("generated shapes", shapes.CLASSES, listed("test"), listed("calibration"), parts=shapes.PARTS,
                    parts_of=[shapes.PARTS_OF[name] for name in shapes.CLASSES])


@cloud_sets.register("arrays")
def arrays(data, options):
    """A numpy file: clouds x [n, N, 3] and labels y [n] (other usual names go too) of ``classes``: a list, or
    'modelnet40'.

    ``set_aside`` of the clouds calibrate; with 'shapes' in its place the generated shapes do, and all clouds are
    scored.
    """
    file, name, classes, number = take(data, "arrays", file=None, name="clouds", classes="modelnet40", set_aside=64)
    from .modelnet import MODELNET40
    classes = MODELNET40 if classes == "modelnet40" else tuple(classes)
    path = root_folder(options, None, str(file)) / str(file)
    try:
        with np.load(path, allow_pickle=False) as content:
            points, labels = (next((content[k] for k in keys if k in content), None)
                              for keys in (("x", "points", "data"), ("y", "labels", "label")))
    except Exception as error:  # zipfile and numpy raise what they like on damaged files
        raise InputError(
            f"'{path}' is missing or no .npz file ({str(error)[:100]}); expected arrays x and y") from error
    if points is None or labels is None or points.ndim != 3 or points.shape[2] != 3:
        raise InputError(f"'{path}' holds no clouds; expected arrays x [clouds, points, 3] and y [clouds]")
    if labels.shape != points.shape[:1]:
        raise InputError(
            f"'{path}' has {len(points)} clouds and labels of shape {list(labels.shape)}; expected one a cloud")
    check_labels(labels, classes, path)
    listed = [Listed(f"{k:05d}", int(label), in_memory(cloud.astype(np.float64)))
              for k, (cloud, label) in enumerate(zip(points, labels))]
    if number == "shapes":
        candidates = [item._replace(read=in_memory(item.read(0, "")[0])) for item in generated({}, options).candidates]
        return CloudSet(name, classes, by_hash(listed), candidates, aside_points=shapes.POINTS)
    return aside(name, classes, listed, number, f"'{path}'")


def check_labels(labels, classes, what):
    """InputError unless labels are whole numbers from 0 to one less than the classes."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" or len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        found = f"from {labels.min()} to {labels.max()}" if labels.size else "none"
        raise InputError(f"the labels of '{what}' are {found}; expected whole numbers from 0 to {len(classes) - 1} "
                         f"({len(classes)} classes)")


@cloud_sets.register("folders")
def folders(data, options):
    """Meshes or clouds in folders: <class>/test/<file> and <class>/train/<file>, or test/<class>/<file>, or
    <class>/<file> (``set_aside`` of these calibrate). ``up``: the files' vertical axis."""
    root, name, up, number = take(data, "folders", root=None, name="clouds", up="y", set_aside=64)
    return class_folders(root_folder(options, root, "<class>/test/<file>"), name, up, number)


def class_folders(root, name, up, number, classes=None):
    """CloudSet of class folders; ``classes``: the names that there must be."""
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES):
        places = path.relative_to(root).parts[:-1]
        split = next((p for p in places if p in ("train", "test")), "")
        kind = next((p for p in places if p != split), None)
        if kind is not None:
            found.setdefault(split, {}).setdefault(kind, []).append(path)
    test, train = found.get("test") or found.get("") or {}, found.get("train", {})
    names = tuple(sorted(test))
    if not names:
        raise InputError(
            f"no meshes or clouds in '{root}'; expected <class>/test/<file> with a file of kind {', '.join(SUFFIXES)}")
    different = sorted(set(names) ^ set(classes)) if classes else []
    if different:
        raise InputError(f"the class folders in '{root}' are not {name}'s: {different[0]!r} is "
                         f"{'missing' if different[0] in classes else 'unknown'}; expected {', '.join(classes)}")

    def listed(files, split):
        return [
            Listed(f"{split}/{kind}/{p.stem}", names.index(kind), from_file(p, f"{split}/{kind}/{p.stem}", up), (p, ),
                   up) for kind, paths in files.items() if kind in names for p in paths
        ]
    if not train:
        return aside(name, names, listed(test, "test"), number, f"'{root}'")
    return CloudSet(name, names, by_hash(listed(test, "test")), by_hash(listed(train, "train")))
