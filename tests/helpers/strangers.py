"""Files from strangers, good but for one thing: data sets of every family, checkpoints, task files, records.

Each function fills the folder it is given and returns the path that goes on the command line.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from adapters.events.data.event_camera import EVENT
from adapters.points.data.modelnet import MODELNET40
from benchmarks.running.record import to_json
from benchmarks.running.task import PROJECT
from helpers import segmentors as segmenter
from helpers.checkpoints import Calls
from helpers.clouds import CUBE, off
from helpers.pictures import TEN, picture, tree, zipped
from helpers.records import make as record
from helpers.task_files import lines
from layouts.event_files import aedat2 as aedat

ZOO = PROJECT / "benchmarks" / "zoo"
WEIGHTS = {
    "fashion_resnet": ZOO / "resnet_fashion" / "resnet_fashion.pth",
    "coco_yolo": ZOO / "yolo_fashion" / "yolo_fashion.pth",
    "voc12_fcn": ZOO / "fpn_fashion" / "fpn_fashion.pth",
    "fashion_events": ZOO / "events_fashion" / "events_fashion.pth",
    "modelnet40_pointnet": ZOO / "pointnet_shapes" / "pointnet_shapes.pth",
}
"""The weights of one task a family."""


def text(folder, name="file.pth", content="no weights"):
    (folder / name).write_text(content)
    return folder / name


def truncated(folder, task):
    content = WEIGHTS[task].read_bytes()
    (folder / "half.pth").write_bytes(content[: len(content) // 2])
    return folder / "half.pth"


def with_nan(folder, task):
    content = torch.load(WEIGHTS[task], weights_only=True)
    weights = content.get("state_dict", content)
    next(v for v in weights.values() if v.is_floating_point()).view(-1)[0] = float("nan")
    torch.save(content, folder / "nan.pth")
    return folder / "nan.pth"


def with_code(folder):
    """A pickled object whose loading would make the file 'ran'."""
    torch.save(Calls(os.system, f"touch {folder / 'ran'}"), folder / "code.pth", _use_new_zipfile_serialization=False)
    return folder / "code.pth"


def huge(path, side=9000):
    """A small file that decodes to side x side pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("1", (side, side)).save(path)
    return path


def half(path):
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])


# ---- classification


def cifar(folder, spoil=lambda root: None, **more):
    root = folder / "data"
    tree(tree(root, "test", number=1, **more), "train", number=1, **more)
    spoil(root)
    return root


def cifar_zip(folder):
    """An archive with a member that would be written beside the folder it is unpacked to."""
    root = folder / "packed"
    root.mkdir()
    zipped(tree(tree(folder / "data", number=1), "train", number=1), root / "cifar.zip")
    with zipfile.ZipFile(root / "cifar.zip", "a") as archive:
        archive.write(folder / "data" / "test" / TEN[0] / "0000.png", "../../evil.png")
    return root


def imagenet(folder, spoil):
    root = folder / "data"
    for split in ("val", "train"):
        for name in ("n01440764", "n01443537"):
            picture(root / split / name / "a.png")
    spoil(root / "val" / "n01440764" / "a.png")
    return root


# ---- point clouds


def arrays(folder, change=lambda x, y: (x, y)):
    x, y = change(np.random.default_rng(0).random((70, 2048, 3)).astype(np.float32), np.arange(70) % 40)
    (folder / "data").mkdir()
    np.savez(folder / "data" / "sh3d_359.npz", x=x, y=y)
    return folder / "data"


def with_nan_point(x, y):
    x[3, 5] = np.nan
    return x, y


def meshes(folder):
    for split in ("train", "test"):
        for name in MODELNET40:
            off(
                folder / "data" / name / split / f"{name}_1.off",
                CUBE[0],
                [] if (name, split) == ("chair", "test") else CUBE[1],
            )
    return folder / "data"


def clouds(folder, listed="chair_0001", points=2048):
    """ModelNet40's text layout, with one cloud."""
    root = folder / "data"
    (root / "chair").mkdir(parents=True)
    np.savetxt(
        root / "chair" / "chair_0001.txt", np.random.default_rng(0).random((points, 6)), delimiter=",", fmt="%.4f"
    )
    for split in ("test", "train"):
        (root / f"modelnet40_{split}.txt").write_text(f"{listed}\n")
    return root


def parts(folder, labels=100, listed="shape_data/03001627/one"):
    """ShapeNetPart with one chair of 2,048 points and ``labels`` labels."""
    root = folder / "data"
    for name in ("points", "points_label"):
        (root / "03001627" / name).mkdir(parents=True)
    (root / "train_test_split").mkdir()
    np.savetxt(root / "03001627" / "points" / "one.pts", np.random.default_rng(0).random((2048, 3)), fmt="%.4f")
    (root / "03001627" / "points_label" / "one.seg").write_text("1\n" * labels)
    for split in ("test", "train"):
        (root / "train_test_split" / f"shuffled_{split}_file_list.json").write_text(
            json.dumps([listed]) if isinstance(listed, str) else listed.decode()
        )
    return root


