"""PASCAL VOC's detection metric; the annotation files are read in data/voc_annotations.py.

The metric is the development kit's: a detection is right if the object of its class that it overlaps most does so by an
IoU of 0.5 or more (pixels counted, so sides are x2 - x1 + 1) and was not found before; 'difficult' objects count neither
way. Average precision is the mean over 11 recalls (VOC2007) or the area under the interpolated curve (from VOC2010); the
interval resamples images as adapters/detection/coco.py does.
"""

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from .coco import REPLICATES, SEED, Curve, bootstrap_weights, weighted_precision
from .data.coco_annotations import nothing_to_score
from .data.voc_annotations import CLASSES, find_folder, read, read_list  # noqa: F401 - a set and its metric by one name

METRICS = ("mAP50_11point", "mAP50")
RECALLS = np.arange(0.0, 1.0 + 1e-3, 0.1)
IOU = 0.5


def overlaps(boxes, objects):
    """IoU [n, m] of boxes xyxy [n, 4] and [m, 4] whose last pixels are inside."""
    low = np.maximum(boxes[:, None, :2], objects[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], objects[None, :, 2:])
    shared = (high - low + 1).clip(0).prod(2)
    area = lambda b: (b[:, 2:] - b[:, :2] + 1).prod(1)
    return shared / (area(boxes)[:, None] + area(objects)[None] - shared)


def match(found, objects, difficult):
    """(right, ignored), bool [n], for detections of one class in one image by falling score; objects xyxy [m, 4]."""
    right, ignored = np.zeros(len(found), bool), np.zeros(len(found), bool)
    if not len(found) or not len(objects):
        return right, ignored
    iou = overlaps(found, objects)
    taken = np.zeros(len(objects), bool)
    for i, best in enumerate(iou.argmax(1)):
        if iou[i, best] < IOU:
            continue
        if difficult[best]:
            ignored[i] = True
        elif not taken[best]:
            right[i] = taken[best] = True
    return right, ignored


def curves(voc_set, predictions, category_ids):
    """The Curve of every category, in the order of ``category_ids``."""
    ids = sorted(predictions)
    truth = {}
    for o in voc_set.objects:
        truth.setdefault((o["image_id"], o["category_id"]), []).append(o)
    result = []
    for label, category in enumerate(category_ids):
        images, scores, flags, number = [np.zeros(0, int)], [np.zeros(0)], [np.zeros((2, 0), bool)], np.zeros(len(ids))
        for i, image_id in enumerate(ids):
            mine = truth.get((image_id, category), [])
            x, y, w, h = np.array([o["bbox"] for o in mine], float).reshape(-1, 4).T
            difficult = np.array([o.get("difficult") or o["iscrowd"] for o in mine], bool)
            number[i] = (~difficult).sum()
            one = predictions[image_id]
            chosen = np.asarray(one["labels"]) == label
            score = np.asarray(one["scores"], float)[chosen]
            boxes = np.asarray(one["boxes"], float).reshape(-1, 4)[chosen]
            if np.isnan(score).any() or np.isnan(boxes).any():
                raise InputError(f"the prediction of image {image_id} holds NaN; the network's outputs diverged")
            order = np.argsort(-score, kind="mergesort")
            flags.append(np.stack(match(boxes[order], np.stack([x, y, x + w, y + h], 1), difficult)))
            scores.append(score[order])
            images.append(np.full(len(order), i))
        images, scores, flags = np.concatenate(images), np.concatenate(scores), np.concatenate(flags, 1)
        order = np.argsort(-scores, kind="mergesort")
        right, ignored = flags[:, order]
        result.append(Curve(images[order], (right | ignored)[None], ignored[None], number))
    return result


def evaluate(voc_set, predictions, category_ids, replicates=REPLICATES, seed=SEED):
    """Evaluation of ``{image id: dict(boxes [n, 4] xyxy from 0, scores [n], labels [n])}``; see ``coco.evaluate``.

    metrics: mAP50_11point and mAP50 (area), in 0..1, means over the classes that have objects; the interval is of the
    first.
    """
    found = curves(voc_set, predictions, category_ids)
    if not any(c.objects.sum() for c in found):
        raise nothing_to_score(voc_set, len(predictions))
    weights = bootstrap_weights(len(predictions), replicates, seed)
    weights = np.concatenate([np.ones((1, weights.shape[1])), weights])
    metrics, drawn = {}, {}
    for name, recalls in zip(METRICS, (RECALLS, None)):
        ap = weighted_precision(found, weights, recalls)[:, :, 0]
        values = [float(np.nanmean(row)) if np.isfinite(row).any() else None for row in ap]
        metrics[name], drawn[name] = values[0], values[1:]
    low, high = np.percentile([v for v in drawn[METRICS[0]] if v is not None], [2.5, 97.5])
    return Evaluation(
        metrics,
        float(low),
        float(high),
        {
            "replicates": {name: [v and round(v, 6) for v in values] for name, values in drawn.items()},
            "seed": seed,
            "images": len(predictions),
            "detections": sum(len(p["scores"]) for p in predictions.values()),
        },
    )
