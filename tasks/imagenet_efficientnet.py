"""EfficientNet-B0 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py. Its mini is that of
imagenet_mobilenetv2.

    python tools/run_bench.py tasks/imagenet_efficientnet.py --data-root DIR [--checkpoint efficientnet_b0_rwightman-7f5810bc.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_efficientnet"
version = 1
description = "EfficientNet-B0; accuracy (top 1) on the ImageNet validation set"
mini = "imagenet_mobilenetv2"

variants = dict(
    full=dict(
        model=dict(_delete_=True, name="torchvision::efficientnet_b0", weights="IMAGENET1K_V1"),
        checkpoint=None,
        batch_size=16,
        options=dict(_delete_=True),  # pictures are prepared as these weights state
        expected=dict(ann=0.77692),  # published (torchvision)
    ),
)
