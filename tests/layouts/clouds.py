"""ModelNet40 (Wu et al., 2015) and ShapeNetPart (Yi et al., 2016) in each layout that is in use, and clouds in one numpy file."""

import json

import numpy as np

from adapters.points.data.modelnet import MODELNET40
from adapters.points.data.shapenet import CLASSES, FOLDERS, PARTS, SYNSETS, first_parts
from helpers.clouds import CUBE, off

from .registry import layout

POINTS = 96


def _cloud(rng, number=POINTS):
    return rng.random((number, 3)).astype(np.float32)


MODELNET10 = "bathtub bed chair desk dresser monitor night_stand sofa table toilet".split()


@layout("modelnet40")
def modelnet_meshes(folder, place="ModelNet40", classes=MODELNET40):
    """ModelNet40/<class>/{train,test}/<name>.off: boxes of other sides; every second header runs into the numbers, as the set's do."""
    rng = np.random.default_rng(0)
    for name in classes:
        for split, numbers in (("train", (1, 2)), ("test", (3,))):
            for k in numbers:
                stretched = [tuple(v) for v in np.array(CUBE[0]) * rng.uniform(1, 5, 3)]
                path = folder / place / name / split / f"{name}_{k:04d}.off"
                off(path, stretched, header="OFF" if k == 2 else "OFF\n")
    return folder


@layout("modelnet10")
def modelnet10(folder):
    """ModelNet10, laid out likewise."""
    return modelnet_meshes(folder, "ModelNet10", MODELNET10)


def modelnet_hdf5(folder):
    """modelnet40_ply_hdf5_2048/ply_data_{train,test}<n>.h5 (data, label, normal), and the lists of their names."""
    import h5py

    place, rng = folder / "modelnet40_ply_hdf5_2048", np.random.default_rng(0)
    place.mkdir(parents=True)
    for split in ("train", "test"):
        with h5py.File(place / f"ply_data_{split}0.h5", "w") as file:
            file["data"] = np.stack([_cloud(rng) for _ in MODELNET40])
            file["label"] = np.arange(40, dtype=np.uint8)[:, None]
            file["normal"] = np.zeros((40, POINTS, 3), np.float32)
        (place / f"{split}_files.txt").write_text(f"data/modelnet40_ply_hdf5_2048/ply_data_{split}0.h5\n")
    return folder


def modelnet_text(folder):
    """modelnet40_normal_resampled: <class>/<name>.txt with normals, and the lists of names of train and test."""
    place, rng = folder / "modelnet40_normal_resampled", np.random.default_rng(0)
    names = {split: [f"{name}_{k:04d}" for name in MODELNET40] for k, split in ((1, "train"), (2, "test"))}
    for split, listed in names.items():
        for name in listed:
            path = place / name.rsplit("_", 1)[0] / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savetxt(path, np.hstack([_cloud(rng), _cloud(rng)]), "%.6f", delimiter=",")
        (place / f"modelnet40_{split}.txt").write_text("".join(f"{name}\n" for name in listed))
    (place / "modelnet40_shape_names.txt").write_text("".join(f"{name}\n" for name in MODELNET40))
    return folder


@layout("shapenet", "shapenetpart")
def parts(folder, normals=False):
    """shapenetcore_partanno_segmentation_benchmark_v0: points/<id>.pts and points_label/<id>.seg (parts from 1), 2 train and 2
    test objects of each of 16 classes; ``normals``: the release with normals, one table an object, parts from 0 among all 50."""
    place, rng = folder / FOLDERS[int(normals)], np.random.default_rng(0)
    (place / "train_test_split").mkdir(parents=True)
    lists = {"train": [], "test": []}
    for synset, kind in SYNSETS.items():
        for k in range(4):
            name = f"{rng.integers(16**8):08x}{k}"
            lists["train" if k < 2 else "test"].append(f"shape_data/{synset}/{name}")
            points, labels = _cloud(rng), np.arange(POINTS) % PARTS[kind]
            (place / synset / "points").mkdir(parents=True, exist_ok=True)
            (place / synset / "points_label").mkdir(exist_ok=True)
            if normals:
                table = np.column_stack([points, points, labels + first_parts()[kind]])
                np.savetxt(place / synset / f"{name}.txt", table, "%.6f")
            else:
                np.savetxt(place / synset / "points" / f"{name}.pts", points, "%.5f")
                np.savetxt(place / synset / "points_label" / f"{name}.seg", labels + 1, "%d")
    for split, entries in lists.items():
        (place / "train_test_split" / f"shuffled_{split}_file_list.json").write_text(json.dumps(entries))
    (place / "synsetoffset2category.txt").write_text("".join(f"{kind}\t{synset}\n" for synset, kind in SYNSETS.items()))
    return folder


def parts_hdf5(folder):
    """hdf5_data/ply_data_{train,test}<n>.h5: data, label, pid (parts among all 50)."""
    import h5py

    place, rng, first = folder / "hdf5_data", np.random.default_rng(0), first_parts()
    place.mkdir(parents=True)
    for split in ("train", "test"):
        with h5py.File(place / f"ply_data_{split}0.h5", "w") as file:
            file["data"] = np.stack([_cloud(rng) for _ in CLASSES])
            file["label"] = np.arange(16, dtype=np.uint8)[:, None]
            file["pid"] = np.stack([first[kind] + np.arange(POINTS) % PARTS[kind] for kind in CLASSES]).astype(np.uint8)
    return folder


@layout("arrays Sweet Home 3D furniture")
def furniture(folder, number=70, points=2048):
    """sh3d_359.npz: x float16 [clouds, points, 3], y the numbers of ModelNet40's classes."""
    rng = np.random.default_rng(0)
    x = rng.random((number, points, 3)).astype(np.float16)
    np.savez_compressed(folder / "sh3d_359.npz", x=x, y=(np.arange(number) % 40).astype(np.uint8))
    return folder
