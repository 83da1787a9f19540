"""COCO annotation files, checked before they are used: a file that is read is consistent in itself."""

from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError

from ...shared.annotation_fields import flag, identity, name, number, same_kind, shown
from ...shared.image_files import Folder
from ...shared.json_files import read_json
from ...shared.paths import leaves


class CocoSet(NamedTuple):
    """A checked annotation file: images and categories by id, and the objects (annotations), numbered from 1."""

    annotation_file: Path
    folder: Path
    images: dict
    objects: list
    categories: dict

    def path(self, image_id):
        """Path of an image file."""
        return self.folder / self.images[image_id]["file_name"]


def read(annotation_file, folder):
    """CocoSet of a COCO JSON file and its image folder; looks at the annotations only (files: ``image_files``).

    Ids as numbers or texts, flags and numbers in quotes are read as what they mean; absent 'area' and 'iscrowd' are filled
    in (width x height, 0). Of categories with one name those that no object uses are left out. File names are matched with
    the folder's by blanks, case, backslashes and the spelling of accents where they are not there as written.
    InputError: no such file, not COCO JSON, an object of a missing image or category, a box that is none, a file name that
    leaves the folder, an image, an object or a category given twice.
    """
    file, folder = Path(annotation_file), Path(folder)
    content = read_json(
        file,
        "annotation file",
        "expected a folder with annotations/instances_val2017.json and val2017/, given with --data-root DIR",
    )
    lists = ("images", "annotations", "categories")
    wrong = [k for k in lists if not isinstance(content, dict) or not isinstance(content.get(k), list)]
    if wrong:
        raise InputError(
            f"annotation file '{file}' is not in COCO format: no list '{wrong[0]}'; expected the lists "
            "images, annotations, categories (an instances_*.json file)"
        )
    said = f"annotation file '{file}'"
    categories, category_of = _categories(_entries(content, "categories", ("id", "name"), said), said)
    images, image_of = _images(_entries(content, "images", ("id", "file_name", "width", "height"), said), said, folder)
    objects, ids = [], {}
    for position, entry in enumerate(_entries(content, "annotations", ("image_id", "category_id", "bbox"), said)):
        what = f"{said}: annotation {shown(entry.get('id', position))}"
        changed = _object(entry, what, image_of, category_of)
        place = (identity(entry.get("id")), changed["image_id"], changed["category_id"], tuple(changed["bbox"]))
        if place[0] and place in ids:
            raise InputError(
                f"{what} is given twice, with the same image, category and bbox (entries {ids[place]} and "
                f"{position}); expected each object once"
            )
        ids[place] = position
        # COCOeval takes an object with id 0 for 'no match', so ids are given anew.
        objects.append({"iscrowd": 0, **entry, **changed, "id": len(objects) + 1})
    return CocoSet(file, folder, images, objects, _used(categories, objects, said))


def nothing_to_score(annotations, images):
    """InputError: of so many chosen images none holds an object to find."""
    return InputError(
        f"the {images} chosen images of '{annotations.annotation_file}' hold no object of the "
        "network's classes, so there is nothing to score; take more images (--limit)"
    )


def _entries(content, key, needed, said):
    """The list under ``key`` of an annotation file, each entry a dict with the keys ``needed``."""
    for i, entry in enumerate(content[key]):
        absent = [k for k in needed if not isinstance(entry, dict) or k not in entry]
        if absent:
            raise InputError(
                f"{said}: entry {i} of '{key}' has no '{absent[0]}'; "
                f"expected COCO format with {', '.join(needed)} in each"
            )
    return content[key]


def _identities(entries, key, said):
    """[identity of each entry's id]; InputError for what is no id."""
    texts = [identity(entry["id"]) for entry in entries]
    if None in texts:
        i = texts.index(None)
        raise InputError(f"{said}: entry {i} of '{key}' has id {shown(entries[i]['id'])}; expected a number")
    return texts


