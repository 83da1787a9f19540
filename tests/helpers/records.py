"""Sound records and rows of results, as tests change them."""

from adapters.shared import accuracy
from benchmarks.running.record import Record, Row
from benchmarks.running.store import Store


def make_row(timesteps=4, value=0.5, **changes):
    return {
        "timesteps": timesteps,
        "metrics": {"mAP": value, "mAP50": min(1.0, value + 0.2)},
        "low": value - 0.1,
        "high": value + 0.1,
        "evidence": {"replicates": [value, value + 0.01]},
        "firing_rate": 0.1,
        "spikes": 1000.0,
        "synops": 2e6,
        "synops_graded": 1e6,
        "macs": 3e6,
        "energy_pj": {"horowitz-45nm": 15.6e6},
        "levels": 4 * (timesteps or 1),
        "longest_burst": 4,
        "over_fired": 0.01,
        "over_fired_sites": 0.5,
        "parameters": {"phi": 4},
        "convert_s": 0.5,
        "time_s": 1.5,
        "sites": [{"site": "relu", "phi_plus": 4}],
        "layers": [],
        **changes,
    }


def make(method="adafire", rows=None, **changes):
    """A good record; the ANN's own for method 'ann'."""
    ann = method == "ann"
    fields = {
        "task": "toy",
        "task_version": 1,
        "family": "detection",
        "metric": "mAP",
        "variant": "mini",
        "split": "mini",
        "settings": {"batch_size": 8},
        "samples": 20,
        "workload": {
            "data": {"name": "scenes", "split": "test", "samples": 20, "fingerprint": "d" * 64},
            "calibration": {"samples": 4, "fingerprint": "c" * 64, "overlap": 0},
            "weights": {"source": "toy.pth", "sha256": "w" * 64},
            "network": "ToyYOLO",
            "input": [3, 8, 8],
        },
        "method": method,
        "kind": "ann" if ann else "snn",
        "anytime": True,
        "parameters": {"phi": 4},
        "timesteps": [] if ann else [2, 4],
        "precision": "fp32",
        "seed": 0,
        "limit": None,
        "device_type": "cpu",
        "versions": {"python": "3.11"},
        "hardware": {"cpu": "x", "threads": 2, "device": "cpu"},
        "git": {"commit": None, "dirty": None},
        "date": "2026-01-01T00:00:00+00:00",
        "wall_s": 3.0,
        "status": "ok",
        "reason": None,
        "notes": [],
        "ann": None
        if ann
        else {
            "key": "a" * 64,
            "value": 0.6,
            "low": 0.5,
            "high": 0.7,
            "metrics": {"mAP": 0.6, "mAP50": 0.8},
            "macs": 1e7,
            "energy_pj": {"horowitz-45nm": 46e6},
        },
        "rows": rows if rows is not None else [make_row(None, 0.6)] if ann else [make_row(2, 0.4), make_row(4)],
    }
    return Record.model_validate({**fields, **changes})


def scored(right, timesteps=4):
    """A classification row with these samples right."""
    found = {i: accuracy.Prediction(0, 0, 0 if ok else 1) for i, ok in enumerate(right)}
    result = accuracy.evaluate(found, 2)
    return Row.model_validate(make_row(timesteps, metrics=result.metrics, evidence=result.evidence))


def of_set(name, samples, method="ann", *, limit=None, window=None, set_aside=None, weights=None, **changes):
    """A record of real data: ``samples`` of the set ``name``."""
    workload = make().model_dump()["workload"]
    workload["data"].update(name=name, split="full", samples=samples)
    workload["calibration"].update({"set_aside": set_aside} if set_aside is not None else {})
    workload["weights"].update(source=weights or "toy.pth")
    if window:
        workload["data"]["window"] = window
    return make(method, workload=workload, split="full", variant="full", samples=samples, limit=limit, **changes)


def failed(**changes):
    return make(status="failed", reason="RuntimeError: a | b <i> `c`\nd", rows=[], **changes)


def hold(folder, held, release):
    """Hold the lock on 'k' of a results folder, in a process of its own, until it may go."""
    with Store(folder).lock("k") as mine:
        held.put(mine)
        release.get()
