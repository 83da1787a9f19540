"""A small classifier as a workload, on pictures in class folders."""

from adapters.base import WorkloadOptions, adapters
from adapters.classification import classification  # noqa: F401 - registers the adapter

SMALL = {"name": "adapters.models.resnet_small:resnet_small", "num_classes": 3, "channels": 3, "widths": [4, 8]}


def make(root, options=None, **change):
    settings = {
        "model": SMALL,
        "checkpoint": "random",
        "data": {"type": "imagefolder"},
        "calibration": {"samples": 4},
        "batch_size": 3,
        **change,
    }
    given = {"split": "full", "data_root": root and str(root), **(options or {})}
    return adapters.get("classification")(
        {k: v for k, v in settings.items() if v is not None}, WorkloadOptions(**given)
    )
