"""FCOS and ATSS on COCO. There is no mini split: no trained small network of this kind is carried.

python tools/run_bench.py coco_fcos --data-root /data/coco
"""

name = "coco_fcos"
version = 1
family = "detection"
description = "Anchor-free and adaptive detectors; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    fcos=dict(
        split="full",
        config="mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py",
        checkpoint="fcos_r50_caffe_fpn_gn-head_1x_coco-821213aa.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.366, tolerance=0.01, samples=5000),  # published
    ),
    atss=dict(
        split="full",
        config="mmdet::atss/atss_r50_fpn_1x_coco.py",
        checkpoint="atss_r50_fpn_1x_coco_20200209-985f7bd0.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.394, tolerance=0.01, samples=5000),  # published
    ),
)
