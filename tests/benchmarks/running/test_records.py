"""Records: schema, keys, all-or-nothing writing, locks, and what happens to files that are no records."""

import errno
import json
import multiprocessing
import os
import stat
import time

import pytest
from pydantic import ValidationError

from adafire.errors import InputError
from benchmarks.running import environment, row
from benchmarks.running import store as store_module
from benchmarks.running.record import IDENTITY, Record, key_of, to_json
from benchmarks.running.store import Store, read_record, write_whole
from helpers.records import hold, make, make_row


def test_round_trip_through_a_file(tmp_path):
    record, store = make(), Store(tmp_path)
    assert store.write(record)
    path = tmp_path / "records" / record.name
    assert path.name == f"adafire-{record.key[:12]}.json" and path.parent.name == "toy-mini-mini"
    assert read_record(path) == record
    assert to_json(read_record(path)) == path.read_text()
    assert json.loads(path.read_text())["rows"][1]["timesteps"] == 4
    assert store.load() == ([record], [])
    assert os.stat(path).st_mode & 0o044, "others can read it"


def test_key_changes_with_what_determines_the_result_and_with_nothing_else():
    base = make()
    other = {
        "task": "toy2",
        "task_version": 2,
        "variant": "big",
        "split": "full",
        "settings": {"batch_size": 4},
        "method": "burst",
        "parameters": {"phi": 2},
        "timesteps": [1, 4],
        "precision": "bf16",
        "seed": 1,
        "limit": 5,
        "device_type": "cuda",
        "method_version": 99,
    }
    for name, value in other.items():
        rows = [make_row(1), make_row(4)] if name == "timesteps" else None
        assert make(rows=rows, **{name: value}).key != base.key, name
    for part, name in (("data", "fingerprint"), ("calibration", "fingerprint"), ("weights", "sha256")):
        workload = base.model_dump()["workload"]
        workload[part][name] = "other"
        assert make(workload=workload).key != base.key, part
    assert set(other) | {"workload", "schema_version"} == set(IDENTITY), "a new part of the key is tested here"
    assert make(date="2027-01-01T00:00:00+00:00", wall_s=9.0, versions={"python": "3.12"}).key == base.key


def test_key_is_the_same_on_every_machine():
    identity = {name: 1 for name in IDENTITY}
    assert key_of(identity) == key_of(dict(reversed(identity.items())))
    assert key_of(identity)[:12] == "5f678217a625"


@pytest.mark.parametrize(
    "changes",
    [
        dict(status="failed"),
        dict(reason="x"),
        dict(rows=[make_row(2)]),
        dict(rows=[make_row(4), make_row(2)]),
        dict(metric="accuracy"),
        dict(key="0" * 64),
        dict(samples=0),
        dict(colour="red"),
        dict(timesteps=[0, 4]),
        dict(rows=[make_row(2), make_row(4, low=float("nan"))]),
        dict(rows=[make_row(2), make_row(4, synops=-1.0)]),
        dict(rows=[make_row(2), make_row(4, evidence={"x": [float("nan")]})]),
        dict(schema_version=2),
        dict(precision="fp8"),
    ],
)
def test_what_is_no_record(changes):
    with pytest.raises(ValidationError):
        make(**changes)


def test_overlap_of_calibration_and_test_is_refused():
    workload = make().model_dump()["workload"]
    workload["calibration"]["overlap"] = 3
    with pytest.raises(ValidationError):
        make(workload=workload)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "{}",
        lambda text: "[1, 2]",
        lambda text: '{"schema_version": 1, "title": "not ours"}',
        lambda text: text.replace('"wall_s": 3.0', '"wall_s": "3"'),
        lambda text: text.replace('"mAP": 0.4', '"mAP": NaN'),
        lambda text: text.replace('"seed": 0', '"seed": 1'),
        lambda text: "[" * 100000,
        lambda text: "\x00\xff",
    ],
    ids=["cut", "empty", "object", "list", "foreign", "type", "nan", "edited", "deep", "binary"],
)
def test_damaged_file_is_reported_and_not_used(tmp_path, damage):
    record, store = make(), Store(tmp_path)
    store.write(record)
    path = tmp_path / "records" / record.name
    path.write_text(damage(path.read_text()), encoding="latin-1")
    records, problems = store.load()
    assert not records and len(problems) == 1
    assert record.name in problems[0] and "not used" in problems[0] and problems[0].count("\n") <= 4
    found, problem = store.find(record.model_dump(), record.key)
    assert found is None and problem
    assert store.write(record), "a new result takes its place"
    assert store.load() == ([record], [])


def test_renamed_and_oversized_files_are_reported(tmp_path, monkeypatch):
    record, store = make(), Store(tmp_path)
    store.write(record)
    path = tmp_path / "records" / record.name
    path.rename(path.with_name("adafire-000000000000.json"))
    assert "should be called" in store.load()[1][0]
    monkeypatch.setattr(store_module, "LARGEST_RECORD", 10)
    assert "larger" in store.load()[1][0]


