"""Which category of an annotation file each label of a detector means: by the names of its classes, whatever their order."""

from collections import Counter

from adafire.errors import InputError
from adafire.registry import near_names

from ..shared.annotation_fields import name

ORDERS = ("config", "file")


def class_names(model, dataset, annotations):
    """(names of the network's classes by label, who gives them): the config's, else the checkpoint's, the data set's or
    the annotation file's; the first that has as many as the network."""
    head = model.bbox_head if hasattr(model, "bbox_head") else model.roi_head.bbox_head
    kind = dataset["type"]
    if isinstance(kind, str):
        from mmdet.registry import DATASETS

        kind = DATASETS.get(kind)
    sources = {
        "config": (dataset.get("metainfo") or {}).get("classes"),
        "checkpoint": model.dataset_meta.get("classes"),
        "config's type of data set": getattr(kind, "METAINFO", {}).get("classes"),
        "annotation file": list(annotations.categories.values()),
    }
    for who, found in sources.items():
        if found and not isinstance(found, str) and len(found) == head.num_classes:
            names = [name(n) for n in found]
            twice = [n for n, count in Counter(names).items() if count > 1]
            if twice:
                raise InputError(
                    f"the {who} names the class '{twice[0]}' twice; expected {head.num_classes} different names"
                )
            return names, who
    raise InputError(
        f"the network has {head.num_classes} classes, but neither its config nor "
        f"'{annotations.annotation_file}' ({len(annotations.categories)} categories) names as many; "
        "set metainfo=dict(classes=(...)) in the config's test dataset"
    )


def match(model, dataset, annotations, order="config"):
    """(annotations, [category id of each label], notes).

    Categories are found by name, so label l means class l of the config in whatever order the file lists them. MMDetection
    goes by the file's order; a network that it trained on a file of another order than its config has learnt that, and
    ``order`` 'file' says so. A class that the file has no object of gets an id of its own and is noted, as are categories
    that the network does not know; where there are both, the names differ, and that is an InputError.
    """
    names, who = class_names(model, dataset, annotations)
    ids = {called: i for i, called in annotations.categories.items()}
    used = Counter(annotations.categories[o["category_id"]] for o in annotations.objects)
    lacking, others = [n for n in names if n not in ids], [n for n in used if n not in names]
    if lacking and (others or len(lacking) == len(names) or order == "file"):
        raise InputError(_lacks(annotations, names, who, lacking, others or list(ids)))
    notes = []
    if others:
        known = ", ".join(f"'{n}' ({used[n]})" for n in others[:5]) + (", ..." if len(others) > 5 else "")
        notes.append(f"objects of categories that the network does not know do not count: {known}")
    for k, called in enumerate(lacking):
        ids[called] = _new_id(ids.values(), called)
    listed = [n for n in ids if n in names]
    if annotations.annotation_file.suffix != ".txt" and listed != [n for n in names if n not in lacking] + lacking:
        # VOC's files have no order
        notes.append(_two_orders(names, who, listed, order))
    of_checkpoint = [name(n) for n in model.dataset_meta.get("classes") or () if not isinstance(n, str) or len(n) > 1]
    if who == "config" and of_checkpoint != names and sorted(map(str, of_checkpoint)) == sorted(names):
        notes.append(
            "the checkpoint lists its classes in another order than the config, which is followed: "
            f"{_from(of_checkpoint, names)}; config: {_from(names, of_checkpoint)}"
        )
    annotations = annotations._replace(categories={i: called for called, i in ids.items()})
    return annotations, [ids[n] for n in (listed if order == "file" else names)], notes


def _new_id(ids, called):
    """An id for one more category, of the kind that the others have."""
    numbers = [i for i in ids if isinstance(i, int)]
    return max(numbers) + 1 if numbers else f"absent: {called}"


def _lacks(annotations, names, who, lacking, others):
    near = near_names(lacking[0], others).rstrip(".")
    return (
        f"'{annotations.annotation_file}' has {len(names) - len(lacking)} of the network's {len(names)} classes; it lacks "
        f"'{lacking[0]}'{near} (its others: {_short(others)}; classes of the {who}: "
        f"{_short(names)}); expected the annotations of the data that the network was trained for, with its names"
    )


def _two_orders(names, who, listed, order):
    both = f"the annotation file's: {_from(listed, names)}; the {who}'s: {_from(names, listed)}"
    if order == "file":
        return f"classes have two orders, and the file's was asked for (category_order='file'): {both}"
    return (
        f"classes have two orders, and labels follow the second, by name: {both}. If the network was trained in the "
        "file's order (MMDetection does so), say data=dict(..., category_order='file')"
    )


def _short(names):
    return ", ".join(map(str, names[:10])) + (", ..." if len(names) > 10 else "")


def _from(names, other):
    """Names from the first that differs on, where there are many."""
    first = 0 if len(names) <= 10 else next(k for k, (a, b) in enumerate(zip(names, other)) if a != b)
    return ("..., " if first else "") + _short(names[first:])
