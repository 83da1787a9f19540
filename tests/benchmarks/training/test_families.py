"""The recipe of every kind of network runs to its end at toy size, and what it leaves is what a run takes."""

import json

import numpy as np
import pytest

from adapters.base import WorkloadOptions
from adapters.shared.checkpoints import load_state_dict
from benchmarks.running import request, trained
from benchmarks.training import recipes, session
from helpers import toy_sets, voc

SMALL = """
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 64), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""
"""A config's test pictures at 64 pixels."""


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
    score, told = workload.evaluate(found).metrics[task.metric], metrics["test"]
    if task.family != "segmentation":  # a picture calibrates there, and is not scored
        key = next(k for k in told if k.endswith(task.metric))
        assert score == pytest.approx(told[key], abs=1e-4), "the adapter sees what was trained"
    kept = {k.removeprefix("network."): v for k, v in load_state_dict(out)[0].items()}
    name, value = next((k, v) for k, v in workload.network.state_dict().items() if v.ndim > 1)
    assert name not in kept or np.allclose(kept[name], value)
    made = json.loads(trained.recipe_file(out).read_text())
    assert (
        made["data"]["test"]["samples"] == len(workload) + (task.family == "segmentation")
        and made["recipe"] == entry.recipe
    )
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


@pytest.mark.slow
def test_segmenters(here):
    pytest.importorskip("mmseg", reason="mmsegmentation is not installed (pip install -e '.[suite]')")
    task, variant = session.choose("camvid_fcn")
    toy_sets.camvid(here / "data")
    small = {"test_dataloader.dataset.pipeline.1.scale": (64, 48)}
    options = task.variants[variant].options["cfg_options"] | small
    task = toy_sets.shrunk(task, variant, options={"cfg_options": options})
    metrics = trained_and_run(task, variant, here, batch=2, scratch=True)
    assert set(metrics["test"]) >= {"mIoU", "aAcc"}


@pytest.mark.slow
def test_detectors(here):
    pytest.importorskip("mmdet", reason="mmdetection is not installed (pip install -e '.[suite]')")
    task, variant = session.choose("voc_yolo")
    lists = {"test": ["t0", "t1"], "trainval": ["a0", "a1", "a2", "a3"]}
    voc.make(here / "data" / "VOCdevkit" / "VOC2007", lists)
    config = here / "yolo.py"
    config.write_text(f"_base_ = {task.variants[variant].config!r}\n" + SMALL)
    task = toy_sets.shrunk(task, variant, config=str(config))
    trained_and_run(task, variant, here, batch=2, scratch=True)
