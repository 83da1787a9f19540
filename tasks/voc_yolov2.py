"""YOLOv2 on PASCAL VOC (DarkNet-19, and the tiny network), the network of Adaptive Calibration's table; what it does not say is as in
voc_yolo.py.

    python tools/run_bench.py voc_yolov2                                   # mini: that of voc_yolo
    python tools/run_bench.py voc_yolov2 --data-root /data                 # VOC2007 test
    python tools/run_bench.py voc_yolov2 --data-root /data --variant tiny [--checkpoint yolov2-tiny-voc.weights]

Weights: Darknet's own files, or a state dict of the names of adapters/models/yolo_v2.py.
"""

_base_ = "./voc_yolo.py"

name = "voc_yolov2"
version = 1
description = "YOLOv2; VOC metric (11 points, IoU 0.5)"
mini = "voc_yolo"  # that task's small YOLO on generated scenes

_common = dict(split="full", data=dict(type="voc", year=2007), calibration=dict(samples=64), batch_size=4)
variants = dict(
    _delete_=True,
    full=dict(
        _common,
        config="benchmarks/zoo/yolov2/config.py",
        checkpoint="https://pjreddie.com/media/files/yolov2-voc.weights",  # downloaded once (194 MB)
        expected=dict(ann=0.768, tolerance=0.02, samples=4952),  # published (its authors pad pictures on both sides)
    ),
    tiny=dict(
        _common,
        config="benchmarks/zoo/yolov2/config_tiny.py",
        checkpoint="https://pjreddie.com/media/files/yolov2-tiny-voc.weights",  # downloaded once (61 MB)
        expected=dict(ann=0.571, tolerance=0.02, samples=4952),  # published
    ),
)
