"""What the committed records must show: detectors keep their accuracy with `ours`."""

import json
from pathlib import Path

import pytest

RECORDS = Path(__file__).resolve().parents[1] / "results" / "records"


@pytest.mark.parametrize("folder,timesteps,loss,share", [
    ("coco_retinanet-mini-mini", 4, 0.02, 0.5), ("coco_ssd-mini-mini", 4, 0.02, 0.5),
    ("coco_yolo-full-yolo-fastestv2", 4, 0.01, 0.5), ("coco_yolo-full-yolo-fastestv2", 16, 0.003, 0.6)])
def test_ours_stays_close_to_the_ann(folder, timesteps, loss, share):
    records = [json.loads(file.read_text()) for file in (RECORDS / folder).glob("ours-*.json")]
    rows = [(row, record["ann"]) for record in records for row in record["rows"] if row["timesteps"] == timesteps]
    assert rows
    for row, ann in rows:
        assert row["metrics"]["mAP50"] > ann["metrics"]["mAP50"] - loss
        assert row["energy_pj"]["horowitz-45nm"] < share * ann["energy_pj"]["horowitz-45nm"]
