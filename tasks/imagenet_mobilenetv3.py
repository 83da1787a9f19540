"""MobileNetV3 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py. Its mini is that of
imagenet_mobilenetv2.

    python tools/run_bench.py tasks/imagenet_mobilenetv3.py --data-root DIR [--checkpoint mobilenet_v3_large-5c1a4163.pth]
    python tools/run_bench.py tasks/imagenet_mobilenetv3.py --variant small --data-root DIR
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_mobilenetv3"
version = 1
description = "MobileNetV3; accuracy (top 1) on the ImageNet validation set"
mini = "imagenet_mobilenetv2"

_common = dict(
    split="full",
    data=dict(type="imagefolder", name="ImageNet", test="val", train="train"),
    calibration=dict(samples=256),
    batch_size=16,
    needs=["val"],
)  # pictures are prepared as the weights state
variants = dict(
    full=None,
    large=dict(
        _common,
        model=dict(name="torchvision::mobilenet_v3_large", weights="IMAGENET1K_V2"),
        expected=dict(ann=0.75274, tolerance=0.003, samples=50000),  # published (torchvision)
    ),
    small=dict(
        _common,
        model=dict(name="torchvision::mobilenet_v3_small", weights="IMAGENET1K_V1"),
        expected=dict(ann=0.67668, tolerance=0.003, samples=50000),  # published (torchvision)
    ),
)
