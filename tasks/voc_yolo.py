"""YOLOv3 on PASCAL VOC with weights of your own (MMDetection has none); the small YOLO on generated scenes.

    python tools/run_bench.py voc_yolo                                   # mini: needs nothing but the project
    python tools/run_bench.py voc_yolo --data-root /data --checkpoint FILE               # VOC2007 test
    python tools/run_bench.py voc_yolo --data-root /data --variant yolov3 --checkpoint FILE

The metric is VOC's, at an IoU of 0.5: mean average precision over 11 recalls, and beside it the area under the curve
(mAP50). --data-root is the folder that holds VOCdevkit/, or the archives as they unpack, or VOC2007/ itself.
"""

name = "voc_yolo"
version = 1
family = "detection"
description = "YOLO; VOC metric (11 points, IoU 0.5)"
metric = "mAP50_11point"
adapter = "mmdetection"

methods = ["quantised", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

variants = dict(
    mini=dict(
        split="mini",
        description="The small YOLO on generated scenes",
        config="benchmarks/zoo/yolo_fashion/config.py",
        checkpoint="benchmarks/zoo/yolo_fashion/yolo_fashion.pth",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=64),
        batch_size=16,
        options=dict(scoring="voc"),
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.8, tolerance=0.005),
    ),
    yolov3=dict(
        split="full",
        config="benchmarks/zoo/yolov3_voc/config.py",
        data=dict(type="voc", year=2007),
        calibration=dict(samples=64),
        batch_size=4,
    ),
)
