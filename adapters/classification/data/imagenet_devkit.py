"""ImageNet's validation pictures as their authors hand them out: all in one folder, their classes in the development kit.

    DIR/val/ILSVRC2012_val_00000001.JPEG ...                                  # ILSVRC2012_img_val.tar, unpacked there
    DIR/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt     # ILSVRC2012_devkit_t12.tar.gz: line k, picture k
    DIR/ILSVRC2012_devkit_t12/data/meta.mat                                   # what the numbers in it stand for

In the kit's place LOC_val_solution.csv beside val/, as Kaggle hands it out.
"""

import csv
import re
from pathlib import Path

from adafire.errors import InputError

from ...shared.text_files import read_text
from .class_folders import Folders

PICTURE = re.compile(r"ILSVRC2012_val_(\d{8})\.jpe?g", re.IGNORECASE)
TRUTH, META, SOLUTION = "ILSVRC2012_validation_ground_truth.txt", "meta.mat", "LOC_val_solution.csv"
CLASSES = 1000


def official_folders(root, split):
    """Folders {WordNet number: {file name: Path}} of the pictures in ``root``/``split``, which all lie in one folder; None where it holds
    no such pictures, or class folders. InputError: no list of their classes, or one that is not of these pictures."""
    place = Path(root) / split
    if not place.is_dir():
        return None
    entries = sorted(place.iterdir())
    pictures = {int(found[1]): path for path in entries if (found := PICTURE.fullmatch(path.name))}
    if not pictures or any(path.is_dir() for path in entries):
        return None
    listed = next(iter(sorted(Path(root).glob(f"*devkit*/data/{TRUTH}"))), None)
    solution = Path(root) / SOLUTION
    if listed is None and not solution.is_file():
        raise InputError(
            f"'{place}' holds ImageNet's pictures in one folder, and nothing tells their classes; expected beside it the folder "
            f"ILSVRC2012_devkit_t12 (ILSVRC2012_devkit_t12.tar.gz, unpacked), {SOLUTION}, or {split}/<class>/<picture>"
        )
    truth = of_devkit(listed) if listed else of_solution(solution)
    source = listed or solution
    unknown = sorted(set(pictures) - set(truth))
    if unknown:
        raise InputError(
            f"'{source}' says no class of {pictures[unknown[0]].name} ({len(unknown)} of {len(pictures)} pictures lack one, it has "
            f"{len(truth)}); expected the list of these pictures: copy or download it again"
        )
    found = Folders()
    for number, path in pictures.items():
        found.setdefault(truth[number], {})[path.name] = path
    return found


def of_devkit(listed):
    """{number of a picture: WordNet number of its class} of the kit's list and the meta.mat beside it."""
    numbers = read_text(listed, "list of classes", "expected a whole number a line").split()
    names = wordnet(listed.parent / META)
    wrong = next((k for k, number in enumerate(numbers, 1) if number not in names), None)
    if wrong:
        raise InputError(f"line {wrong} of '{listed}' has {numbers[wrong - 1]!r}; expected a class of 1 to {CLASSES}")
    return {k: names[number] for k, number in enumerate(numbers, 1)}


def wordnet(path):
    """{'1': WordNet number, ...} of the 1,000 classes in the kit's meta.mat; InputError where it cannot be read as that."""
    from scipy.io import loadmat

    expected = "expected the meta.mat of ILSVRC2012_devkit_t12: copy or unpack it again"
    if not path.is_file():
        raise InputError(f"'{path}' is not there; {expected}")
    try:
        synsets = loadmat(path, squeeze_me=True)["synsets"]
        leaves = synsets[synsets["num_children"].astype(int) == 0]
        found = {str(int(one["ILSVRC2012_ID"])): str(one["WNID"]) for one in leaves}
    except Exception as error:  # scipy raises nearly everything on damaged files
        raise InputError(f"'{path}' cannot be read ({type(error).__name__}: {str(error)[:100]}); {expected}") from error
    if set(found) != {str(k) for k in range(1, CLASSES + 1)} or len(set(found.values())) != CLASSES:
        raise InputError(
            f"'{path}' has {len(set(found.values()))} classes without children, numbered otherwise; {expected}"
        )
    return found


def of_solution(path):
    """{number of a picture: WordNet number} of Kaggle's list: 'ILSVRC2012_val_00000001,n01751748 111 108 441 193 ...'."""
    rows = csv.DictReader(
        read_text(path, "list of classes", "expected columns ImageId and PredictionString").splitlines()
    )
    found = {}
    for line, row in enumerate(rows, 2):
        number = PICTURE.fullmatch(f"{row.get('ImageId') or ''}.JPEG")
        name = (row.get("PredictionString") or "").partition(" ")[0]
        if not number or not re.fullmatch(r"n\d{8}", name):
            raise InputError(
                f"line {line} of '{path}' is {list(row.values())[:2]}; expected a picture and its class, n01440764"
            )
        found[int(number[1])] = name
    return found
