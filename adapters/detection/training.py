"""The pictures and boxes that a detection variant's network is trained on (PASCAL VOC), as lists."""

from typing import NamedTuple

from adafire.errors import InputError

from ..shared.draws import by_hash
from ..shared.image_files import image_facts
from . import voc
from .data.coco_annotations import CocoSet

YEARS = (2007, 2012)


class Boxes(NamedTuple):
    """train, val, test: lists of (CocoSet, id of an image in it, its size (width, height), its sha256); categories: ids of the
    classes in the order of the network's outputs; names: of the classes; left_out: train pictures that are scored as well."""

    train: list
    val: list
    test: list
    categories: list
    names: tuple
    left_out: int


def training(settings, options, held_out):
    """Boxes of a variant on PASCAL VOC: trained on trainval of 2007 and, where it is there, of 2012 (of a set of 2012 on its
    train list alone); ``held_out`` of these pictures choose the epoch.

    InputError: other data than VOC, no train list, pictures or annotations that cannot be read.
    """
    data = settings.get("data")
    if data.get("type") != "voc":
        raise InputError(f"data of type {data.get('type')!r} are not trained on here; expected 'voc'")
    year = data.get("year", 2007)
    split = data.get("split", "test" if year == 2007 else "val")
    test_set = voc.read(voc.find_folder(options.data_root, year, split), split)
    lists = [(y, "trainval") for y in YEARS] if year == 2007 else [(year, "train")]
    found = [read for read in (_read(options.data_root, *one) for one in lists) if read]
    if not found:
        raise InputError(
            f"'{options.data_root}' has no list {lists[0][1]} of VOC{lists[0][0]} to train on; give the folder that holds VOCdevkit "
            "with train pictures too"
        )
    test = _samples(test_set)
    scored = {digest for *_, digest in test}
    train = [sample for one in found for sample in _samples(one)]
    kept = {f"{s[0].folder.name}/{s[1]}": s for s in train if s[3] not in scored}
    order = [kept[name] for name in by_hash(kept)]
    number = max(1, round(held_out * len(order)))
    if len(order) - number < 2:
        raise InputError(f"'{options.data_root}' has {len(order)} pictures to train on; expected 3 or more")
    categories = list(test_set.categories)
    names = tuple(test_set.categories[k] for k in categories)
    for one in found:
        if one.categories != test_set.categories:
            raise InputError(f"the classes of '{one.annotation_file}' are not those of '{test_set.annotation_file}'")
    return Boxes(order[number:], order[:number], test, categories, names, len(train) - len(kept))


def _read(root, year, split) -> CocoSet | None:
    try:
        folder = voc.find_folder(root, year, split)
    except InputError:
        return None
    return voc.read(folder, split)


def _samples(found):
    ids = sorted(found.images)
    facts = image_facts([found.path(i) for i in ids], f"'{found.annotation_file.name}'")
    return [(found, i, tuple(fact.size), fact.sha256) for i, fact in zip(ids, facts)]
