"""Ctrl-C, a real signal to a real process: it ends within two seconds, wherever it is; what was done is kept, and the command
that goes on is printed."""

import os
import signal
import time

import pytest

from benchmarks.command import PATIENCE_S
from benchmarks.running.store import Store
from benchmarks.running.task import PROJECT
from helpers.processes import Fresh, Warm

pytestmark = pytest.mark.slow
SECONDS = 2
TOOL = PROJECT / "tools" / "run_bench.py"

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


@pytest.fixture(scope="module")
def warm():
    with Warm() as found:
        yield found


def interrupted(process, said, mark, wait=0.0, timeout=300):
    """Seconds from the signal to the end of a process that is interrupted ``wait`` seconds after ``said()`` has ``mark``."""
    end = time.monotonic() + timeout
    while mark not in said():
        assert time.monotonic() < end and process.wait(0) is None, said() + process.err()
        time.sleep(0.01)
    time.sleep(wait)
    assert process.wait(0) is None, said()
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.ended(60)
    return time.monotonic() - begin


def judge(process, seconds, again):
    err = process.err()
    assert process.returncode == 130 and "Traceback" not in err, err
    assert f"To go on: python {again}" in err, err
    assert seconds < SECONDS, f"{seconds:.1f} s\n{err}"


def test_in_the_middle_of_one_long_call_of_a_library(tmp_path):
    process = Fresh(["-c", DEAF, 8000], tmp_path, tmp_path)
    seconds = interrupted(process, process.err, "begun", 0.5)
    judge(process, seconds, "tool.py --resume")
    assert seconds >= PATIENCE_S / 2, "Python itself could not end it"


@pytest.mark.parametrize(
    "task, method, mark, wait",
    [
        ("voc12_fcn", "burst", "loading network and data", 1.0),  # imports: this process has its own
        ("fashion_events", "burst", "loading network and data", 0.3),  # recordings are made
        ("cifar10_resnet20", "adafire", "adafire, T = 8: converting", 0.5),  # statistics and search
        ("coco_yolo", "burst", "burst, T = 8: 0 of", 0.5),  # simulation
        ("modelnet40_pointnet", "snn-calibration", "snn-calibration, T = 8: 0 of", 0.5),
    ],
    ids=lambda value: str(value)[:24],
)
def test_run_bench(task, method, mark, wait, warm, tmp_path):
    arguments = [TOOL, task, "--split", "mini", "--methods", method, "--timesteps", "8", "--out", "out"]
    if "loading" not in mark:  # so that the ANN is soon done
        arguments += ["--limit", "400" if task == "modelnet40_pointnet" else "40"]  # its clouds are done too soon
    begin = Fresh if task == "voc12_fcn" else warm.start
    process = begin(arguments, tmp_path, tmp_path)
    seconds = interrupted(process, process.err, mark, wait)
    out = process.out()
    judge(process, seconds, os.path.relpath(TOOL, tmp_path))
    records, problems = Store(tmp_path / "out").load()
    assert not problems and not list(tmp_path.rglob("*.tmp"))
    assert [record.method for record in records] == ([] if "loading" in mark else ["ann"]) and ("ann" in out) == bool(
        records
    )


def test_training(warm, tmp_path):
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
    process = warm.start([*arguments, "--epochs", "2"], tmp_path, tmp_path)
    seconds = interrupted(process, process.out, "Epoch(train)", 0.5)  # MMEngine logs on stdout
    judge(process, seconds, os.path.relpath(arguments[0], tmp_path))
    assert "--resume" in process.err()


def test_sweep(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed (pip install -e '.[sweep]')")
    tool = PROJECT / "tools" / "sweep.py"
    arguments = ["fashion_resnet", "--methods", "burst,snn-calibration,adafire", "--timesteps", "8", "--jobs", "1"]
    process = Fresh([tool, *arguments, "--out", "out"], tmp_path, tmp_path, RAY_memory_monitor_refresh_ms="0")
    seconds = interrupted(process, process.out, "[1/4]", 1.0)  # a sweep tells what is done on stdout
    judge(process, seconds, os.path.relpath(tool, tmp_path))
    assert [record.method for record in Store(tmp_path / "out").load()[0]] == ["ann"]
