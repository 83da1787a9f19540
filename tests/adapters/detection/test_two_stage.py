"""Faster R-CNN: the boxes are MMDetection's, raw outputs converge to the ANN's, both stages are counted once."""

import numpy as np
import pytest
import torch
import torchvision

import adafire
from adafire.errors import UnsupportedError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import mmdetection, two_stage
from adapters.detection import networks as detectors  # noqa: F401 - the second registers the adapter
from helpers.regions import annotated, enliven
from helpers.workloads import exact_bursts

CONFIG = """
_base_ = 'mmdet::{base}'
model = dict(
    backbone=dict(depth=18, base_channels=16), neck=dict(in_channels=[16, 32, 64, 128], out_channels=32),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(bbox_roi_extractor=dict(out_channels=32, finest_scale=14),
                  bbox_head=dict(in_channels=32, fc_out_channels=48, num_classes=3)),
    test_cfg=dict(rpn=dict(max_per_img=12), rcnn=dict(score_thr=0.001)))
test_dataloader = dict(dataset=dict(metainfo=dict(classes=('cat', 'dog', 'emu')), pipeline=[
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(128, 96), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
"""
BASE = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return annotated(tmp_path_factory.mktemp("coco"))


@pytest.fixture(scope="module")
def workload(root, tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "config.py"
    config.write_text(CONFIG.format(base=BASE))
    settings = {
        "config": str(config),
        "checkpoint": "random",
        "data": {"type": "coco"},
        "batch_size": 2,
        "calibration": {"samples": 2},
    }
    return enliven(adapters.get("mmdetection")(settings, WorkloadOptions(split="full", data_root=str(root))))


@torch.no_grad()
def test_boxes_equal_mmdetections_own(workload):
    snn = adafire.convert(workload.network, workload.calibration(), method="ann", timesteps=1, forward=workload.forward)
    found, sizes = {}, []
    for batch in workload.batches():
        sizes.append(len(batch.ids))
        mine = workload.predict(workload.simulate(snn, batch, (1,))[0], batch)
        for one, other in zip(mine, workload.detector(batch.inputs, batch.context, mode="predict"), strict=True):
            other = other.pred_instances
            assert 3 < len(other) == len(one["boxes"])
            assert np.allclose(one["boxes"], other.bboxes, atol=1e-4) and np.allclose(
                one["scores"], other.scores, atol=1e-4
            )
            assert np.array_equal(one["labels"], other.labels)
        found.update(zip(batch.ids, mine))
    assert len(found) == 4 and max(sizes) == 2 and 0 <= workload.evaluate(found).metrics["mAP"] < 0.5


@pytest.mark.parametrize("relays", (False, True))
def test_raw_outputs_of_both_stages_converge(workload, relays):
    (inputs, *_) = workload.calibration()
    with torch.no_grad():
        expected = workload.forward(workload.network, inputs)
    snn = exact_bursts(workload.network, [inputs], workload.forward, relays)
    assert any(s.relay for s in snn.sites) == relays
    assert {"detector.roi_head.bbox_head.relu"} <= {s.name.partition("[")[0] for s in snn.sites}
    spread = lambda y: float((y - y.mean()).norm())
    for part in (lambda o: torch.cat([t.flatten() for t in o[0][0]]), lambda o: o[1], lambda o: o[2]):
        errors = [
            float((part(y) - part(expected)).norm()) / spread(part(expected)) for y in snn(inputs, at=(4, 16, 64))
        ]
        assert errors[1] < 0.5 * errors[0] and errors[2] < 0.5 * errors[1] and errors[2] < 0.05, errors


@torch.no_grad()
def test_both_stages_are_counted_once_and_proposals_are_those_of_the_spiking_stage(workload):
    snn = adafire.convert(
        workload.network, workload.calibration(), method="adafire-signed", timesteps=2, forward=workload.forward
    )
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    ((rpn, scores, deltas, proposals),) = workload.simulate(snn, batch, (2,))
    report = snn.report()
    assert report.samples == 2 and scores.shape == (24, 4) and deltas.shape == (24, 12)
    again = workload._proposals(rpn, batch)
    assert all(torch.equal(a, b) for a, b in zip(proposals, again))
    layers = {row["layer"]: row for row in report.layers}
    fc1 = layers["detector.roi_head.bbox_head.shared_fcs.0"]
    assert fc1["ann_macs"] == 12 * 32 * 49 * 48 and fc1["macs"] == 2 * fc1["ann_macs"]  # analog features, at every step
    fc2 = layers["detector.roi_head.bbox_head.shared_fcs.1"]
    assert fc2["macs"] == 0 and 0 < fc2["synops"]
    assert layers["detector.backbone.conv1"]["macs"] == layers["detector.backbone.conv1"]["ann_macs"]  # once
    sites = {row["site"].partition("[")[0]: row for row in report.sites}
    assert sites["detector.roi_head.bbox_head.relu"]["neurons"] == 12 * 48
    pooled = layers["detector.roi_head.bbox_roi_extractor.roi_layers.0"]
    assert pooled["ann_macs"] == 4 * 12 * 32 * 49  # four neighbours a sample


@torch.no_grad()
def test_no_proposals_give_no_boxes(workload):
    batch = max(workload.batches(), key=lambda b: len(b.ids))
    rpn, scores, deltas = workload.forward(workload.network, workload._with(batch.inputs, [torch.zeros(0, 4)] * 2))
    found = workload.predict((rpn, scores, deltas, [torch.zeros(0, 4)] * 2), batch)
    assert [len(f["boxes"]) for f in found] == [0, 0]
    evaluation = workload.evaluate(dict(zip(batch.ids, found)))
    assert evaluation.metrics["mAP"] == 0


def test_roi_align_over_time_equals_a_loop():
    two_stage.fold_roi_align()
    features, rois = torch.randn(3, 2, 4, 9, 9), torch.tensor([[0, 1, 1, 7, 6.0], [1, 0, 0, 8, 8], [1, 2, 2, 3, 3]])
    align = lambda x: torchvision.ops.roi_align(x, rois, (3, 3), 0.5, 0, True)
    assert torch.equal(torch.vmap(align)(features), torch.stack([align(x) for x in features]))
    moved = torch.vmap(align, in_dims=2)(features.movedim(0, 2))
    assert torch.equal(moved, torch.stack([align(x) for x in features]))


def test_the_check_shows_both_stages(capsys):
    from tools.check import main

    assert main([f"mmdet::{BASE}", "--size", "64"]) == 0
    found = capsys.readouterr().out
    assert "56 sites become neurons" in found and "roi_align" in found
    assert main(["mmdet::conditional_detr/conditional-detr_r50_8xb2-50e_coco.py"]) == 2
    assert "ConditionalDETR is a detector of the DETR family" in capsys.readouterr().err


@pytest.mark.parametrize(
    "base, message",
    [
        ("ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py", "is not a plain Faster R-CNN"),
        ("cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py", "CascadeRCNN with CascadeRoIHead is not a plain"),
    ],
)
def test_others_are_refused_with_what_works(base, message):
    model, _ = detectors.build_detector(f"mmdet::{base}")
    with pytest.raises(UnsupportedError, match=message + ".*RetinaNet"):
        if detectors.stages(model) == 2:
            two_stage.check_two_stage(model)
