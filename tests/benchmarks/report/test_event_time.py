"""Accuracy against event time, and the batches that networks for events are trained on."""

import pytest
import torch

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from benchmarks.report import event_time
from benchmarks.running.task import PROJECT, load_task


def task(**changes):
    """fashion_events with a tiny network of random weights and few calibration samples."""
    found = load_task(PROJECT / "tasks" / "fashion_events.py")
    small = {
        name: v.model_copy(
            update={
                "model": {**v.model, "widths": [4, 4]},
                "checkpoint": "random",
                **changes,
                "calibration": {"samples": 8},
            }
        )
        for name, v in found.variants.items()
    }
    return found.model_copy(update={"variants": small})


@pytest.mark.parametrize("variant,bins,steps", [("mini", 9, [6, 6]), ("mini-frames", 8, [2, 8])])
def test_points_and_table(variant, bins, steps):
    points = list(event_time.event_time(task(), variant, ["burst"], [2, bins], 6, WorkloadOptions(limit=6)))
    assert [(p.bins, p.method) for p in points] == [(2, "ann"), (2, "burst"), (bins, "ann"), (bins, "burst")]
    assert [p.timesteps for p in points if p.method == "burst"] == steps
    assert points[0].time_ms == pytest.approx(2 * 300 / bins) and points[-1].time_ms == 300
    assert all(0 <= p.low <= p.accuracy <= p.high <= 1 and p.energy_pj > 0 for p in points)
    lines = event_time.table(points).splitlines()
    assert len(lines) == 4 and lines[3].startswith(f"| 300.0 | {bins} | {steps[1]} | ")


def test_what_has_no_event_time():
    with pytest.raises(InputError, match="10 bins are asked for; the recordings have 1 to 9"):
        list(event_time.event_time(task(), "mini", [], [10], 4, WorkloadOptions(limit=1)))
    with pytest.raises(InputError, match="has no event time"):
        pictures = load_task(PROJECT / "tasks" / "fashion_resnet.py")
        list(event_time.event_time(pictures, "mini", [], None, 4, WorkloadOptions(limit=1)))


def test_batches_are_what_the_adapter_gives():
    from adapters.events.data.event_frames import Representation
    from benchmarks.zoo.events import EventBatch

    counts = torch.randint(0, 5, (4, 8, 2, 6, 6), dtype=torch.uint8)
    for kind in ("constant", "frames"):
        form = dict(kind=kind, bins=8, size=6)
        made = EventBatch(form)({"inputs": counts, "labels": torch.arange(4)})["inputs"]
        expected = Representation(**form).inputs(counts)
        assert torch.equal(made, expected if kind == "constant" else expected.mean())
    means = Representation(**form).inputs(counts)
    torch.manual_seed(0)
    chosen = []  # the k of each sample
    for _ in range(10):
        x = EventBatch(form)({"inputs": counts}, training=True)["inputs"]
        near = torch.stack([(x - means.mean(k)).flatten(1).abs().amax(1) < 1e-5 for k in range(1, 9)])
        assert near.any(0).all()
        chosen.append(near.float().argmax(0).tolist())
    assert len({k for row in chosen for k in row}) > 4 and any(len(set(row)) > 1 for row in chosen)
