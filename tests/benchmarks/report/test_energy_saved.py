"""Energy saved at equal accuracy: by hand, and from records made here, through the command."""

import subprocess
import sys

import pytest

from adafire.errors import InputError
from benchmarks.report import energy_saved
from benchmarks.running.record import Row
from benchmarks.running.store import Store
from helpers.paths import ROOT
from helpers.records import make, make_row, scored


def row(t, value, joules, graded=0.0):
    return Row.model_validate(
        make_row(
            t,
            value,
            energy_pj={"horowitz-45nm": joules},
            macs=0.0,
            synops=joules / 0.9,
            synops_graded=(graded or joules) / 0.9,
        )
    )


ROWS = {
    "snn-calibration": {4: row(4, 0.70, 100.0), 8: row(8, 0.80, 200.0)},
    "adafire": {1: row(1, 0.69, 10.0), 2: row(2, 0.75, 40.0, 20.0), 4: row(4, 0.74, 30.0), 8: row(8, 0.79, 90.0)},
}


def test_the_cheapest_row_that_is_accurate_enough_and_nothing_between_rows():
    found = energy_saved.at_equal_accuracy(ROWS, "adafire", 4, "mAP")
    assert found.row.timesteps == 4 and found.saved == pytest.approx(0.7) and found.saved_graded == pytest.approx(0.7)
    assert energy_saved.at_equal_accuracy(ROWS, "adafire", 8, "mAP")[2:] == (None, None, None)  # never reached
    own = energy_saved.at_equal_accuracy(ROWS, "snn-calibration", 4, "mAP")
    assert own.saved == 0


def test_a_step_at_the_same_timesteps_by_hand():
    one, two = scored([True] * 18 + [False] * 2), scored([True] * 19 + [False])
    rows = {
        "a": {4: one.model_copy(update={"energy_pj": {"horowitz-45nm": 30.0}, "synops": 2e6})},
        "b": {4: two.model_copy(update={"energy_pj": {"horowitz-45nm": 40.0}, "synops": 4e6})},
    }
    found = energy_saved.step(rows, "a", "b", 4, "accuracy")
    assert (found.saved, found.fewer_synops) == (pytest.approx(0.25), 0.5)
    assert found.difference.value == pytest.approx(-0.05) and found.difference.p_value == 1


def test_records_of_one_table_only(tmp_path):
    store = Store(tmp_path)
    store.write(make())
    store.write(make("burst"))
    store.write(make("burst", limit=5, date="2027-01-01T00:00:00+00:00", samples=5))
    first, rows = energy_saved.records_of("toy", out=tmp_path)
    assert set(rows) == {"adafire", "burst"} and first.limit is None
    with pytest.raises(InputError, match="no finished records of task 'other'"):
        energy_saved.records_of("other", out=tmp_path)


def test_the_command_prints_figures_of_records_and_the_papers(made_records):
    def call(*arguments):
        return subprocess.run(
            [sys.executable, "tools/energy_saved.py", *arguments, "--out", str(made_records)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )

    found = call("fashion_resnet")
    assert found.returncode == 0 and "70.1 % on CIFAR-10" in found.stdout, found.stderr
    assert "adafire - adafire-uniform" in found.stdout and "snn-calibration T=4" in found.stdout
    assert "100 samples" in found.stdout and "resnet_small" in found.stdout
    missing = call("fashion_resnet", "--reference", "burts")
    assert missing.returncode == 2 and "no record of 'burts'" in missing.stderr and "Traceback" not in missing.stderr


def test_the_first_draw_stands_and_the_place_of_weights_in_a_file_does_not_part_methods(tmp_path):
    store = Store(tmp_path)
    store.write(make())
    for draw, value in ((1, 0.9), (0, 0.5)):
        rows = [make_row(2, value), make_row(4, value)]
        other = make("ours", rows=rows, draw=draw).model_dump()["workload"]
        other["weights"]["key"] = "state_dict.network"
        other["calibration"]["fingerprint"] = f"{draw}" * 64
        store.write(make("ours", rows=rows, draw=draw, workload=other))
    _, rows = energy_saved.records_of("toy", out=tmp_path)
    assert set(rows) == {"adafire", "ours"} and rows["ours"][4].metrics["mAP"] == 0.5
    store.write(make("burst", draw=2))  # of a method that was run with a later draw alone, that one
    assert set(energy_saved.records_of("toy", out=tmp_path)[1]) == {"adafire", "ours", "burst"}
    with pytest.raises(InputError, match="variant 'nope'.*there are of variant mini"):
        energy_saved.records_of("toy", "nope", tmp_path)
