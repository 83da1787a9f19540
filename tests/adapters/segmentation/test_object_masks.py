"""COCO's objects as class maps: drawn as torchvision's references draw them, scored by mIoU, and what does not fit named."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import coco
from adapters.segmentation import mmsegmentation  # noqa: F401 - registers the adapter
from adapters.segmentation.data.object_masks import drawn, masks_of
from benchmarks.running.task import load_task
from helpers.paths import ROOT

SQUARE, RIGHT = [[2, 2, 12, 2, 12, 12, 2, 12]], [[8, 2, 18, 2, 18, 12, 8, 12]]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Five pictures of 32 x 24 with a square of category 7 (label 1) and one of category 9 (label 2) that it overlaps."""
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "val2017").mkdir()
    (tmp_path / "annotations").mkdir()
    rng, images, objects = np.random.default_rng(0), [], []
    for i in range(1, 6):
        Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)).save(tmp_path / "val2017" / f"{i}.png")
        images.append({"id": i, "file_name": f"{i}.png", "width": 32, "height": 24})
        for category, shape in ((7, SQUARE), (9, RIGHT)):
            row = {"id": len(objects) + 1, "image_id": i, "category_id": category, "bbox": [2, 2, 10, 10]}
            objects.append({**row, "segmentation": shape})
    write(tmp_path, images, objects)
    return tmp_path


def write(root, images, objects):
    content = {"images": images, "annotations": objects, "categories": [{"id": 7, "name": "a"}, {"id": 9, "name": "b"}]}
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(content))


def read(root):
    return coco.read(root / "annotations" / "instances_val2017.json", root / "val2017")


def test_labels_background_and_overlap(root):
    found = read(root)
    labels = drawn([o for o in found.objects if o["image_id"] == 1], (24, 32), {7: 1, 9: 2})
    expected = np.zeros((24, 32), np.uint8)
    expected[2:12, 2:12], expected[2:12, 8:18], expected[2:12, 8:12] = 1, 2, 255
    assert np.array_equal(labels, expected)
    run_lengths = {"size": [24, 32], "counts": [0, 24, 24 * 31]}  # the first column
    crowd = drawn([{"segmentation": run_lengths, "category_id": 9}], (24, 32), {9: 2})
    assert (crowd[:, 0] == 2).all() and not crowd[:, 1:].any()
    files = masks_of(found, [1, 3])
    assert [file.name for file in files] == ["1.png", "3.png"] and len(list(files[0].parent.iterdir())) == 2
    assert np.array_equal(np.asarray(Image.open(files[1])), expected)


def workload(root, **options):
    task = load_task(ROOT / "tasks" / "coco_deeplabv3_objects.py")
    settings = task.variants["r34"].settings()
    small = {"model.backbone.base_channels": 8, "model.decode_head.in_channels": 64, "model.decode_head.channels": 8}
    sizes = {"model.decode_head.num_classes": 3, "test_dataloader.dataset.pipeline.1.scale": (64, 48)}
    settings["cfg_options"] = {**settings["cfg_options"], **small, **sizes}
    settings["calibration"] = {"samples": 2}
    given = WorkloadOptions(split="full", data_root=root and str(root), checkpoint="random", **options)
    return adapters.get("mmsegmentation")(settings, given)


@pytest.mark.slow
@torch.no_grad()
def test_a_network_is_scored_on_them(root):
    subject = workload(root)
    assert len(subject) == 3 and subject.describe()["calibration"]["set_aside"]
    assert subject.classes == ["background", "a", "b"] and subject.source.name == "COCO objects"
    found = {}
    for batch in subject.batches():
        outputs = subject.forward(subject.network, batch.inputs)
        found.update(zip(batch.ids, subject.predict(outputs, batch)))
    evaluation = subject.evaluate(found)
    total = np.array(evaluation.evidence["confusion"]).sum(1)
    assert total.tolist() == [3 * (24 * 32 - 160), 3 * 60, 3 * 60]  # what overlaps counts nowhere
    assert len(workload(root, limit=1)) == 1


def test_what_is_not_there_is_told(root):
    with pytest.raises(InputError, match="scored on COCO: give the folder"):
        workload(None)
    content = json.loads((root / "annotations" / "instances_val2017.json").read_text())
    del content["annotations"][0]["segmentation"]
    write(root, content["images"], content["annotations"])
    (root / "train2017").mkdir()
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(root / "train2017" / "t.png")
    with pytest.raises(InputError, match="in '1.png' has no segmentation"):
        workload(root)
