"""The paper's tables with our figures beside them: which tasks and methods make one, and what is known of the paper's.

Known are only the figures of the abstract and the project page of Z. Wang et al., "Adaptive Calibration", AAAI 2025; the
printed tables were not at hand. What is not known stays unknown here: nothing is filled in from memory or from elsewhere.
"""

from typing import NamedTuple

from adafire.errors import InputError
from adafire.registry import near_names

from ..running.record import ENERGY_MODEL
from .energy_saved import at_equal_accuracy
from .published import published
from .rows import rows_of, rows_of_run

UNKNOWN = "unknown"
ABLATION = (
    "snn-calibration",
    "adafire-uniform",
    "adafire-layers",
    "adafire",
    "adafire+ssc",
    "adafire+iat",
    "adafire+ssc+iat",
)


class Table(NamedTuple):
    """title: what the paper's table is of; tasks: ours that make it; methods, timesteps: what is run; known: {label: the
    paper's figure, with where it stands}; fallback: tasks with a mini split, where the paper's data are not at hand."""

    title: str
    tasks: tuple
    methods: tuple
    timesteps: tuple
    known: dict
    fallback: tuple


_TIME = {"conversion time": "0.09 h, hardware and network not stated (project page)"}
TABLES = {
    "cifar10": Table(
        "CIFAR-10: accuracy and energy by timesteps",
        ("cifar10_resnet20", "cifar10_vgg16"),
        ABLATION,
        (4, 8, 16, 32),
        {"energy saved": "up to 70.1 % (abstract)", **_TIME},
        ("fashion_resnet",),
    ),
    "cifar100": Table(
        "CIFAR-100: accuracy and energy by timesteps",
        ("cifar100_resnet20", "cifar100_vgg16"),
        ABLATION,
        (4, 8, 16, 32),
        {"energy saved": "up to 60.3 % (abstract)", **_TIME},
        ("fashion_resnet",),
    ),
    "imagenet": Table(
        "ImageNet: accuracy and energy by timesteps",
        ("imagenet_resnet34", "imagenet_vgg16", "imagenet_mobilenetv2"),
        ABLATION,
        (4, 8, 16, 32),
        {"energy saved": "up to 43.1 % (abstract)", **_TIME},
        ("fashion_resnet",),
    ),
    "ablation": Table(
        "Parts of the method: AdaFire neurons, SSC, IAT",
        ("cifar10_resnet20",),
        ABLATION,
        (4, 8, 16),
        {},
        ("fashion_resnet",),
    ),
    "pointcloud": Table(
        "ModelNet40 and ShapeNet: accuracy, part IoU",
        ("modelnet40_pointnet", "shapenet_pointnet", "shapenetpart_pointnet"),
        ABLATION[:3],
        (4, 8, 16),
        {},
        ("modelnet40_pointnet", "shapenetpart_pointnet"),
    ),
    "events": Table(
        "CIFAR10-DVS, N-Caltech101, N-Cars, Action Recognition: accuracy",
        ("cifar10dvs_vgg11", "ncaltech101_vgg11", "ncars_vgg11", "action_vgg11"),
        ABLATION[:3],
        (4, 8, 16),
        {},
        ("fashion_events",),
    ),
    "detection": Table(
        "PASCAL VOC and MS COCO: detection mAP", ("voc_yolo", "coco_yolo"), ABLATION[:3], (4, 8, 16), {}, ("coco_yolo",)
    ),
    "segmentation": Table(
        "PASCAL VOC and MS COCO: segmentation mIoU",
        ("voc12_deeplabv3", "coco_deeplabv3"),
        ABLATION[:3],
        (4, 8, 16),
        {},
        ("voc12_fcn",),
    ),
}


def find(name):
    """Table of that name."""
    if name not in TABLES:
        raise InputError(f"unknown table {name!r}{near_names(name, TABLES)} Known: {', '.join(TABLES)}")
    return TABLES[name]


def about(name):
    """{'title', 'tasks', 'paper', 'published by others'} of the table of that name, for programs."""
    table = TABLES[name]
    others = list(dict.fromkeys(row.method for row in published(name)))
    return {"title": table.title, "tasks": list(table.tasks), "paper": table.known, "published by others": others}


def as_data(table, outcomes):
    """What was measured for a table: {'title', 'paper': figures that are known, 'rows': as run_bench.py's --json}. outcomes: lists of
    records, one a task."""
    rows = [row for records in outcomes if records for row in rows_of_run(records)]
    keep = [{k: v for k, v in row.items() if k not in ("record", "records", "draw_id")} for row in rows]
    return {"title": table.title, "paper": table.known, "rows": keep}


def title(table, splits):
    """The table's title; it says so where what was run is not the paper's data, or part of them (splits.py)."""
    if "mini" in splits:
        return f"{table.title} - ON MINI SPLITS, not the paper's data"
    return table.title + (" - ON PART of the paper's data" if "part" in splits else "")


def lines(records):
    """(headers, cells) of one task: the paper's column beside ours. The paper's is unknown for every single figure."""
    metric = records[0].metric
    headers = [
        "network and data",
        "method",
        "T",
        f"paper: {metric}",
        f"ours: {metric}",
        "95 % interval",
        "paper: energy",
        f"ours: energy (uJ, {ENERGY_MODEL})",
        "of ANN's",
    ]
    return headers, [_line(record, row) for record in records for row in rows_of(record)]


def _line(record, row):
    start = [_place(record, row), row["method"], _text(row["timesteps"], "d"), UNKNOWN]
    if row["status"] == "failed":
        return [*start, f"failed: {row['reason']}", "-", UNKNOWN, "-", "-"]
    energy, ann = row["energy_pj"], row["ann_energy_pj"]
    return [
        *start,
        _text(row["value"], ".4f"),
        f"{row['low']:.4f} to {row['high']:.4f}",
        UNKNOWN,
        _text(energy and energy / 1e6, ".3f"),
        _text(energy and ann and energy / ann, ".3f"),
    ]


def saved(records):
    """The largest Saving of an AdaFire variant over snn-calibration at no less accuracy, over all T of the latter; None where
    there is none. (The paper does not say how it pairs; this is the most favourable reading of its "up to".)"""
    rows = {r.method: {row.timesteps: row for row in r.rows} for r in records if r.kind == "snn" and r.rows}
    found = [
        at_equal_accuracy(rows, method, t, records[0].metric)
        for method in rows
        if method.startswith("adafire")
        for t in rows.get("snn-calibration", ())
    ]
    return max((saving for saving in found if saving.saved is not None), key=lambda saving: saving.saved, default=None)


def _place(record, row):
    weights = record.workload.weights
    return f"{row['task']}: {record.workload.network.split(':')[-1]}, {record.samples} samples, weights {str(weights.sha256)[:8]}"


def _text(value, form):
    return "-" if value is None else format(value, form)
