"""Readers of point clouds: each layout on a small copy made here, and one clear error for each thing that can be
wrong."""

import builtins
import json

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.points.data import cloud_arrays, cloud_sets, shapenet  # noqa: F401  (the first registers its set)
from adapters.points.data.cloud_files import farthest_points, prepared, read_points
from adapters.points.data.cloud_sets import load, read
from adapters.points.data.modelnet import MODELNET10, MODELNET40
from adapters.points.open3d_library import open3d
from helpers.clouds import CUBE, off
from helpers.programs import program


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))


def full(root):
    return WorkloadOptions(split="full", data_root=str(root))


# ---- files


def test_a_mesh_is_sampled_evenly_and_the_same_each_time(tmp_path):
    path = off(tmp_path / "cube.off")
    points = read_points(path, 3000, "random", "cube")
    assert points.shape == (3000, 3) and np.array_equal(points, read_points(path, 3000, "random", "cube"))
    ends = np.isin(points[:, 2].round(9), (0, 3)).mean()  # two of six faces, with 2 of 14 units of area
    assert abs(ends - 2 / 14) < 0.03
    assert not np.array_equal(points, read_points(path, 3000, "random", "another"))


def test_modelnets_merged_header_is_read(tmp_path):
    path = off(tmp_path / "cube.off", header="OFF")
    assert path.read_text().startswith("OFF8 12 0\n")
    assert read_points(path, 10, "random", "cube").shape == (10, 3)


@pytest.mark.parametrize("suffix", [".ply", ".pcd", ".xyz", ".npy", ".txt"])
def test_clouds_of_every_kind_are_read(tmp_path, suffix):
    points, path = np.random.default_rng(0).random((20, 3)), tmp_path / f"cloud{suffix}"
    if suffix == ".npy":
        np.save(path, points)
    elif suffix in (".xyz", ".txt"):
        path.write_text("\n".join(",".join(map(str, (*p, 0, 0, 1))) for p in points))
    else:
        o3d = open3d()
        o3d.io.write_point_cloud(str(path), o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points)))
    assert np.allclose(read_points(path, 20, "random", "cloud"), points, atol=1e-6)


def test_farthest_point_sampling_is_the_slow_definition():
    points = np.random.default_rng(1).random((40, 3))
    chosen = [0]
    while len(chosen) < 9:
        distance = np.min([np.linalg.norm(points - points[k], axis=1) for k in chosen], 0)
        chosen.append(int(distance.argmax()))
    assert farthest_points(points, 9).tolist() == sorted(chosen)
    parts = np.arange(40)
    cloud, labels = prepared(points, parts, 9, "fps", "a")
    assert labels.tolist() == sorted(chosen) and abs(np.linalg.norm(cloud, axis=1).max() - 1) < 1e-6


@pytest.mark.parametrize(
    "make,words",
    [
        (lambda p: off(p / "a.off", faces=[]), "a.off' has no faces"),
        (lambda p: off(p / "a.off", vertices=[], faces=[]), "0 vertices and 0 triangles"),
        (lambda p: (p / "a.xyz").write_text("1 2\n3 4\n"), r"shape \[2, 2\]"),
        (lambda p: (p / "a.xyz").write_text("1 2 3\nx y z\n"), "no table of numbers"),
        (lambda p: (p / "a.npy").write_bytes(b"\x93NUMPY broken"), "no array of numbers"),
        (lambda p: (p / "a.dwg").write_text("?"), "kind '.dwg'"),
        (lambda p: None, "is missing"),
    ],
)
def test_files_that_cannot_serve(tmp_path, make, words):
    make(tmp_path)
    path = next(iter(tmp_path.glob("a.*")), tmp_path / "a.off")
    with pytest.raises(InputError, match=words):
        read_points(path, 8, "random", "a")


@pytest.mark.parametrize(
    "points,parts,count,words",
    [
        (
            np.array([[0, 0, 1.0], [np.nan, 0, 0], [0, np.inf, 0]]),
            None,
            2,
            "2 points with NaN or infinite coordinates, of 3",
        ),
        (np.eye(3), None, 4, "3 points, 4 are asked for"),
        (np.eye(3), np.zeros(2, int), 2, "3 points, but its label file has 2 labels"),
    ],
)
def test_clouds_that_cannot_serve(points, parts, count, words):
    with pytest.raises(InputError, match=words):
        prepared(points, parts, count, "random", "a")


