"""ResNet-50 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py.

python tools/run_bench.py tasks/imagenet_resnet50.py                                     # mini
python tools/run_bench.py tasks/imagenet_resnet50.py --data-root DIR [--checkpoint resnet50-0676ba61.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_resnet50"
version = 1
description = "ResNet-50; accuracy (top 1) on the ImageNet validation set"

variants = dict(
    full=dict(
        model="torchvision::resnet50",
        checkpoint="https://download.pytorch.org/models/resnet50-0676ba61.pth",  # IMAGENET1K_V1; downloaded once
        batch_size=8,
        expected=dict(ann=0.7613),  # published
    ),
)
