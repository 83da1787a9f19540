"""Files of clouds and meshes: what is whole is read to the last digit, what is cut off or damaged is refused with both counts."""

import struct

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.points.data import pcd
from adapters.points.data.cloud_files import prepared, read_points
from adapters.points.data.meshes import read_mesh
from adapters.points.open3d_library import open3d

POINTS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32).astype(np.float64)
CORNERS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1)]
QUAD_AND_TRIANGLE = [(0, 1, 2, 3), (0, 1, 4)]


def ply(order, points=POINTS, faces=()):
    form = {"": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    head = (
        f"ply\nformat {form} 1.0\ncomment made here\nelement vertex {len(points)}\nproperty uchar red\n"
        "property float x\nproperty double y\nproperty float z\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nproperty uchar flags\nend_header\n"
    ).encode()
    if order:
        rows = [struct.pack(f"{order}Bfdf", 7, *map(float, p)) for p in points]
        rows += [struct.pack(f"{order}B{len(f)}iB", len(f), *f, 1) for f in faces]
        return head + b"".join(rows)
    rows = ["7 " + " ".join(repr(float(v)) for v in p) for p in points] + [
        f"{len(f)} {' '.join(map(str, f))} 1" for f in faces
    ]
    return head + "\n".join(rows).encode() + b"\n"


def packed_by_lzf(data):
    """Literal runs, and one copy of 9 bytes that overlaps what it makes where the data begin with ten of the same."""
    assert data[:10] == data[:1] * 10
    out = bytes([0]) + data[:1] + bytes([7 << 5, 0, 0])  # one byte, then 7 + 0 + 2 bytes from one byte back
    for k in range(10, len(data), 32):
        piece = data[k : k + 32]
        out += bytes([len(piece) - 1]) + piece
    return out


def pcd_file(form, points=POINTS):
    head = (
        f"# .PCD v0.7\nVERSION 0.7\nFIELDS label x y z normal\nSIZE 4 4 4 8 4\nTYPE U F F F F\nCOUNT 1 1 1 1 3\nWIDTH {len(points)}\n"
        f"HEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(points)}\nDATA {form}\n"
    ).encode()
    if form == "ascii":
        return head + "".join(f"0 {p[0]!r} {p[1]!r} {p[2]!r} 1 2 3\n" for p in points.tolist()).encode()
    fields = [
        np.zeros(len(points), "<u4"),
        *points.T[:2].astype("<f4"),
        points[:, 2].astype("<f8"),
        np.ones((len(points), 3), "<f4"),
    ]
    if form == "binary":
        return head + b"".join(b"".join(field[k].tobytes() for field in fields) for k in range(len(points)))
    data = b"".join(field.tobytes() for field in fields)
    small = packed_by_lzf(data)
    return head + struct.pack("<II", len(small), len(data)) + small


def off(points=CORNERS, faces=QUAD_AND_TRIANGLE, head="OFF\n{} {} 0\n", after=""):
    return (
        head.format(len(points), len(faces))
        + "".join(f"{x} {y} {z}{after}\n" for x, y, z in points)
        + "".join(f"{len(f)} {' '.join(map(str, f))}\n" for f in faces)
    ).encode()


def obj(points=CORNERS, faces=QUAD_AND_TRIANGLE, shift=1):
    return (
        "# made here\nmtllib a.mtl\n"
        + "".join("v %r %r %r\n" % p for p in points)
        + "vn 0 0 1\n"
        + "".join("f " + " ".join(f"{c + shift}//1" for c in f) + "\n" for f in faces)
    ).encode()


def stl(binary, triangles=((0, 1, 2), (0, 1, 4))):
    if binary:
        return (
            b"solid, says even this".ljust(80)
            + struct.pack("<I", len(triangles))
            + b"".join(struct.pack("<12fH", 0, 0, 1, *(v for c in t for v in CORNERS[c]), 0) for t in triangles)
        )
    facets = "".join(
        "facet normal 0 0 1\nouter loop\n"
        + "".join("vertex %d %d %d\n" % CORNERS[c] for c in t)
        + "endloop\nendfacet\n"
        for t in triangles
    )
    return f"solid made\n{facets}endsolid made\n".encode()


def write(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


CLOUDS = {
    "a.ply": ply(""),
    "b.ply": ply("<"),
    "c.ply": ply(">"),
    "a.pcd": pcd_file("ascii"),
    "b.pcd": pcd_file("binary"),
    "c.pcd": pcd_file("binary_compressed"),
}
MESHES = {
    "a.off": off(),
    "a.obj": obj(),
    "a.stl": stl(False),
    "b.stl": stl(True),
    "d.ply": ply("", CORNERS, QUAD_AND_TRIANGLE),
    "e.ply": ply("<", CORNERS, QUAD_AND_TRIANGLE),
    "f.ply": ply(">", CORNERS, QUAD_AND_TRIANGLE),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_whole_clouds_to_the_last_digit(tmp_path, name):
    assert np.array_equal(read_points(write(tmp_path, name, CLOUDS[name]), 40, "random", "a"), POINTS)


@pytest.mark.parametrize("name", MESHES)
def test_whole_meshes_and_their_polygons(tmp_path, name):
    vertices, triangles = read_mesh(write(tmp_path, name, MESHES[name]))
    sides = vertices[triangles]
    areas = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1) / 2
    assert areas.tolist() == ([0.5, 0.5] if "stl" in name else [0.5, 0.5, 0.5])  # the square is two triangles


@pytest.mark.parametrize("name", [name for name in (*CLOUDS, *MESHES) if name != "a.obj"])
def test_no_cut_file_is_read(tmp_path, name):
    """Every cut but those that leave all numbers: behind the last digit, or within it where a text has nothing behind it."""
    content = {**CLOUDS, **MESHES}[name]
    text = not name.startswith(("b", "c", "e", "f"))
    last = content.rstrip().rfind(b"\n") if text else len(content)
    for end in [*range(1, last, 7), last - 1]:
        with pytest.raises(InputError) as caught:
            read_points(write(tmp_path, name, content[:end]), 8, "random", "a")
        assert str(tmp_path / name) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name,cut,words",
    [
        ("b.ply", 17, "39 of the 40 vertex entries"),
        ("c.ply", 17 * 20, "20 of the 40 vertex"),
        ("a.ply", 400, "of the 40 vertex entries"),
        ("e.ply", 3, "1 of the 2 face entries"),
        ("a.pcd", 800, "of the 40 points"),
        ("b.pcd", 33, "38 of the 40 points"),
        ("c.pcd", 1, "packed points that its header tells of .its 40 points"),
        ("a.off", 8, "5 of the 5 vertices and 1 of the 2 faces"),
        ("b.stl", 50, "1 of the 2 triangles"),
        ("a.stl", 20, "without 'endsolid'"),
    ],
)
def test_both_counts_are_named(tmp_path, name, cut, words):
    with pytest.raises(InputError, match=words):
        read_points(write(tmp_path, name, {**CLOUDS, **MESHES}[name][:-cut]), 8, "random", "a")


def test_the_same_as_open3d_on_whole_triangles(tmp_path):
    o3d = open3d()
    made = o3d.geometry.TriangleMesh.create_torus(1.0, 0.3, 9, 5)
    for name, more in (("a.off", {}), ("a.obj", {}), ("a.stl", {}), ("a.ply", {}), ("b.ply", {"write_ascii": True})):
        made.compute_vertex_normals()
        o3d.io.write_triangle_mesh(str(tmp_path / name), made, **more)
        other = o3d.io.read_triangle_mesh(str(tmp_path / name))
        vertices, triangles = read_mesh(tmp_path / name)
        assert np.allclose(vertices[triangles], np.asarray(other.vertices)[np.asarray(other.triangles)], atol=1e-6), (
            name
        )
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(POINTS.round(1)))  # round: so that it packs
    o3d.io.write_point_cloud(str(tmp_path / "a.pcd"), cloud, compressed=True)
    assert np.allclose(pcd.read((tmp_path / "a.pcd").read_bytes()), POINTS.round(1), atol=1e-6)


