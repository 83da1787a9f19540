"""VGG-16 on CIFAR-10; what it does not say is as in cifar10_resnet20.py, the data folder too.

    python tools/run_bench.py tasks/cifar10_vgg16.py                                        # mini
    python tools/run_bench.py tasks/cifar10_vgg16.py --data-root DIR --checkpoint FILE      # full

FILE holds weights with the names that adapters/models/vgg_cifar.py documents; `preprocessing` must say how that network was
trained, and `pooling` which pooling it has ('max', 'average').
"""

_base_ = "./cifar10_resnet20.py"

name = "cifar10_vgg16"
version = 1
description = "VGG-16; accuracy on the CIFAR-10 test set"
mini = None  # it has one of its own kind

variants = dict(
    full=dict(
        _delete_=True,  # no weights are carried or downloaded: --checkpoint FILE
        split="full",
        model=dict(name="adapters.models.vgg_cifar:vgg16", pooling="max"),
        data=dict(type="cifar10"),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.4914, 0.4822, 0.4465], std=[0.247, 0.2435, 0.2616])),
    ),
    mini=dict(
        split="mini",
        description="A small VGG (5 convolutions, 2 linear layers) on the Fashion-MNIST subset; not VGG-16",
        model="adapters.models.vgg_small:vgg_small",
        checkpoint="benchmarks/zoo/vgg_fashion/vgg_fashion.pth",
        data=dict(type="fashion_mnist"),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.286], std=[0.353])),
        needs=["adapters/shared/fashion_mnist_subset/test.png", "adapters/shared/fashion_mnist_subset/calibration.png"],
        expected=dict(ann=0.938, tolerance=0.002),
    ),
)
