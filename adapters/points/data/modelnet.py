"""ModelNet40 and ModelNet10 (Wu et al., CVPR 2015) in their layouts, told apart by what the folder holds:

meshes   ModelNet40/<class>/{train,test}/<name>.off                        z is up there, and is turned to y
hdf5     modelnet40_ply_hdf5_2048/ply_data_{train,test}<n>.h5              2,048 points each; wants h5py
text     modelnet40_normal_resampled/<class>/<name>.txt, modelnet40_{train,test}.txt     10,000 points with normals

ModelNet10 has the first (ModelNet10/) and, in the folder of that name, the last (modelnet10_{train,test}.txt).
"""

import numpy as np

from adafire.errors import InputError

from ...shared.asked import root_folder, take
from ...shared.labels import checked, whole_numbers
from ...shared.paths import below
from .cloud_sets import CloudSet, Listed, class_folders, cloud_sets, folder_set, in_memory, in_order
from .tables import text_table

MODELNET40 = tuple(
    """
airplane bathtub bed bench bookshelf bottle bowl car chair cone cup curtain desk door dresser flower_pot glass_box
guitar keyboard lamp laptop mantel monitor night_stand person piano plant radio range_hood sink sofa stairs stool table
tent toilet tv_stand vase wardrobe xbox
""".split()
)
MODELNET10 = tuple("bathtub bed chair desk dresser monitor night_stand sofa table toilet".split())
CANDIDATES = 25  # train clouds of each class that are thought of for calibration


def h5py():
    """The module h5py, an optional extra."""
    try:
        import h5py

        return h5py
    except ImportError as error:
        raise InputError("the hdf5 layout wants h5py, which is not installed; type: pip install h5py") from error


def hdf5(path):
    """{'data': float32 [n, N, 3], 'label': int64 [n], 'pid': int64 [n, N] where there} of one file of clouds."""
    try:
        with h5py().File(path, "r") as file:
            found = {key: file[key][()] for key in ("data", "label", "pid") if key in file}
    except (OSError, TypeError, ValueError, KeyError, RuntimeError) as error:  # h5py raises each on damaged files
        raise InputError(
            f"'{path}' is damaged or no hdf5 file ({str(error)[:100]}); copy or download it again"
        ) from error
    points, labels = found.get("data"), found.get("label")
    if points is None or labels is None or points.ndim != 3 or points.shape[2] < 3:
        raise InputError(
            f"'{path}' holds {', '.join(found) or 'none of the arrays'}; expected data [clouds, points, 3] and label"
        )
    if labels.size != len(points):
        raise InputError(f"'{path}' has {len(points)} clouds and {labels.size} labels; expected one label a cloud")
    parts = {"pid": whole_numbers(found["pid"], f"the parts in '{path}'")} if "pid" in found else {}
    return {"data": points[..., :3], "label": whole_numbers(labels.reshape(-1), f"the labels in '{path}'"), **parts}


@cloud_sets.register("modelnet40")
def modelnet40(data, options):
    """ModelNet40's test set; calibration clouds are from its train set."""
    (root,) = take(data, "modelnet40", root=None)
    wanted = "ModelNet40 (its .off files), modelnet40_ply_hdf5_2048 or modelnet40_normal_resampled"
    root = root_folder(options, root, wanted)
    for place in (
        root,
        *(root / name for name in ("ModelNet40", "modelnet40_ply_hdf5_2048", "modelnet40_normal_resampled")),
    ):
        if sorted(place.glob("ply_data_test*.h5")):
            return _hdf5(place)
        if (place / "modelnet40_test.txt").is_file():
            return _text(place, "ModelNet40", MODELNET40)
        if next(place.glob("*/test/*.off"), None):
            return _meshes(place, options, "ModelNet40", MODELNET40)
    raise InputError(f"no ModelNet40 in '{root}'; expected {wanted}")


@cloud_sets.register("modelnet10")
def modelnet10(data, options):
    """ModelNet10's test set; calibration clouds are from its train set."""
    (root,) = take(data, "modelnet10", root=None)
    wanted = "ModelNet10 (its .off files), or modelnet40_normal_resampled with modelnet10_test.txt"
    root = root_folder(options, root, wanted)
    for place in (root, root / "ModelNet10", root / "modelnet40_normal_resampled"):
        if (place / "modelnet10_test.txt").is_file():
            return _text(place, "ModelNet10", MODELNET10)
        if next(place.glob("*/test/*.off"), None):
            return _meshes(place, options, "ModelNet10", MODELNET10)
    raise InputError(f"no ModelNet10 in '{root}'; expected {wanted}")


def _meshes(root, options, name, classes):
    found = class_folders(root)
    different = sorted(set(found[0]) ^ set(classes))
    if different:
        raise InputError(
            f"the class folders in '{root}' are not {name}'s: {different[0]!r} is "
            f"{'missing' if different[0] in classes else 'unknown'}; expected {', '.join(classes)}"
        )
    return folder_set(root, name, "z", 0, classes, found, options)


def _hdf5(root):
    def listed(split):
        items = []
        for path in sorted(root.glob(f"ply_data_{split}*.h5")):
            content = hdf5(path)
            checked(content["label"], MODELNET40, path)
            items += [
                Listed(f"{split}/{path.stem}/{k:04d}", int(label), in_memory(cloud.astype(np.float64)))
                for k, (cloud, label) in enumerate(zip(content["data"], content["label"]))
            ]
        return items

    train = listed("train")
    if not train:
        raise InputError(f"'{root}' has no ply_data_train*.h5 to calibrate on; copy the whole folder")
    return CloudSet("ModelNet40", MODELNET40, in_order(listed("test")), in_order(train))


def _text(root, name, classes):
    lists = name.lower()

    def listed(split, most=None):
        items, number = [], {}
        for line in (root / f"{lists}_{split}.txt").read_text("utf-8-sig", "replace").split():
            kind = line.rsplit("_", 1)[0]
            if kind not in classes:
                raise InputError(
                    f"'{root / f'{lists}_{split}.txt'}' lists {line!r}, whose class {kind!r} is not one of "
                    f"{name}'s; expected lines such as night_stand_0201"
                )
            number[kind] = number.get(kind, 0) + 1
            if most is None or number[kind] <= most:
                path = below(root / kind, f"{line}.txt", f"'{root / f'{lists}_{split}.txt'}'")
                items.append(
                    Listed(
                        f"{split}/{line}",
                        classes.index(kind),
                        lambda count, sampling, path=path: (text_table(path)[:, :3], None),
                        (path,),
                    )
                )
        return items

    if not (root / f"{lists}_train.txt").is_file():
        raise InputError(f"'{root}' has no {lists}_train.txt to calibrate on; copy the whole folder")
    candidates = in_order(listed("train", CANDIDATES))
    return CloudSet(name, classes, in_order(listed("test")), candidates, train=lambda: in_order(listed("train")))
