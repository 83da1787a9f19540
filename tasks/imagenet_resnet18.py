"""ResNet-18 with torchvision's weights on ImageNet (ILSVRC 2012).

    python tools/run_bench.py tasks/imagenet_resnet18.py                                        # mini
    python tools/run_bench.py tasks/imagenet_resnet18.py --data-root DIR [--checkpoint resnet18-f37072fd.pth]

DIR holds val/<class>/<picture>.JPEG, one folder for each of the 1,000 classes, named by its WordNet number (n01440764
and so on), or the official files: all pictures in val/, and ILSVRC2012_devkit_t12/ beside it. If you like, it holds
train/<class>/<picture>.JPEG to calibrate on. Without that, 1,000 pictures of val are set aside.

For another network of torchvision's, copy the variant, give it a name, and change `model` and `checkpoint`; timm's go
by 'timm::name'. Networks of your own: 'module:function'.
"""

name = "imagenet_resnet18"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "classification"
description = "ResNet-18; accuracy (top 1) on the ImageNet validation set"
metric = "accuracy"
adapter = "classification"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8, 16, 32]
mini = "fashion_resnet"  # none of its own: --split mini runs that task

variants = dict(
    full=dict(
        split="full",
        model="torchvision::resnet18",
        checkpoint="https://download.pytorch.org/models/resnet18-f37072fd.pth",  # IMAGENET1K_V1; downloaded once
        data=dict(type="imagefolder", name="ImageNet", test="val", train="train"),
        calibration=dict(samples=256),
        batch_size=16,
        options=dict(preprocessing=dict(resize=256, size=224, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),
        needs=["val"],  # looked for below --data-root before any work
        expected=dict(ann=0.6976, tolerance=0.003, samples=50000),  # published
    ),
)
