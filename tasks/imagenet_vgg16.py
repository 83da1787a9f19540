"""VGG-16 with torchvision's weights on ImageNet; what it does not say is as in imagenet_resnet18.py.

python tools/run_bench.py tasks/imagenet_vgg16.py                                     # mini
python tools/run_bench.py tasks/imagenet_vgg16.py --data-root DIR [--checkpoint vgg16-397923af.pth]
"""

_base_ = "./imagenet_resnet18.py"

name = "imagenet_vgg16"
version = 1
description = "VGG-16; accuracy (top 1) on the ImageNet validation set"
mini = "cifar10_vgg16"  # that task's small VGG on the Fashion-MNIST subset

variants = dict(
    full=dict(
        model="torchvision::vgg16",
        checkpoint="https://download.pytorch.org/models/vgg16-397923af.pth",  # IMAGENET1K_V1; downloaded once
        batch_size=8,
        expected=dict(ann=0.7159),  # published
    ),
)
