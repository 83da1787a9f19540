"""RTMDet-tiny (SiLU, channel attention) on COCO. There is no mini split: no trained small network of this kind is carried.

python tools/run_bench.py coco_rtmdet --data-root /data/coco
"""

name = "coco_rtmdet"
version = 1
family = "detection"
description = "RTMDet; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    tiny=dict(
        split="full",
        config="mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py",
        checkpoint="rtmdet_tiny_8xb32-300e_coco_20220902_112414-78e30dcc.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.409, tolerance=0.01, samples=5000),  # published
    ),
)
