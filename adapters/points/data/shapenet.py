"""ShapeNet's clouds with part labels (Yi et al., TOG 2016), for classes and for parts, in three layouts:

    shapenetcore_partanno_segmentation_benchmark_v0          <synset>/points/<id>.pts, points_label/<id>.seg
    shapenetcore_partanno_segmentation_benchmark_v0_normal   <synset>/<id>.txt: x y z, normal, part
    hdf5_data                                                ply_data_{train,test}<n>.h5: data, label, pid (wants h5py)

and ShapeNetCore's meshes: all.csv and <synset>/<id>/models/model_normalized.obj (or model.obj), for classes.
"""

import csv

import numpy as np

from adafire.errors import InputError
from adafire.registry import near_names

from ...shared.asked import root_folder, take
from ...shared.json_files import read_json
from ...shared.labels import checked, whole_numbers
from ...shared.paths import below
from .cloud_sets import CloudSet, Listed, cloud_sets, from_file, in_memory, in_order
from .modelnet import hdf5
from .tables import text_table

PARTS = {
    "Airplane": 4,
    "Bag": 2,
    "Cap": 2,
    "Car": 4,
    "Chair": 4,
    "Earphone": 3,
    "Guitar": 3,
    "Knife": 2,
    "Lamp": 4,
    "Laptop": 2,
    "Motorbike": 6,
    "Mug": 2,
    "Pistol": 3,
    "Rocket": 3,
    "Skateboard": 3,
    "Table": 3,
}
CLASSES = tuple(PARTS)
SYNSETS = dict(
    zip(
        (
            "02691156",
            "02773838",
            "02954340",
            "02958343",
            "03001627",
            "03261776",
            "03467517",
            "03624134",
            "03636649",
            "03642806",
            "03790512",
            "03797390",
            "03948459",
            "04099429",
            "04225987",
            "04379243",
        ),
        CLASSES,
    )
)
FOLDERS = (
    "shapenetcore_partanno_segmentation_benchmark_v0",
    "shapenetcore_partanno_segmentation_benchmark_v0_normal",
    "hdf5_data",
)


def first_parts():
    """class -> index of its first part, among all 50."""
    return dict(zip(CLASSES, np.cumsum([0, *PARTS.values()]).tolist()))


@cloud_sets.register("shapenetpart")
def shapenetpart(data, options):
    """ShapeNetPart's test set with parts; ``category``: one class alone, its parts numbered from 0 (as networks
    that were trained a class at a time want it). Calibration: of its train set."""
    root, category = take(data, "shapenetpart", root=None, category=None)
    if category is not None and category not in CLASSES:
        raise InputError(f"category is {category!r}{near_names(category, CLASSES)} Known: {', '.join(CLASSES)}")
    test, train = _read(root_folder(options, root, " or ".join(FOLDERS)))
    classes, first = CLASSES if category is None else (category,), first_parts()
    if category is not None:
        number = CLASSES.index(category)
        test, train = (
            [_alone(item, first[category]) for item in items if item.label == number] for items in (test, train)
        )
        first = {category: 0}
    return CloudSet(
        "ShapeNetPart",
        classes,
        in_order(test),
        in_order(train),
        parts=tuple(f"{name} {k + 1}" for name in classes for k in range(PARTS[name])),
        parts_of=[tuple(range(first[name], first[name] + PARTS[name])) for name in classes],
    )


def _alone(item, offset):
    def reader(count, sampling):
        points, parts = item.read(count, sampling)
        return points, parts - offset

    return item._replace(label=0, read=reader, form="one class")


@cloud_sets.register("shapenet")
def shapenet(data, options):
    """The same 16 classes as classes; or ShapeNetCore's 55 from its meshes, where the folder holds all.csv."""
    (root,) = take(data, "shapenet", root=None)
    root = root_folder(options, root, f"{' or '.join(FOLDERS)}, or ShapeNetCore's all.csv and meshes")
    if (root / "all.csv").is_file():
        return _meshes(root)

    def without_parts(item):
        return item._replace(read=lambda count, sampling: (item.read(count, sampling)[0], None), form="points")

    test, train = _read(root)
    return CloudSet("ShapeNet", CLASSES, in_order(map(without_parts, test)), in_order(map(without_parts, train)))


