"""Mask R-CNN on COCO: boxes and instance masks (adapters/detection/instances.py says how). The metric is COCO's average precision of
masks; that of boxes stands beside it. There is no mini split: no trained small network of this kind is carried.

    python tools/run_bench.py coco_maskrcnn --data-root /data/coco
"""

name = "coco_maskrcnn"
version = 1
family = "detection"
description = "Mask R-CNN; COCO mask metric (and the box metric)"
metric = "mask_mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    r50=dict(
        split="full",
        config="mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py",
        checkpoint="mask_rcnn_r50_fpn_1x_coco_20200205-d4b0c5d6.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=1,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.347, tolerance=0.01, samples=5000),  # published
    ),
)
