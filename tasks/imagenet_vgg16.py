"""VGG-16 with torchvision's weights on ImageNet (ILSVRC 2012).

    python tools/run_bench.py tasks/imagenet_vgg16.py                                     # mini
    python tools/run_bench.py tasks/imagenet_vgg16.py --data-root DIR [--checkpoint vgg16-397923af.pth]

DIR holds val/<class>/<picture>.JPEG, one folder for each of the 1,000 classes, named by its WordNet number (n01440764
and so on), and, if you like, train/ of the same form to calibrate on. Without it, 1,000 pictures of val are set aside.
"""

name = 'imagenet_vgg16'
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = 'classification'
description = 'VGG-16; accuracy (top 1) on the ImageNet validation set'
metric = 'accuracy'
adapter = 'classification'

methods = ['quantised', 'rate-max', 'rate-percentile', 'snn-calibration', 'burst', 'adafire', 'adafire-signed']
timesteps = [1, 2, 4, 8, 16, 32]

variants = dict(
    full=dict(
        split='full',
        model='torchvision::vgg16',
        checkpoint='https://download.pytorch.org/models/vgg16-397923af.pth',  # IMAGENET1K_V1; downloaded once
        data=dict(type='imagefolder', name='ImageNet', test='val', train='train'),
        calibration=dict(samples=256),
        batch_size=8,
        options=dict(preprocessing=dict(resize=256, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=['val'],  # looked for below --data-root before any work
        expected=dict(ann=0.7159, tolerance=0.003),  # published
    ),
    # The family's small network on the Fashion-MNIST subset (as in fashion_resnet), not VGG-16 on ImageNet.
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
