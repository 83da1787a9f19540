"""VGG-11 on N-Cars; what it does not say is as in fashion_events.py.

    python tools/run_bench.py tasks/ncars_vgg11.py                                             # mini
    python tools/run_bench.py tasks/ncars_vgg11.py --data-root DIR --checkpoint FILE           # 18 channels
    python tools/run_bench.py tasks/ncars_vgg11.py --data-root DIR --checkpoint FILE --variant frames

DIR as in ncars_resnet18.py.
FILE: weights of yours; docs/events.md says how to train them.
"""

_base_ = "./ncars_resnet18.py"

name = "ncars_vgg11"
version = 1
description = "VGG-11; accuracy on the test set of N-Cars"

variants = dict(
    full=dict(model=dict(name="adapters.models.event_networks:vgg11")),
    frames=dict(model=dict(name="adapters.models.event_networks:vgg11")),
)
