"""The runner on a tiny network and scripted methods: what runs, what is kept, and what happens when something fails."""

import itertools
import mmap
import multiprocessing
import os
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import adafire
import adafire.methods
from adafire.errors import InputError, UnsupportedError
from adafire.registry import Registry
from adapters.base import Evaluation, WorkloadOptions, adapters
from benchmarks.report import leaderboard
from benchmarks.report.rows import rows_of
from benchmarks.running import decoded
from benchmarks.running.record import IDENTITY
from benchmarks.running.request import RunOptions, check_request, find_adapter
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.store import Store
from benchmarks.running.task import Task
from benchmarks.running.told import Event
from helpers.rendered import render
from helpers.toys import SCRIPTS, TASK, ScriptedSNN, ToyWorkload, broken, nan, run_in_process, toy


class HungryWorkload(ToyWorkload):
    """Holds ``megabytes`` for a moment in every batch."""

    megabytes = 0

    def predict(self, outputs, batch):
        with mmap.mmap(-1, self.megabytes * 10**6) as held:  # not from the heap, which may hold as much already
            for _ in range(self.megabytes):
                held.write(b"1" * 10**6)
        return outputs.argmax(1).tolist()


def test_a_record_tells_the_peak_of_memory(tmp_path):
    if not os.path.exists("/proc/self/clear_refs"):
        pytest.skip("only Linux tells, and resets, the most memory that a process held")
    found = {}
    adapters.register("hungry", HungryWorkload)
    for megabytes in (400, 10):  # the smaller one last: the mark must have been reset
        HungryWorkload.megabytes = megabytes
        task = parse(Task, {**TASK, "adapter": "hungry", "methods": ["quantised"]}, "task")
        rows = run(task, "mini", timesteps=[1], out=tmp_path / str(megabytes)).records[-1].rows
        found[megabytes] = rows[0].peak_memory_mb
    assert 300 < found[400] - found[10] < 500, found


@pytest.fixture
def scripted(monkeypatch):
    methods = Registry("method")
    for name, kind, anytime in [
        ("ann", "ann", True),
        ("quantised", "quantised", False),
        ("steady", "snn", True),
        ("again", "snn", False),
        *((name, "snn", True) for name in SCRIPTS),
    ]:
        methods.register(
            name,
            SimpleNamespace(
                name=name,
                kind=kind,
                anytime=anytime,
                quantiser_levels=lambda t, limit: t * limit,
                parameters=lambda t, name=name: {"phi": 2, "for": name},
            ),
        )
    monkeypatch.setattr(adafire.methods, "get", methods.get, raising=False)
    monkeypatch.setattr(adafire, "convert", ScriptedSNN, raising=False)
    monkeypatch.setattr(ScriptedSNN, "calls", [])
    return ScriptedSNN.calls


def records_in(folder):
    records, problems = Store(folder).load()
    assert not problems
    return {record.method: record for record in records}


def test_anytime_methods_are_simulated_once_and_others_once_a_t(scripted, tmp_path):
    outcome = run(toy(), "mini", ["again", "steady"], [4, 1, 2], out=tmp_path)
    assert scripted == [("ann", 1), ("again", 1), ("again", 2), ("again", 4), ("steady", 4)]
    assert [r.method for r in outcome.records] == ["ann", "again", "steady"] and not outcome.interrupted
    assert [row.timesteps for row in outcome.records[1].rows] == [1, 2, 4]
    assert records_in(tmp_path) == {r.method: r for r in outcome.records}


def test_what_a_record_says(scripted, tmp_path):
    ann, steady = run(toy(), "mini", ["steady"], out=tmp_path).records
    row = steady.rows[1]
    assert row.metrics == {"accuracy": 1.0} and row.evidence == {"right": [1] * 10} and steady.samples == 10
    assert (row.timesteps, row.levels, row.longest_burst, row.synops) == (2, 4, 2, 200.0)
    assert row.energy_pj["horowitz-45nm"] == 180.0 and row.sites[0]["threshold"] is None
    assert steady.ann.key == ann.key and steady.ann.value == 1.0
    assert ann.timesteps == [] and ann.rows[0].firing_rate is None and ann.rows[0].levels is None
    assert steady.workload.weights.sha256 == "w" and steady.parameters == {"phi": 2, "for": "steady"}
    assert steady.wall_s >= 0 and steady.git.dirty in (True, False, None) and "torch" in steady.versions


