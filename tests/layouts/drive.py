"""DRIVE (Staal et al., 2004): test and training with pictures, vessels and fields of view, in the formats it is distributed in."""

import numpy as np
from PIL import Image

from .pictures import mask
from .registry import layout


@layout("drive")
def drive(folder, number=3, width=60, height=64):
    """``number`` pictures in each half, named by their numbers as DRIVE's are."""
    rng = np.random.default_rng(0)
    for split, first in (("test", 1), ("training", 21)):
        for i in range(first, first + number):
            place = folder / split
            for name in ("images", "1st_manual", "mask"):
                (place / name).mkdir(parents=True, exist_ok=True)
            picture = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
            Image.fromarray(picture).save(place / "images" / f"{i:02d}_{split}.tif")
            vessels = (rng.random((height, width)) < 0.3).astype(np.uint8) * 255
            Image.fromarray(vessels).save(place / "1st_manual" / f"{i:02d}_manual1.gif")
            mask(place / "mask" / f"{i:02d}_{split}_mask.gif", [0, 255, 255, 255, 0], width, height)
    return folder
