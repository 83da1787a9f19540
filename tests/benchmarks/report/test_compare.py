"""Comparing two records: differences, classes and samples by hand; what cannot be compared is said."""

from pathlib import Path

import pytest

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.shared import accuracy
from benchmarks.report import compare
from benchmarks.report.paired import difference
from benchmarks.running import catalogue, runner
from benchmarks.running.record import Row
from benchmarks.running.store import Store, load_all, places
from benchmarks.running.task import load_task
from helpers.paths import ROOT
from helpers.programs import program
from helpers.records import make, make_row


def scored(right, method, labels):
    """A classification record with these samples right."""
    found = {f"s{i}": accuracy.Prediction(0, c, 0 if ok else 1) for i, (ok, c) in enumerate(zip(right, labels))}
    result = accuracy.evaluate(found, 2)
    rows = [make_row(t, metrics=result.metrics, evidence=result.evidence) for t in (2, 4)]
    return make(method, rows=rows, metric="accuracy", family="classification")


LABELS = [0] * 4 + [1] * 5
FIRST = scored([True, True, False, True] + [True] * 5, "adafire", LABELS)
SECOND = scored([True, True, True, True] + [False, False, True, True, True], "burst", LABELS)


def test_by_hand():
    labels = compare.Labels([f"s{i}" for i in range(9)], LABELS, ["cat", "dog"])
    found = compare.compare(FIRST, SECOND, labels, timesteps=4)
    assert [line["timesteps"] for line in found.lines] == [2, 4] and found.timesteps == 4 and not found.notes
    assert found.lines[0]["difference"].value == pytest.approx(1 / 9)
    assert found.lines[0]["first"]["energy_graded_pj"] == pytest.approx(4.6 * 3e6 + 0.9 * 1e6)
    assert found.per_class == [("cat", 0.75, 1.0, 4), ("dog", 1.0, 0.6, 5)]
    assert found.worst == [("s2", 0.0, 1.0), ("s5", 1.0, 0.0), ("s4", 1.0, 0.0)]
    assert compare.compare(FIRST, SECOND, labels, most=1).worst == [("s2", 0.0, 1.0), ("s5", 1.0, 0.0)]


def test_without_labels_it_says_what_is_not_known():
    found = compare.compare(FIRST, SECOND)
    assert found.per_class == [] and "true classes" in found.notes[0]
    assert found.worst == [("number 2", 0.0, 1.0), ("number 5", 1.0, 0.0), ("number 4", 1.0, 0.0)]


def test_detection_evidence():
    def record(method, classes, images):
        return make(
            method,
            rows=[
                make_row(
                    t,
                    evidence={
                        "replicates": {"mAP": [0.4, 0.5, 0.6]},
                        "seed": 1,
                        "images": 3,
                        "per_class": classes,
                        "per_image": images,
                    },
                )
                for t in (2, 4)
            ],
        )

    found = compare.compare(
        record("a", {"cat": 0.5, "dog": 0.25}, [0.5, None, 0.25]),
        record("b", {"cat": 0.25, "dog": 0.75}, [0.25, None, 1.0]),
    )
    assert found.per_class == [("cat", 0.5, 0.25, None), ("dog", 0.25, 0.75, None)]
    assert found.worst == [("number 2", 0.25, 1.0), ("number 0", 0.5, 0.25)]


def test_scores_of_samples_are_compared_in_pairs():
    def row(values, ids="i"):
        return Row.model_validate(
            make_row(
                4,
                metrics={"miou": sum(values) / len(values)},
                evidence={"samples": len(values), "ids_sha256": ids, "miou": values},
            )
        )

    better = difference(row([0.5, 0.6, 0.7, 0.8] * 5), row([0.4, 0.5, 0.6, 0.7] * 5), "miou")
    assert (better.value, better.low, better.high) == pytest.approx((0.1, 0.1, 0.1)) and better.p_value < 0.01
    with pytest.raises(InputError, match="different samples"):
        difference(row([0.5, 0.6]), row([0.5, 0.6], "j"), "miou")


def test_what_cannot_be_compared(tmp_path):
    with pytest.raises(InputError, match="--task"):
        compare.find("adafire")
    with pytest.raises(InputError, match="no record file"):
        compare.find("nowhere.json")
    store = Store(tmp_path)
    for record in (FIRST, SECOND, make("dcgs", status="failed", reason="no", rows=[])):
        store.write(record)
    assert compare.find("adafire", "toy", out=tmp_path) == FIRST
    assert compare.find(str(tmp_path / "records" / FIRST.name)) == FIRST
    with pytest.raises(InputError, match="did you mean 'adafire'"):
        compare.find("adafirre", "toy", out=tmp_path)
    with pytest.raises(InputError, match="no record of method 'dcgs'"):
        compare.find("dcgs", "toy", out=tmp_path)
    with pytest.raises(InputError, match="no finished records of task 'toy2' in .* Make them with"):
        compare.find("adafire", "toy2", out=tmp_path)
    with pytest.raises(InputError, match="T=3"):
        compare.compare(FIRST, SECOND, timesteps=3)
    with pytest.raises(InputError, match="no T in common"):
        compare.compare(FIRST, FIRST.model_copy(update={"rows": []}))


def test_the_tool_compares_methods(made_records, capsys):
    tool = program("compare")
    out = ["--out", str(made_records)]
    assert tool.main(["adafire", "snn-calibration", "--task", "fashion_resnet", "--timesteps", "4", *out]) == 0
    printed = capsys.readouterr().out
    assert "McNemar" in printed and "ankle-boot" in printed and "note:" not in printed
    assert tool.main(["adafire", "nothing", "--task", "fashion_resnet", *out]) == 2
    assert "no record of method 'nothing'" in capsys.readouterr().err


def test_what_was_just_run_is_found_before_what_is_committed(made_records, monkeypatch, tmp_path):
    """A method of one's own in runs/, the others in results/: compared without an option."""
    (tmp_path / "runs").symlink_to(made_records, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    assert places() == [Path("runs"), ROOT / "results"] and places("elsewhere") == [Path("elsewhere")]
    own = compare.find("burst", "fashion_resnet", out=made_records)
    assert [r for r in load_all() if r.key == own.key] == [own]


@pytest.mark.slow
@pytest.mark.parametrize("task, first", [("voc12_fcn", "background"), ("modelnet40_pointnet", "stool")])
def test_classes_have_their_names(task, first, tmp_path):
    options = runner.RunOptions(WorkloadOptions(limit=2))
    record = runner.run(load_task(catalogue.find_task(task)), "mini", [], [1], options, tmp_path).records[0]
    assert first in compare.labels_of(record).names
