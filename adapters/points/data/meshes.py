"""Meshes in files: .off .obj .stl .ply .glb -> vertices and triangles, checked before a point is drawn from them.

Files are read here, whole or not at all: what Open3D makes of one that is shorter than its header is memory that nobody
wrote. Open3D cuts polygons of more than three corners into triangles, and reads .glb.
"""

import re
import struct
import tempfile
from pathlib import Path

import numpy as np

from ..open3d_library import open3d
from . import ply

STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_mesh(path):
    """(vertices float64 [V, 3], triangles int64 [F, 3]), F = 0 for a .ply that is a cloud; ValueError says what is wrong."""
    content = path.read_bytes()
    vertices, faces = READERS[path.suffix.lower()](content, path)
    for k, face in enumerate(faces if isinstance(faces, list) else ()):
        if len(face) < 3:
            raise ValueError(f"has face {k} of {len(face)} corners; expected three or more")
    corners = np.concatenate(faces) if isinstance(faces, list) else faces.ravel()
    wrong = np.flatnonzero((corners < 0) | (corners >= len(vertices)))
    if len(wrong):
        raise ValueError(
            f"has a face with the corner {corners[wrong[0]]}, but {len(vertices):,} vertices (0 to "
            f"{len(vertices) - 1}); {len(wrong):,} corners are so: export it again"
        )
    flat = "has {:,} faces without area; expected a surface to spread points over"
    if len(faces) and np.isfinite(vertices).all() and not np.ptp(vertices, axis=0).any():
        raise ValueError(flat.format(len(faces)))
    triangles = _triangles(vertices, faces)
    bad = int((~np.isfinite(vertices[triangles]).all((1, 2))).sum()) if len(triangles) else 0
    if bad:
        raise ValueError(
            f"has {bad:,} faces with NaN or infinite coordinates, of {len(triangles):,}; mend or leave out that file"
        )
    sides = vertices[triangles][:, 1:] - vertices[triangles][:, :1]
    if len(triangles) and not np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum() > 0:
        raise ValueError(flat.format(len(triangles)))
    return vertices, triangles