@pytest.mark.parametrize(
    "error,words",
    [
        (
            ImportError("libusb-1.0.so.0: cannot open shared object file: No such file or directory"),
            "sudo apt-get install libusb-1.0-0",
        ),
        (OSError("libGL.so.1: cannot open shared object file"), "libgl1"),
        (ModuleNotFoundError("No module named 'open3d'", name="open3d"), "pip install 'open3d"),
    ],
)
def test_a_missing_system_library_is_named(monkeypatch, error, words):
    real = builtins.__import__

    def broken(name, *rest, **more):
        if name == "open3d":
            raise error
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(InputError, match=words) as caught:
        open3d()
    assert isinstance(error, ModuleNotFoundError) or str(error).split(":")[0] in str(caught.value)


# ---- ModelNet40


def test_modelnet_meshes_stand_upright_and_calibrate_on_the_train_set(tmp_path):
    for name in MODELNET40:
        off(tmp_path / "ModelNet40" / name / "test" / f"{name}_0002.off")
        off(tmp_path / "ModelNet40" / name / "train" / f"{name}_0001.off")
    found = read(dict(type="modelnet40"), full(tmp_path))
    assert found.classes == MODELNET40 and len(found.test) == len(found.candidates) == 40 and not found.set_aside
    clouds = load(found.test[:4], 300)
    assert [MODELNET40[k] for k in clouds.labels] == [item.id.split("/")[1] for item in found.test[:4]]
    assert (np.ptp(clouds.points, axis=1).argmax(1) == 1).all()  # the file's z, the longest, is y now
    again = load(found.test[:4], 300)
    assert again.digests == clouds.digests and len(list((tmp_path / "cache" / "points").iterdir())) == 1
    off(found.test[0].files[0], vertices=[(2 * x, y, z) for x, y, z in CUBE[0]])
    assert load(found.test[:4], 300).digests != clouds.digests  # a file that changed is read again
    (tmp_path / "ModelNet40" / "boat" / "test").mkdir(parents=True)
    off(tmp_path / "ModelNet40" / "boat" / "test" / "boat_1.off")
    with pytest.raises(InputError, match="'boat' is unknown"):
        read(dict(type="modelnet40"), full(tmp_path))


def test_modelnet10_as_meshes_and_as_lists_beside_modelnet40s(tmp_path):
    for name in MODELNET10:
        off(tmp_path / "ModelNet10" / name / "test" / f"{name}_0002.off")
        off(tmp_path / "ModelNet10" / name / "train" / f"{name}_0001.off")
    found = read(dict(type="modelnet10"), full(tmp_path))
    assert (found.name, found.classes) == ("ModelNet10", MODELNET10) and len(found.test) == len(found.candidates) == 10
    assert load(found.test[:2], 100).points.shape == (2, 100, 3)
    with pytest.raises(InputError, match="no ModelNet40 in"):  # the other set, as its archive unpacks
        read(dict(type="modelnet40"), full(tmp_path))
    with pytest.raises(InputError, match="are not ModelNet40's: 'airplane' is missing"):
        read(dict(type="modelnet40"), full(tmp_path / "ModelNet10"))
    lists = tmp_path / "modelnet40_normal_resampled"
    lists.mkdir()
    (lists / "modelnet10_test.txt").write_text("night_stand_0001\n")
    (lists / "modelnet10_train.txt").write_text("toilet_0002\n")
    found = read(dict(type="modelnet10"), full(lists))
    assert [(item.id, item.label) for item in found.test] == [("test/night_stand_0001", 6)]
    (lists / "modelnet10_test.txt").write_text("xbox_0001\n")
    with pytest.raises(InputError, match="class 'xbox' is not one of ModelNet10's"):
        read(dict(type="modelnet10"), full(lists))