# ---- events


def recordings(folder, spoil=lambda path: None, change=lambda events: events):
    """Two recordings of a DVS128 as tasks/dvs128_objects.py wants them; the first is spoilt."""
    root = folder / "data"
    root.mkdir()
    events = np.zeros(4000, EVENT)
    events["t"], events["x"], events["y"] = np.arange(4000) * 100, np.arange(4000) % 128, 5
    for name, found in (("Box", change(events.copy())), ("Cup", events)):
        (root / f"occasion1_{name}.aedat").write_bytes(aedat(found))
    spoil(root / "occasion1_Box.aedat")
    return root


def backwards(events):
    events["t"][2000:] -= 150000
    return events


def recordings_zip(folder):
    root = folder / "packed"
    root.mkdir()
    with zipfile.ZipFile(root / "events.zip", "w") as archive:
        for path in recordings(folder).iterdir():
            archive.write(path, f"../{path.name}")
    return root


# ---- detection


def coco(folder, spoil=lambda path: None, **change):
    """COCO with two pictures, the first of them spoilt; ``change`` is made to the annotations' first entries."""
    from mmdet.datasets import CocoDataset

    root = folder / "data"
    for k in (1, 2):
        picture(root / "val2017" / f"{k}.png", seed=k)
    picture(root / "train2017" / "3.png", seed=3)
    spoil(root / "val2017" / "1.png")
    content = {
        "images": [{"id": k, "file_name": f"{k}.png", "width": 32, "height": 32} for k in (1, 2)],
        "categories": [{"id": k, "name": name} for k, name in enumerate(CocoDataset.METAINFO["classes"], 1)],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 9, 9], "area": 81, "iscrowd": 0}],
    }
    for key, value in change.items():
        content[key] = value if isinstance(value, list) else [{**content[key][0], **value}, *content[key][1:]]
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    return root


def voc(folder, xml="<annotation><size><width>32</width><height>32</height></size></annotation>", name="000001"):
    root = folder / "VOCdevkit" / "VOC2007"
    for part in ("ImageSets/Main", "Annotations"):
        (root / part).mkdir(parents=True)
    for split in ("test", "trainval"):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(f"{name}\n")
    picture(root / "JPEGImages" / "000001.jpg")
    (root / "Annotations" / "000001.xml").write_text(xml)
    return folder


# ---- segmentation


def masks(folder, spoil=lambda root: None, splits="p0\np1\np2\n"):
    """A data set of pictures with masks, spoilt, and a task file for it (``segmentation_task``)."""
    root = folder / "data"
    for name in ("images", "masks", "splits"):
        (root / name).mkdir(parents=True)
    for i in range(6):
        picture(root / "images" / f"p{i}.jpg", 44)
        segmenter.save(root, i, np.arange(44 * 44, dtype=np.uint8).reshape(44, 44) % 3)
    (root / "splits" / "val.txt").write_text(splits)
    (root / "splits" / "train.txt").write_text("p3\np4\np5\n")
    spoil(root)
    return root


def segmentation_task(folder):
    (folder / "config.py").write_text(
        segmenter.CONFIG.format(test="mode='whole'", align=False, classes=segmenter.CLASSES)
    )
    return task(
        folder,
        family="segmentation",
        metric="mIoU",
        adapter="mmsegmentation",
        variants={
            "full": {
                "split": "full",
                "config": "config.py",
                "checkpoint": "random",
                "data": {"type": "mmseg"},
                "calibration": {"samples": 2},
            }
        },
    )


# ---- task files and records


def task(folder, content=None, **changes):
    """A task file outside the project: fashion_resnet's mini, changed."""
    mini = {
        "split": "mini",
        "model": "adapters.models.resnet_small:resnet_small",
        "checkpoint": str(WEIGHTS["fashion_resnet"]),
        "data": {"type": "fashion_mnist"},
        "calibration": {"samples": 8},
        "options": {"preprocessing": {"mean": [0.286], "std": [0.353]}},
    }
    good = {
        "name": "foreign",
        "version": 1,
        "family": "classification",
        "metric": "accuracy",
        "adapter": "classification",
        "methods": ["burst"],
        "timesteps": [1],
        "variants": {"mini": mini},
    }
    return text(folder, "foreign.py", lines({**good, **changes}) if content is None else content)


def result(folder, change=lambda content: None, name=None):
    """A record in a results folder, changed after it was written."""
    made = record()
    path = folder / "out" / "records" / Path(made.name).parent / (name or Path(made.name).name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.loads(to_json(made))
    change(content)
    path.write_text(json.dumps(content))
    return path