def failed():
    return make(status="failed", reason="RuntimeError: no", rows=[])


def test_a_good_record_stands_until_a_good_rerun(tmp_path):
    store, good = Store(tmp_path), make()
    assert store.write(failed()) and store.write(good)
    assert not store.write(make(wall_s=9.0)) and not store.write(failed()) and not store.write(failed(), rerun=True)
    assert store.load()[0] == [good]
    assert store.write(make(wall_s=9.0), rerun=True)
    assert store.load()[0][0].wall_s == 9.0


def test_writing_leaves_the_old_text_or_the_new(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_whole(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, full)
            with pytest.raises(InputError, match="No space left"):
                write_whole(path, "new")
        assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.json"]
    (tmp_path / ".a.json.tmp").write_text("what a killed process left")
    write_whole(path, "new")
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("refused", ["open", "fsync"])
@pytest.mark.parametrize("error", [errno.EACCES, errno.EINVAL, errno.EISDIR, errno.ENOTSUP])
def test_a_system_that_cannot_sync_a_folder_keeps_its_records(tmp_path, monkeypatch, refused, error):
    """Windows opens no folder (EACCES); some network file systems sync none (EINVAL)."""
    real, record = getattr(os, refused), make()

    def no_folder(what, *more, **options):
        is_folder = os.path.isdir(what) if refused == "open" else os.path.isdir(f"/proc/self/fd/{what}")
        if is_folder:
            raise OSError(error, os.strerror(error))
        return real(what, *more, **options)

    if refused == "fsync" and not os.path.isdir("/proc/self/fd"):
        pytest.skip("what a file descriptor is cannot be told here")
    monkeypatch.setattr(os, refused, no_folder)
    store, before = Store(tmp_path), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert store.write(record) and store.load() == ([record], [])
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".tmp"]
    monkeypatch.undo()
    assert not before or len(os.listdir("/proc/self/fd")) == before, "the folder is closed again"


def test_a_folder_is_synced_where_it_can_be(tmp_path, monkeypatch):
    synced, real = [], os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(stat.S_ISDIR(os.fstat(handle).st_mode)), real(handle))
    )
    write_whole(tmp_path / "a.json", "text")
    assert synced == [False, True], "the file first, then its folder"


def test_what_other_systems_lack_is_not_asked_for(monkeypatch):
    """No SIGPIPE, no load average, and drives that no relative path leads to: Windows."""
    from benchmarks import command
    from benchmarks.speed import records

    def other_drive(*_):
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert command.same_again("C:/adafire/tools/run_bench.py", ["a b"]) == "python C:/adafire/tools/run_bench.py 'a b'"
    monkeypatch.delattr(os, "getloadavg", raising=False)
    assert records._load() == 0.0


def test_a_key_is_locked_over_processes(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, release = context.Queue(), context.Queue()
    process = context.Process(target=hold, args=(tmp_path, held, release))
    process.start()
    assert held.get(timeout=30)
    store = Store(tmp_path)
    with store.lock("k", wait=False) as mine:
        assert not mine
    with store.lock("other", wait=False) as mine:
        assert mine
    begin = time.monotonic()
    process.kill()  # a lock dies with its holder
    with store.lock("k") as mine:
        assert mine and time.monotonic() - begin < 10
    process.join()
    assert (tmp_path / ".locks" / ".gitignore").read_text() == "*\n"


def test_records_of_one_task_alone(tmp_path):
    store, records = Store(tmp_path), [make(), make(task="scenes"), make(task="scenes2")]
    for record in records:
        assert store.write(record)
    assert store.load()[0] == sorted(records, key=lambda r: r.name)
    for record in records:  # 'scenes' is how 'scenes2' begins
        assert store.load(record.task)[0] == [record]


def test_reading_costs_no_call_a_value(monkeypatch):
    """The check for NaN once was a call of json.dumps for every value: four fifths of the time that reading took."""
    text, calls, dumps = (
        to_json(make(rows=[make_row(t, evidence={str(i): i for i in range(2000)}) for t in (2, 4)])),
        [],
        json.dumps,
    )
    monkeypatch.setattr(row.json, "dumps", lambda *args, **kwargs: calls.append(args) or dumps(*args, **kwargs))
    Record.model_validate_json(text)
    assert 0 < len(calls) < 100


def test_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"), Store(tmp_path / "file" / "results").lock("k"):
        pass


def test_nothing_is_created_by_looking(tmp_path):
    store = Store(tmp_path / "results")
    assert store.load() == ([], []) and store.find(make().model_dump(), make().key) == (None, None)
    assert not (tmp_path / "results").exists()


def test_surroundings_fit_the_schema():
    record = make(versions=environment.versions(), hardware=environment.hardware(), git=environment.git())
    assert {"python", "torch"} <= set(record.versions)