def _categories(entries, said):
    """({id: name}, {identity: id})"""
    texts = _identities(entries, "categories", said)
    names = {}
    for i, (text, entry) in enumerate(zip(texts, entries)):
        called = name(entry["name"])
        if called is None:
            raise InputError(f"{said}: entry {i} of 'categories' has name {shown(entry['name'])}; expected a text")
        if names.setdefault(text, called) != called:
            raise InputError(
                f"{said}: category id {text} is given twice: '{names[text]}', '{called}'; expected one name"
            )
    ids = same_kind(texts, [entry["id"] for entry in entries])
    return {ids[text]: called for text, called in names.items()}, ids


def _used(categories, objects, said):
    """``categories`` with one of each name: the one that objects use (exporters list a root, or a class again)."""
    used, kept = {o["category_id"] for o in objects}, {}
    for number_, called in categories.items():
        kept.setdefault(called, []).append(number_)
    for called, ids in kept.items():
        own = [i for i in ids if i in used]
        if len(own) > 1:
            raise InputError(
                f"{said}: category '{called}' is listed twice: ids {', '.join(map(str, ids))}, and objects use "
                "both; expected one id a class"
            )
        kept[called] = (own or ids)[:1]
    left = {i for ids in kept.values() for i in ids}
    return {i: called for i, called in categories.items() if i in left}


def _images(entries, said, folder):
    """({id: entry}, {identity: id})"""
    texts = _identities(entries, "images", said)
    if not entries:
        raise InputError(f"{said} lists no images")
    if len(set(texts)) < len(texts):
        twice = next(t for i, t in enumerate(texts) if t in texts[:i])
        raise InputError(f"{said}: image id {twice} is given twice")
    ids, found, files, images = same_kind(texts, [e["id"] for e in entries]), Folder(folder), {}, {}
    for text, entry in zip(texts, entries):
        what = f"{said}: image {text}"
        file = entry["file_name"]
        if not isinstance(file, str) or not file.strip() or "\0" in file:
            raise InputError(f"{what} has file_name {shown(file)}; expected a file name")
        if leaves(file):
            raise InputError(
                f"{said}: file_name '{file}' of image {text} leaves the image folder; expected a path below it"
            )
        file = found.find(file)
        if files.setdefault(file, text) != text:
            raise InputError(
                f"{said}: file '{file}' is listed twice, as image {files[file]} and image {text}; expected "
                "each picture once"
            )
        size = {side: number(entry[side]) for side in ("width", "height")}
        for side, value in size.items():
            if value is None or value < 1 or value != int(value):
                raise InputError(f"{what} has {side} {shown(entry[side])}; expected a whole number of pixels")
        images[ids[text]] = {**entry, "id": ids[text], "file_name": file, **{side: int(v) for side, v in size.items()}}
    return images, ids


def _object(entry, what, image_of, category_of):
    """The fields of an annotation that are read: image_id, category_id, bbox, area, iscrowd."""
    image, category = image_of.get(identity(entry["image_id"])), category_of.get(identity(entry["category_id"]))
    if image is None:
        raise InputError(
            f"{what} names image {shown(entry['image_id'])}, which is not among its {len(image_of)} images"
        )
    if category is None:
        raise InputError(
            f"{what} names category {shown(entry['category_id'])}, which is not among its categories "
            f"({', '.join(list(category_of)[:10])})"
        )
    box = entry["bbox"]
    values = [number(v) for v in box] if isinstance(box, list) and len(box) == 4 else [None]
    if None in values or values[2] < 0 or values[3] < 0:
        raise InputError(f"{what} has bbox {shown(box)}; expected [x, y, width, height] in pixels")
    box = [v if isinstance(v, (int, float)) else read_ for v, read_ in zip(box, values)]
    area = entry.get("area")
    area = box[2] * box[3] if area is None else area if isinstance(area, (int, float)) else number(area)
    if number(area) is None or area < 0:
        raise InputError(f"{what} has area {shown(entry.get('area'))}; expected a number of 0 or more, in pixels")
    return {
        "image_id": image,
        "category_id": category,
        "bbox": box,
        "area": area,
        "iscrowd": flag(entry.get("iscrowd"), f"{what} has iscrowd"),
    }