def test_task_defaults(scripted, tmp_path):
    outcome = run(toy(), "mini", out=tmp_path)
    assert [r.method for r in outcome.records] == ["ann", "quantised", "steady"]
    assert outcome.records[2].timesteps == [1, 2]


def test_finished_keys_are_not_run_again_unless_asked(scripted, tmp_path):
    first = run(toy(), "mini", ["steady"], out=tmp_path)
    count, events = len(scripted), []
    second = run(toy(), "mini", ["steady"], out=tmp_path, on_progress=events.append)
    assert len(scripted) == count and second.records == first.records and len(second.cached) == 2
    assert [e.kind for e in events] == ["loading", "cached", "cached"]
    run(toy(), "mini", ["steady"], [1, 2, 4], out=tmp_path)
    assert scripted[count:] == [("steady", 4)], "another T list is another key; the ANN stands"
    run(toy(), "mini", ["steady"], out=tmp_path, options=RunOptions(rerun=True))
    assert scripted[count + 1 :] == [("ann", 1), ("steady", 2)]


@pytest.mark.parametrize(
    "method, reason",
    [
        ("nan", "BadOutput: the outputs are NaN at T=1 (samples 0 to 3)"),
        ("broken", "RuntimeError: the wheels came off"),
    ],
)
def test_a_run_that_fails_is_a_record_and_the_rest_goes_on(scripted, tmp_path, method, reason):
    events = []
    outcome = run(toy(), "mini", [method, "steady"], out=tmp_path, on_progress=events.append)
    assert [r.status for r in outcome.records] == ["ok", "failed", "ok"]
    assert records_in(tmp_path)[method].reason == reason
    assert [e.text for e in events if e.kind == "failed"] == [reason]
    count = len(scripted)
    run(toy(), "mini", [method, "steady"], out=tmp_path)
    assert [name for name, _ in scripted[count:]] == [method], "what failed is tried again"


def test_rows_reached_before_a_failure_are_kept(scripted, tmp_path, monkeypatch):
    calls = itertools.count()
    # 3 batches a T, so call 4 is in the middle of the second T
    monkeypatch.setitem(SCRIPTS, "again", lambda outputs: broken(outputs) if next(calls) == 4 else outputs)
    record = run(toy(), "mini", ["again"], out=tmp_path).records[1]
    assert record.status == "failed" and [row.timesteps for row in record.rows] == [1]
    assert [r["status"] for r in rows_of(record)] == ["ok", "failed"]


def test_when_the_ann_fails_the_methods_are_not_run(scripted, tmp_path, monkeypatch):
    monkeypatch.setitem(SCRIPTS, "ann", nan)
    outcome = run(toy(), "mini", ["steady"], out=tmp_path)
    assert [r.status for r in outcome.records] == ["failed", "failed"] and scripted == [("ann", 1)]
    assert "not run, because the ANN failed" in outcome.records[1].reason


def test_scores_that_are_not_finite_fail_the_run(scripted, tmp_path, monkeypatch):
    monkeypatch.setattr(ToyWorkload, "evaluate", lambda *_: Evaluation({"accuracy": float("nan")}, 0.0, 1.0, {}))
    record = run(toy(), "mini", [], out=tmp_path).records[0]
    assert record.status == "failed" and "metrics.accuracy" in record.reason and "finite" in record.reason


