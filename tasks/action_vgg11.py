"""VGG-11 on the action recognition set (Miao et al., 2019); what it does not say is as in fashion_events.py.

    python tools/run_bench.py tasks/action_vgg11.py                                             # mini
    python tools/run_bench.py tasks/action_vgg11.py --data-root DIR --checkpoint FILE           # 18 channels
    python tools/run_bench.py tasks/action_vgg11.py --data-root DIR --checkpoint FILE --variant frames

DIR as in action_resnet18.py.
FILE: weights of yours; docs/events.md says how to train them.
"""

_base_ = "./action_resnet18.py"

name = "action_vgg11"
version = 1
description = "VGG-11; accuracy on a fifth of the action recognition set"

variants = dict(
    full=dict(model=dict(name="adapters.models.event_networks:vgg11")),
    frames=dict(model=dict(name="adapters.models.event_networks:vgg11")),
)
