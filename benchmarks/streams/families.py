"""What a stream needs to know of a family of tasks: how frames are put before its workload, how two answers are compared, and how
one is drawn. ``FAMILIES`` has an entry a family; predictions are those of its adapter.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError
from adapters.detection.data.coco_annotations import CocoSet
from adapters.segmentation import miou
from adapters.segmentation.pictures import Sample

SURE = 0.3
"""Score from which a box of the ANN counts as found, for the agreement of the SNN with it, and is drawn."""


class Family(NamedTuple):
    """attach(workload, film): the frames of a Film (films.py) are what is scored from now on, one at a time. agreement(workload,
    expected, found): {id: prediction} of the ANN and of another network to a number up to 1, None where the ANN finds nothing.
    likeness(expected, found): of one frame's predictions, for a live line. paint(workload, picture, prediction, factor): onto a
    PIL picture that is ``factor`` times as large as the frame; it returns the picture. words: what the agreement is."""

    attach: Callable
    agreement: Callable
    likeness: Callable
    paint: Callable
    words: str


def _attach_boxes(workload, film):
    (width, height), known = film.size, workload.annotations.categories
    numbers, objects = {name: i for i, name in known.items()}, []
    for entry in film.annotations.objects if film.annotations else ():
        name = film.annotations.categories[entry["category_id"]]
        if name not in numbers:
            raise InputError(
                f"annotation file '{film.annotations.annotation_file}' has objects of the class '{name}', which the network does not "
                f"know; expected {', '.join(list(numbers)[:10])}{', ...' if len(numbers) > 10 else ''}"
            )
        objects.append({**entry, "category_id": numbers[name]})
    images = {i: {"id": i, "file_name": str(i), "width": width, "height": height} for i in film.ids}
    workload.annotations = CocoSet(film.source, film.source, images, objects, dict(known))
    workload.ids, workload.batch_size = list(film.ids), 1


def _sure(prediction):
    for (x1, y1, x2, y2), score, label in zip(prediction["boxes"], prediction["scores"], prediction["labels"]):
        if score >= SURE:
            yield [float(x1), float(y1), float(x2), float(y2)], float(score), int(label)


def agreement_of_boxes(workload, expected, found):
    """mAP50 of the predictions ``found``, the sure boxes of ``expected`` taken for the truth."""
    objects = []
    for i, prediction in expected.items():
        for (x1, y1, x2, y2), _, label in _sure(prediction):
            entry = {"id": len(objects) + 1, "image_id": i, "category_id": workload.category_ids[label], "iscrowd": 0}
            objects.append({**entry, "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})
    if not objects:
        return None
    kept = workload.annotations
    workload.annotations = kept._replace(objects=objects)
    try:
        return workload.evaluate(found).metrics["mAP50"]
    finally:
        workload.annotations = kept


def likeness_of_boxes(expected, found):
    """Share of the sure boxes of ``expected`` at which ``found`` has a box of their class that covers half of both; 1 where there
    are none.

    >>> one = {"boxes": [[0, 0, 10, 10], [20, 20, 30, 30]], "scores": [0.9, 0.8], "labels": [1, 2]}
    >>> likeness_of_boxes(one, {"boxes": [[0, 0, 10, 9], [20, 20, 30, 30]], "scores": [0.5, 0.7], "labels": [1, 1]})
    0.5
    """
    wanted, there = list(_sure(expected)), list(_sure(found))
    hit = [any(label == other and _iou(box, place) >= 0.5 for place, _, other in there) for box, _, label in wanted]
    return sum(hit) / len(hit) if hit else 1.0


def _iou(a, b):
    across = [max(0.0, min(a[k + 2], b[k + 2]) - max(a[k], b[k])) for k in (0, 1)]
    area = lambda box: (box[2] - box[0]) * (box[3] - box[1])
    common = across[0] * across[1]
    return common / max(area(a) + area(b) - common, 1e-9)


def _paint_boxes(workload, picture, prediction, factor):
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    for box, score, label in _sure(prediction):
        box = [v * factor for v in box]
        name = workload.annotations.categories[workload.category_ids[label]]
        pen.rectangle(box, outline="#e6740c", width=2)
        pen.text((box[0] + 3, box[1] + 2), f"{name} {score:.2f}", fill="#ffffff")
    return picture


def _attach_masks(workload, film):
    workload.samples = [Sample(i, None, film.masks and film.masks[i]) for i in film.ids]
    workload._by_id, workload.batch_size = {s.id: s for s in workload.samples}, 1


def agreement_of_masks(workload, expected, found):
    """mIoU of the class maps ``found``, those of ``expected`` taken for the truth."""
    classes = len(workload.classes)
    compared = {
        i: miou.Prediction(miou.confusion(miou.unpack(expected[i].labels), miou.unpack(p.labels), classes), p.labels)
        for i, p in found.items()
    }
    return miou.evaluate(compared).metrics["mIoU"]


def likeness_of_masks(expected, found):
    """Share of the pixels whose class is the same."""
    return float(np.mean(miou.unpack(expected.labels) == miou.unpack(found.labels)))


def _paint_masks(workload, picture, prediction, factor):
    """Classes in the colours of the data, half over the frame; what is background is left as it is."""
    from PIL import Image

    labels = miou.unpack(prediction.labels)
    colours = np.zeros((65536, 3), np.uint8)
    colours[: len(workload.source.palette)] = workload.source.palette
    over = Image.fromarray(colours[labels]).resize(picture.size, Image.Resampling.NEAREST)
    where = Image.fromarray(((labels > 0) * 140).astype(np.uint8)).resize(picture.size, Image.Resampling.NEAREST)
    return Image.composite(over, picture, where)


FAMILIES = {
    "detection": Family(
        _attach_boxes, agreement_of_boxes, likeness_of_boxes, _paint_boxes, "mAP50 against the ANN's boxes"
    ),
    "segmentation": Family(
        _attach_masks, agreement_of_masks, likeness_of_masks, _paint_masks, "mIoU against the ANN's masks"
    ),
}
