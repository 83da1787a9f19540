"""YOLOX-s (SiLU) on COCO. There is no mini split: no trained small network of this kind is carried.

python tools/run_bench.py coco_yolox --data-root /data/coco
"""

name = "coco_yolox"
version = 1
family = "detection"
description = "YOLOX; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    s=dict(
        split="full",
        config="mmdet::yolox/yolox_s_8xb8-300e_coco.py",
        checkpoint="yolox_s_8x8_300e_coco_20211121_095711-4592a793.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.405, tolerance=0.01, samples=5000),  # published
    ),
)
