"""PASCAL VOC's annotation files in the layouts that people have on disk: lists, XML and pictures to a CocoSet."""

import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from adafire.errors import InputError

from ...shared.annotation_fields import flag, name, number, shown
from ...shared.image_files import Folder
from ...shared.images import SUFFIXES
from ...shared.text_files import read_text
from .coco_annotations import CocoSet

CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)


def find_folder(root, year, split):
    """The folder VOC<year> that has the list of ``split``: ``root`` itself, in it, in VOCdevkit below it, or below the
    folders that the official archives unpack to (VOCtest_06-Nov-2007/VOCdevkit and the like)."""
    root = Path(root)
    places = [
        root,
        root / f"VOC{year}",
        root / "VOCdevkit" / f"VOC{year}",
        *sorted(root.glob(f"*/VOCdevkit/VOC{year}")),
        *sorted(root.glob(f"*/VOC{year}")),
    ]
    for place in places:
        if (place / "ImageSets" / "Main" / f"{split}.txt").is_file():
            return place
    seen = [p for p in places if (p / "ImageSets" / "Main").is_dir()]
    lists = sorted(f.stem for f in (seen[0] / "ImageSets" / "Main").glob("*.txt") if "_" not in f.stem) if seen else []
    raise InputError(
        f"'{root}' holds no VOC{year} with the list '{split}'"
        + (f" ('{seen[0]}' has {', '.join(lists) or 'no lists'})" if seen else "")
        + f"; expected VOCdevkit/VOC{year}/ImageSets/Main/{split}.txt with Annotations/ and JPEGImages/ "
        "beside it, below --data-root DIR"
    )


def read_list(folder, split):
    """Image names in ImageSets/Main/<split>.txt, one a line. What lists have behind a name is cut off unless the name has
    it, too: the suffix of a picture, and the number (-1, 0, 1) in the lists of single classes."""
    file = folder / "ImageSets" / "Main" / f"{split}.txt"
    names, annotations = [], Folder(folder / "Annotations")
    for line in map(str.strip, read_text(file, "list", "expected names of images, one a line").splitlines()):
        wrong = "/" in line or "\\" in line or line.startswith(".") or "\0" in line
        if wrong:
            raise InputError(f"'{file}' names {shown(line)}; expected bare image names")
        if line:
            names.append(_listed(annotations, line))
    if not names:
        raise InputError(f"'{file}' lists no images")
    seen = {}
    for position, one in enumerate(names):
        if seen.setdefault(one, position) != position:
            raise InputError(
                f"'{file}' names '{one}' twice (names {seen[one] + 1} and {position + 1} of {len(names)}); "
                "expected each image once"
            )
    return names


def _listed(annotations, line):
    """The image name that a line of a list means."""
    if os.path.isfile(annotations.path / annotations.find(f"{line}.xml")):
        return line
    short = re.sub(r"\s+(-1|0|1)$", "", line)
    stem, point, suffix = short.rpartition(".")
    return stem if point and f".{suffix.lower()}" in (*SUFFIXES, ".xml") else short


def find_picture(images, name):
    """JPEGImages/<file> of an image, by ``images``, the Folder JPEGImages: .jpg, else the first of SUFFIXES that is there
    in any case, else .jpg all the same."""
    if os.path.isfile(images.path / f"{name}.jpg"):
        return f"JPEGImages/{name}.jpg"
    there = {f".{file.rpartition('.')[2].lower()}": file for file in images.with_stem(".", name)}
    return f"JPEGImages/{next((there[s] for s in SUFFIXES if s in there), f'{name}.jpg')}"


def read(folder, split):
    """CocoSet of one split; bboxes [x, y, width, height] begin at 0, objects have a key 'difficult'. Images have width and
    height None where the file does not say.

    Categories are VOC's 20, in its order, where these cover all objects, else the names found. InputError: no
    annotation file, not VOC's XML, an object without a name, a box that is none, an image that is listed twice.
    """
    images, objects, files = {}, [], {}
    annotations, pictures = Folder(folder / "Annotations"), Folder(folder / "JPEGImages")
    listed_in = folder / "ImageSets" / "Main" / f"{split}.txt"
    for image in read_list(folder, split):
        file = annotations.path / annotations.find(f"{image}.xml")
        tree, said = _parse(file), f"annotation file '{file}'"
        picture = find_picture(pictures, image)
        if files.setdefault(picture, image) != image:
            raise InputError(
                f"'{listed_in}' names '{files[picture]}' and '{image}', which are one picture, '{picture}'; "
                "expected each image once"
            )
        images[image] = {
            "id": image,
            "file_name": picture,
            **{side: _size(tree.findtext(f"size/{side}"), side, said) for side in ("width", "height")},
        }
        objects += [
            {"id": len(objects) + k, "image_id": image, **_object(entry, k, said)}
            for k, entry in enumerate(tree.findall("object"), 1)
        ]
    found = {o["category_id"] for o in objects}
    names = list(CLASSES) if found <= set(CLASSES) else sorted(found)
    ids = {name_: k + 1 for k, name_ in enumerate(names)}
    for entry in objects:
        entry["category_id"] = ids[entry["category_id"]]
    return CocoSet(listed_in, folder, images, objects, {v: k for k, v in ids.items()})


def _object(entry, position, said):
    called = name(entry.findtext("name"))
    if called is None:
        raise InputError(f"{said}: object {position} has no name; expected <name> with its class")
    values = [entry.findtext(f"bndbox/{k}") for k in ("xmin", "ymin", "xmax", "ymax")]
    corners = [number(v) for v in values]
    if None in corners:
        raise InputError(f"{said}: an object's bndbox is {values}; expected four numbers")
    x1, y1, x2, y2 = (int(v) - 1 for v in corners)  # MMDetection cuts fractions off as well
    if x2 < x1 or y2 < y1:
        raise InputError(f"{said}: an object's bndbox is {values}; expected xmin <= xmax and ymin <= ymax")
    return {
        "category_id": called,
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1),
        "iscrowd": 0,
        "difficult": flag(entry.findtext("difficult"), f"{said}: object {position} has difficult"),
    }


def _parse(file):
    text = read_text(file, "annotation file", "the split's list names it").strip()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entities can grow without bound
        raise InputError(f"annotation file '{file}' declares a document type; expected VOC's plain XML")
    try:
        tree = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"annotation file '{file}' is not XML ({error}); copy or download it again") from error
    if tree.tag.lower() != "annotation":
        raise InputError(f"annotation file '{file}' begins with <{tree.tag[:60]}>; expected VOC's <annotation>")
    return tree


def _size(text, side, said):
    """Pixels; None where the file does not say (labelling tools write 0 for that, too)."""
    if text is None or not text.strip():
        return None
    value = number(text)
    if value is None or value < 0:
        raise InputError(f"{said}: size has {side} {shown(text)}; expected a whole number of pixels")
    return int(value) or None
