"""VGG-16 on CIFAR-100; what it does not say is as in cifar10_vgg16.py. DIR holds torchvision's cifar-100-python, or pictures.

python tools/run_bench.py tasks/cifar100_vgg16.py                                        # mini
python tools/run_bench.py tasks/cifar100_vgg16.py --data-root DIR --checkpoint FILE      # full
"""

_base_ = "./cifar10_vgg16.py"

name = "cifar100_vgg16"
description = "VGG-16; accuracy on the CIFAR-100 test set"
mini = "cifar10_vgg16"  # that task's small VGG on the Fashion-MNIST subset

variants = dict(
    full=dict(
        model=dict(num_classes=100),
        data=dict(type="cifar100"),
        options=dict(preprocessing=dict(mean=[0.5071, 0.4867, 0.4408], std=[0.2675, 0.2565, 0.2761])),
    ),
    mini=None,
)
