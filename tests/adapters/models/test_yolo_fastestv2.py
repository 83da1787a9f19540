"""YOLO-FastestV2: decoding against loops, the channel shuffle, the public checkpoint and what its ANN scores."""

import math

import numpy as np
import pytest
import torch

import adafire
from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import coco, mmdetection  # noqa: F401 - registers the adapter
from adapters.detection import networks as detectors
from helpers.paths import SHARED

CONFIG = "benchmarks/zoo/yolo_fastestv2/config.py"
WEIGHTS = SHARED / "coco_detector_weights" / "Yolo-FastestV2_coco.pth"
IMAGES = SHARED / "coco_val2017_206"
real = pytest.mark.skipif(
    not (WEIGHTS.is_file() and IMAGES.is_dir()),
    reason="the public checkpoint and the COCO val2017 subset are not on this machine",
)


@pytest.fixture(scope="module")
def network():
    """With its public weights where they are, else with random ones."""
    return detectors.build_detector(CONFIG, WEIGHTS if WEIGHTS.is_file() else None)[0]


def test_decoding_equals_loops_over_cells_and_anchors(network):
    torch.manual_seed(1)
    boxes, objectness, classes = torch.randn(2, 12, 3, 4), torch.randn(2, 3, 3, 4), torch.randn(2, 5, 3, 4)
    anchors = [(12.64, 19.39), (37.88, 51.48), (55.71, 138.31)]
    found, scores = network.bbox_head._decode(boxes, objectness, classes, anchors, 16)
    sigmoid = lambda v: 1 / (1 + math.exp(-float(v)))
    row = 0
    for y in range(3):
        for x in range(4):
            for a, (width, height) in enumerate(anchors):
                for b in range(2):
                    s = [sigmoid(boxes[b, 4 * a + k, y, x]) for k in range(4)]
                    cx, cy = (2 * s[0] - 0.5 + x) * 16, (2 * s[1] - 0.5 + y) * 16
                    w, h = (2 * s[2]) ** 2 * width, (2 * s[3]) ** 2 * height
                    expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
                    assert found[b, row].tolist() == pytest.approx(expected, abs=1e-3)
                    e = [math.exp(float(v)) for v in classes[b, :, y, x]]
                    p = sigmoid(objectness[b, a, y, x])
                    assert scores[b, row].tolist() == pytest.approx([p * v / sum(e) for v in e], abs=1e-6)
                row += 1


def test_the_shuffle_is_shufflenets(network):
    unit, x = network.backbone.stage2[1], torch.rand(2, 48, 5, 6)
    b, c, h, w = x.shape
    passed, main = x.reshape(b * c // 2, 2, h * w).permute(1, 0, 2).reshape(2, -1, c // 2, h, w)
    with torch.no_grad():
        assert torch.equal(unit(x), torch.cat([passed, unit.branch_main(main)], 1))


def test_every_activation_becomes_neurons(network):
    report = adafire.check(network, torch.rand(1, 3, 64, 64), forward=lambda net, x: net(x, mode="tensor"))
    assert len(report.sites) == 46 and all(s.activation.kind == "relu" for s in report.sites)
    assert {r.operator: r.status for r in report.rows if r.region == "steps"} == {
        "relu": "neurons",
        "max_pool2d": "exact",
        "conv2d": "exact",
        "batch_norm": "exact",
        "getitem": "exact",
        "cat": "exact",
        "interpolate": "exact",
    }
    assert sum(p.numel() for p in network.parameters()) == 243_095


def test_a_checkpoint_of_other_shapes_is_refused(tmp_path, network):
    torch.save(
        {
            ("fpn." + k[5:] if k.startswith("neck.") else k): v[:1] if k == "neck.conv1x1_2.0.weight" else v
            for k, v in network.state_dict().items()
        },
        tmp_path / "weights.pth",
    )
    with pytest.raises(InputError, match="not of this network.*conv1x1_2.0.weight"):
        detectors.build_detector(CONFIG, tmp_path / "weights.pth")


def workload(limit=None):
    settings = {"config": CONFIG, "checkpoint": str(WEIGHTS), "data": {"type": "coco"}, "calibration": {"samples": 32}}
    return adapters.get("mmdetection")(settings, WorkloadOptions(split="full", data_root=str(IMAGES), limit=limit))


@real
@torch.no_grad()
def test_boxes_equal_the_frameworks_own():
    subject = workload(limit=4)
    assert subject.describe()["calibration"]["samples"] == 32 and subject.describe()["calibration"]["overlap"] == 0
    for batch in subject.batches():
        mine = subject.predict(subject.forward(subject.network, batch.inputs), batch)
        for one, other in zip(mine, subject.network(batch.inputs, batch.context, mode="predict"), strict=True):
            assert 20 < len(one["boxes"]) and np.allclose(one["boxes"], other.pred_instances.bboxes, atol=1e-4)
            assert np.allclose(one["scores"], other.pred_instances.scores, atol=1e-4)


@real
@pytest.mark.slow
@torch.no_grad()
def test_the_ann_scores_on_all_206_images_what_another_implementation_measured():
    subject = workload()
    assert len(subject) == 174
    subject.ids = sorted(subject.annotations.images)
    found = {}
    for batch in subject.batches():
        found.update(zip(batch.ids, subject.predict(subject.forward(subject.network, batch.inputs), batch)))
    metrics = coco.evaluate(subject.annotations, found, subject.category_ids).metrics
    assert len(found) == 206 and metrics["mAP"] == pytest.approx(0.149, abs=0.001)
    assert metrics["mAP50"] == pytest.approx(0.274, abs=0.001)
