"""Fashion-MNIST pictures moved in saccades before a modelled event camera: the event benchmark that needs nothing else.

    python tools/run_bench.py tasks/fashion_events.py                             # 2 polarities x 9 bins, a constant input
    python tools/run_bench.py tasks/fashion_events.py --variant mini-frames       # 8 frames of 37.5 ms, one a timestep

The camera's model and the saccades: adapters/events/data/event_camera.py. docs/events.md says what the ANN of frames is.
"""

name = "fashion_events"
version = 1  # raise it when a change here makes old results incomparable; old records then leave the table
family = "events"
description = "A small residual network on generated event recordings of 34 x 34 pixels and 300 ms"
metric = "accuracy"
adapter = "events"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

_common = dict(
    split="mini",
    data=dict(type="fashion_saccades", test=2500),  # all carried pictures
    calibration=dict(samples=128),  # of recordings of the 500 carried pictures that training left out
    batch_size=50,
    needs=["adapters/shared/fashion_mnist_subset/test.png", "adapters/shared/fashion_mnist_subset/calibration.png"],
)
variants = dict(
    mini=dict(
        _common,
        description="Small residual network; 18 channels (2 polarities x 9 time bins), shown at every timestep",
        model=dict(name="adapters.models.event_networks:resnet_small", channels=18),
        checkpoint="benchmarks/zoo/events_fashion/events_fashion.pth",
        options=dict(representation=dict(kind="constant", bins=9, size=34, window_ms=300, clip=10, scale=2)),
        expected=dict(ann=0.903, tolerance=0.005),
    ),
    **{
        "mini-frames": dict(
            _common,
            description="Small residual network; 2 channels, timestep t sees the events of its own 37.5 ms",
            model=dict(name="adapters.models.event_networks:resnet_small", channels=2),
            checkpoint="benchmarks/zoo/events_fashion_frames/events_fashion_frames.pth",
            options=dict(representation=dict(kind="frames", bins=8, size=34, window_ms=300, clip=10, scale=2)),
            expected=dict(ann=0.865, tolerance=0.005),
        )
    },
)
