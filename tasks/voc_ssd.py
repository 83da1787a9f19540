"""SSD on PASCAL VOC; a small one on generated scenes.

    python tools/run_bench.py voc_ssd                                   # mini: needs nothing but the project
    python tools/run_bench.py voc_ssd --data-root /data                 # VOC2007 test
    python tools/run_bench.py voc_ssd --data-root /data --variant ssd300

The metric is VOC's, at an IoU of 0.5: mean average precision over 11 recalls, and beside it the area under the curve
(mAP50). --data-root is the folder that holds VOCdevkit/, or the archives as they unpack, or VOC2007/ itself.
"""

name = "voc_ssd"
version = 1
family = "detection"
description = "SSD; VOC metric (11 points, IoU 0.5)"
metric = "mAP50_11point"
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
        options=dict(scoring="voc"),
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.583, tolerance=0.005),
    ),
    ssd300=dict(
        split="full",
        config="mmdet::pascal_voc/ssd300_voc0712.py",
        checkpoint="https://download.openmmlab.com/mmdetection/v2.0/pascal_voc/ssd300_voc0712/"
        "ssd300_voc0712_20220320_194658-17edda1b.pth",  # downloaded once
        data=dict(type="voc", year=2007),
        calibration=dict(samples=64),
        batch_size=4,
        expected=dict(ann=0.765, tolerance=0.01, samples=4952),  # published
    ),
)
