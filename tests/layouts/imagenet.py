"""ImageNet (ILSVRC 2012) as it is unpacked for evaluation: a folder for each of its 1,000 classes, by WordNet number."""

import zipfile

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


@layout("labelled NIPS 2017 photographs of ImageNet's classes (not ImageNet)")
def photographs(folder, number=220):
    """images299.zip with <id>.png of 299 x 299 pixels, and labels.csv with an id and a class from 0 to 999 a line."""
    rows = ["image_id,imagenet1k_class_0based\n"]
    with zipfile.ZipFile(folder / "images299.zip", "w") as archive:
        for k in range(number):
            archive.write(picture(folder / "one" / f"{k:016x}.png", 299, 299, 100), f"images/{k:016x}.png")
            rows.append(f"{k:016x},{k * 37 % 1000}\n")
    (folder / "labels.csv").write_text("".join(rows))
    return folder
