"""Cityscapes (Cordts et al., 2016): leftImg8bit and gtFine by city, masks of ids and, as cityscapesscripts writes them, of the
19 classes that are trained on."""

from .pictures import mask, picture
from .registry import layout

IDS = {
    7: 0,
    8: 1,
    11: 2,
    12: 3,
    13: 4,
    17: 5,
    19: 6,
    20: 7,
    21: 8,
    22: 9,
    23: 10,
    24: 11,
    25: 12,
    26: 13,
    27: 14,
    28: 15,
    31: 16,
    32: 17,
    33: 18,
}
"""Label id -> number of the class that is trained on; all others are 255."""


@layout("mmseg CityscapesDataset")
def cityscapes(folder):
    """Three pictures of two cities in val, six in train."""
    for split, city, numbers in (
        ("val", "frankfurt", (294, 576)),
        ("val", "munster", (19,)),
        ("train", "aachen", range(6)),
    ):
        for k in numbers:
            name = f"{city}_{0:06d}_{k:06d}"
            picture(folder / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", 128, 64)
            place = folder / "gtFine" / split / city
            mask(place / f"{name}_gtFine_labelIds.png", [0, *IDS], 128, 64)
            mask(place / f"{name}_gtFine_labelTrainIds.png", [255, *IDS.values()], 128, 64)
    return folder
