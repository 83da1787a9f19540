"""DETR as a workload: its boxes are MMDetection's, its spiking network converges, and what of the family is refused."""

import numpy as np
import pytest
import torch

import adafire
from adafire.errors import UnsupportedError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import mmdetection, transformers  # noqa: F401 - the first registers the adapter
from adapters.detection import networks as detectors
from helpers.detectors import CLASSES, root  # noqa: F401 - a fixture
from helpers.workloads import predict_all

SMALL = f"""
_base_ = 'mmdet::detr/detr_r50_8xb2-150e_coco.py'
attention = dict(embed_dims=32, num_heads=4)
ffn = dict(embed_dims=32, feedforward_channels=48)
model = dict(
    num_queries=12, test_cfg=dict(max_per_img=12),
    backbone=dict(depth=18, base_channels=8, init_cfg=None),
    neck=dict(in_channels=[64], out_channels=32),
    encoder=dict(num_layers=2, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
    decoder=dict(num_layers=2, layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=attention, ffn_cfg=ffn)),
    positional_encoding=dict(num_feats=16),
    bbox_head=dict(num_classes=3, embed_dims=32))
test_dataloader = dict(dataset=dict(metainfo=dict(classes={CLASSES}), pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(128, 128), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
"""


def lively(model):
    """Random weights by which pictures are told apart: batch norm with the statistics of its inputs, and large heads."""
    torch.manual_seed(0)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        for weight in [*model.bbox_head.parameters(), *model.encoder.parameters(), *model.decoder.parameters()]:
            weight.add_(0.15 * torch.randn_like(weight))
        for m in norms:
            m.momentum = 1.0
            m.train()
        transformers.forward(model, torch.randn(4, 3, 96, 96))
    return model.eval()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detr")
    (folder / "config.py").write_text(SMALL)
    model, _ = detectors.build_detector(folder / "config.py")
    torch.save({"state_dict": lively(model).state_dict(), "meta": {"epoch": 1}}, folder / "weights.pth")
    return folder / "config.py", folder / "weights.pth"


@pytest.fixture(scope="module")
def workload(files, root):  # noqa: F811
    settings = {"config": str(files[0]), "checkpoint": str(files[1]), "data": {"type": "coco"}, "batch_size": 3}
    options = WorkloadOptions(split="full", data_root=str(root))
    return adapters.get("mmdetection")({**settings, "calibration": {"samples": 3}}, options)


def test_boxes_are_those_of_mmdetection(workload):
    assert type(workload) is transformers.TransformerDetection
    found = predict_all(workload)
    assert len(found) == 5
    for batch in workload.batches():
        assert len({tuple(sample.metainfo["img_shape"]) for sample in batch.context}) == 1, "no picture is padded"
        with torch.no_grad():
            own = workload.network.predict(batch.inputs, [one.clone() for one in _with_sizes(batch)], rescale=True)
        for sample, expected in zip(batch.ids, own):
            expected = expected.pred_instances
            assert np.allclose(found[sample]["boxes"], expected.bboxes.numpy(), atol=1e-3)
            assert np.allclose(found[sample]["scores"], expected.scores.numpy(), atol=1e-5)
            assert (found[sample]["labels"] == expected.labels.numpy()).all()
    assert set(workload.evaluate(found).metrics) >= {"mAP", "mAP50"}


def _with_sizes(batch):
    for sample in batch.context:
        sample.set_metainfo({"batch_input_shape": tuple(batch.inputs.shape[-2:])})
        yield sample


def test_it_converges(workload):
    """Errors over what tells pictures apart, which a constant output would not reach."""
    batch = max(workload.batches(), key=lambda one: len(one.ids))
    assert len(batch.ids) > 1
    with torch.no_grad():
        expected = workload.forward(workload.network, batch.inputs)
        apart = [(y - y.mean(0)).pow(2).mean() for y in expected]
        errors = []
        for steps in (4, 64):
            snn = adafire.convert(
                workload.network, workload.calibration(), method="ours", timesteps=steps, forward=workload.forward
            )
            errors.append([float((z - y).pow(2).mean() / a) for z, y, a in zip(snn(batch.inputs), expected, apart)])
    report = snn.report()
    assert max(errors[1]) < 1e-3 and max(errors[1]) < max(errors[0]), errors
    assert report.spikes > 0 and report.macs > 0, "attention is paid for"


def test_early_exit_sees_detections(workload):
    batch = next(workload.batches())
    with torch.no_grad():
        outputs = workload.forward(workload.network, batch.inputs)
    judge = workload.exit_judge
    assert judge.confidence(outputs).shape == (len(batch.ids),)
    assert not judge.changed(outputs, outputs).any()


def test_the_check_says_what_is_covered(files, capsys):
    from tools.check import main

    assert main([str(files[0]), "--trust-config", "--size", "96"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(transformers.ABOUT + "\n") and "\n" not in transformers.ABOUT
    assert "multi_head_attention_forward  analog" in out and "relu " in out


@pytest.mark.parametrize(
    "config", ["deformable_detr/deformable-detr_r50_16xb2-50e_coco", "dino/dino-4scale_r50_8xb2-12e_coco"]
)
def test_others_of_the_family_are_refused(config):
    model, _ = detectors.build_detector(f"mmdet::{config}.py")
    with pytest.raises(
        UnsupportedError, match=f"{type(model).__name__} is a detector of the DETR family.*and DETR itself work"
    ):
        detectors.stages(model)
