"""A sound task, and the text of a task file."""

GOOD = {
    "name": "toy",
    "version": 1,
    "family": "detection",
    "metric": "mAP",
    "adapter": "mmdetection",
    "methods": ["adafire"],
    "timesteps": [1, 2],
    "variants": {
        "mini": {"split": "mini", "data": {"type": "scenes"}, "calibration": {"samples": 4}},
        "big": {"split": "full", "data": {"type": "coco"}, "calibration": {"samples": 4}, "needs": ["annotations"]},
    },
}


def lines(entries):
    return "\n".join(f"{key} = {value!r}" for key, value in entries.items())