def test_a_data_error_in_one_image_fails_that_run_and_the_rest_goes_on(tmp_path, monkeypatch):
    """The second batch cannot be read while the second of three methods runs: a file that was there has gone."""
    monkeypatch.setattr(decoded, "ROOM", 0)  # a large set, which every method reads anew
    real, passes = ToyWorkload.batches, itertools.count()

    def batches(self):
        torn = next(passes) == 2  # the ANN's, burst's, then this one
        for k, batch in enumerate(real(self)):
            if torn and k == 1:
                raise OSError("picture 5.png: image file is truncated")
            yield batch

    monkeypatch.setattr(ToyWorkload, "batches", batches)
    task = parse(Task, {**TASK, "methods": ["burst", "adafire-signed", "opi"]}, "task")
    found = {r.method: r for r in run(task, "mini", timesteps=[2], out=tmp_path).records}
    assert {name: record.status for name, record in found.items()} == {
        "ann": "ok",
        "burst": "ok",
        "adafire-signed": "failed",
        "opi": "ok",
    }
    assert found["adafire-signed"].reason == "OSError: picture 5.png: image file is truncated"
    assert {r.method: r.status for r in Store(tmp_path).load()[0]} == {
        name: record.status for name, record in found.items()
    }


def test_missing_predictions_fail_the_run(scripted, tmp_path, monkeypatch):
    monkeypatch.setattr(ToyWorkload, "predict", lambda self, outputs, batch: outputs.argmax(1).tolist()[:-1])
    assert "ValueError" in run(toy(), "mini", [], out=tmp_path).records[0].reason
    monkeypatch.undo()


def test_ctrl_c_keeps_what_is_done(scripted, tmp_path):
    outcome = run(toy(), "mini", ["steady", "interrupt", "again"], out=tmp_path)
    assert outcome.interrupted and [r.method for r in outcome.records] == ["ann", "steady"]
    assert set(records_in(tmp_path)) == {"ann", "steady"}
    assert [p.name for p in tmp_path.rglob("*.tmp")] == []
    with Store(tmp_path).lock(outcome.records[1].key[:12], wait=False) as mine:
        assert mine, "no lock stays behind"


def test_a_failed_rerun_does_not_cost_the_good_record(scripted, tmp_path, monkeypatch):
    good = run(toy(), "mini", ["steady"], out=tmp_path).records[1]
    monkeypatch.setitem(SCRIPTS, "steady", nan)
    outcome = run(toy(), "mini", ["steady"], out=tmp_path, options=RunOptions(rerun=True))
    assert outcome.records[1].status == "failed" and records_in(tmp_path)["steady"] == good


def test_a_damaged_record_is_reported_and_run_again(scripted, tmp_path):
    record = run(toy(), "mini", ["steady"], out=tmp_path).records[1]
    (tmp_path / "records" / record.name).write_text("{")
    events = []
    run(toy(), "mini", ["steady"], out=tmp_path, on_progress=events.append)
    (note,) = [e for e in events if e.kind == "note"]
    assert "not used" in note.text
    assert records_in(tmp_path)["steady"].status == "ok"


@pytest.mark.parametrize(
    "methods, timesteps, options, words",
    [
        (["stedy"], None, {}, "did you mean 'steady'"),
        (["steady", "steady"], None, {}, "twice"),
        (None, [0], {}, "whole numbers of 1 or more"),
        (None, [], {}, "at least one"),
        (None, [2, 2], {}, "twice"),
        (None, None, dict(precision="fp8"), "unknown precision 'fp8'"),
        (None, None, dict(workload=WorkloadOptions(device="tpu")), "cpu or cuda"),
        (None, None, dict(workload=WorkloadOptions(limit=0)), "limit"),
    ],
)
def test_wrong_request_is_refused_before_any_work(scripted, tmp_path, methods, timesteps, options, words):
    with pytest.raises(InputError, match=words):
        run(toy(), "mini", methods, timesteps, RunOptions(**options), tmp_path / "out")
    assert not scripted and not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_without_a_gpu(scripted):
    with pytest.raises(InputError, match="leave --device out"):
        check_request(toy(), options=RunOptions(WorkloadOptions(device="cuda")))


@pytest.mark.parametrize(
    "variant, words",
    [
        (dict(options={"calibrated": False}), "calibration set is empty"),
        (dict(options={"overlap": 2}), "overlap"),
    ],
)
def test_unusable_workload_is_refused_before_any_simulation(scripted, tmp_path, variant, words):
    with pytest.raises(InputError, match=words):
        run(toy(**variant), "mini", out=tmp_path / "out")
    assert not scripted and not (tmp_path / "out").exists()


