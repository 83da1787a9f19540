"""Runs that are killed, that meet each other, and that run out of disk: nothing that was done is lost, nothing is half."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.running.store import Store
from benchmarks.running.task import PROJECT
from helpers.processes import Warm

pytestmark = pytest.mark.slow

SCRIPT = str(PROJECT / "tools" / "run_bench.py")
TASKS = ("fashion_resnet", "coco_yolo", "cifar10_vgg16")
ARGUMENTS = [
    *TASKS,
    "--split",
    "mini",
    "--limit",
    "8",
    "--methods",
    "quantised,burst,snn-calibration,adafire-signed",
    "--timesteps",
    "1,2",
]
KEYS = len(TASKS) * 5
KILLS = 20


@pytest.fixture(scope="module")
def warm():
    with Warm() as found:
        yield found


@pytest.fixture
def start(warm, tmp_path):
    """start(out, ...): the command as a process whose libraries are imported."""

    def begin(out, *more):
        said = Path(tempfile.mkdtemp(dir=tmp_path))
        return warm.start([SCRIPT, *ARGUMENTS, "--out", out, *more], tmp_path, said)

    return begin


def table(path):
    """What was measured, without the wall times."""
    rows = json.loads(path.read_text())
    return [{key: value for key, value in row.items() if not key.endswith("_s")} for row in rows]


def undisturbed(start, folder):
    """(Table, seconds) of a run that nothing disturbs."""
    begin = time.monotonic()
    code, _, err = start(folder / "quiet", "--json", folder / "quiet.json").ended(500)
    assert code == 0, err
    return table(folder / "quiet.json"), time.monotonic() - begin


def check_whole(out, expected):
    records, problems = Store(out).load()
    assert not problems and len(records) == expected and all(record.status == "ok" for record in records)
    assert len({record.key for record in records}) == expected
    left = [path for path in out.rglob("*") if path.name.endswith(".tmp")]
    assert not left, "no temporary file is left"


def test_twenty_kills_change_nothing(start, tmp_path):
    expected, seconds = undisturbed(start, tmp_path)
    out, draw, killed, kept = tmp_path / "killed", random.Random(7), 0, 0
    for attempt in range(200):
        process = start(out)
        if (
            process.wait(draw.uniform(0.02, 0.3) * seconds) is None
        ):  # anywhere: while it loads, converts, simulates, writes
            process.kill()
            killed += 1
            kept += 0 < len(list(out.glob("records/*/*.json"))) < KEYS
        if killed == KILLS:
            break
        if process.returncode == 0:  # all is there: the next kills meet a folder from the start again
            check_whole(out, KEYS)
            out = tmp_path / f"killed{attempt}"
    assert killed == KILLS and kept > KILLS / 4, "some were killed in the middle of a table"
    code, _, err = start(out, "--json", tmp_path / "last.json").ended(500)
    assert code == 0, err
    check_whole(out, KEYS)
    assert table(tmp_path / "last.json") == expected


def test_two_runs_on_one_folder_run_every_key_once(start, tmp_path):
    both = [start(tmp_path / "out") for _ in range(2)]
    found = [process.ended(500) for process in both]
    assert [code for code, *_ in found] == [0, 0], found
    check_whole(tmp_path / "out", KEYS)
    assert sum(err.count(": done in ") for *_, err in found) == KEYS, "every key was run by one of the two, once"


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small tmpfs cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_disk_is_one_error_and_loses_nothing(start, small_disk):
    code, _, err = start(small_disk).ended(500)
    assert code in (1, 2) and "No space left on device" in err and "Traceback" not in err, err
    records, problems = Store(small_disk).load()
    assert not problems and all(record.status == "ok" for record in records), "what was written is whole"
    assert not [path for path in small_disk.rglob("*.tmp")]


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root may write anywhere")
def test_read_only_results_folder_is_refused_before_any_work(tmp_path):
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    drop = (
        ["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
        if os.geteuid() == 0
        else []
    )
    for folder in (tmp_path, *tmp_path.parents):
        if os.access(folder, os.W_OK) and folder.stat().st_uid == os.geteuid() and str(folder).count("/") > 1:
            folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(
        [*drop, sys.executable, SCRIPT, *ARGUMENTS, "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 2 and "not writable" in done.stderr and done.stderr.count("\n") <= 5, done.stderr
    assert not any(out.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_what_is_printed_on_a_full_disk():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "tools/codes.py"], cwd=PROJECT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (
        done.returncode == 2
        and done.stderr.startswith("error: no room is left on the disk")
        and "not foreseen" not in done.stderr
    )