def test_modelnet_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed (pip install -e '.[test]')")
    rng = np.random.default_rng(0)
    for split, labels in (("train", [[1], [2]]), ("test", [[8], [33], [0]])):
        with h5py.File(tmp_path / f"ply_data_{split}0.h5", "w") as file:
            file["data"], file["label"] = rng.random((len(labels), 64, 3), np.float32), np.array(labels, np.uint8)
    found = read(dict(type="modelnet40"), full(tmp_path))
    assert sorted(item.label for item in found.test) == [0, 8, 33]
    assert load(found.test, 32, "first").points.shape == (3, 32, 3)
    with h5py.File(tmp_path / "ply_data_test0.h5", "a") as file:
        del file["label"]
        file["label"] = np.array([[1], [2]])
    with pytest.raises(InputError, match="3 clouds and 2 labels"):
        read(dict(type="modelnet40"), full(tmp_path))
    (tmp_path / "ply_data_test0.h5").write_bytes(b"not hdf5")
    with pytest.raises(InputError, match="damaged or no hdf5 file"):
        read(dict(type="modelnet40"), full(tmp_path))


def test_without_h5py_the_layout_says_what_to_type(tmp_path, monkeypatch):
    for split in ("train", "test"):
        (tmp_path / f"ply_data_{split}0.h5").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(InputError, match="pip install h5py"):
        read(dict(type="modelnet40"), full(tmp_path))


def test_modelnet_text(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("night_stand_0001", "night_stand_0002", "xbox_0001", "xbox_0002"):
        path = tmp_path / name.rsplit("_", 1)[0] / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(",".join(f"{v:.6f}" for v in row) for row in rng.random((50, 6))))
    (tmp_path / "modelnet40_test.txt").write_text("night_stand_0001\nxbox_0001\n")
    (tmp_path / "modelnet40_train.txt").write_text("night_stand_0002\nxbox_0002\n")
    found = read(dict(type="modelnet40"), full(tmp_path))
    assert {item.id: item.label for item in found.test} == {"test/night_stand_0001": 23, "test/xbox_0001": 39}
    assert load(found.test, 50).points.shape == (2, 50, 3)
    (tmp_path / "modelnet40_test.txt").write_text("boat_0001\n")
    with pytest.raises(InputError, match="class 'boat' is not one of ModelNet40's"):
        read(dict(type="modelnet40"), full(tmp_path))


def test_a_folder_without_modelnet_says_what_is_expected(tmp_path):
    with pytest.raises(InputError, match="expected ModelNet40 .its .off files., modelnet40_ply_hdf5_2048"):
        read(dict(type="modelnet40"), full(tmp_path))
    with pytest.raises(InputError, match="--data-root DIR"):
        read(dict(type="modelnet40"), WorkloadOptions(split="full"))


# ---- ShapeNet


def annotated(root, normals=False, labels=None):
    """A mug (2 parts) and a table (3 parts) in each split; part of point k: k modulo the parts."""
    rng = np.random.default_rng(0)
    for split, name in (("train", "aa"), ("test", "bb")):
        entries = []
        for synset, kind in (("03797390", "Mug"), ("04379243", "Table")):
            points, parts = rng.random((30, 3)), np.arange(30) % shapenet.PARTS[kind]
            folder, name = root / synset, f"{name}{kind}"
            entries.append(f"shape_data/{synset}/{name}")
            if normals:
                folder.mkdir(parents=True, exist_ok=True)
                table = np.column_stack([points, points, parts + shapenet.first_parts()[kind]])
                np.savetxt(folder / f"{name}.txt", table, fmt="%.6f")
            else:
                for sub, suffix, lines in (("points", "pts", points), ("points_label", "seg", labels or parts + 1)):
                    (folder / sub).mkdir(parents=True, exist_ok=True)
                    np.savetxt(folder / sub / f"{name}.{suffix}", lines, fmt="%.6f" if suffix == "pts" else "%d")
        (root / "train_test_split").mkdir(exist_ok=True)
        (root / "train_test_split" / f"shuffled_{split}_file_list.json").write_text(json.dumps(entries))


