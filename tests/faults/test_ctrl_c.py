"""Ctrl-C, a real signal to a real process: it ends within two seconds, wherever it is; what was done is kept, and the command
that goes on is printed."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from benchmarks.command import PATIENCE_S
from benchmarks.running.store import Store
from benchmarks.running.task import PROJECT

pytestmark = pytest.mark.slow
SECONDS = 2

DEAF = """
import sys, time, torch
from benchmarks.command import Parser, run
def work(args):
    print("begun", file=sys.stderr, flush=True)
    a = torch.rand(int(args.size), int(args.size))
    a @ a  # one call of the library, which hears no signal
    time.sleep(30)
parser = Parser("a tool")
parser.add_argument("size")
sys.exit(run(work, parser, again="python tool.py --resume"))
"""


def start(command, folder):
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)},
    )


def interrupted(process, mark, wait=0.0, timeout=300):
    """(seconds from the signal to the end, all of stderr) of a process that is interrupted ``wait`` seconds after it said
    ``mark``."""
    said, seen = [], threading.Event()

    def listen():
        for line in process.stderr:
            said.append(line)
            if mark in line:
                seen.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert seen.wait(timeout), said
    time.sleep(wait)
    assert process.poll() is None, said
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    seconds = time.monotonic() - begin
    thread.join(5)
    return seconds, "".join(said)


def judge(process, seconds, err, again):
    assert process.returncode == 130 and "Traceback" not in err, err
    assert f"To go on: python {again}" in err, err
    assert seconds < SECONDS, f"{seconds:.1f} s\n{err}"


def test_in_the_middle_of_one_long_call_of_a_library(tmp_path):
    process = start(["-c", DEAF, 8000], tmp_path)
    seconds, err = interrupted(process, "begun", 0.5)
    judge(process, seconds, err, "tool.py --resume")
    assert seconds >= PATIENCE_S / 2, "Python itself could not end it"


@pytest.mark.parametrize(
    "task, method, mark, wait",
    [
        ("voc12_fcn", "burst", "loading network and data", 1.0),  # imports, pictures and masks
        ("fashion_events", "burst", "loading network and data", 0.7),  # recordings are made
        ("cifar10_resnet20", "adafire", "adafire, T = 8: converting", 0.5),  # statistics and search
        ("coco_yolo", "burst", "burst, T = 8: 0 of", 0.5),  # simulation
        ("modelnet40_pointnet", "snn-calibration", "snn-calibration, T = 8: 0 of", 0.5),
    ],
    ids=lambda value: str(value)[:24],
)
def test_run_bench(task, method, mark, wait, tmp_path):
    arguments = [task, "--split", "mini", "--methods", method, "--timesteps", "8", "--out", "out"]
    if "loading" not in mark:  # so that the ANN is soon done
        arguments += ["--limit", "400" if task == "modelnet40_pointnet" else "40"]  # its clouds are done too soon
    process = start([PROJECT / "tools" / "run_bench.py", *arguments], tmp_path)
    seconds, err = interrupted(process, mark, wait)
    out = process.stdout.read()
    judge(process, seconds, err, os.path.relpath(PROJECT / "tools" / "run_bench.py", tmp_path))
    records, problems = Store(tmp_path / "out").load()
    assert not problems and not list(tmp_path.rglob("*.tmp"))
    assert [record.method for record in records] == ([] if "loading" in mark else ["ann"]) and ("ann" in out) == bool(
        records
    )


def test_training(tmp_path):
    """The training goes on with --resume, which the printed command has."""
    arguments = [
        PROJECT / "tools" / "train_ann.py",
        PROJECT / "benchmarks" / "zoo" / "pointnet_shapes" / "config.py",
        "--workers",
        "1",
        "--device",
        "cpu",
        "--threads",
        "1",
        "--work-dir",
        "work",
    ]
    process = start([*arguments, "--epochs", "2"], tmp_path)
    process.stderr, process.stdout = process.stdout, process.stderr  # MMEngine logs on stdout
    seconds, _ = interrupted(process, "Epoch(train)", 0.5)
    err = process.stdout.read()
    judge(process, seconds, err, os.path.relpath(arguments[0], tmp_path))
    assert "--resume" in err


def test_sweep(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[sweep]')")
    arguments = [
        "fashion_resnet",
        "--methods",
        "burst,snn-calibration,adafire",
        "--timesteps",
        "8",
        "--jobs",
        "1",
        "--out",
        "out",
    ]
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "tools" / "sweep.py"), *arguments],
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "RAY_memory_monitor_refresh_ms": "0", "OMP_NUM_THREADS": "1"},
    )
    process.stderr, process.stdout = process.stdout, process.stderr  # a sweep tells what is done on stdout
    seconds, _ = interrupted(process, "[1/4]", 1.0)
    err = process.stdout.read()
    judge(process, seconds, err, os.path.relpath(PROJECT / "tools" / "sweep.py", tmp_path))
    assert [record.method for record in Store(tmp_path / "out").load()[0]] == ["ann"]
