"""VGG-16 on CIFAR-100.

    python tools/run_bench.py tasks/cifar100_vgg16.py                                        # mini
    python tools/run_bench.py tasks/cifar100_vgg16.py --data-root DIR --checkpoint FILE      # full

DIR holds torchvision's cifar-100-python, or the test pictures as test/<class>/<picture>.png (or .jpg; a zip file of
them, too). Where there is no train set, 1,000 test pictures are set aside to calibrate on and never scored.
FILE holds weights with the names that adapters/models/vgg_cifar.py documents;
`preprocessing` must say how that network was trained, and `pooling` which pooling it has ('max', 'average').
"""

name = 'cifar100_vgg16'
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = 'classification'
description = 'VGG-16; accuracy on the CIFAR-100 test set'
metric = 'accuracy'
adapter = 'classification'

methods = ['quantised', 'rate-max', 'rate-percentile', 'snn-calibration', 'burst', 'adafire', 'adafire-signed']
timesteps = [1, 2, 4, 8, 16, 32]

variants = dict(
    full=dict(
        split='full',
        model=dict(name='adapters.models.vgg_cifar:vgg16', num_classes=100, pooling='max'),
        data=dict(type='cifar100'),  # no weights are carried or downloaded: --checkpoint FILE
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.5071, 0.4867, 0.4408], std=[0.2675, 0.2565, 0.2761])),
    ),
    # The family's small network on the Fashion-MNIST subset (as in fashion_resnet), not VGG-16 on CIFAR-100.
    mini=dict(
        split='mini',
        description="The family's small network on the Fashion-MNIST subset; not VGG-16",
        model='adapters.models.resnet_small:resnet_small',
        checkpoint='benchmarks/zoo/resnet_fashion/resnet_fashion.pth',
        data=dict(type='fashion_mnist'),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.286], std=[0.353])),
        needs=['adapters/data/fashion_mnist_subset/test.png', 'adapters/data/fashion_mnist_subset/calibration.png'],
        expected=dict(ann=0.93, tolerance=0.002),
    ),
)
