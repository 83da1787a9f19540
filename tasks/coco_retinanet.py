"""RetinaNet on COCO, and a small one on generated scenes.

python tools/run_bench.py coco_retinanet                                   # mini: needs nothing but the project
python tools/run_bench.py coco_retinanet --data-root /data/coco            # COCO val2017
"""

name = "coco_retinanet"
version = 1
family = "detection"
description = "RetinaNet; COCO box metric"
metric = "mAP"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    mini=dict(
        split="mini",
        description="A small RetinaNet on generated scenes",
        config="benchmarks/zoo/retinanet_fashion/config.py",
        checkpoint="benchmarks/zoo/retinanet_fashion/retinanet_fashion.pth",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=64),
        batch_size=16,
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.587, tolerance=0.005),
    ),
    r50=dict(
        split="full",
        config="mmdet::retinanet/retinanet_r50_fpn_1x_coco.py",
        checkpoint="retinanet_r50_fpn_1x_coco_20200130-c2398f9e.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.365, tolerance=0.01, samples=5000),  # published
    ),
    r18=dict(
        split="full",
        config="mmdet::retinanet/retinanet_r18_fpn_1x_coco.py",
        checkpoint="retinanet_r18_fpn_1x_coco_20220407_171055-614fd399.pth",  # MMDetection's name: downloaded once
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],
        expected=dict(ann=0.317, tolerance=0.01, samples=5000),  # published
    ),
)
