"""Former addresses of data modules, for tasks and scripts written before each family had a folder of its own.

>>> from adapters.data.fashion_mnist import CLASSES
>>> len(CLASSES)
10
"""

import sys
from importlib import import_module

MOVED = {
    "event_sets": "events.data.event_sets",
    "fashion_masks": "segmentation.data.fashion_masks",
    "fashion_mnist": "shared.fashion_mnist",
    "image_sets": "classification.data.image_sets",
    "shapes": "points.data.shapes",
}

for name, place in MOVED.items():
    sys.modules[f"{__name__}.{name}"] = import_module(f"adapters.{place}")
