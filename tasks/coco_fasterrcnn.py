"""Faster R-CNN, two stages (adapters/detection/two_stage.py says how), on COCO.
There is no mini split: no trained small network of this kind is carried.

    python tools/run_bench.py coco_fasterrcnn --data-root /data/coco
"""

name = "coco_fasterrcnn"
version = 1
family = "detection"
description = "Faster R-CNN; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    r50=dict(
        split="full",
        config="mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
        checkpoint="faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=1,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.374, tolerance=0.01, samples=5000),  # published
    ),
)
