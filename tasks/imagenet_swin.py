"""Swin-T with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py. There is no mini split:
no trained small network of this kind is carried.

    python tools/run_bench.py tasks/imagenet_swin.py --data-root DIR [--checkpoint swin_t-704ceda3.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_swin"
version = 1
description = "Swin-T; accuracy (top 1) on the ImageNet validation set"
mini = None

variants = dict(
    full=dict(
        model=dict(_delete_=True, name="torchvision::swin_t", weights="IMAGENET1K_V1"),
        checkpoint=None,
        batch_size=8,
        options=dict(_delete_=True),  # pictures are prepared as these weights state
        expected=dict(ann=0.81474),  # published (torchvision)
    ),
)