@pytest.mark.parametrize("normals", [False, True])
def test_shapenetpart_numbers_its_50_parts(tmp_path, normals):
    annotated(tmp_path, normals)
    found = read(dict(type="shapenetpart"), full(tmp_path))
    assert len(found.parts) == 50 and len(found.test) == len(found.candidates) == 2
    clouds = load(found.test, 30)
    for label, parts in zip(clouds.labels, clouds.parts):
        name = found.classes[label]
        assert sorted(set(parts)) == list(found.parts_of[label]) == {"Mug": [36, 37], "Table": [47, 48, 49]}[name]
        assert all(found.parts[p].startswith(f"{name} ") for p in parts)
    alone = read(dict(type="shapenetpart", category="Mug"), full(tmp_path))
    assert alone.classes == ("Mug",) and alone.parts_of == [(0, 1)] and set(load(alone.test, 30).parts[0]) == {0, 1}
    assert load(read(dict(type="shapenet"), full(tmp_path)).test, 30).parts is None


def test_shapenetpart_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed (pip install -e '.[test]')")
    for split in ("train", "test"):
        with h5py.File(tmp_path / f"ply_data_{split}0.h5", "w") as file:
            file["data"] = np.random.default_rng(len(split)).random((2, 20, 3), np.float32)
            file["label"], file["pid"] = np.array([[0], [11]]), np.array([[0, 3] * 10, [36, 37] * 10])
    found = read(dict(type="shapenetpart"), full(tmp_path))
    assert sorted(found.classes[item.label] for item in found.test) == ["Airplane", "Mug"]
    with h5py.File(tmp_path / "ply_data_test0.h5", "a") as file:
        file["pid"][1, 0] = 40
    with pytest.raises(InputError, match="a Mug, which has parts 1 to 2"):
        read(dict(type="shapenetpart"), full(tmp_path))


@pytest.mark.parametrize(
    "labels,words",
    [
        ([1, 2] * 7, "30 points, but its label file has 14 labels"),
        ([1, 2, 9] * 10, "has part 9 for a (Mug|Table)"),
        (["a"] * 30, None),
    ],
)
def test_a_label_file_that_does_not_match(tmp_path, labels, words):
    if words is None:
        annotated(tmp_path)
        next(tmp_path.glob("03797390/points_label/bb*.seg")).write_text("a b")
        words = "holds no whole numbers"
    else:
        annotated(tmp_path, labels=labels)
    found = read(dict(type="shapenetpart"), full(tmp_path))
    with pytest.raises(InputError, match=words):
        load(found.test, 20)


def test_shapenetpart_refusals(tmp_path):
    with pytest.raises(InputError, match="no ShapeNetPart in"):
        read(dict(type="shapenetpart"), full(tmp_path))
    annotated(tmp_path)
    with pytest.raises(InputError, match="did you mean 'Mug'"):
        read(dict(type="shapenetpart", category="Mgu"), full(tmp_path))
    (tmp_path / "train_test_split" / "shuffled_test_file_list.json").write_text("[1]")
    with pytest.raises(InputError, match="no list of files"):
        read(dict(type="shapenetpart"), full(tmp_path))


def test_shapenetcore_meshes(tmp_path):
    o3d = open3d()
    rows = ["id,synsetId,subSynsetId,modelId,split"]
    for k, (synset, split) in enumerate((("02691156", "train"), ("02691156", "test"), ("03001627", "test"))):
        path = tmp_path / synset / f"m{k}" / "models" / "model_normalized.obj"
        path.parent.mkdir(parents=True)
        o3d.io.write_triangle_mesh(str(path), o3d.geometry.TriangleMesh.create_sphere(resolution=5))
        rows.append(f"{k},{synset},{synset},m{k},{split}")
    (tmp_path / "all.csv").write_text("\n".join(rows) + "\n")
    found = read(dict(type="shapenet"), full(tmp_path))
    assert found.classes == ("02691156", "03001627") and len(found.test) == 2 and len(found.candidates) == 1
    assert load(found.test, 16, "fps").points.shape == (2, 16, 3)


# ---- arrays and folders


def npz(path, x=None, y=None):
    rng = np.random.default_rng(0)
    np.savez(path, x=rng.random((6, 20, 3)).astype(np.float16) if x is None else x, y=np.arange(6) if y is None else y)
    return dict(type="arrays", file=path.name, set_aside=2)


