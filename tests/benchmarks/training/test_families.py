"""The recipe of every kind of network runs to its end at toy size, and what it leaves is what a run takes."""

import json

import numpy as np
import pytest

from adapters.base import WorkloadOptions
from adapters.shared.checkpoints import load_state_dict
from benchmarks.running import request, trained
from benchmarks.training import recipes, session
from helpers import toy_sets


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path


def trained_and_run(task, variant, here, batch=8, **more):
    """Metrics of a training of one epoch, after a look at what a run makes of its weights."""
    wanted = session.Wanted("data", epochs=1, batch=batch, **more)
    out, metrics, entry = session.train(task, variant, wanted)
    assert entry == recipes.entry(task.name, variant) and out == trained.weights_file(task.name, variant)
    settings = {**task.variants[variant].settings(), "calibration": {"samples": 1}}
    options = WorkloadOptions(split="full", data_root="data", checkpoint=str(out))
    workload = request.find_adapter(task.adapter)(settings, options)
    found = {}
    for batch in workload.batches():
        found |= dict(zip(batch.ids, workload.predict(workload.forward(workload.network, batch.inputs), batch)))
    score = workload.evaluate(found).metrics[task.metric]
    assert score == pytest.approx(next(iter(metrics["test"].values())), abs=1e-4), "the adapter sees what was trained"
    kept = {k.removeprefix("network."): v for k, v in load_state_dict(out)[0].items()}
    name, value = next((k, v) for k, v in workload.network.state_dict().items() if v.ndim > 1)
    assert name not in kept or np.allclose(kept[name], value)
    made = json.loads(trained.recipe_file(out).read_text())
    assert made["data"]["test"]["samples"] == len(workload) and made["recipe"] == entry.recipe
    return metrics


@pytest.mark.slow
@pytest.mark.parametrize("name, variant", [("ncars_vgg11", "full"), ("dvsgesture_resnet18", "frames")])
def test_events(name, variant, here):
    task, variant = session.choose(name, variant)
    own = task.variants[variant]
    data = toy_sets.events(here / "data", own.model["num_classes"])
    form = own.options["representation"] | {"size": 32, "bins": 9}
    task = toy_sets.shrunk(task, variant, data=data, options={"representation": form})
    trained_and_run(task, variant, here)


@pytest.mark.slow
@pytest.mark.parametrize("name, variant", [("shapenet_pointnet", "full"), ("shapenetpart_pointnet", "full")])
def test_points(name, variant, here):
    task, variant = session.choose(name, variant)
    toy_sets.parts(here / "data")
    task = toy_sets.shrunk(task, variant, options={"points": 32})
    trained_and_run(task, variant, here)