def test_wrong_metric_or_adapter(scripted, tmp_path):
    with pytest.raises(InputError, match="metric"):
        run(toy().model_copy(update={"metric": "mIoU"}), "mini", out=tmp_path)
    with pytest.raises(InputError, match="unknown adapter 'toi'; did you mean 'toy'"):
        find_adapter("toi")


@pytest.mark.parametrize(
    "expected, limit, checkpoint, words",
    [
        (
            {"ann": 0.5, "tolerance": 0.1},
            None,
            None,
            "accuracy 1.0000; the task expects 0.5 +- 0.1: other data or weights",
        ),
        ({"ann": 1.0, "tolerance": 0.1}, None, None, None),
        ({"ann": 0.91, "tolerance": 0.1}, None, None, None),
        ({"ann": 0.5, "tolerance": 0.1}, None, "own.pth", "the weights of --checkpoint are others"),
        (
            {"ann": 0.5, "tolerance": 0.1},
            10,
            None,
            "(95 % interval 0.7000 to 1.0000) on 10 samples; the task expects 0.5 +- 0.1",
        ),
        ({"ann": 0.5, "tolerance": 0.2}, 10, None, None),
        ({"ann": 0.65, "tolerance": 0.1}, 10, None, None),
        ({"ann": 0.5, "tolerance": 0.1, "samples": 10}, None, None, "accuracy 1.0000; the task expects"),
        ({"ann": 0.65, "tolerance": 0.1, "samples": 500}, None, None, None),
        ({"ann": 0.5, "tolerance": 0.1, "samples": 500}, None, None, "on 10 samples"),
    ],
)
def test_expected_score_of_the_ann_is_compared_always(monkeypatch, tmp_path, expected, limit, checkpoint, words):
    """On all samples with the tolerance, on some with the interval of the score, whichever weights are used."""
    monkeypatch.setattr(
        ToyWorkload, "evaluate", lambda self, predictions: Evaluation({"accuracy": 1.0}, 0.7, 1.0, {"right": [1]})
    )
    task = toy(expected=expected)
    options = RunOptions(WorkloadOptions(limit=limit, checkpoint=checkpoint))
    ann, other = run(task, "mini", ["quantised"], [1], options=options, out=tmp_path).records
    assert len(ann.notes) == (words is not None) and other.notes == []
    assert not words or words in ann.notes[0]
    first_line = leaderboard.about([ann, other])
    assert ("the task expects" in first_line) == (words is not None) and leaderboard.about([other]) == first_line
    assert ann.expected == other.expected == task.variants["mini"].expected


def test_an_interval_without_width_is_compared_with_nothing(monkeypatch, tmp_path):
    """One picture's mean IoU has no interval."""
    monkeypatch.setattr(
        ToyWorkload, "evaluate", lambda self, predictions: Evaluation({"accuracy": 0.9}, 0.9, 0.9, {"right": [1]})
    )
    task = toy(expected={"ann": 0.5, "tolerance": 0.1})
    assert (
        run(task, "mini", ["quantised"], [1], options=RunOptions(WorkloadOptions(limit=1)), out=tmp_path)
        .records[0]
        .notes
        == []
    )


def test_no_path_of_this_machine_enters_a_record(scripted, tmp_path, monkeypatch):
    there, checkpoint = tmp_path / "coco", tmp_path / "weights" / "net.pth"
    there.mkdir()
    monkeypatch.setattr(
        ToyWorkload, "notes", (f"there is no folder '{there}/train2017'; '{checkpoint}' has another head",)
    )
    asked = RunOptions(WorkloadOptions(data_root=str(there), checkpoint=str(checkpoint)))
    records = run(toy(), "mini", ["steady"], [1], asked, out=tmp_path / "out").records
    assert {note for record in records for note in record.notes} == {
        "there is no folder 'DIR/train2017'; 'FILE' has another head"
    }


