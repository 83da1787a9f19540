"""Recordings as workloads: both representations, what the network is given, and wrong settings."""

import numpy as np
import pytest
import torch

import adafire
from adafire import Frames
from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.events import events  # noqa: F401  (registers the adapter)
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_frames import representation
from adapters.events.data.event_sets import event_sets
from adapters.models import _function, build
from benchmarks.running import catalogue
from benchmarks.running.task import load_task

SMALL = {
    "model": {"name": "adapters.models.event_networks:resnet_small", "widths": [4, 8]},
    "checkpoint": "random",
    "data": {"type": "fashion_saccades"},
    "calibration": {"samples": 4},
    "batch_size": 3,
}


def workload(kind="constant", bins=9, limit=5, **changes):
    settings = {**SMALL, "representation": {"kind": kind, "bins": bins, "window_ms": 300}, **changes}
    settings["model"] = {"channels": 2 * bins if kind == "constant" else 2, **settings["model"]}
    return adapters.get("events")(settings, WorkloadOptions(limit=limit))


@pytest.fixture(scope="module")
def both():
    return workload(), workload("frames", 8)


def test_the_same_recordings_in_both_representations(both):
    constant, frames = both
    assert constant.describe()["data"] == frames.describe()["data"] and constant.describe()["data"]["samples"] == 5
    assert constant.describe()["calibration"]["overlap"] == 0
    first, second = next(constant.batches()), next(frames.batches())
    assert first.ids == second.ids and first.inputs.shape == (3, 18, 34, 34)
    assert isinstance(second.inputs, Frames) and second.inputs.values.shape == (3, 8, 2, 34, 34)
    assert torch.allclose(first.inputs.sum((1, 2, 3)), second.inputs.values.sum((1, 2, 3, 4)), rtol=0.02)


def test_until_so_many_bins(both):
    whole, part = (next(work.batches()).inputs for work in (both[0], both[0].until(3)))
    channels = part.unflatten(1, (2, 9))  # polarities, bins
    assert torch.equal(channels[:, :, :3], whole.unflatten(1, (2, 9))[:, :, :3]) and not channels[:, :, 3:].any()
    whole, part = (next(work.batches()).inputs for work in (both[1], both[1].until(3)))
    assert torch.equal(part.values, whole.values[:, :3])


def test_a_recording_is_drawn(both):
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    sample = both[0].test[0]
    both[0].draw(axes, sample.id, None)
    image = axes.images[0].get_array()
    assert image.shape == (34, 34, 3) and axes.get_xlabel() == both[0].classes[sample.label]
    darker, brighter = sample.counts.sum((0))
    assert ((image[..., 0] > 0) == (brighter > 0)).all() and ((image[..., 2] > 0) == (darker > 0)).all()


def test_limit_takes_the_first_and_batches_cover_all(both):
    ids = [i for batch in both[0].batches() for i in batch.ids]
    assert len(ids) == len(set(ids)) == len(both[0]) == 5
    assert ids[:2] == [i for batch in workload(limit=2).batches() for i in batch.ids]


def test_the_ann_of_frames_sees_their_mean(both):
    frames = both[1]
    batch = next(frames.batches())
    ann = adafire.convert(frames.network, frames.calibration(), method="ann", forward=frames.forward)
    with torch.no_grad():
        assert torch.allclose(ann(batch.inputs), frames.network(batch.inputs.values.mean(1)), atol=1e-5)
    rows = frames.predict(ann(batch.inputs), batch)
    assert len(rows) == 3 and frames.evaluate(dict(zip(batch.ids, rows))).metrics.keys() >= {"accuracy"}


@pytest.mark.parametrize("k", [0, 1])
def test_macs_of_the_first_layer_once_or_at_every_step(both, k):
    work = both[k]
    snn = adafire.convert(work.network, work.calibration(), method="burst", timesteps=8, forward=work.forward)
    snn(next(work.batches()).inputs)
    first = next(layer for layer in snn.report().layers if layer["layer"] == "stem")
    assert first["macs"] == (1, 8)[k] * first["ann_macs"] > 0


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"representation": {"kind": "voxels"}}, "'voxels'; expected constant or frames"),
        ({"representation": {"bin": 9}}, "unknown key of representation: 'bin'"),
        ({"representation": {"clip": 300}}, "at most 255"),
        ({"representation": {"scale": 0}}, "scale is 0"),
        ({"calibration": {"samples": 501}}, "501 calibration samples are asked for"),
        ({"data": {"type": "fashion_sacades"}}, "unknown event set 'fashion_sacades'; did you mean"),
        ({"checkpoint": None}, "no checkpoint is given"),
        ({"model": {**SMALL["model"], "channels": 3}}, r"does not take inputs of shape \[2, 18, 34, 34\]"),
    ],
)
def test_wrong_settings(changes, words):
    with pytest.raises(InputError, match=words):
        workload(limit=1, **changes)


def test_a_bad_recording_is_found_before_any_work(tmp_path):
    for name in "ab":
        for k in range(5):
            path = tmp_path / name / f"{k}.npy"
            path.parent.mkdir(exist_ok=True)
            np.save(path, np.array([(9, 1, 1, 0), (3 if (name, k) == ("b", 3) else 9000, 1, 1, 1)], EVENT))
    with pytest.raises(InputError, match="b/3.npy.*run backwards"):
        adapters.get("events")(
            {
                **SMALL,
                "model": {**SMALL["model"], "num_classes": 2, "channels": 18},
                "data": {"type": "recordings", "size": (34, 34)},
                "calibration": {"samples": 8},
            },
            WorkloadOptions(split="full", data_root=str(tmp_path)),
        )


@pytest.mark.parametrize(
    "name,weights", [("resnet18", 11.2e6), ("vgg11", 9.2e6), ("conv4", 62e3), ("resnet_small", 155e3)]
)
@pytest.mark.parametrize("channels", [2, 18])
def test_networks_take_event_channels(name, weights, channels):
    network = build({"name": f"adapters.models.event_networks:{name}", "num_classes": 7, "channels": channels})
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(weights, rel=0.05)
    with torch.no_grad():
        assert network(torch.zeros(2, channels, 48, 48)).shape == (2, 7)


@pytest.mark.parametrize(
    "path", [p for p in catalogue.task_files() if load_task(p).family == "events"], ids=lambda path: path.stem
)
def test_event_tasks_agree_with_themselves(path):
    for name, variant in load_task(path).variants.items():
        form = representation(variant.options["representation"])
        assert form.channels == variant.model["channels"], name
        assert (form.kind == "frames") == ("frames" in name), name
        assert variant.data["type"] in event_sets.names()
        assert callable(_function(variant.model["name"]))
