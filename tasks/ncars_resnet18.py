"""ResNet-18 on N-Cars; what it does not say is as in fashion_events.py.

    python tools/run_bench.py tasks/ncars_resnet18.py                                             # mini
    python tools/run_bench.py tasks/ncars_resnet18.py --data-root DIR --checkpoint FILE           # 18 channels
    python tools/run_bench.py tasks/ncars_resnet18.py --data-root DIR --checkpoint FILE --variant frames

DIR holds n-cars_test and n-cars_train, each with the folders cars and background (.dat), as published.
FILE: weights of yours; docs/events.md says how to train them.
"""

_base_ = "./fashion_events.py"

name = "ncars_resnet18"
version = 1
description = "ResNet-18; accuracy on the test set of N-Cars"
mini = "fashion_events"  # none of its own: --split mini runs that task

_common = dict(
    split="full",
    data=dict(type="ncars"),
    calibration=dict(samples=256),
    batch_size=16,
)
variants = dict(
    _delete_=True,
    full=dict(
        _common,
        model=dict(name="adapters.models.event_networks:resnet18", num_classes=2, channels=18),
        options=dict(representation=dict(kind="constant", bins=9, size=64, window_ms=100, clip=50, scale=5)),
    ),
    frames=dict(
        _common,
        model=dict(name="adapters.models.event_networks:resnet18", num_classes=2, channels=2),
        options=dict(representation=dict(kind="frames", bins=16, size=64, window_ms=100, clip=50, scale=5)),
    ),
)
