"""ConvNeXt-T with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py. There is no mini split:
no trained small network of this kind is carried.

    python tools/run_bench.py tasks/imagenet_convnext.py --data-root DIR [--checkpoint convnext_tiny-983f1562.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_convnext"
version = 1
description = "ConvNeXt-T; accuracy (top 1) on the ImageNet validation set"
mini = None

variants = dict(
    full=dict(
        model=dict(_delete_=True, name="torchvision::convnext_tiny", weights="IMAGENET1K_V1"),
        checkpoint=None,
        batch_size=8,
        options=dict(_delete_=True),  # pictures are prepared as these weights state
        expected=dict(ann=0.8252),  # published (torchvision)
    ),
)
