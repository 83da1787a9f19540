"""One object in a file: a mesh whose surface is sampled, or a cloud, read with Open3D; text and numpy files with numpy.

Meshes: .off .obj .stl .ply .glb; clouds: .ply (without faces) .pcd .pts .xyz .txt .npy. A file that cannot serve is an
InputError that names it and says what was found.
"""

import hashlib
import re
import tempfile
from pathlib import Path

import numpy as np

from adafire.errors import InputError

from ..open3d_library import open3d
from .solids import sample_surface, unit_sphere

MESHES = (".off", ".obj", ".stl", ".ply", ".glb")
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
    if suffix in MESHES:
        vertices, triangles = _mesh(path)
        if len(triangles):
            factor = OVERSAMPLE if sampling == "fps" else 1
            return sample_surface(vertices, triangles, factor * count, generator(name))[0]
        if suffix != ".ply" or not len(vertices):
            raise InputError(
                f"mesh '{path}' has no faces (Open3D reads {len(vertices)} vertices and 0 triangles of it); expected "
                "triangles to spread points over (a cloud of points goes as .ply, .pcd, .xyz, .txt or .npy)")
        return vertices
    if suffix == ".npy":
        try:
            return _columns(np.load(path, allow_pickle=False), path)
        except (ValueError, EOFError, OSError) as error:
            raise InputError(
                f"'{path}' is no array of numbers ({str(error)[:100]}); expected .npy of shape [points, 3]") from error
    if suffix in TEXTS:
        return text_table(path)[:, :3]
    if suffix == ".pcd":
        o3d = open3d()
        with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
            return np.asarray(o3d.io.read_point_cloud(str(path)).points)
    raise InputError(f"'{path}' is of kind {suffix or 'none'!r}; expected one of {', '.join(SUFFIXES)}")


def _mesh(path):
    o3d = open3d()
    head = path.open("rb").read(64)
    merged = path.suffix.lower() == ".off" and re.match(rb"OFF[ \t]*[0-9]", head)
    with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
        if merged:  # many of ModelNet40's files begin 'OFF490 518 0', in one line, which Open3D refuses
            with tempfile.TemporaryDirectory() as folder:
                mended = Path(folder) / "mesh.off"
                mended.write_bytes(b"OFF\n" + path.read_bytes()[3:])
                mesh = o3d.io.read_triangle_mesh(str(mended))
        else:
            mesh = o3d.io.read_triangle_mesh(str(path))
    return np.asarray(mesh.vertices), np.asarray(mesh.triangles)


def text_table(path):
    """float64 [rows, columns] of numbers with blanks or commas between, at least three columns."""
    try:
        text = Path(path).read_text(encoding="ascii").replace(",", " ")
        rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return _columns(np.array(rows, np.float64), path)
    except (ValueError, OSError) as error:
        raise InputError(
            f"'{path}' is no table of numbers ({str(error)[:100]}); expected a point a line: x y z") from error


def _columns(table, path):
    if table.ndim != 2 or table.shape[1] < 3:
        raise InputError(f"'{path}' holds an array of shape {list(table.shape)}; expected [points, 3 or more columns]")
    return table.astype(np.float64)


def prepared(points, parts, count, sampling, name):
    """(float32 [count, 3] in the unit sphere, parts [count] or None) of a cloud [N, 3].

    sampling: 'random' points of it, the 'first' ones, or 'fps': farthest-point sampling (Open3D's; Eldar et al., TIP
    1997). InputError: NaN or infinite coordinates, fewer points than asked for, a label file of another length.
    """
    bad = int((~np.isfinite(points).all(1)).sum())
    if bad:
        raise InputError(
            f"cloud '{name}' has {bad} points with NaN or infinite coordinates, of {len(points)}; mend or leave "
            "out that file")
    if parts is not None and len(parts) != len(points):
        raise InputError(
            f"cloud '{name}' has {len(points)} points, but its label file has {len(parts)} labels; expected one "
            "label a point: take the two files of one release")
    if len(points) < count:
        raise InputError(
            f"cloud '{name}' has {len(points)} points, {count} are asked for; lower points= in the task's data, "
            "or give denser clouds")
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
