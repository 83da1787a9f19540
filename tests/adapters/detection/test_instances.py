"""Mask R-CNN: boxes and masks are MMDetection's, raw outputs of all heads converge to the ANN's, everything is counted once; the mask
metric is pycocotools'."""

import numpy as np
import pytest
import torch
from pycocotools import mask

import adafire
from adafire.errors import InputError, UnsupportedError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import (  # noqa: F401 - the last registers the adapter
    coco,
    instance_masks,
    instances,
    mmdetection,
    networks,
)
from helpers.regions import annotated, enliven
from helpers.workloads import exact_bursts

CONFIG = """
_base_ = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
model = dict(
    backbone=dict(depth=18, base_channels=16), neck=dict(in_channels=[16, 32, 64, 128], out_channels=32),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(bbox_roi_extractor=dict(out_channels=32, finest_scale=14),
                  bbox_head=dict(in_channels=32, fc_out_channels=48, num_classes=3),
                  mask_roi_extractor=dict(out_channels=32, finest_scale=14),
                  mask_head=dict(num_convs=2, in_channels=32, conv_out_channels=24, num_classes=3)),
    test_cfg=dict(rpn=dict(max_per_img=12), rcnn=dict(score_thr=0.001, max_per_img=8)))
test_dataloader = dict(dataset=dict(metainfo=dict(classes=('cat', 'dog', 'emu')), pipeline=[
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(128, 96), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
"""
SQUARE = [[5, 6, 35, 6, 35, 46, 5, 46]]


def masked(root, changes=()):
    """``annotated`` with masks: squares, and one crowd in run lengths. changes: {number: segmentation}."""

    def mask_of(number, height, width):
        crowd = number == 6
        shape = {"size": [height, width], "counts": [100, 50, height * width - 150]} if crowd else SQUARE
        return {"area": 1200, "iscrowd": int(crowd), "segmentation": dict(changes).get(number, shape)}

    return annotated(root, mask_of)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "config.py"
    config.write_text(CONFIG)
    return str(config)


def made(root, config, **change):
    settings = {
        "config": config,
        "checkpoint": "random",
        "data": {"type": "coco"},
        "batch_size": 2,
        "calibration": {"samples": 2},
        **change,
    }
    return adapters.get("mmdetection")(settings, WorkloadOptions(split="full", data_root=str(root)))


@pytest.fixture(scope="module")
def workload(config, tmp_path_factory):
    return enliven(made(masked(tmp_path_factory.mktemp("coco")), config))


@torch.no_grad()
def test_boxes_and_masks_equal_mmdetections_own(workload):
    assert workload.metric == "mask_mAP"
    snn = adafire.convert(workload.network, workload.calibration(), method="ann", timesteps=1, forward=workload.forward)
    found = {}
    for batch in workload.batches():
        mine = workload.predict(workload.simulate(snn, batch, (1,))[0], batch)
        for one, other in zip(mine, workload.detector(batch.inputs, batch.context, mode="predict"), strict=True):
            other = other.pred_instances
            assert 3 < len(other) == len(one["boxes"]) == len(one["masks"])
            assert np.allclose(one["boxes"], other.bboxes, atol=1e-4)
            assert np.allclose(one["scores"], other.scores, atol=1e-4)
            theirs, own = other.masks.numpy(), np.stack([mask.decode(rle) for rle in one["masks"]]).astype(bool)
            assert own.shape == theirs.shape and (own == theirs).mean() > 0.9999 and 0.01 < theirs.mean() < 0.99
        found.update(zip(batch.ids, mine))
    metrics = workload.evaluate(found).metrics
    assert {"mask_mAP", "mask_mAP50", "mAP", "mAP50"} <= set(metrics) and 0 <= metrics["mask_mAP"] < 0.5


@pytest.mark.parametrize("relays", (False, pytest.param(True, marks=pytest.mark.slow)))
def test_raw_outputs_of_all_heads_converge(workload, relays):
    (inputs, *_) = workload.calibration()
    with torch.no_grad():
        expected = workload.forward(workload.network, inputs)
    snn = exact_bursts(workload.network, [inputs], workload.forward, relays)
    outputs = snn(inputs, at=(4, 16, 64))
    spread = lambda y: float((y - y.mean()).norm())
    heads = {"rpn": lambda o: torch.cat([t.flatten() for t in o[0][0]]), "classes": lambda o: o[1]}
    heads |= {"boxes": lambda o: o[2], "masks": lambda o: o[3]}
    for name, part in heads.items():
        errors = [float((part(y) - part(expected)).norm()) / spread(part(expected)) for y in outputs]
        assert errors[1] < 0.5 * errors[0] and errors[2] < 0.5 * errors[1] and errors[2] < 0.05, (name, errors)


