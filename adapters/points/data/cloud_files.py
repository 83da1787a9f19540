"""One object in a file: a mesh whose surface is sampled, or a cloud.

Meshes: .off .obj .stl .ply .glb; clouds: .ply (without faces) .pcd .pts .xyz .txt .npy. A file that cannot serve is an
InputError that names it and says what was found.
"""

import hashlib
from pathlib import Path

import numpy as np

from adafire.errors import InputError

from ..open3d_library import open3d
from . import pcd
from .meshes import READERS, read_mesh
from .solids import sample_surface, unit_sphere
from .tables import columns, text_table

MESHES = tuple(READERS)
TEXTS = (".txt", ".xyz", ".pts")
SUFFIXES = (*MESHES, *TEXTS, ".pcd", ".npy")
SAMPLINGS = ("random", "first", "fps")
OVERSAMPLE = 4
"""Points spread over a mesh for each one asked for, where farthest-point sampling then chooses."""


def generator(name):
    """The random numbers that belong to a name: whatever else is read, in whatever order, an object's sample is the
    same."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


def read_points(path, count, sampling, name):
    """float64 [N, 3] with N >= ``count``: a mesh's surface sampled, a cloud as it stands."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"'{path}' is missing; copy or unpack the data set again")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _array(path)[:, :3]
    if suffix in TEXTS:
        return text_table(path)[:, :3]
    if suffix not in SUFFIXES:
        raise InputError(f"'{path}' is of kind {suffix or 'none'!r}; expected one of {', '.join(SUFFIXES)}")
    try:
        if suffix == ".pcd":
            return pcd.read(path.read_bytes())
        vertices, triangles = read_mesh(path)
    except (ValueError, OSError) as error:
        raise InputError(f"'{path}' {error}") from error
    if len(triangles):
        factor = OVERSAMPLE if sampling == "fps" else 1
        return sample_surface(vertices, triangles, factor * count, generator(name))[0]
    if suffix != ".ply" or not len(vertices):
        raise InputError(
            f"mesh '{path}' has no faces ({len(vertices)} vertices and 0 triangles); expected triangles to spread points over "
            "(a cloud of points goes as .ply, .pcd, .xyz, .txt or .npy)"
        )
    return vertices


def _array(path):
    try:
        return columns(np.load(path, allow_pickle=False), path)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(
            f"'{path}' is no array of numbers ({str(error)[:100]}); expected .npy of shape [points, 3]"
        ) from error


def prepared(points, parts, count, sampling, name):
    """(float32 [count, 3] in the unit sphere, parts [count] or None) of a cloud [N, 3].

    sampling: 'random' points of it, the 'first' ones, or 'fps': farthest-point sampling (Open3D's; Eldar et al., TIP
    1997). InputError: NaN or infinite coordinates, fewer points than asked for, a label file of another length.
    """
    bad = int((~np.isfinite(points).all(1)).sum())
    if bad:
        raise InputError(
            f"cloud '{name}' has {bad} points with NaN or infinite coordinates, of {len(points)}; mend or leave "
            "out that file"
        )
    if len(points) > 1 and not np.ptp(points, axis=0).any():
        raise InputError(
            f"cloud '{name}' has {len(points)} points, all at {points[0].tolist()}: its file was never filled, or is of "
            "another kind; copy or export it again"
        )
    if parts is not None and len(parts) != len(points):
        raise InputError(
            f"cloud '{name}' has {len(points)} points, but its label file has {len(parts)} labels; expected one "
            "label a point: take the two files of one release"
        )
    if len(points) < count:
        raise InputError(
            f"cloud '{name}' has {len(points)} points, {count} are asked for; lower points= in the task's data, "
            "or give denser clouds"
        )
    if sampling == "first" or len(points) == count:
        chosen = np.arange(count)
    elif sampling == "random":
        chosen = np.sort(generator(name).choice(len(points), count, replace=False))
    else:
        chosen = farthest_points(points, count)
    return unit_sphere(points[chosen]).astype(np.float32), None if parts is None else np.asarray(parts)[chosen]


def farthest_points(points, count):
    """Indices [count], ascending, of points [N, 3]: points[0], then always the one farthest from those chosen."""
    o3d = open3d()
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
    cloud.colors = o3d.utility.Vector3dVector(np.repeat(np.arange(len(points), dtype=np.float64)[:, None], 3, 1))
    found = np.asarray(cloud.farthest_point_down_sample(count, 0).colors)[:, 0]
    return found.astype(np.int64)
