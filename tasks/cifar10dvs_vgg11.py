"""VGG-11 on CIFAR10-DVS; what it does not say is as in fashion_events.py.

    python tools/run_bench.py tasks/cifar10dvs_vgg11.py                                             # mini
    python tools/run_bench.py tasks/cifar10dvs_vgg11.py --data-root DIR --checkpoint FILE           # 18 channels
    python tools/run_bench.py tasks/cifar10dvs_vgg11.py --data-root DIR --checkpoint FILE --variant frames

DIR is the folder below which tonic keeps its sets (pip install 'adafire[events]'); nothing is downloaded unless the task
says data=dict(type=..., download=True). FILE: weights of yours; docs/events.md says how to train them.
"""

_base_ = "./cifar10dvs_resnet18.py"

name = "cifar10dvs_vgg11"
version = 1
description = "VGG-11; accuracy on a tenth of CIFAR10-DVS"

variants = dict(
    full=dict(model=dict(name="adapters.models.event_networks:vgg11")),
    frames=dict(model=dict(name="adapters.models.event_networks:vgg11")),
)
