"""Sets of point clouds by name: which clouds are scored, which may serve to calibrate, in the layouts people have.

A reader is a function (data: the task's dict without 'type', options: WorkloadOptions) -> CloudSet. Reading a set lists
it; ``load`` reads the clouds that are wanted, checks them, and keeps what it made in the cache.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import Registry, near_names

from ...shared import asked
from ...shared.array_cache import cached
from ...shared.asked import root_folder, take
from ...shared.class_order import numbered, one_spelling
from ...shared.draws import by_hash, set_aside
from ...shared.stray_files import is_stray
from . import shapes
from .cloud_files import SAMPLINGS, SUFFIXES, prepared, read_points
from .tables import is_prose

VERSION = 2  # of how a file becomes a cloud
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
    how many points the candidates have, where that differs. notes: what a record should say of the files. train: function
    without arguments -> the Listed to train on (None: the candidates, unless they are taken from the test set)."""

    name: str
    classes: tuple
    test: list
    candidates: list
    set_aside: bool = False
    parts: tuple = ()
    parts_of: Any = None
    aside_points: int | None = None
    notes: tuple = ()
    train: Callable | None = None


class Clouds(NamedTuple):
    """float32 [n, N, 3], labels int64 [n], parts int64 [n, N] or None, sha256 of each cloud's points and parts."""

    points: np.ndarray
    labels: np.ndarray
    parts: Any
    digests: list


def read(data, options):
    """CloudSet of a task's ``data``: {'type': name, ...}; InputError for what is unknown, not there, or listed twice."""
    found = asked.read(cloud_sets, data, options)
    for listed in (found.test, found.candidates):
        places = {}
        for item in listed:
            if item.id in places:
                names = [str(f) for f in (*places[item.id].files[:1], *item.files[:1])]
                raise InputError(
                    f"{found.name} lists cloud '{item.id}' twice ({' and '.join(dict.fromkeys(names))}); list it once, or "
                    "leave one of the files out"
                )
            places[item.id] = item
    return found


def in_order(listed):
    """``listed`` by a hash of their ids: the same everywhere, and every stretch of it holds all classes."""
    return by_hash(listed, name=lambda item: item.id)


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

    stamps = [
        (item.id, item.form, [(str(f.name), f.stat().st_size, f.stat().st_mtime_ns) for f in item.files if f.exists()])
        for item in listed
    ]
    on_disk = all(item.files for item in listed)
    key = hashlib.sha256(json.dumps([VERSION, points, sampling, stamps]).encode()).hexdigest()
    found = cached(f"clouds-{key[:32]}", make) if on_disk else make()
    cloud, parts = found["points"], found.get("parts")
    if turn_y:
        c, s = np.cos(np.deg2rad(turn_y)), np.sin(np.deg2rad(turn_y))
        cloud = (cloud @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])).astype(np.float32)
    digests = [
        hashlib.sha256(c.tobytes() + (b"" if parts is None else parts[k].tobytes())).hexdigest()
        for k, c in enumerate(cloud)
    ]
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


def aside(name, classes, listed, number, what, options, **more):
    """CloudSet where only a test set is there: ``number`` clouds for each draw calibrate and are never scored."""
    ordered, draws = in_order(listed), options.draws or 1
    if len(ordered) <= draws * number:
        raise InputError(
            f"{what} holds {len(ordered)} clouds, and {draws * number} are to be set aside for calibration; lower "
            f"set_aside= in the task's data{' or --draws' if draws > 1 else ''}"
        )
    of_draws = [set_aside(ordered, number, options._replace(draw=k), what) for k in range(draws)]
    candidates = [cloud for own, _ in of_draws for cloud in own]
    return CloudSet(name, classes, of_draws[0][1], candidates, True, **more)


@cloud_sets.register("shapes")
def generated(data, options):
    """The generated furniture and objects (adapters/points/data/shapes.py): split 'test' is scored, 'calibration'
    calibrates."""
    take(data, "shapes")

    def listed(split):
        found = shapes.clouds(split)
        return [
            Listed(f"{split}/{k:04d}", int(label), in_memory(cloud, parts.astype(np.int64)))
            for k, (cloud, label, parts) in enumerate(zip(*found))
        ]

    return CloudSet(
        "generated shapes",
        shapes.CLASSES,
        listed("test"),
        listed("calibration"),
        parts=shapes.PARTS,
        parts_of=[shapes.PARTS_OF[name] for name in shapes.CLASSES],
    )


@cloud_sets.register("folders")
def folders(data, options):
    """Meshes or clouds in folders: <class>/test/<file> and <class>/train/<file>, or test/<class>/<file>, or
    <class>/<file> (``set_aside`` of these calibrate). ``up``: the files' vertical axis. ``classes``: names of all class
    folders in the order of the network's outputs, or a text file of them (default: in the order of their names)."""
    root, name, up, number, classes = take(
        data, "folders", root=None, name="clouds", up="y", set_aside=64, classes=None
    )
    if up not in ("y", "z"):
        raise InputError(f"up is {up!r}; expected 'y' or 'z', the files' vertical axis")
    root = root_folder(options, root, "<class>/test/<file>")
    found = class_folders(root)
    classes, notes = numbered(found[0], classes, root, also=found[1])
    return folder_set(root, name, up, number, classes, found, options, notes)


def class_folders(root):
    """({class: files} to score, the same to calibrate on, notes on files that are left out). Hidden and stray files are, too."""
    found, left = {}, Counter()
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not is_stray(p.relative_to(root))):
        places, suffix = path.relative_to(root).parts[:-1], path.suffix.lower()
        split = next((p for p in places if p in ("train", "test")), "")
        kind = next((p for p in places if p != split), None)
        if kind is None:
            continue
        if suffix not in SUFFIXES or suffix == ".txt" and is_prose(path):
            left[f"{suffix or 'without a suffix'}{' without a line of numbers' * (suffix == '.txt')}"] += 1
        else:
            found.setdefault(split, {}).setdefault(one_spelling(kind), []).append(path)
    test, train = found.get("test") or found.get("") or {}, found.get("train", {})
    if not test:
        raise InputError(
            f"no meshes or clouds in '{root}'; expected <class>/test/<file> with a file of kind {', '.join(SUFFIXES)}"
        )
    kinds = ", ".join(f"{number} {kind}" for kind, number in left.most_common(4))
    return (
        test,
        train,
        (f"{left.total()} files in the class folders are left out, as they are no clouds: {kinds}",) if left else (),
    )


def folder_set(root, name, up, number, classes, found, options, notes=()):
    """CloudSet of what ``class_folders`` found, classes in the order of ``classes``."""

    def listed(files, split):
        return [
            Listed(key, classes.index(kind), from_file(path, key, up), (path,), up)
            for kind, paths in files.items()
            if kind in classes
            for key, path in _names(root, f"{split}/{kind}", paths)
        ]

    test, train, left = found
    notes += left
    if not train:
        return aside(name, classes, listed(test, "test"), number, f"'{root}'", options, notes=notes)
    return CloudSet(name, classes, in_order(listed(test, "test")), in_order(listed(train, "train")), notes=notes)


def _names(root, prefix, paths):
    """[(id, path)]: a file's name, with the folders it lies in where another of the class has that name, too."""
    stems = Counter(path.stem for path in paths)
    places = [path.relative_to(root).with_suffix("").as_posix() for path in paths]
    return [(f"{prefix}/{path.stem if stems[path.stem] == 1 else place}", path) for path, place in zip(paths, places)]
