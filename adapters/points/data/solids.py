"""Solids from Open3D's primitive meshes, and points spread evenly over a surface. y is up, units are the object's
own."""

import functools
from typing import NamedTuple

import numpy as np

from ..open3d_library import open3d


class Part(NamedTuple):
    """A piece of an object: its label, vertices [V, 3] (float64) and triangles [F, 3] (indices)."""

    label: str
    vertices: np.ndarray
    triangles: np.ndarray


@functools.cache
def _unit(kind, ratio=0.0):
    """Vertices and triangles of a primitive that fits the cube from -1/2 to 1/2 (a torus: its ring lies across z)."""
    make = open3d().geometry.TriangleMesh
    mesh = {
        "box": lambda: make.create_box(),
        "sphere": lambda: make.create_sphere(0.5, 16),
        "cylinder": lambda: make.create_cylinder(0.5, 1.0, 24, 1),
        "cone": lambda: make.create_cone(0.5, 1.0, 24, 1),
        "torus": lambda: make.create_torus(0.5 / (1 + ratio), 0.5 * ratio / (1 + ratio), 24, 12),
    }[kind]()
    vertices = np.asarray(mesh.vertices).copy()
    low, high = vertices.min(0), vertices.max(0)
    vertices -= (low + high) / 2
    if kind in ("cylinder", "cone"):
        vertices = vertices[:, [1, 2, 0]]  # from z to y as their axis, without mirroring
    return vertices, np.asarray(mesh.triangles).copy()


def solid(kind, label, size, centre, axis="y", ratio=0.25):
    """Part: 'box', 'cylinder', 'cone', 'sphere' or 'torus' (``ratio``: of its tube to its ring) of ``size`` (along x,
    y, z before turning) with its centre at ``centre``. axis: where the solid's own y axis points, 'x', 'y' or 'z'."""
    vertices, triangles = _unit(kind, ratio if kind == "torus" else 0.0)
    vertices = vertices * np.asarray(size, np.float64)
    order = {"y": (0, 1, 2), "x": (1, 2, 0), "z": (2, 0, 1)}[axis]
    return Part(label, vertices[:, order] + np.asarray(centre, np.float64), triangles)


def bar(label, radius, start, end):
    """Part: a thin cylinder between two points."""
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = np.linalg.norm(end - start)
    y = (end - start) / length
    x = np.cross(y, [0.0, 0.0, 1.0] if abs(y[2]) < 0.9 else [1.0, 0.0, 0.0])
    x /= np.linalg.norm(x)
    part = solid("cylinder", label, (2 * radius, length, 2 * radius), (0, 0, 0))
    return part._replace(vertices=part.vertices @ np.stack([x, y, np.cross(x, y)]) + (start + end) / 2)


def sample_surface(vertices, triangles, count, rng):
    """(points [count, 3], index of the triangle of each): evenly over the area of a mesh, drawn from ``rng``.

    Source: Osada et al., Shape distributions, TOG 2002, section 4.1.
    """
    corners = np.asarray(vertices, np.float64)[triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    total = areas.cumsum()
    chosen = np.searchsorted(total, rng.random(count) * total[-1], side="right").clip(max=len(total) - 1)
    root, second = np.sqrt(rng.random((count, 1))), rng.random((count, 1))
    a, b, c = corners[chosen].transpose(1, 0, 2)
    return (1 - root) * a + root * (1 - second) * b + root * second * c, chosen


def unit_sphere(points):
    """Points [N, 3] moved and scaled so that their mean is the origin and the farthest lies at distance 1."""
    points = points - points.mean(0)
    return points / max(np.linalg.norm(points, axis=1).max(), 1e-12)
