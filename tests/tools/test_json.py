"""--json of every tool that prints tables: the same figures for programs; a folder that is not there is named before any work."""

import json

import pytest

from benchmarks import as_json
from tools import calibration_size, check, compare, diagnose, energy_saved, reproduce, run_bench

CALLS = {
    "check": (check, ["adapters.models.resnet_cifar:resnet20", "--size", "32"]),
    "compare": (compare, ["dcgs", "snn-calibration", "--task", "fashion_resnet", "--worst", "2"]),
    "energy_saved": (energy_saved, ["fashion_resnet"]),
    "diagnose": (diagnose, "fashion_resnet --method burst --timesteps 2 --samples 4 --limit 0".split()),
    "list": (run_bench, ["--list"]),
    "list of one": (run_bench, ["--list", "coco_yolo"]),
    "tables": (reproduce, ["--list"]),
    "reproduce": (reproduce, "cifar10 --split mini --methods burst --timesteps 1 --limit 4".split()),
    "sizes": (calibration_size, "fashion_resnet --methods burst@1 --sizes 2 --draws 1 --pool 4 --limit 4".split()),
}
OWN_PLACE = {"diagnose": "picture.png", "reproduce": "runs"}
"""What --out is of tools that write something else, too."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    found = {}

    def call(name):
        if name not in found:
            tool, words = CALLS[name]
            folder = tmp_path_factory.mktemp(name)
            more = ["--out", str(folder / OWN_PLACE[name])] if name in OWN_PLACE else []
            assert tool.main([*words, *more, "--json", str(folder / "found.json")]) == 0
            found[name] = json.loads((folder / "found.json").read_text())
        return found[name]

    return call


def test_check(written):
    found = written("check")
    assert found["input"] == [1, 3, 32, 32] and len(found["sites"]) == 19
    assert {"operator", "status", "region", "calls", "where", "note"} == set(found["rows"][0])


def test_compare(written):
    found = written("compare")
    assert found["task"] == "fashion_resnet" and found["first"]["method"] == "dcgs"
    line = found["lines"][0]
    gap = line["first"]["value"] - line["second"]["value"]
    assert abs(line["difference"]["value"] - gap) < 1e-12 and line["difference"]["low"] <= gap
    assert len(found["per_class"]) == 10 and len(found["worst"]) <= 4


def test_energy_saved(written):
    found = written("energy_saved")["fashion_resnet"]
    assert found["at equal T"] and {"reference", "method", "at", "saved"} <= set(found["at equal accuracy"][0])


def test_diagnose(written):
    found = written("diagnose")
    assert [stage["stage"] for stage in found["stages"]] == ["ann", "clipped", "quantised", "snn"]
    assert (
        found["stages"][0]["output_error"] == 0 < found["stages"][3]["output_error"]
        and "value" not in found["stages"][0]
    )
    assert found["sites"] and all(site["total"] >= 0 for site in found["sites"])


def test_list(written):
    found = written("list")
    assert {"coco_yolo", "fashion_resnet"} <= {row["task"] for row in found["tasks"]} and found["methods"]


def test_list_of_one_task_says_what_its_variants_lack(written):
    rows = {row["variant"]: row for row in written("list of one")["tasks"]}
    assert {row["task"] for row in rows.values()} == {"coco_yolo"} and rows["mini"]["lacks"] == []
    assert rows["yolov3"]["lacks"][0] == "data" and "val2017.zip" in rows["yolov3"]["get"]


def test_reproduce(written):
    found = written("reproduce")
    assert found["paper"]["energy saved"].startswith("up to 70.1") and {row["method"] for row in found["rows"]} == {
        "ann",
        "burst",
    }
    assert all(row["samples"] == 4 for row in found["rows"])
    assert set(written("tables")["cifar10"]["tasks"]) == {"cifar10_resnet20", "cifar10_vgg16"}


def test_sizes(written):
    assert [(row["method"], row["samples"]) for row in written("sizes")] == [("ann", None), ("burst", 2)]


@pytest.mark.parametrize("name", CALLS)
def test_a_folder_that_is_not_there_is_named_before_any_work(name, tmp_path, capsys):
    tool, words = CALLS[name]
    path = tmp_path / "none" / "found.json"
    assert tool.main([*words, "--json", str(path)]) == 2
    assert f"found {path}, expected a file name in a folder that exists" in capsys.readouterr().err
    assert not path.parent.exists()


def test_nothing_half_written_and_no_nan(tmp_path):
    path = tmp_path / "found.json"
    as_json.write(path, {"a": float("nan"), "b": {1: (2, None)}})
    assert json.loads(path.read_text()) == {"a": None, "b": {"1": [2, None]}} and list(tmp_path.iterdir()) == [path]
