"""What the committed records must show: whole tables, and networks that keep their accuracy with `ours`."""

import json
from pathlib import Path

import pytest

RECORDS = Path(__file__).resolve().parents[1] / "results" / "records"
WHOLE = {
    "cifar10_resnet20-full-full": (1, 2, 4, 8, 16, 32), "fashion_resnet-mini-mini": (1, 2, 4, 8, 16, 32),
    "coco_yolo-full-yolo-fastestv2": (1, 2, 4, 8, 16, 32), "voc12_fcn-mini-mini": (1, 2, 4, 8),
    "drive_unet-full-full": (1, 2, 4), "drive_unet-full-window": (1, 2, 4, 8), "drive_unet-mini-mini": (1, 2, 4, 8),
    "modelnet40_pointnet-full-sweethome3d": (1, 2, 4, 8), "modelnet40_pointnet-mini-mini": (1, 2, 4, 8),
    "shapenetpart_pointnet-mini-mini": (1, 2, 4, 8), "fashion_events-mini-mini": (1, 2, 4, 8),
    "fashion_events-mini-mini-frames": (1, 2, 4, 8), "dvs128_objects-full-objects": (1, 2, 4, 8),
}
"""Folder of a table -> the T at which it has every one of METHODS."""
METHODS = ("quantised", "rate-max", "rate-percentile", "opi", "snn-calibration", "snn-calibration-advanced", "burst",
           "threshold-balancing", "signed-if", "dcgs", "adafire-uniform", "adafire", "adafire+ssc", "adafire+iat",
           "adafire+ssc+iat", "adafire-signed", "adafire-differential", "ours")
"""Those of the tables; a method that is added later enters them when it is run."""


def rows(folder, pattern="*"):
    """(method, row, the ANN that it is measured against) of every row."""
    records = [json.loads(file.read_text()) for file in (RECORDS / folder).glob(f"{pattern}.json")]
    return [(record["method"], row, record["ann"]) for record in records if record["status"] == "ok" for row in record["rows"]]


@pytest.mark.parametrize("folder", WHOLE)
def test_tables_hold_every_method_at_every_t(folder):
    there = {(method, row["timesteps"]) for method, row, _ in rows(folder)}
    assert [(name, t) for name in METHODS for t in WHOLE[folder] if (name, t) not in there] == []


@pytest.mark.parametrize("folder,metric,timesteps,loss,share", [
    ("coco_retinanet-mini-mini", "mAP50", 4, 0.02, 0.5), ("coco_ssd-mini-mini", "mAP50", 4, 0.02, 0.5),
    ("coco_yolo-full-yolo-fastestv2", "mAP50", 4, 0.01, 0.5), ("coco_yolo-full-yolo-fastestv2", "mAP50", 16, 0.003, 0.6),
    ("voc12_fcn-mini-mini", "mIoU", 4, 0.01, 0.5), ("drive_unet-full-full", "F1", 4, 0.005, 0.5),
    ("modelnet40_pointnet-full-sweethome3d", "accuracy", 4, 0.01, 0.5), ("cifar10_resnet20-full-full", "accuracy", 4, 0.005, 0.5)])
def test_ours_stays_close_to_the_ann(folder, metric, timesteps, loss, share):
    found = [(row, ann) for _, row, ann in rows(folder, "ours-*") if row["timesteps"] == timesteps]
    assert found
    for row, ann in found:
        assert row["metrics"][metric] > ann["metrics"][metric] - loss
        assert row["energy_pj"]["horowitz-45nm"] < share * ann["energy_pj"]["horowitz-45nm"]
