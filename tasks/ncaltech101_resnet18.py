"""ResNet-18 on N-Caltech101; what it does not say is as in fashion_events.py.

    python tools/run_bench.py tasks/ncaltech101_resnet18.py                                             # mini
    python tools/run_bench.py tasks/ncaltech101_resnet18.py --data-root DIR --checkpoint FILE           # 18 channels
    python tools/run_bench.py tasks/ncaltech101_resnet18.py --data-root DIR --checkpoint FILE --variant frames

DIR is the folder below which tonic keeps its sets (pip install 'adafire[events]'); nothing is downloaded unless the task
says data=dict(type=..., download=True). FILE: weights of yours; docs/events.md says how to train them.
"""

_base_ = "./fashion_events.py"

name = "ncaltech101_resnet18"
version = 1
description = "ResNet-18; accuracy on a fifth of N-Caltech101"
mini = "fashion_events"  # none of its own: --split mini runs that task

_common = dict(
    split="full",
    data=dict(type="ncaltech101"),
    calibration=dict(samples=256),
    batch_size=16,
)
variants = dict(
    _delete_=True,
    full=dict(
        _common,
        model=dict(name="adapters.models.event_networks:resnet18", num_classes=101, channels=18),
        options=dict(representation=dict(kind="constant", bins=9, size=128, window_ms=300, clip=50, scale=5)),
    ),
    frames=dict(
        _common,
        model=dict(name="adapters.models.event_networks:resnet18", num_classes=101, channels=2),
        options=dict(representation=dict(kind="frames", bins=16, size=128, window_ms=300, clip=50, scale=5)),
    ),
)