@pytest.mark.slow
@torch.no_grad()
def test_boxes_and_masks_approach_the_anns_as_t_grows(workload):
    """Mean overlap of each of the ANN's masks with the best of its class. Which boxes survive is decided by scores that lie close
    with random weights, so it is not 1 yet at T = 64."""
    snn = exact_bursts(workload.network, workload.calibration()[:1], workload.forward, True)
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    expected = workload.rehearse(batch)
    overlaps = []
    for outputs in workload.simulate(snn, batch, (2, 8, 64)):
        own = workload.predict(outputs, batch)
        both = [
            (mask.iou(a["masks"], b["masks"], [0] * len(b["masks"])), a["labels"][:, None] == b["labels"])
            for a, b in zip(own, expected)
        ]
        overlaps.append(float(np.mean([np.where(same, iou, 0).max(0).mean() for iou, same in both])))
    print("overlap with the ANN's masks at T = 2, 8, 64:", overlaps)
    assert overlaps[0] + 0.1 < overlaps[1] < overlaps[2] and overlaps[2] > 0.7, overlaps


@torch.no_grad()
def test_all_is_counted_once(workload):
    snn = adafire.convert(
        workload.network, workload.calibration(), method="adafire-signed", timesteps=2, forward=workload.forward
    )
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    ((*_, logits, found),) = workload.simulate(snn, batch, (2,))
    assert logits.shape == (16, 3, 28, 28) and len(found) == 2
    report = snn.report()
    layers = {row["layer"]: row for row in report.layers}
    assert report.samples == 2
    first = layers["detector.roi_head.mask_head.convs.0.conv"]  # analog features, 14 x 14 with borders: 40 x 40 taps
    assert first["ann_macs"] == 8 * 32 * 24 * 40**2 and first["macs"] == 2 * first["ann_macs"]
    logits_row = layers["detector.roi_head.mask_head.conv_logits"]
    assert logits_row["ann_macs"] == 8 * 24 * 3 * 28**2
    assert layers["detector.backbone.conv1"]["macs"] == layers["detector.backbone.conv1"]["ann_macs"]


@torch.no_grad()
def test_no_detections_give_no_masks(workload):
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    none = [f[:0] for f in workload._proposed(batch)[1]]
    inputs = workload._all(batch.inputs, [torch.zeros(0, 4)] * 2, none)
    found = workload.predict((*workload.forward(workload.network, inputs), none), batch)
    assert [len(f["masks"]) for f in found] == [0, 0]
    assert workload.evaluate(dict(zip(batch.ids, found))).metrics["mask_mAP"] == 0


def test_the_metric_is_one_for_the_truth_and_tells_masks_from_boxes(tmp_path):
    truth = coco.read(masked(tmp_path) / "annotations" / "instances_val2017.json", tmp_path / "val2017")

    def perfect(o, box=False):
        height, width = (truth.images[o["image_id"]][k] for k in ("height", "width"))
        polygon = [[5, 6, 35, 6, 35, 46]] if box else o["segmentation"]  # half of the square
        x, y, w, h = o["bbox"]
        found = {"boxes": [[x, y, x + w, y + h]], "scores": [0.9], "labels": [o["category_id"] - 1]}
        return {**found, "masks": [mask.merge(mask.frPyObjects(polygon, height, width))]}

    single = [o for o in truth.objects if not o["iscrowd"]]
    whole = instance_masks.evaluate(truth, {o["image_id"]: perfect(o) for o in single}, [1, 2, 3], replicates=20)
    assert whole.metrics["mask_mAP"] == whole.metrics["mAP"] == pytest.approx(1) and whole.low == pytest.approx(1)
    assert set(whole.evidence["replicates"]) == {"mask_mAP", "mask_mAP50", "mAP", "mAP50"}
    half = instance_masks.evaluate(truth, {o["image_id"]: perfect(o, True) for o in single}, [1, 2, 3], replicates=20)
    assert half.metrics["mAP"] == pytest.approx(1) and half.metrics["mask_mAP"] < 0.2


@pytest.mark.parametrize(
    "segmentation, words",
    [
        (None, "has no segmentation"),
        ([], "has no segmentation"),
        ([[1, 2, 3, 4]], "has a polygon of 4 numbers"),
        ([[1, 2, 3, 4, 5, "x"]], "has a polygon of 6 numbers"),
        ({"size": [3, 4], "counts": [12]}, "has run lengths of size .3, 4., and its image has"),
        ("polygon", "has a segmentation of kind str"),
    ],
)
def test_masks_that_are_none_are_told_before_any_work(tmp_path, config, segmentation, words):
    root = masked(tmp_path, {3: segmentation})
    with pytest.raises(InputError, match=f"bbox .5, 6, 30, 40. in '3.png' {words}.*scoring='coco'"):
        made(root, config)


@pytest.mark.slow
def test_boxes_alone_where_the_task_says_so(tmp_path, config):
    subject = made(masked(tmp_path, {3: None}), config, scoring="coco")
    assert subject.metric == "mAP"


def test_other_networks_of_masks_are_refused_by_name():
    model, _ = networks.build_detector("mmdet::point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py")
    with pytest.raises(UnsupportedError, match="PointRend"):
        mmdetection.kind_of(model).check(model)
