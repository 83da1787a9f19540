"""RetinaNet on PASCAL VOC; a small one on generated scenes.

    python tools/run_bench.py voc_retinanet                                   # mini: needs nothing but the project
    python tools/run_bench.py voc_retinanet --data-root /data                 # VOC2007 test
    python tools/run_bench.py voc_retinanet --data-root /data --variant r50-voc2012

The metric is VOC's, at an IoU of 0.5: mean average precision over 11 recalls, and beside it the area under the curve
(mAP50). --data-root is the folder that holds VOCdevkit/, or the archives as they unpack, or VOC2007/ itself.
"""

name = "voc_retinanet"
version = 1
family = "detection"
description = "RetinaNet; VOC metric (11 points, IoU 0.5)"
metric = "mAP50_11point"
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
        options=dict(scoring="voc"),
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.737, tolerance=0.005),
    ),
    r50=dict(
        split="full",
        config="mmdet::pascal_voc/retinanet_r50_fpn_1x_voc0712.py",
        checkpoint="https://download.openmmlab.com/mmdetection/v2.0/pascal_voc/retinanet_r50_fpn_1x_voc0712/"
        "retinanet_r50_fpn_1x_voc0712_20220320_222034-b30e6097.pth",  # downloaded once
        data=dict(type="voc", year=2007),
        calibration=dict(samples=64),
        batch_size=4,
        expected=dict(ann=0.792, tolerance=0.01),  # published
    ),
    **{
        "r50-voc2012": dict(
            split="full",
            description="VOC2012 val; the network was trained on its images, so this is no test",
            config="mmdet::pascal_voc/retinanet_r50_fpn_1x_voc0712.py",
            checkpoint="https://download.openmmlab.com/mmdetection/v2.0/pascal_voc/retinanet_r50_fpn_1x_voc0712/"
            "retinanet_r50_fpn_1x_voc0712_20220320_222034-b30e6097.pth",
            data=dict(type="voc", year=2012),
            calibration=dict(samples=64),
            batch_size=4,
        )
    },
)
