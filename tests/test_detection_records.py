"""What the committed records must show: the small detectors keep their accuracy at T = 4 with `ours`."""

import json
from pathlib import Path

import pytest

RECORDS = Path(__file__).resolve().parents[1] / "results" / "records"


@pytest.mark.parametrize("folder", ["coco_retinanet-mini-mini", "coco_ssd-mini-mini"])
def test_ours_stays_within_two_points_of_the_ann(folder):
    records = [json.loads(file.read_text()) for file in (RECORDS / folder).glob("ours-*.json")]
    rows = [(row, record["ann"]) for record in records for row in record["rows"] if row["timesteps"] == 4]
    assert rows
    for row, ann in rows:
        assert row["metrics"]["mAP50"] > ann["metrics"]["mAP50"] - 0.02
        assert row["energy_pj"]["horowitz-45nm"] < 0.5 * ann["energy_pj"]["horowitz-45nm"]
