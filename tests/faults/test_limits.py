"""A limit on memory, as on shared machines: the segmentation task at 512 x 1024 pixels runs in it, or leaves a failed
record that says how much was wanted, after it was tried with fewer timesteps at once (tests/adafire/simulation/test_memory.py).

The limit is on what is really allocated (ulimit -d). Of the address space (ulimit -v), torch's libraries alone take 4 GB.
"""

import os
import subprocess
import sys

import pytest

from benchmarks.running.store import Store
from benchmarks.running.task import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits memory so"),
]
TASK = ["cityscapes_fastscnn", "--variant", "memory", "--methods", "burst", "--limit", "1"]

SCRIPT = """
import resource, runpy, sys
from adafire import convert  # noqa: F401
import sys as system
limit, at = float(sys.argv[1]), sys.argv[2]
convert = system.modules["adafire.snn.network"]
real = convert.simulate

def held():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024

def simulate(run, times, chunk, **options):
    if at == "simulation" and resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_DATA, (held() + int(limit), resource.RLIM_INFINITY))
    return real(run, times, chunk, **options)

convert.simulate = simulate
if at == "start":
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
from benchmarks.running import environment
environment.keep_memory = lambda: None  # freed memory goes back, so that the second limit is one on what is new
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def limited(folder, size, at, steps):
    """(exit code, stderr, record) of the task with at most ``size`` bytes, from the start or (more) from its simulation on."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SCRIPT,
            str(size),
            at,
            str(PROJECT / "tools" / "run_bench.py"),
            *TASK,
            "--timesteps",
            str(steps),
            "--out",
            str(folder),
        ],
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)},
    )
    records, problems = Store(folder).load()
    assert not problems and "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr, {record.method: record for record in records}.get("burst")


def test_four_gigabytes_are_enough_for_512_x_1024_pixels(tmp_path):
    code, err, record = limited(tmp_path, 4e9, "start", 16)
    assert code == 0 and record.status == "ok", err
    assert record.rows[0].peak_memory_mb < 4000


def test_a_limit_that_no_chunk_fits_in_is_a_failed_record_with_the_figure(tmp_path):
    code, err, record = limited(tmp_path, 12e6, "simulation", 2)
    assert code == 1 and record.status == "failed", err
    assert (
        record.reason.startswith("OutOfMemory: memory ran out in this run: ") and "GB more were wanted" in record.reason
    )
