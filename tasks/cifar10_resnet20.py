"""ResNet-20 on CIFAR-10: a hard, thin network (0.27 M weights) that conversions lose accuracy on.

    python tools/run_bench.py tasks/cifar10_resnet20.py                                        # mini
    python tools/run_bench.py tasks/cifar10_resnet20.py --data-root DIR [--checkpoint resnet20-12fca82f.th]

DIR holds torchvision's cifar-10-batches-py, or the test pictures as test/<class>/<picture>.png (or .jpg; a zip file of
them, too). Where there is no train set, 1,000 test pictures are set aside to calibrate on and never scored.
"""

name = "cifar10_resnet20"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "classification"
description = "ResNet-20 with option-A shortcuts; accuracy on the CIFAR-10 test set"
metric = "accuracy"
adapter = "classification"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8, 16, 32]
mini = "fashion_resnet"  # none of its own: --split mini runs that task

variants = dict(
    full=dict(
        split="full",
        model="adapters.models.resnet_cifar:resnet20",
        # downloaded once (1 MB); offline: --checkpoint FILE
        checkpoint="https://raw.githubusercontent.com/akamaster/pytorch_resnet_cifar10/"
        "d5489e8995e81e91ce6b1d69dcc98ad579b0b153/pretrained_models/resnet20-12fca82f.th",
        data=dict(type="cifar10"),
        calibration=dict(samples=256),
        batch_size=50,
        options=dict(preprocessing=dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])),  # as it was trained
        expected=dict(
            ann=0.917, tolerance=0.005, samples=10000
        ),  # published, on lossless pictures; JPEG costs it ten points
    ),
)
