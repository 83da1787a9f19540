"""Clouds as tables, text and arrays: as programs write them, and what is wrong said with the line or the shape."""

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.points.data.cloud_files import prepared, read_points

ROWS = np.random.default_rng(3).normal(size=(30, 3)).round(6)
LINES = [" ".join(f"{v:.6f}" for v in row) for row in ROWS]


def lines(sep=" ", head=(), end="\n", table=ROWS):
    return end.join([*head, *(sep.join(f"{v:.6f}" for v in row) for row in table), ""])


@pytest.mark.parametrize(
    "name,content",
    [
        ("a.txt", lines()),
        ("a.txt", lines(",")),
        ("a.txt", lines(", ")),
        ("a.txt", lines(";")),
        ("a.txt", lines("\t", end="\r\n")),
        ("a.txt", lines(head=["//X Y Z"])),
        ("a.txt", lines(head=["  # cloud", "", "// made in 2020"])),
        ("a.txt", lines(",", head=["x,y,z"])),
        ("a.txt", lines(",", head=['"X [m]", "Y [m]", "Z [m]"'])),
        ("a.txt", b"\xef\xbb\xbf" + lines().encode()),
        ("a.txt", lines().encode("utf-16")),
        ("a.txt", "# Größe\n".encode("latin-1") + lines().encode()),
        ("a.pts", lines(head=["30"])),
        ("a.xyz", lines(table=np.c_[ROWS, ROWS])),
        ("a.txt", lines(",", table=ROWS).replace("\n", ",\n")),
        ("a.txt", lines(" ", head=["//R G B X Y Z"], table=np.c_[ROWS * 0 + 255, ROWS])),
        ("a.txt", lines(",", head=["z,y,x"], table=ROWS[:, ::-1])),
    ],
)
def test_text_clouds_as_programs_write_them(tmp_path, name, content):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert np.array_equal(read_points(tmp_path / name, 30, "first", "a"), ROWS)


@pytest.mark.parametrize(
    "content,words",
    [
        (lines().replace(".", ","), "line 1 '.*' has decimal commas"),
        (lines(";").replace(".", ","), "has decimal commas"),
        (lines("\t").replace(".", ","), "has decimal commas"),
        (lines(",").replace(".", ","), "numbers have decimal commas"),
        (lines(", ").replace(".", ","), "decimal commas"),
        (lines(head=["31"]), "begins with the number 31, and 30 points are there"),
        ("\n".join([*LINES[:10], LINES[10][:12]]), "line 11 has 2 columns, and line 1 has 3"),
        (lines(",").replace(",", ",,", 1), "line 2 has 3 columns, and line 1 has 4"),
        (lines(",").replace("\n", ",,\n", 3).replace(",,", ",").replace(",", ",,"), "could not convert"),
        ("", "holds no points"),
        ("x y z\n", "holds no points"),
        ("only words here\n1 2 3\n", "neither numbers nor names of columns"),
        (lines(head=["a b c"]), "neither numbers nor names"),
        (lines(head=["i x y z"]), "3 columns and 4 names"),
    ],
)
def test_tables_that_are_refused(tmp_path, content, words):
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        read_points(tmp_path / "a.txt", 8, "first", "a")
    assert str(tmp_path / "a.txt") in str(caught.value)


def test_whole_numbers_with_commas_are_no_decimal_commas(tmp_path):
    table = np.random.default_rng(0).integers(0, 256, (30, 6))
    (tmp_path / "a.txt").write_text("\n".join(",".join(map(str, row)) for row in table))
    assert np.array_equal(read_points(tmp_path / "a.txt", 8, "first", "a"), table[:, :3])


@pytest.mark.parametrize(
    "make",
    [
        lambda: ROWS,
        lambda: np.c_[ROWS, ROWS],
        lambda: np.c_[ROWS, np.ones(30)],
        lambda: ROWS.astype(">f8"),
        lambda: np.asfortranarray(ROWS),
        lambda: np.rec.fromarrays([np.ones(30), *ROWS.T[::-1]], names="i,z,y,x"),
    ],
)
def test_arrays_of_every_form(tmp_path, make):
    np.save(tmp_path / "a.npy", make())
    assert np.array_equal(read_points(tmp_path / "a.npy", 30, "first", "a"), ROWS)


@pytest.mark.parametrize("dtype", [np.float16, np.int16, np.uint8, ">i4"])
def test_arrays_of_other_numbers(tmp_path, dtype):
    table = np.arange(90).reshape(30, 3).astype(dtype)
    np.save(tmp_path / "a.npy", table)
    cloud, _ = prepared(read_points(tmp_path / "a.npy", 30, "first", "a"), None, 30, "first", "a")
    want = np.arange(90.0).reshape(30, 3) - 43.5 - np.array([0, 1, 2]) + 1
    assert np.allclose(cloud, (want - want.mean(0)) / np.linalg.norm(want - want.mean(0), axis=1).max(), atol=1e-6)


@pytest.mark.parametrize(
    "array,words",
    [
        (ROWS.T, r"shape \[3, 30\].*30 points, save the array's transpose"),
        (np.zeros((480, 640)), "at most 64 columns"),
        (ROWS.astype(complex), "array of complex128"),
        (ROWS > 0, "array of bool"),
        (np.array([["a"] * 3]), "array of <U1"),
        (np.zeros((0, 3)), "holds no points"),
        (np.zeros((5, 8, 3)), r"shape \[5, 8, 3\]"),
        (np.rec.fromarrays(ROWS.T, names="u,v,w"), "fields u, v, w; expected x, y, z"),
    ],
)
def test_arrays_that_are_no_cloud(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=words):
        read_points(tmp_path / "a.npy", 8, "first", "a")