def test_arrays_set_clouds_aside_that_are_never_scored(tmp_path):
    found = read(npz(tmp_path / "a.npz"), full(tmp_path))
    assert len(found.test) == 4 and len(found.candidates) == 2 and found.set_aside
    assert not {item.id for item in found.test} & {item.id for item in found.candidates}
    straight, turned = load(found.test, 20).points, load(found.test, 20, turn_y=180).points
    assert np.allclose(turned, straight * [-1, 1, -1], atol=1e-6)


@pytest.mark.parametrize(
    "x,y,words",
    [
        (None, np.arange(5), "6 clouds and labels of shape"),
        (np.zeros((6, 3)), None, "holds no clouds"),
        (None, np.arange(6) + 35, "from 35 to 40; expected whole numbers from 0 to 39"),
        (None, np.arange(6) + 0.5, "expected whole numbers"),
    ],
)
def test_arrays_that_do_not_match(tmp_path, x, y, words):
    data = npz(tmp_path / "a.npz", x, y)
    with pytest.raises(InputError, match=words):
        read(data, full(tmp_path))


def test_arrays_refusals(tmp_path):
    with pytest.raises(InputError, match="missing or no .npz"):
        read(dict(type="arrays", file="b.npz"), full(tmp_path))
    data = npz(tmp_path / "a.npz")
    with pytest.raises(InputError, match="holds 6 clouds, and 6 are to be set aside"):
        read({**data, "set_aside": 6}, full(tmp_path))
    with pytest.raises(InputError, match="did you mean 'file'"):
        read(dict(type="arrays", fiel="a.npz"), full(tmp_path))


def test_folders_of_any_meshes(tmp_path):
    for kind in ("cup", "jar"):
        for k in range(3):
            off(tmp_path / kind / f"{k}.off")
    found = read(dict(type="folders", set_aside=2, name="mine"), full(tmp_path))
    assert found.classes == ("cup", "jar") and len(found.test) == 4 and found.set_aside
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no meshes or clouds"):
        read(dict(type="folders"), full(tmp_path / "empty"))


@pytest.mark.parametrize(
    "y",
    [
        [3, 0, 5, 1, 2, 4],
        [3.0, 0, 5, 1, 2, 4],
        [[3], [0], [5], [1], [2], [4]],
        list("dafbce"),
        [b"d", b"a", b"f", b"b", b"c", b"e"],
    ],
)
def test_labels_of_every_form(tmp_path, y):
    found = read({**npz(tmp_path / "a.npz", y=np.array(y)), "classes": list("abcdef")}, full(tmp_path))
    assert [item.label for item in sorted([*found.test, *found.candidates])] == [3, 0, 5, 1, 2, 4]


