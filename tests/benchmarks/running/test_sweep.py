"""A sweep of twelve jobs that is killed in the middle is finished by the second call, and nothing is done twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.running.store import Store, read_record
from helpers.paths import ROOT

METHODS = [
    "quantised",
    "burst",
    "dcgs",
    "rate-max",
    "rate-percentile",
    "snn-calibration",
    "adafire-uniform",
    "adafire-signed",
    "opi",
    "signed-if",
    "threshold-balancing",
]  # and the ANN: twelve jobs

pytestmark = pytest.mark.slow


def start(out, log):
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[sweep]')")
    environment = {**os.environ, "RAY_memory_monitor_refresh_ms": "0"}  # what others hold must not kill these jobs
    return subprocess.Popen(
        [
            sys.executable,
            "tools/sweep.py",
            "fashion_resnet",
            "--methods",
            ",".join(METHODS),
            "--timesteps",
            "1",
            "--limit",
            "10",
            "--out",
            str(out),
            "--jobs",
            "2",
        ],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )


def finished(out):
    """{file: its bytes} of whole records."""
    return {path: path.read_bytes() for path in (out / "records").glob("*/*.json") if read_record(path).status == "ok"}


def test_killed_in_the_middle_it_is_finished_by_the_second_call(tmp_path):
    out = tmp_path / "results"
    with open(tmp_path / "first.log", "w") as log:
        first = start(out, log)
        end = time.monotonic() + 900
        while len(list((out / "records").glob("*/*.json"))) < 4 and time.monotonic() < end and first.poll() is None:
            time.sleep(0.2)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    time.sleep(3)  # Ray's own processes end when they miss the one that started them
    before = finished(out)
    assert 4 <= len(before) < 12, (tmp_path / "first.log").read_text()
    with open(tmp_path / "second.log", "w") as log:
        assert start(out, log).wait(900) == 0, (tmp_path / "second.log").read_text()
    text = (tmp_path / "second.log").read_text()
    after = finished(out)
    assert len(after) == 12 and all(after[path] == content for path, content in before.items()), "done twice"
    assert f"12 jobs: {12 - len(before)} run, {len(before)} done before, 0 failed" in text and "[12/12]" in text
    assert {r.method for r in Store(out).load()[0]} == {"ann", *METHODS}


def test_a_job_whose_process_dies_is_a_failed_record(tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[sweep]')")
    from adapters.base import WorkloadOptions
    from benchmarks.running import runner, sweep

    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")

    def die(job, *rest):
        if job[2] == "burst":
            os.kill(os.getpid(), signal.SIGKILL)
        from benchmarks.running.sweep import _work

        return _work(job, *rest)

    monkeypatch.setattr(sweep, "_work", die)
    options = runner.RunOptions(WorkloadOptions(limit=5))
    found = sweep.sweep([("fashion_resnet", "mini")], ["burst"], [1], options, tmp_path, jobs=1)
    assert [(done.job.method, done.kind) for done in found] == [("ann", "finished"), ("burst", "failed")]
    (record,) = [r for r in Store(tmp_path).load()[0] if r.method == "burst"]
    assert record.status == "failed" and record.reason and record.rows == []