def _triangles(vertices, faces):
    """int64 [F, 3] of faces of any size: polygons are cut by Open3D."""
    if not isinstance(faces, list) and faces.shape[1] == 3 or not len(faces):
        return np.asarray(faces, np.int64).reshape(-1, 3)
    lines = [
        f"OFF\n{len(vertices)} {len(faces)} 0",
        *(" ".join(map(repr, v)) for v in np.nan_to_num(vertices).tolist()),
        *(" ".join(map(str, (len(face), *face))) for face in (list(map(int, f)) for f in faces)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "polygons.off"
        path.write_text("\n".join(lines) + "\n")
        triangles = np.asarray(_open3d_mesh(path).triangles).astype(np.int64)
    if len(triangles) != sum(len(face) - 2 for face in faces):
        raise ValueError(
            f"has polygons that cannot be cut into triangles ({len(triangles):,} of them were found); export it "
            "as triangles"
        )
    return triangles


def _open3d_mesh(path):
    o3d = open3d()
    with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
        return o3d.io.read_triangle_mesh(str(path))


def _uniform(faces):
    """Faces as one array where all have as many corners."""
    if not faces:
        return np.zeros((0, 3), np.int64)
    return (
        np.array(faces, np.int64) if len({len(face) for face in faces}) == 1 else [np.array(f, np.int64) for f in faces]
    )


def _off(content, path):
    """Geomview's OFF, COFF, NOFF, in any case, or without that word; also 'OFF490 518 0' in one line, as many of ModelNet40's."""
    rows = [
        row
        for row in (line.split("#")[0].split() for line in content.decode("utf-8-sig", "replace").splitlines())
        if row
    ]
    if rows:
        rest = re.sub(r"^(?:ST)?C?N?OFF(?![A-Z])", "", rows[0][0], flags=re.IGNORECASE)
        rows[0][:1] = [rest] if rest else []
        rows = rows if rows[0] else rows[1:]
    try:
        vertices, faces = int(rows[0][0]), int(rows[0][1])
    except (IndexError, ValueError) as error:
        raise ValueError(
            f"does not begin with OFF and the numbers of vertices and faces ({' '.join(rows[0])[:40] if rows else ''!r})"
        ) from error
    if len(rows) - 1 < vertices + faces:
        there = (min(len(rows) - 1, vertices), max(0, len(rows) - 1 - vertices))
        raise ValueError(
            f"ends after {there[0]:,} of the {vertices:,} vertices and {there[1]:,} of the {faces:,} faces that its "
            "header tells of: it was cut off; copy or export it again"
        )
    points = _coordinates([row[:3] for row in rows[1 : 1 + vertices]])
    try:
        found = [list(map(int, row[: 1 + int(row[0])])) for row in rows[1 + vertices : 1 + vertices + faces]]
    except ValueError as error:
        raise ValueError(f"has a face that is no list of whole numbers ({str(error)[:80]})") from error
    for k, row in enumerate(found):
        if len(row) != row[0] + 1:
            raise ValueError(f"has face {k} of {row[0]} corners, and {len(row) - 1} stand there")
    return points, _uniform([row[1:] for row in found if row[0] > 2])


def _coordinates(rows):
    for row in rows:
        if len(row) < 3:
            raise ValueError(f"has a vertex of {len(row)} numbers ({' '.join(row)[:60]!r}); expected x y z")
    try:
        return np.array(rows, np.float64).reshape(-1, 3)
    except ValueError as error:
        raise ValueError(
            f"has a vertex that is no number ({str(error)[:80]}); expected decimal points and blanks between"
        ) from error


def _obj(content, path):
    """Wavefront's: v and f lines; corners count from 1, or from the last vertex back."""
    vertices, faces = [], []
    for line in content.decode("utf-8-sig", "replace").replace("\\\n", " ").splitlines():
        words = line.split()
        if words[:1] == ["v"]:
            vertices.append(words[1:4])
        elif words[:1] == ["f"]:
            try:
                corners = [int(word.partition("/")[0]) for word in words[1:]]
            except ValueError as error:
                raise ValueError(f"has the face {line[:60]!r}; expected whole numbers") from error
            if 0 in corners or len(corners) < 3:
                raise ValueError(f"has the face {line[:60]!r}; expected three or more corners, counted from 1")
            faces.append([c - 1 if c > 0 else len(vertices) + c for c in corners])
    return _coordinates(vertices), _uniform(faces)


def _stl(content, path):
    """Binary (an 80-byte head, a count, 50 bytes a triangle) or ascii."""
    count = struct.unpack_from("<I", content, 80)[0] if len(content) >= 84 else -1
    if len(content) != 84 + 50 * count and content.lstrip()[:5].lower() == b"solid" and b"facet" in content[:4096]:
        words = content.decode("ascii", "replace").lower().split()
        corners = _coordinates([words[k + 1 : k + 4] for k, word in enumerate(words) if word == "vertex"])
        facets = words.count("facet") - words.count("endfacet")
        if facets or len(corners) != 3 * words.count("endfacet") or "endsolid" not in words:
            raise ValueError(
                f"ends after {words.count('endfacet'):,} whole triangles, without 'endsolid': it was cut off; copy or "
                "export it again"
            )
    else:
        if count < 0 or len(content) < 84 + 50 * count:
            raise ValueError(
                f"ends after {max(0, len(content) - 84) // 50:,} of the {max(0, count):,} triangles that its header "
                "tells of: it was cut off; copy or export it again"
            )
        corners = np.frombuffer(content, STL, count, 84)["corners"].reshape(-1, 3).astype(np.float64)
    return corners, np.arange(len(corners)).reshape(-1, 3)


def _glb(content, path):
    """Binary glTF: its head holds the length of the whole."""
    length = struct.unpack_from("<I", content, 8)[0] if content[:4] == b"glTF" and len(content) >= 12 else None
    if length is None or len(content) < length:
        raise ValueError(
            f"has {len(content):,} bytes of the {length:,} that its header tells of: it was cut off; copy or export it "
            "again"
            if length is not None
            else "does not begin with 'glTF': it is no .glb file"
        )
    mesh = _open3d_mesh(path)
    return np.asarray(mesh.vertices), np.asarray(mesh.triangles).astype(np.int64)


READERS = {".off": _off, ".obj": _obj, ".stl": _stl, ".ply": lambda content, path: ply.read(content), ".glb": _glb}