@pytest.mark.parametrize(
    "head,after",
    [
        ("OFF\n{} {} 0\n", ""),
        ("OFF{} {} 0\n", ""),
        ("off\n{} {} 0\n", ""),
        ("OFF {} {} 0\n", ""),
        ("COFF\n{} {} 0\n", " 255 0 0 255"),
        ("COFF\n{} {} 0\n", ""),
        ("NOFF\n{} {} 0\n", " 0 0 1"),
        ("{} {} 0\n", ""),
        ("# made\nOFF\n# counts\n{} {}\n", ""),
        ("\ufeffOFF\r\n{} {} 0\r\n", ""),
    ],
)
def test_heads_of_off(tmp_path, head, after):
    vertices, triangles = read_mesh(write(tmp_path, "a.off", off(head=head, after=after)))
    assert vertices.tolist() == [list(map(float, c)) for c in CORNERS] and len(triangles) == 3


@pytest.mark.parametrize(
    "name,content,words",
    [
        ("a.off", off(faces=[(0, 1, 2), (0, 1, 12)]), "the corner 12, but 5 vertices .0 to 4.; 1 corners"),
        ("a.off", off(faces=[(0, 1, -2)]), "the corner -2"),
        ("a.obj", obj(faces=[(0, 1, 7)]), "the corner 7, but 5 vertices"),
        ("a.obj", obj(shift=0), "counted from 1"),
        ("a.obj", obj()[:-7], "three or more corners"),
        ("a.obj", b"v 0 0 0\nv 1 0", "a vertex of 2 numbers"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nf 1 2 3\n", "the corner 2, but 2 vertices"),
        ("d.ply", ply("<", CORNERS, [(0, 1, 99)]), "the corner 99"),
        ("a.off", off(points=[("nan", 0, 0), *CORNERS[1:]]), "3 faces with NaN or infinite coordinates, of 3"),
        ("a.off", off(points=[(0, 0, 0)] * 5), "2 faces without area"),
        ("a.off", off(points=[(0, 0, 0), (1, 0, 0), (2, 0, 0)], faces=[(0, 1, 2)]), "1 faces without area"),
        ("a.off", off(points=[("0,5", 1, 2), *CORNERS[1:]]), "no number"),
        ("a.ply", ply("").replace(b"vertex 40", b"vertex 39"), "numbers behind what its header tells of"),
        ("a.ply", ply("").replace(b"property double y", b"property double v"), "expected the properties x, y, z"),
        ("a.ply", ply("").replace(b"float x", b"half x"), "header that cannot be understood .'property half x'"),
        (
            "a.pcd",
            pcd_file("ascii").replace(b"POINTS 40", b"POINTS 39"),
            "40 lines of points, but its header tells of 39",
        ),
        ("a.pcd", pcd_file("ascii").replace(b"label x y z", b"label u v z"), "expected x, y, z among the fields"),
        ("a.pcd", pcd_file("binary").replace(b"DATA binary", b"DATA base64"), "of the kind 'base64'"),
        ("a.glb", b"glTF" + struct.pack("<II", 2, 100) + b"x" * 30, "42 bytes of the 100"),
        ("a.glb", b"junk", "no .glb file"),
    ],
)
def test_damaged_files_are_named_with_the_value(tmp_path, name, content, words):
    with pytest.raises(InputError, match=words) as caught:
        read_points(write(tmp_path, name, content), 8, "random", "a")
    assert str(tmp_path / name) in str(caught.value)


def test_a_copy_that_begins_before_the_data_is_damage():
    with pytest.raises(ValueError, match="do not unpack"):
        pcd.unpacked(bytes([0, 5, 7 << 5, 0, 9]), 10)
    assert pcd.unpacked(packed_by_lzf(b"a" * 10 + b"bcd" * 30), 100) == b"a" * 10 + b"bcd" * 30


def test_a_file_that_was_never_filled_is_no_cloud():
    with pytest.raises(InputError, match="40 points, all at .0.0, 0.0, 0.0."):
        prepared(np.zeros((40, 3)), None, 8, "random", "a")
