"""Instance masks of COCO's kind: what annotations hold is looked at before any work; box and mask average precision by pycocotools."""

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from . import coco

METRIC = "mask_mAP"


def encode(masks):
    """[RLE] of masks, bool [n, height, width]."""
    from pycocotools import mask

    return [mask.encode(np.asfortranarray(one.astype(np.uint8))) for one in masks]


def check(annotations, ids):
    """InputError for the first object of the images ``ids`` whose ``segmentation`` is neither polygons nor run lengths of its image."""
    chosen = set(ids)
    for o in annotations.objects:
        if o["image_id"] in chosen:
            image = annotations.images[o["image_id"]]
            problem = _problem(o.get("segmentation"), image)
            if problem:
                raise InputError(
                    f"'{annotations.annotation_file}': the object with bbox {o['bbox']} in '{image['file_name']}' {problem}; expected "
                    "polygons [[x1, y1, x2, y2, x3, y3, ...], ...] or run lengths {counts, size} in pixels of the image. For boxes alone: "
                    "options=dict(scoring='coco')"
                )


def _problem(segmentation, image):
    """What is wrong with an object's mask, in words; None if nothing is."""
    from pycocotools import mask

    if not segmentation:
        return "has no segmentation"
    size = [image["height"], image["width"]]
    if isinstance(segmentation, dict):
        if segmentation.get("size") != size:
            return f"has run lengths of size {segmentation.get('size')}, and its image has {size}"
    elif not isinstance(segmentation, list):
        return f"has a segmentation of kind {type(segmentation).__name__}"
    else:
        for polygon in segmentation:
            numbers = polygon if isinstance(polygon, list) else []
            if len(numbers) < 6 or len(numbers) % 2 or not all(isinstance(v, (int, float)) for v in numbers):
                return f"has a polygon of {len(numbers)} numbers"
    try:
        rle = mask.frPyObjects(segmentation, *size) if not _packed(segmentation) else segmentation
        mask.area(rle)
    except Exception as error:  # pycocotools' C code raises several kinds
        return f"has a segmentation that cannot be read ({type(error).__name__}: {error})"
    return None


def _packed(segmentation):
    return isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), (str, bytes))


def evaluate(coco_set, predictions, category_ids, replicates=coco.REPLICATES, seed=coco.SEED):
    """Evaluation of predictions with ``masks``; the primary metric is mask_mAP, beside it COCO's box metrics as in ``coco.evaluate``.

    low, high: of mask_mAP. evidence: that of masks, with replicates of both, and AP of boxes ``box_per_class``.
    """
    masks = coco.evaluate(coco_set, predictions, category_ids, replicates, seed, kind="segm")
    boxes = coco.evaluate(coco_set, predictions, category_ids, replicates, seed)
    drawn = {f"mask_{name}": values for name, values in masks.evidence["replicates"].items()}
    evidence = {
        **masks.evidence,
        "box_per_class": boxes.evidence["per_class"],
        "replicates": {**drawn, **boxes.evidence["replicates"]},
    }
    metrics = {**{f"mask_{name}": value for name, value in masks.metrics.items()}, **boxes.metrics}
    return Evaluation(metrics, masks.low, masks.high, evidence)
