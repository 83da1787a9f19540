"""Small train and test sets in the layouts of the real ones, and variants of real tasks made small enough for them."""

import json

import numpy as np
from PIL import Image

from adapters.points.data.shapenet import PARTS, SYNSETS
from helpers.pictures import tree


def shrunk(task, variant, **changes):
    """``task`` with fields of one variant changed; dicts are merged into those that are there."""
    own = task.variants[variant]
    changes = {
        key: {**getattr(own, key), **value} if isinstance(getattr(own, key), dict) and key != "data" else value
        for key, value in changes.items()
    }
    return task.model_copy(update={"variants": {variant: own.model_copy(update=changes)}})


def pictures(root, number=2):
    """CIFAR-10 as pictures in folders."""
    tree(root, number=1, seed=None)
    return tree(root, "train", number=number + 1)


def events(root, classes):
    """Recordings as .npy arrays of t, x, y, p: <part>/<class>/<n>.npy, 32 x 32 pixels, 90 ms; two a class to train on."""
    rng = np.random.default_rng(0)
    for part, number in (("test", 1), ("train", 2)):
        for k in range(classes):
            for n in range(number):
                path = root / part / f"c{k:03d}" / f"{n}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                t = np.sort(rng.integers(0, 90_000, 60))
                np.save(path, np.stack([t, *rng.integers(0, 32, (2, 60)), rng.integers(0, 2, 60)], 1))
    return dict(type="recordings", size=(32, 32), unit="us")


def parts(root, points=40, number=2, classes=tuple(SYNSETS.items())):
    """ShapeNetPart with normals: <synset>/<id>.txt and the lists of its splits."""
    rng, lists = np.random.default_rng(0), {"train": [], "test": []}
    for synset, kind in classes:
        for k in range(number + 1):
            split = "test" if k == 0 else "train"
            (root / synset).mkdir(parents=True, exist_ok=True)
            first = sum(list(PARTS.values())[: list(PARTS).index(kind)])
            label = rng.integers(first, first + PARTS[kind], (points, 1))
            np.savetxt(root / synset / f"s{k}.txt", np.hstack([rng.random((points, 6)), label]), "%.4f")
            lists[split].append(f"shape_data/{synset}/s{k}")
    (root / "train_test_split").mkdir()
    for split, names in lists.items():
        (root / "train_test_split" / f"shuffled_{split}_file_list.json").write_text(json.dumps(names))


def camvid(root, side=(64, 48)):
    """CamVid in the layout of SegNet's tutorial: test, train and val, each with its annotations of 0 to 11."""
    rng = np.random.default_rng(0)
    for split, number in (("test", 2), ("train", 4), ("val", 2)):
        for k in range(number):
            for folder, high in ((split, 256), (f"{split}annot", 12)):
                shape = (side[1], side[0], 3) if high == 256 else (side[1], side[0])
                (root / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, high, shape, dtype=np.uint8)).save(root / folder / f"{k:03d}.png")
    return root
