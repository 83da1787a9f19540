"""SSD on COCO, and a small one on generated scenes.

python tools/run_bench.py coco_ssd                                   # mini: needs nothing but the project
python tools/run_bench.py coco_ssd --data-root /data/coco            # COCO val2017
"""

name = "coco_ssd"
version = 1
family = "detection"
description = "SSD; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    mini=dict(
        split="mini",
        description="A small SSD on generated scenes",
        config="benchmarks/zoo/ssd_fashion/config.py",
        checkpoint="benchmarks/zoo/ssd_fashion/ssd_fashion.pth",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=64),
        batch_size=16,
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.337, tolerance=0.005),
    ),
    ssd300=dict(
        split="full",
        config="mmdet::ssd/ssd300_coco.py",
        checkpoint="ssd300_coco_20210803_015428-d231a06e.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.255, tolerance=0.01, samples=5000),  # published
    ),
)
