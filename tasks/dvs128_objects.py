"""Objects before a real DVS128, 50 ms a sample: the example of a task on a folder (or zip) of recordings.

    python tools/train_ann.py benchmarks/zoo/events_objects/config.py --threads 1 --work-dir work_dirs/objects \
        --out work_dirs/objects/weights.pth --cfg-options data_setup.data.root=DIR
    python tools/run_bench.py tasks/dvs128_objects.py --data-root DIR --checkpoint work_dirs/objects/weights.pth

DIR: occasion1_<Class>.aedat and occasion2_<Class>.aedat (github.com/eberlawrence/DVS128_BioLab), as files or in one zip file.
Variants: objects (7 classes; the first 70 % of each recording of occasion 1 is trained on, the last 30 % scored: the same
object in the same hand, optimistic), objects-frames (5 frames of 10 ms), occasions (5 classes, trained on occasion 1,
scored on occasion 2); train each with its own settings, docs/events.md has the commands.
"""

name = "dvs128_objects"
version = 1
family = "events"
description = "Four convolutions; accuracy on samples of 50 ms from recordings of a DVS128"
metric = "accuracy"
adapter = "events"

methods = ["quantised", "rate-max", "rate-percentile", "snn-calibration", "burst", "adafire", "adafire-signed", "ours"]
timesteps = [1, 2, 4, 8]

_pattern = r"(?P<part>occasion\d)_(?P<class>[A-Za-z]+).*\.aedat"
_both = r"(?P<part>occasion\d)_(?P<class>Caixa|Caneca|Estilete|Lapiseira|Tesoura).*\.aedat"  # shown on both occasions
_data = dict(type="recordings", name="DVS128 objects", pattern=_pattern, sample_ms=50, least=100)
_common = dict(
    split="full",
    data=dict(_data, train="occasion1", test="occasion1", share=0.7),
    calibration=dict(samples=256),
    batch_size=32,
)
variants = dict(
    objects=dict(
        _common,
        model=dict(name="adapters.models.event_networks:conv4", num_classes=7, channels=2),
        options=dict(representation=dict(kind="constant", bins=1, size=64, window_ms=50, clip=10, scale=2)),
    ),
    occasions=dict(
        _common,
        data=dict(_data, pattern=_both, train="occasion1", test="occasion2"),
        model=dict(name="adapters.models.event_networks:conv4", num_classes=5, channels=2),
        options=dict(representation=dict(kind="constant", bins=1, size=64, window_ms=50, clip=10, scale=2)),
    ),
    **{
        "objects-frames": dict(
            _common,
            model=dict(name="adapters.models.event_networks:conv4", num_classes=7, channels=2),
            options=dict(representation=dict(kind="frames", bins=5, size=64, window_ms=50, clip=10, scale=0.5)),
        )
    },
)
