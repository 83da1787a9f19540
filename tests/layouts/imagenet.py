"""ImageNet (ILSVRC 2012) as it is unpacked for evaluation: a folder for each of its 1,000 classes, by WordNet number."""

from .pictures import picture
from .registry import layout


def classes(number=1000):
    """Names as WordNet numbers are written, ascending; the real ones are as many."""
    return [f"n{1440764 + 13 * k:08d}" for k in range(number)]


@layout("imagefolder ImageNet")
def imagenet(folder):
    """val/<class>/<picture>.JPEG, one a class; train/ of the first 10 classes, two a class, to calibrate on."""
    for k, name in enumerate(classes()):
        picture(folder / "val" / name / f"ILSVRC2012_val_{k + 1:08d}.JPEG", 20, 16)
    for name in classes(10):
        for k in (18, 9981):
            picture(folder / "train" / name / f"{name}_{k}.JPEG", 20, 16)
    return folder