@pytest.mark.parametrize(
    "change,words",
    [
        (dict(y=np.array(list("abcdeg"))), "hold 'g', which is none of the 6 classes"),
        (dict(y=np.eye(6)), r"shape \[6, 6\].*y.argmax"),
        (dict(y=np.array([0, 1, 2, 3, 4, np.nan])), "hold nan"),
        (dict(x=np.zeros((6, 3, 20))), r"cloud 0' .*shape \[3, 20\].*transpose"),
        (dict(x=np.zeros((6, 20, 2))), r"shape \[20, 2\]"),
        (dict(x=np.zeros((0, 20, 3)), y=np.zeros(0, int)), r"shape \[0, 20, 3\]"),
    ],
)
def test_arrays_are_named_with_what_is_wrong(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        read({**npz(tmp_path / "a.npz", **change), "classes": list("abcdef")}, full(tmp_path))


def test_a_cut_archive_is_refused(tmp_path):
    data = npz(tmp_path / "a.npz")
    content = (tmp_path / "a.npz").read_bytes()
    for end in range(0, len(content), 97):
        (tmp_path / "a.npz").write_bytes(content[:end])
        with pytest.raises(InputError, match="missing or no .npz"):
            read(data, full(tmp_path))


def test_cut_and_empty_hdf5_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed (pip install -e '.[test]')")
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        with h5py.File(tmp_path / f"ply_data_{split}0.h5", "w") as file:
            file.create_dataset("data", data=rng.random((4, 64, 3), np.float32), chunks=(1, 64, 3), compression="gzip")
            file["label"] = np.arange(4)
    content = (tmp_path / "ply_data_test0.h5").read_bytes()
    for end in range(8, len(content), 397):
        (tmp_path / "ply_data_test0.h5").write_bytes(content[:end])
        with pytest.raises(InputError, match="damaged or no hdf5 file"):
            read(dict(type="modelnet40"), full(tmp_path))
    with h5py.File(tmp_path / "ply_data_test0.h5", "w") as file:
        file.create_dataset("data", (4, 64, 3), "f4", chunks=(1, 64, 3))  # room that nobody wrote to
        file["label"] = np.array([0, 1, 2, 3.5])
    with pytest.raises(InputError, match="hold 3.5"):
        read(dict(type="modelnet40"), full(tmp_path))
    with h5py.File(tmp_path / "ply_data_test0.h5", "a") as file:
        file["label"][3] = 3
    with pytest.raises(InputError, match="64 points, all at"):
        load(read(dict(type="modelnet40"), full(tmp_path)).test, 16)


# ---- class folders


def cups(root, *names):
    for k, name in enumerate(names):
        off(root / name, vertices=[(x + k, y, z + k * x) for x, y, z in CUBE[0]])
    return root


def test_what_is_no_data_is_left_out(tmp_path):
    root = tmp_path / "data"
    cups(root, *(f"{kind}/{split}/{k}.off" for kind in ("cup", "jar") for split in ("test", "train") for k in range(2)))
    (root / "cup" / "test" / "about.txt").write_text("About these 4 cups\n")
    (root / "cup" / "test" / "Thumbs.db").write_bytes(b"x")
    for name in (
        "cup/test/._0.off",
        "__MACOSX/cup/test/0.off",
        ".hidden/test/0.off",
        "README.txt",
        "jar/test/readme.txt",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\0\5\x16\7")
    found = read(dict(type="folders"), full(root))
    assert found.classes == ("cup", "jar") and len(found.test) == len(found.candidates) == 4
    assert load(found.test, 8).points.shape == (4, 8, 3)
    (root / "cup" / "test" / "part.step").write_text("a kind that is not read")
    assert (
        "2 files in the class folders are left out, as they are no clouds: 1 .txt without a line of numbers, 1 .step"
        in read(dict(type="folders"), full(root)).notes
    )
    (root / "cup" / "test" / "empty.txt").write_text("")
    with pytest.raises(InputError, match="empty.txt' is no table of numbers .it holds no points"):
        load(read(dict(type="folders"), full(root)).test, 8)


def test_one_name_in_several_folders_is_several_clouds(tmp_path):
    cups(tmp_path, *(f"{split}/cup/{k}/model.off" for split in ("test", "train") for k in range(3)))
    found = read(dict(type="folders"), full(tmp_path))
    assert len({item.id for item in found.test}) == 3 and len(set(load(found.test, 8).digests)) == 3
    off(tmp_path / "test" / "cup" / "0" / "model.ply")
    with pytest.raises(InputError, match="twice .*model.off and .*model.ply"):
        read(dict(type="folders"), full(tmp_path))


def test_a_list_that_names_a_cloud_twice(tmp_path):
    test_modelnet_text(tmp_path)
    (tmp_path / "modelnet40_test.txt").write_text("night_stand_0001\nxbox_0001\nnight_stand_0001\n")
    with pytest.raises(InputError, match="lists cloud 'test/night_stand_0001' twice"):
        read(dict(type="modelnet40"), full(tmp_path))
    annotated(tmp_path / "parts")
    file = tmp_path / "parts" / "train_test_split" / "shuffled_test_file_list.json"
    file.write_text(json.dumps(json.loads(file.read_text())[:1] * 2))
    with pytest.raises(InputError, match="ShapeNetPart lists cloud 'test/03797390/.*' twice"):
        read(dict(type="shapenetpart"), full(tmp_path / "parts"))


def test_classes_in_the_order_that_is_told(tmp_path):
    names = [str(k) for k in range(1, 11)]
    cups(tmp_path, *(f"{name}/{split}/{name}.off" for name in names for split in ("test", "train")))
    found = read(dict(type="folders"), full(tmp_path))
    assert found.classes == tuple(sorted(names)) and found.classes[1] == "10"
    assert (
        "another order of them is 1, 2, 3" in found.notes[0]
        and "order of their folders' names: 1, 10, 2" in found.notes[0]
    )
    told = read(dict(type="folders", classes=[*names, "11"]), full(tmp_path))
    assert told.notes == ("1 of the 11 classes have no folder (the first: 11); who predicts them is wrong",) and all(
        told.classes[item.label] == item.id.split("/")[1] for item in told.test
    )
    assert {item.id: item.label for item in told.test}["test/10/10"] == 9
    for classes, words in (
        (names[:9], "class folder '10', which classes= .* does not name"),
        (names + ["1"], "names '1' twice"),
        ("abc.txt", "no such file"),
        ([1, 2], "expected the list"),
    ):
        with pytest.raises(InputError, match=words):
            read(dict(type="folders", classes=classes), full(tmp_path))


def test_classes_from_a_file_and_accents_of_either_spelling(tmp_path):
    composed, apart = "ca\u00f1a", "can\u0303a"
    cups(tmp_path, *(f"{name}/{split}/1.off" for name in (apart, "jar") for split in ("test", "train")))
    (tmp_path / "names.txt").write_text(f"jar\n{composed}\n", "utf-8")
    found = read(dict(type="folders", classes="names.txt"), full(tmp_path))
    assert found.classes == ("jar", composed) and "in the order of 'names.txt': jar, " in found.notes[0]
    assert {item.files[0].parts[-3]: item.label for item in found.test} == {"jar": 0, apart: 1}


def test_parts_that_no_column_holds(tmp_path):
    annotated(tmp_path, normals=True)
    path = next(tmp_path.glob("03797390/bb*.txt"))
    table = np.loadtxt(path)
    np.savetxt(path, table[:, :3], fmt="%.6f")
    with pytest.raises(InputError, match="3 columns; expected x y z, normals, and the part"):
        load(read(dict(type="shapenetpart"), full(tmp_path)).test, 20)
    np.savetxt(path, np.c_[table[:, :6], table[:, 6] + 0.5], fmt="%.6f")
    with pytest.raises(InputError, match="hold 36.5"):
        load(read(dict(type="shapenetpart"), full(tmp_path)).test, 20)


def test_a_cache_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "file"))
    off(tmp_path / "data" / "cup" / "0.off")
    off(tmp_path / "data" / "cup" / "1.off")
    found = read(dict(type="folders", set_aside=1), full(tmp_path / "data"))
    with pytest.raises(InputError, match="set ADAFIRE_CACHE"):
        load(found.test, 8)


def test_a_damaged_cache_file_is_made_again(tmp_path):
    off(tmp_path / "data" / "cup" / "0.off")
    off(tmp_path / "data" / "cup" / "1.off")
    found = read(dict(type="folders", set_aside=1), full(tmp_path / "data"))
    digests = load(found.test, 8).digests
    (kept,) = (tmp_path / "cache" / "points").iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert load(found.test, 8).digests == digests


def test_every_set_is_registered_with_words():
    for name in cloud_sets.cloud_sets.names():
        assert cloud_sets.cloud_sets.get(name).__doc__


def test_the_command_line_says_it_in_one_message(tmp_path, capsys):
    run_bench = program("run_bench")

    npz(tmp_path / "sh3d_359.npz", y=np.arange(5))
    code = run_bench.main(
        [
            "modelnet40_pointnet",
            "--variant",
            "sweethome3d",
            "--data-root",
            str(tmp_path),
            "--checkpoint",
            "random",
            "--out",
            str(tmp_path / "out"),
        ]
    )
    said = capsys.readouterr().err
    assert code == 2 and said.count("error:") == 1 and "6 clouds and labels of shape [5]" in said
    assert "Traceback" not in said
