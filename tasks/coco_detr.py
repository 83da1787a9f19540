"""DETR (attention, learned queries, no dense head) on COCO. There is no mini split: no trained small network of this kind is carried.

python tools/run_bench.py coco_detr --data-root /data/coco
"""

name = "coco_detr"
version = 1
family = "detection"
description = "DETR; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    r50=dict(
        split="full",
        config="mmdet::detr/detr_r50_8xb2-150e_coco.py",
        checkpoint="detr_r50_8xb2-150e_coco_20221023_153551-436d03e8.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=2,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.399, tolerance=0.01, samples=5000),  # published
    ),
)
