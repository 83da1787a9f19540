"""ResNet-20 on CIFAR-100; what it does not say is as in cifar10_resnet20.py. DIR holds torchvision's cifar-100-python, or
pictures.

    python tools/run_bench.py tasks/cifar100_resnet20.py                                        # mini
    python tools/run_bench.py tasks/cifar100_resnet20.py --data-root DIR --checkpoint FILE      # full

FILE holds weights with the names that adapters/models/resnet_cifar.py documents; `preprocessing` must say how that network
was trained.
"""

_base_ = "./cifar10_resnet20.py"

name = "cifar100_resnet20"
description = "ResNet-20; accuracy on the CIFAR-100 test set"

variants = dict(
    full=dict(
        _delete_=True,  # no weights are carried or downloaded: --checkpoint FILE
        split="full",
        model=dict(name="adapters.models.resnet_cifar:resnet20", num_classes=100),
        data=dict(type="cifar100"),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.5071, 0.4867, 0.4408], std=[0.2675, 0.2565, 0.2761])),
    ),
)
