"""ResNet-34 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py.

python tools/run_bench.py tasks/imagenet_resnet34.py                                     # mini
python tools/run_bench.py tasks/imagenet_resnet34.py --data-root DIR [--checkpoint resnet34-b627a593.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_resnet34"
version = 1
description = "ResNet-34; accuracy (top 1) on the ImageNet validation set"

variants = dict(
    full=dict(
        model="torchvision::resnet34",
        checkpoint="https://download.pytorch.org/models/resnet34-b627a593.pth",  # IMAGENET1K_V1; downloaded once
        batch_size=16,
        expected=dict(ann=0.7331),  # published
    ),
)
