"""ImageNet (ILSVRC 2012) as it is unpacked for evaluation: a folder for each of its 1,000 classes, by WordNet number."""

import zipfile

import numpy as np
from scipy.io import savemat

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


def official(folder, pictures=3, kaggle=False):
    """The validation set in its authors' form, ``pictures`` of each class: val/ILSVRC2012_val_00000001.JPEG and so on, and the development
    kit, whose numbers are not in the order of WordNet's, and whose meta.mat has classes above the 1,000; kaggle: Kaggle's list."""
    names = classes()
    numbered = names[500:] + names[:500]  # ILSVRC2012_ID 1 is names[500]
    truth = [k * 7 % 1000 + 1 for k in range(1000 * pictures)]
    for k, number in enumerate(truth, 1):
        picture(folder / "val" / f"ILSVRC2012_val_{k:08d}.JPEG", 20, 16)
    if kaggle:
        rows = [f"ILSVRC2012_val_{k:08d},{numbered[number - 1]} 1 2 10 12 \n" for k, number in enumerate(truth, 1)]
        (folder / "LOC_val_solution.csv").write_text("ImageId,PredictionString\n" + "".join(rows))
        return folder
    data = folder / "ILSVRC2012_devkit_t12" / "data"
    data.mkdir(parents=True)
    (data / "ILSVRC2012_validation_ground_truth.txt").write_text("".join(f"{number}\n" for number in truth))
    fields = (
        "ILSVRC2012_ID",
        "WNID",
        "words",
        "gloss",
        "num_children",
        "children",
        "wordnet_height",
        "num_train_images",
    )
    rows = [(k, name, f"word {k}", "a thing", 0, [], 0, 1300) for k, name in enumerate(numbered, 1)]
    rows += [(1001, "n00001740", "entity", "all", 2, [1, 2], 1, 0), (1002, "n00001930", "object", "some", 1, [3], 2, 0)]
    synsets = np.zeros((len(rows), 1), [(name, object) for name in fields])
    for k, row in enumerate(rows):
        synsets[k, 0] = tuple(np.array(value, float) if isinstance(value, (int, list)) else value for value in row)
    savemat(data / "meta.mat", {"synsets": synsets})
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