def test_notes_on_the_data_are_in_every_record_and_told_once(scripted, tmp_path, monkeypatch):
    monkeypatch.setattr(ToyWorkload, "notes", ("the data are odd",))
    for _ in range(2):  # the second time all results are there already
        events = []
        records = run(toy(), "mini", ["steady"], out=tmp_path, on_progress=events.append).records
        assert len(records) == 2 and all(record.notes == ["the data are odd"] for record in records)
        assert [e.text for e in events if e.kind == "note"] == ["the data are odd"]


def test_limit_is_another_key(scripted, tmp_path):
    whole = run(toy(), "mini", [], out=tmp_path).records[0]
    part = run(toy(), "mini", [], out=tmp_path, options=RunOptions(WorkloadOptions(limit=4))).records[0]
    assert part.samples == 4 and part.key != whole.key


def test_progress_counts_samples(scripted, tmp_path):
    events = []
    run(toy(), "mini", ["steady"], out=tmp_path, on_progress=events.append)
    assert [e.kind for e in events if e.method == "steady"] == ["converting", *["running"] * 4, "finished"]
    running = [e for e in events if e.kind == "running" and e.method == "steady"]
    assert [e.done for e in running] == [0, 4, 8, 10] and {e.total for e in running} == {10}
    assert running[0] == Event("running", "toy mini", "steady", (1, 2), 0, 10)


def test_what_another_process_runs_is_put_off_and_then_found(scripted, tmp_path, monkeypatch):
    elsewhere = run(toy(), "mini", ["steady"], out=tmp_path / "elsewhere").records[1]
    store, events = Store(tmp_path), []
    holder = store.lock(elsewhere.key[:12])
    holder.__enter__()

    def other_finishes(outputs):  # while we do what is free, the other process writes its record
        if not (tmp_path / "records" / elsewhere.name).exists():
            store.write(elsewhere)
            holder.__exit__(None, None, None)
        return outputs

    monkeypatch.setitem(SCRIPTS, "again", other_finishes)
    count = len(scripted)
    outcome = run(toy(), "mini", ["steady", "again"], out=tmp_path, on_progress=events.append)
    assert [name for name, _ in scripted[count:]] == ["ann", "again", "again"]
    assert [r.method for r in outcome.records] == ["ann", "steady", "again"] and elsewhere.key in outcome.cached
    assert "waiting" in [e.kind for e in events]


@pytest.mark.slow
def test_two_processes_share_a_folder_and_run_every_key_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=run_in_process, args=(tmp_path / "out", tmp_path / "log")) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(line.split()[0] for line in (tmp_path / "log").read_text().splitlines()) == [
        "again",
        "ann",
        "steady",
        "third",
    ]


def test_every_method_of_the_library_on_the_tiny_network(tmp_path):
    outcome = run(toy(), "mini", adafire.methods.names(), [1, 4], out=tmp_path)
    for record in outcome.records:
        assert record.status == "ok", f"{record.method}: {record.reason}"
    assert {r.kind for r in outcome.records} == {"ann", "quantised", "snn"}
    for record in outcome.records[1:]:
        assert all(row.levels for row in record.rows), record.method
        if record.kind == "snn":
            last = record.rows[-1]
            assert last.synops > 0 and last.firing_rate > 0 and last.sites and last.layers, record.method
    text = render(outcome.records)
    assert text == render(Store(tmp_path).load()[0]) and "toy mini" in text


@pytest.mark.parametrize(
    "spoil, error, words",
    [
        (lambda network: network[0].weight.data.fill_(float("nan")), InputError, "NaN"),
        (lambda network: network.insert(1, nn.BatchNorm2d(4)).train(), UnsupportedError, "batch"),
    ],
    ids=["nan-weight", "training-mode"],
)
def test_network_that_cannot_be_converted_is_refused_once_and_early(tmp_path, monkeypatch, spoil, error, words):
    build = ToyWorkload.__init__

    def spoilt(self, settings, options):
        build(self, settings, options)
        spoil(self.network)

    monkeypatch.setattr(ToyWorkload, "__init__", spoilt)
    with pytest.raises(error, match=words):
        run(toy(), "mini", ["adafire"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_everything_in_the_key_is_known_before_the_run():
    assert not {"rows", "samples", "date", "wall_s", "versions"} & set(IDENTITY)
