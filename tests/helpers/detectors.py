"""A small random detector of MMDetection on a small data set in COCO's format."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from adapters.base import WorkloadOptions, adapters
from adapters.detection import mmdetection  # noqa: F401 - registers the adapter
from adapters.detection import networks as detectors

CLASSES = ("cat", "dog", "emu")
CONFIG = """
_base_ = 'mmdet::{base}'
model = dict(bbox_head=dict(num_classes=3))
test_dataloader = dict(dataset=dict(metainfo=dict(classes={classes}), pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
"""
TINY = """
model = dict(
    type='YOLOX',
    data_preprocessor=dict(type='DetDataPreprocessor', mean=[99.], std=[60.], pad_size_divisor=32),
    backbone=dict(type='ResNet', depth=18, base_channels=8, out_indices=(1, 2, 3)),
    neck=dict(type='FPN', in_channels=[16, 32, 64], out_channels=16, num_outs=3),
    bbox_head=dict(type='YOLOXHead', num_classes=3, in_channels=16, feat_channels=16, stacked_convs=1,
                   act_cfg=dict(type='ReLU')),
    test_cfg=dict(score_thr=0.01, nms=dict(type='nms', iou_threshold=0.65)))
test_dataloader = dict(dataset=dict(type='CocoDataset'))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A COCO-format folder of 8 images of 3 shapes, with one object each."""
    root = tmp_path_factory.mktemp("coco")
    (root / "val2017").mkdir()
    (root / "annotations").mkdir()
    rng, images, objects = np.random.default_rng(0), [], []
    for i in range(1, 9):
        height, width = ((64, 96), (120, 80), (100, 100))[i % 3]
        picture = np.kron(rng.integers(0, 255, (height // 4, width // 4, 3)), np.ones((4, 4, 1))).astype(np.uint8)
        Image.fromarray(picture).save(root / "val2017" / f"{i:03d}.png")
        images.append({"id": i, "file_name": f"{i:03d}.png", "width": width, "height": height})
        objects.append(
            {
                "id": i,
                "image_id": i,
                "category_id": 10 * (i % 3 + 1),
                "bbox": [5, 6, 30, 40],
                "area": 1200,
                "iscrowd": 0,
            }
        )
    (root / "annotations" / "instances_val2017.json").write_text(
        json.dumps(
            {
                "images": images,
                "annotations": objects,
                "categories": [{"id": 10 * (k + 1), "name": name} for k, name in enumerate(CLASSES)],
            }
        )
    )
    return root


def lively(model, size=96):
    """Random weights whose outputs look like a trained network's: batch norm is given the statistics of its inputs."""
    torch.manual_seed(1)
    with torch.no_grad():
        for p in model.bbox_head.parameters():
            p.add_(0.03 * torch.randn_like(p))
        norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for m in norms:
            m.train()
            m.momentum = 1.0
        images = [torch.randint(0, 256, (3, size, size), dtype=torch.uint8) for _ in range(2)]
        model(model.data_preprocessor({"inputs": images, "data_samples": None})["inputs"], mode="tensor")
        model.eval()
    return model


def write_config(folder, base, classes=CLASSES):
    """A config that inherits one of MMDetection's, or the file ``base``."""
    text = CONFIG.format(base=base, classes=classes)
    text = text if "/" in base else text.replace("mmdet::", "./")
    (folder / "config.py").write_text(text.replace("num_classes=3", f"num_classes={len(classes)}"))
    (folder / "tiny.py").write_text(TINY)
    return folder / "config.py"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """(config file, checkpoint file) of a small random detector on ``CLASSES``."""
    folder = tmp_path_factory.mktemp("tiny")
    config = write_config(folder, "tiny.py")
    model, _ = detectors.build_detector(config)
    torch.save({"state_dict": lively(model).state_dict(), "meta": {"epoch": 1}}, folder / "weights.pth")
    return config, folder / "weights.pth"


def settings(files, **change):
    return {
        "config": str(files[0]),
        "checkpoint": str(files[1]),
        "data": {"type": "coco"},
        "calibration": {"samples": 3},
        "batch_size": 2,
        "score_thr": 0.001,
        **change,
    }


def make(files, root, options=None, **change):
    given = {"split": "full", "data_root": str(root) if root else None, **(options or {})}
    return adapters.get("mmdetection")(settings(files, **change), WorkloadOptions(**given))
