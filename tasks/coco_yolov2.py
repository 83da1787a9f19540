"""YOLOv2 on COCO (DarkNet-19, and the tiny network) at 416 pixels; what it does not say is as in coco_yolo.py.

    python tools/run_bench.py coco_yolov2                                   # mini: that of coco_yolo
    python tools/run_bench.py coco_yolov2 --data-root /data/coco            # COCO val2017
    python tools/run_bench.py coco_yolov2 --data-root /data/coco --variant tiny [--checkpoint yolov2-tiny.weights]

Weights: Darknet's own files, or a state dict of the names of adapters/models/yolo_v2.py. Their authors give no score on val2017, and
trained on parts of val2014 that are in it, so none is expected here.
"""

_base_ = "./coco_yolo.py"

name = "coco_yolov2"
version = 1
description = "YOLOv2; COCO box metric"
mini = "coco_yolo"  # that task's small YOLO on generated scenes

_common = dict(
    split="full",
    data=dict(type="coco"),
    calibration=dict(samples=64),
    batch_size=4,
    needs=["annotations/instances_val2017.json", "val2017"],
)
variants = dict(
    _delete_=True,
    full=dict(
        _common,
        config="benchmarks/zoo/yolov2/config_coco.py",
        checkpoint="https://pjreddie.com/media/files/yolov2.weights",  # downloaded once (194 MB)
    ),
    tiny=dict(
        _common,
        config="benchmarks/zoo/yolov2/config_tiny_coco.py",
        checkpoint="https://pjreddie.com/media/files/yolov2-tiny.weights",  # downloaded once (43 MB)
    ),
)
