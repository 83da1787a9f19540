"""tools/calibration_size.py: rows as they come, nothing measured twice, calibration samples that are never scored, and the page."""

import hashlib
import json

import pytest
import torch

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from benchmarks.report import calibration_table
from benchmarks.running import calibration_size, catalogue
from benchmarks.running.task import load_task
from helpers.programs import program

SMALL = "fashion_resnet --methods burst@2 --sizes 2,4 --draws 2 --pool 10 --limit 20 --sources own,noise".split()


@pytest.fixture(scope="module")
def workload():
    task = load_task(catalogue.find_task("fashion_resnet"))
    return calibration_size.build(task, "mini", WorkloadOptions(limit=60), 40)


def test_rows_come_once(tmp_path, capsys):
    main, out = program("calibration_size").main, tmp_path / "sizes.csv"
    assert main([*SMALL, "--out", str(out), "--json", str(tmp_path / "rows.json")]) == 0
    text, told = capsys.readouterr()
    assert told.count(" of 9: ") == 9 and "9 of 9: burst, T=2, 4 samples (noise), draw 2 of 2" in told
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert len(rows) == 9 and {row["scored"] for row in rows} == {20}
    ann = next(row["value"] for row in rows if row["method"] == "ann")
    cell = [row["value"] for row in rows if (row["source"], row["samples"]) == ("own", 4)]
    shown = f"{100 * (ann - sum(cell) / 2):.1f} ("
    assert next(line for line in text.splitlines() if "the task's own" in line).split(" | ")[4].startswith(shown)
    out.write_text("# command: mine\n" + "".join(out.read_text().splitlines(True)[:-1]))
    assert main([*SMALL, "--out", str(out)]) == 0
    again, told = capsys.readouterr()
    assert told.splitlines() == ["1 of 1: burst, T=2, 4 samples (noise), draw 2 of 2"] and again == text
    assert out.read_text().startswith("# command: mine\n") and len(calibration_table.read(out)) == 9


def test_what_calibrates_is_not_scored(workload):
    def contents(inputs):
        return {hashlib.sha256(x.numpy().tobytes()).hexdigest() for x in inputs}

    pool = calibration_size.samples_of(workload)
    scored = contents(x for batch in workload.batches() for x in batch.inputs)
    assert len(pool) == 40 and len(scored) == 60
    assert not scored & contents(x[0] for x in pool)


def test_draws_share_samples_only_where_the_pool_is_too_small():
    pool = list(range(30))
    for size in (1, 4, 10):
        draws = [set(calibration_size.taken(pool, size, k, 3)) for k in (1, 2, 3)]
        assert len(set.union(*draws)) == 3 * size
    large = [set(calibration_size.taken(pool, 20, k, 3)) for k in (1, 2, 3)]
    assert all(len(draw) == 20 for draw in large) and len({frozenset(draw) for draw in large}) == 3
    assert set(calibration_size.taken(pool, 4, 2, 3)) < large[1]


def test_noise_and_other_pictures_are_prepared_as_the_tasks_own(workload):
    made = torch.cat(calibration_size.noise(workload, 50, 1))
    mean, std = (workload.describe()["preprocessing"][key][0] for key in ("mean", "std"))
    pixels = made * std + mean
    assert made.shape[1:] == (1, 28, 28) and -1e-6 <= pixels.min() < 0.01 and 0.99 < pixels.max() <= 1 + 1e-6
    same = calibration_size.others(workload, workload)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(same, calibration_size.samples_of(workload)))


def test_a_method_that_refuses_is_a_row_with_its_reason(tmp_path, monkeypatch, capsys):
    real = calibration_size.measure

    def measure(workload, inputs, method, *rest, **more):
        if method.name != "ann" and len(inputs.inputs[0]) < 4:
            raise InputError("too few")
        return real(workload, inputs, method, *rest, **more)

    monkeypatch.setattr(calibration_size, "measure", measure)
    out = tmp_path / "sizes.csv"
    assert program("calibration_size").main([*SMALL, "--out", str(out)]) == 1
    assert "| refused | " in capsys.readouterr().out
    rows = [row for row in calibration_table.read(out) if row.samples == 2]
    assert len(rows) == 4 and all(row.reason == "too few" and row.value is None for row in rows)


@pytest.mark.parametrize(
    "more, words",
    [
        ([], "which task? For example: python tools/calibration_size.py fashion_resnet"),
        (["fashion_resnet", "--methods", "ours"], "found 'ours', expected a method and its T, such as adafire@4"),
        (["fashion_resnet", "--methods", "ours@1,ours@2"], "expected every method once"),
        (["fashion_resnet", "--methods", "our@1"], "did you mean 'ours'"),
        (["fashion_resnet", "--sources", "mine"], "found 'mine', expected some of own, other, noise"),
        (["fashion_resnet", "--sources", "own,other"], "source 'other' and --other TASK belong together"),
        (["fashion_resnet", "--sizes", "4,600", "--pool", "500"], "3 draws of 600 calibration samples out of 500"),
        (["fashion_resnet", "--sizes", "200"], "600 calibration pictures are asked for, but"),
        (["coco_yolo", "--sizes", "2", "--draws", "1", "--sources", "noise"], "leave them out: --sources own"),
    ],
)
def test_what_cannot_be_is_one_sentence(more, words, capsys):
    assert program("calibration_size").main([*more, "--limit", "2"]) == 2
    text, told = capsys.readouterr()
    assert words in told and text == "" and told.count("\n") <= 3 and "the ANN" not in told


def test_a_file_that_is_none_of_its_own_is_named(tmp_path, capsys):
    out = tmp_path / "mine.csv"
    for text, words in (
        ("a,b\n1,2\n", "has the columns"),
        (",".join(calibration_size.Point._fields) + "\nx,y,z,four\n", "column timesteps"),
    ):
        out.write_text(text)
        assert program("calibration_size").main([*SMALL, "--out", str(out)]) == 2
        assert words in capsys.readouterr().err and out.read_text() == text


def test_the_page_is_what_the_committed_rows_say():
    rows, text = calibration_table.read(calibration_table.MEASURED), calibration_table.PAGE.read_text(encoding="utf-8")
    assert calibration_table.page(rows, text) == text, "run python tools/calibration_size.py --page"
    assert all(row.reason is None for row in rows) and calibration_table.plot(rows) is not None
