"""Same seed, same record: every metric, count and piece of evidence bit for bit (fidelity to the ANN within its rounding), at 1 and 2 threads, in chunks of 1, 3 and 8
timesteps, in one go or resumed. docs/traps.md says what this does not hold for."""

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import adafire
from adafire.simulation.plan import Plan
from adapters.base import WorkloadOptions
from benchmarks.running import catalogue, runner
from benchmarks.running.record import to_json
from benchmarks.running.task import load_task

pytestmark = pytest.mark.filterwarnings("ignore")
ELSEWHERE = ("versions", "git", "hardware", "date", "wall_s")  # when and where it ran
TIMES = ("convert_s", "time_s", "peak_memory_mb")
METHODS = ["snn-calibration", "burst", "adafire"]


class Near(dict):
    """Figures that are equal where they differ by the rounding of the ANN's own convolutions alone."""

    def __eq__(self, other):
        known = [{key: value for key, value in one.items() if value is not None} for one in (self, other)]
        return known[0] == pytest.approx(known[1], rel=1e-3, abs=1e-9)


def told(record):
    """What a record says of the result. How like the ANN's floats its outputs are is known up to their rounding."""
    content = json.loads(to_json(record))
    for name in ELSEWHERE:
        del content[name]
    for row in content["rows"]:
        for name in TIMES:
            row.pop(name)
        if row.get("fidelity"):
            row["fidelity"] = Near(row["fidelity"])
    return content


def run(name, out, monkeypatch, threads, chunk, limit, methods, steps=(4,)):
    """{method: record} of the mini of a task, calibrated on few samples."""
    task = load_task(catalogue.find_task(name))
    mini = task.variants["mini"].model_copy(update={"calibration": {"samples": 6}, "batch_size": 4})
    task = task.model_copy(update={"variants": {"mini": mini}})
    monkeypatch.setattr(Plan, "chunk", lambda self, memory_gb: chunk)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = runner.run(
            task, "mini", methods, list(steps), runner.RunOptions(WorkloadOptions(limit=limit)), out
        ).records
    finally:
        torch.set_num_threads(before)
    assert all(record.status == "ok" for record in found), [record.reason for record in found]
    return {record.method: told(record) for record in found}


@pytest.mark.parametrize(
    "name, limit, methods",
    [
        ("fashion_resnet", 6, ["snn-calibration", "adafire-signed", "ours"]),
        ("fashion_events", 5, ["burst"]),
        pytest.param("fashion_resnet", 6, ["quantised", "burst", "adafire"], marks=pytest.mark.slow),
        pytest.param("modelnet40_pointnet", 2, ["snn-calibration", "ours"], marks=pytest.mark.slow),
        pytest.param("coco_yolo", 2, ["adafire-signed"], marks=pytest.mark.slow),
        pytest.param("voc12_fcn", 1, ["adafire-signed"], marks=pytest.mark.slow),
    ],
)
def test_threads_and_chunks_change_nothing(name, limit, methods, tmp_path, monkeypatch):
    wanted = run(name, tmp_path / "a", monkeypatch, 1, 8, limit, methods)
    for threads, chunk in ((2, 8), (1, 3), (2, 1)):
        found = run(name, tmp_path / f"{threads}{chunk}", monkeypatch, threads, chunk, limit, methods)
        for method, record in wanted.items():
            assert found[method] == record, f"{method} at {threads} threads in chunks of {chunk}"


def test_resumed_or_in_one_go(tmp_path, monkeypatch):
    wanted = run("fashion_resnet", tmp_path / "a", monkeypatch, 1, 8, 5, METHODS, (1, 2))
    run("fashion_resnet", tmp_path / "b", monkeypatch, 1, 8, 5, METHODS[1:2], (1, 2))
    assert run("fashion_resnet", tmp_path / "b", monkeypatch, 1, 8, 5, METHODS, (1, 2)) == wanted


class Points(nn.Module):
    """conv1d of several kinds, and linear layers of few rows."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv1d(3, 16, 1), nn.Conv1d(16, 64, 3, stride=2, padding=1, groups=2, bias=False)
        self.norm, self.third = nn.BatchNorm1d(64), nn.Conv1d(64, 32, 3, padding="same", dilation=2)
        self.head = nn.Sequential(nn.Linear(32, 300), nn.ReLU(), nn.Linear(300, 5))

    def forward(self, x):
        x = F.relu(self.third(F.relu(self.norm(self.second(F.relu(self.first(x)))))))
        return self.head(x.amax(2))


@pytest.mark.parametrize("batch", [1, 3, 17])
def test_layers_that_torch_sums_in_another_order_do_not(batch, monkeypatch):
    torch.manual_seed(0)
    network, x, found = Points().eval(), torch.randn(batch, 3, 50), []
    expected = network(x)
    before = torch.get_num_threads()
    try:
        for threads, chunk in ((1, 8), (2, 8), (1, 3), (2, 1)):
            monkeypatch.setattr(Plan, "chunk", lambda self, memory_gb, chunk=chunk: chunk)
            torch.set_num_threads(threads)
            ann = adafire.convert(network, x, method="ann", timesteps=1)
            snn = adafire.convert(network, x, method="adafire-signed", timesteps=8)
            found.append((ann(x), snn(x), snn.report().as_dict()))
    finally:
        torch.set_num_threads(before)
    assert torch.allclose(found[0][0], expected, atol=1e-5)
    for one in found[1:]:
        assert torch.equal(one[0], found[0][0]) and torch.equal(one[1], found[0][1]) and one[2] == found[0][2]