def _read(root):
    for place in (root, *(root / name for name in FOLDERS)):
        if sorted(place.glob("ply_data_test*.h5")):
            return [_hdf5(place, split) for split in ("test", "train")]
        if (place / "train_test_split").is_dir():
            return [_annotated(place, split) for split in ("test", "train")]
    raise InputError(f"no ShapeNetPart in '{root}'; expected {', '.join(FOLDERS)}")


def _hdf5(root, split):
    items, first = [], first_parts()
    for path in sorted(root.glob(f"ply_data_{split}*.h5")):
        content = hdf5(path)
        checked(content["label"], CLASSES, path)
        if "pid" not in content or content["pid"].shape != content["data"].shape[:2]:
            raise InputError(f"'{path}' has no array pid with one part a point; expected ShapeNetPart's hdf5_data")
        for k, (cloud, label, parts) in enumerate(zip(content["data"], content["label"], content["pid"])):
            offset = first[CLASSES[label]]
            _check_parts(parts - offset, CLASSES[label], f"{path}, cloud {k}")
            items.append(Listed(f"{split}/{path.stem}/{k:04d}", int(label), in_memory(cloud.astype(np.float64), parts)))
    return items


def _annotated(root, split):
    file = root / "train_test_split" / f"shuffled_{split}_file_list.json"
    try:
        entries = [entry.split("/")[-2:] for entry in read_json(file, "file list", "unpack the data set again")]
    except (TypeError, AttributeError) as error:
        raise InputError(f"'{file}' is no list of files ({str(error)[:100]}); unpack the data set again") from error
    items = []
    for synset, name in entries:
        if synset not in SYNSETS:
            raise InputError(
                f"'{file}' lists class {synset!r}, which is not one of ShapeNetPart's: {', '.join(SYNSETS)}"
            )
        whole = root / synset / f"{name}.txt"
        kind = SYNSETS[synset]
        files = (
            (whole,)
            if whole.is_file()
            else (root / synset / "points" / f"{name}.pts", root / synset / "points_label" / f"{name}.seg")
        )
        items.append(Listed(f"{split}/{synset}/{name}", CLASSES.index(kind), _reader(files, kind), files))
    return items


def _reader(files, kind):
    offset = first_parts()[kind]

    def reader(count, sampling):
        table = text_table(files[0])
        if len(files) == 1:
            if table.shape[1] < 4:
                raise InputError(
                    f"'{files[0]}' has {table.shape[1]} columns; expected x y z, normals, and the part in the last one"
                )
            parts = whole_numbers(table[:, -1], f"the parts in the last column of '{files[0]}'") - offset
        else:
            try:
                parts = np.array(files[1].read_text().split(), np.int64) - 1
            except (OSError, ValueError) as error:
                raise InputError(
                    f"label file '{files[1]}' is missing or holds no whole numbers ({str(error)[:100]}); unpack the "
                    "data set again"
                ) from error
        _check_parts(parts, kind, files[-1])
        return table[:, :3], parts + offset

    return reader


def _check_parts(parts, kind, what):
    if len(parts) and not 0 <= parts.min() <= parts.max() < PARTS[kind]:
        raise InputError(
            f"label file '{what}' has part {parts.min() + 1 if parts.min() < 0 else parts.max() + 1} for a {kind}, "
            f"which has parts 1 to {PARTS[kind]}; take the points and labels of one release"
        )


def _meshes(root):
    try:
        with open(root / "all.csv", newline="") as file:
            rows = [(r["synsetId"], r["modelId"], r["split"]) for r in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"'{root / 'all.csv'}' is not ShapeNetCore's ({str(error)[:100]}); expected the columns synsetId, modelId, "
            "split"
        ) from error
    classes = tuple(sorted({synset for synset, _, _ in rows}))
    test, train = [], []
    for synset, name, split in rows:
        below(below(root, synset, f"'{root / 'all.csv'}'"), name, f"'{root / 'all.csv'}'")
        places = [root / synset / name / part for part in ("models/model_normalized.obj", "model.obj")]
        path = next((p for p in places if p.is_file()), places[0])
        if split in ("test", "train") and (split == "test" or path.is_file()):
            item = f"{split}/{synset}/{name}"
            (test if split == "test" else train).append(
                Listed(item, classes.index(synset), from_file(path, item), (path,))
            )
    return CloudSet("ShapeNetCore", classes, in_order(test), in_order(train))
