"""One-stage detection with YOLO on COCO, and on generated scenes where COCO is not at hand.

    python tools/run_bench.py tasks/coco_yolo.py                             # mini: needs nothing but the project
    python tools/run_bench.py tasks/coco_yolo.py --data-root /data/coco      # COCO val2017
    python tools/run_bench.py tasks/coco_yolo.py --data-root /data/coco --variant yolo-fastestv2

To benchmark a detector of your own, copy one block under `variants`, give it a name, and point `config` and
`checkpoint` at your files. To make a new task, copy this file: every file in tasks/ is a task.
"""

name = "coco_yolo"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "detection"
description = "One-stage detectors of the YOLO kind; COCO box metric"
metric = "mAP"  # the primary metric, higher is better: the one with the error bar
adapter = "mmdetection"  # which file of adapters/ builds the network and reads the data

# What runs when the command line does not say otherwise. The ANN is always run, as the reference.
methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]  # --timesteps 1,2,4,8,16,32 is what results/ holds: five times as long

variants = dict(
    # A small ReLU YOLO on generated scenes with Fashion-MNIST objects: everything it needs is in the repository.
    mini=dict(
        split="mini",  # 'mini': carried by the project; every table says so. 'full': the real benchmark
        config="benchmarks/zoo/yolo_fashion/config.py",
        checkpoint="benchmarks/zoo/yolo_fashion/yolo_fashion.pth",
        data=dict(type="fashion_scenes"),
        calibration=dict(samples=64),  # unlabelled images, never scored
        batch_size=16,
        needs=["adapters/shared/fashion_mnist_subset/test.png"],
        expected=dict(ann=0.666, tolerance=0.005),
    ),
    # MMDetection's YOLOv3 (leaky ReLU) on COCO val2017; calibrated on train2017 images, where they are not there on
    # val2017 images that are then left out of the score.
    yolov3=dict(
        split="full",
        config="mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py",
        checkpoint="https://download.openmmlab.com/mmdetection/v2.0/yolo/yolov3_d53_320_273e_coco/"
        "yolov3_d53_320_273e_coco-421362b6.pth",  # downloaded once; offline: --checkpoint FILE
        data=dict(type="coco"),
        calibration=dict(samples=64),
        batch_size=4,
        needs=["annotations/instances_val2017.json", "val2017"],  # looked for below --data-root before any work
        expected=dict(
            ann=0.279, tolerance=0.01, samples=5000
        ),  # published; where the ANN here differs, the table says so
    ),
    # YOLO-FastestV2 (0.25 M parameters, ReLU throughout) on COCO val2017, calibrated likewise. Its authors state an AP50
    # of 0.241 on val2017 and no mAP, so none is expected here.
    **{
        "yolo-fastestv2": dict(
            split="full",
            config="benchmarks/zoo/yolo_fastestv2/config.py",
            checkpoint="https://github.com/dog-qiuqiu/Yolo-FastestV2/raw/main/modelzoo/coco2017-0.241078ap-model.pth",
            data=dict(type="coco"),
            calibration=dict(samples=32),
            batch_size=8,
            needs=["annotations/instances_val2017.json", "val2017"],
        )
    },
)
