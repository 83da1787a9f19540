"""Two processes that share a run give the record of one; what goes wrong in one ends all."""

import subprocess
import sys

import pytest
import torch

import adafire
from adafire.cost.meter import Meter
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from benchmarks.running import catalogue, runner
from benchmarks.running.store import Store
from benchmarks.running.task import load_task
from benchmarks.running.team import launch
from helpers.paths import ROOT

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def figures(record):
    """All that a record says, without dates, seconds and memory."""
    content = record.model_dump(exclude={"date", "wall_s", "git", "versions", "hardware"})
    for row in content["rows"]:
        del row["time_s"], row["convert_s"], row["peak_memory_mb"]
    return content


@pytest.mark.slow
@pytest.mark.parametrize(
    "task,methods,limit",
    [  # batches of 50, 16, ...: an odd number of samples and of batches
        ("fashion_resnet", ["adafire-signed"], 125),
        ("coco_yolo", ["adafire-uniform"], 17),
        ("voc12_fcn", ["adafire-signed"], 9),
    ],
)
def test_two_processes_give_the_record_of_one(task, methods, limit, tmp_path):
    one = load_task(catalogue.find_task(task))
    runner.run(
        one, "mini", methods, [2], runner.RunOptions(WorkloadOptions(limit=limit), rivals=True), tmp_path / "one"
    )
    done = subprocess.run(
        [
            *TORCHRUN,
            "tools/run_bench.py",
            task,
            "--methods",
            ",".join(methods),
            "--rivals",
            "--timesteps",
            "2",
            "--limit",
            str(limit),
            "--launcher",
            "pytorch",
            "--out",
            str(tmp_path / "two"),
        ],
        cwd=ROOT,
        timeout=500,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    alone, shared = (Store(tmp_path / name).load()[0] for name in ("one", "two"))
    assert len(alone) == len(shared) > 2 + len(methods) and all(r.samples == limit for r in shared)
    for first, second in zip(alone, shared):
        assert first.key == second.key and figures(first) == figures(second), first.method


ONE_FAILS = """
import sys
from benchmarks.running.team import TeamError, Torchrun
team = Torchrun()
assert team.collect(team.rank) == [0, 1] and team.decide(team.rank) == 0
assert [n for n in range(5) if team.mine(n)] == ([0, 2, 4] if team.rank == 0 else [1, 3])
try:
    team.collect("fine", ValueError("a bad image") if team.rank == 1 else None)
except TeamError as error:
    assert team.rank == 0 and str(error) == "process 1 of 2: ValueError: a bad image", error
except ValueError:
    assert team.rank == 1
else:
    sys.exit("nobody heard of it")
team.close()
"""


@pytest.mark.slow
def test_a_failure_of_one_process_reaches_all(tmp_path):
    script = tmp_path / "one_fails.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{ONE_FAILS}")
    done = subprocess.run([*TORCHRUN, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_without_torchrun_it_says_what_to_type(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(InputError, match="torchrun --nproc-per-node 2"):
        launch("pytorch")
    assert launch("none").world == 1


def test_counts_of_parts_are_the_counts_of_the_whole():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 3),
        torch.nn.ReLU(),
        torch.nn.Linear(3, 3),
    ).eval()
    images = torch.rand(5, 1, 6, 6)
    snn = adafire.convert(network, images, method="adafire-signed", timesteps=3)
    snn(images)
    whole, parts = snn.report(), []
    for part in images.split([2, 2, 1]):
        snn.reset()
        snn(part)
        parts.append(snn.meter.sums)
    snn.meter = Meter.of(parts)
    assert snn.report() == whole and whole.samples == 5 and whole.synops > 0
    snn.meter = Meter.of([{}, *parts])  # a process without a batch
    assert snn.report() == whole
