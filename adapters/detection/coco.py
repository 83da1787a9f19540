"""The COCO detection metric with its bootstrap interval; the annotation files are read in data/coco_annotations.py.

Matching and the point metrics are pycocotools'. The interval resamples images: replicate r gives image i the weight
w_ri (how often it was drawn), and average precision is accumulated anew from pycocotools' per-image matches with every
detection and every object counted w times (ours; equal to pycocotools on a set with images repeated w times, tested).
The draws depend on the number of images and the seed only, so replicates of two methods on the same images are paired.
"""

import contextlib
import hashlib
import io
import json
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from ..shared.image_files import check_images  # noqa: F401
from .data.coco_annotations import CocoSet, nothing_to_score, read  # noqa: F401 - a set and its metric by one name

REPLICATES = 400
SEED = 20250101
MOST_IMAGES = 1000
METRICS = ("mAP", "mAP50", "mAP75", "mAP_s", "mAP_m", "mAP_l")  # the first six of COCOeval.stats


class Curve(NamedTuple):
    """One category's detections over all images, by falling score, as COCOeval matched them (area range 'all')."""

    image: np.ndarray  # [n] index of the image
    matched: np.ndarray  # [thresholds, n] bool: a true positive or an ignored one
    ignored: np.ndarray  # [thresholds, n] bool: matched to a crowd; counts neither way
    objects: np.ndarray  # [images] number of objects to be found


def match(coco_set, predictions, category_ids, kind="bbox"):
    """(COCOeval after summarize, its first six figures, -1 for none): pycocotools on ``evaluate``'s arguments, mute."""
    from pycocotools import mask
    from pycocotools.coco import COCO

    from .coco_matching import Evaluator

    detections = []
    for image_id, found in predictions.items():
        boxes, scores = np.asarray(found["boxes"], np.float64).reshape(-1, 4), np.asarray(found["scores"], np.float64)
        if np.isnan(scores).any() or np.isnan(boxes).any():
            raise InputError(f"the prediction of image {image_id} holds NaN; the network's outputs diverged")
        masks = found["masks"] if kind == "segm" else [None] * len(boxes)
        labels = np.asarray(found["labels"]).tolist()
        for box, score, label, rle in zip(boxes.tolist(), scores.tolist(), labels, masks):
            width, height = box[2] - box[0], box[3] - box[1]
            detections.append(
                {
                    "image_id": image_id,
                    "category_id": category_ids[label],
                    "score": score,
                    "bbox": [box[0], box[1], width, height],
                    "area": width * height if rle is None else float(mask.area(rle)),
                    "iscrowd": 0,
                    "id": len(detections) + 1,
                    **({} if rle is None else {"segmentation": rle}),
                }
            )
    both = []
    with contextlib.redirect_stdout(io.StringIO()):
        for annotations in (coco_set.objects, detections):
            both.append(COCO())
            both[-1].dataset = {
                "images": [coco_set.images[i] for i in predictions],
                "categories": [{"id": i, "name": n} for i, n in coco_set.categories.items()],
                "annotations": [dict(a) for a in annotations if a["image_id"] in predictions],
            }
            both[-1].createIndex()
        evaluator = Evaluator(*both, kind)
        evaluator.params.imgIds, evaluator.params.catIds = sorted(predictions), list(category_ids)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator, evaluator.stats[:6]


def curves(evaluator):
    """The Curve of every category from COCOeval's per-image results (most detections, all areas)."""
    params = evaluator.params
    images, areas = len(params.imgIds), len(params.areaRng)
    result = []
    for k in range(len(params.catIds)):
        cells = [(i, c) for i, c in enumerate(evaluator.evalImgs[k * areas * images :][:images]) if c is not None]
        objects = np.zeros(images)
        for i, cell in cells:
            objects[i] = np.count_nonzero(np.asarray(cell["gtIgnore"]) == 0)
        none = np.zeros((len(params.iouThrs), 0), bool)
        scores = np.concatenate([np.zeros(0), *(c["dtScores"] for _, c in cells)])
        order = np.argsort(-scores, kind="mergesort")
        result.append(
            Curve(
                np.concatenate([np.zeros(0, int), *(np.full(len(c["dtScores"]), i) for i, c in cells)])[order],
                np.concatenate([none, *(c["dtMatches"] != 0 for _, c in cells)], 1)[:, order],
                np.concatenate([none, *(c["dtIgnore"] != 0 for _, c in cells)], 1)[:, order],
                objects,
            )
        )
    return result


def weighted_precision(all_curves, weights, recall_thresholds):
    """Average precision [replicates, categories, IoU thresholds] with image i counted ``weights[r, i]`` times.

    recall_thresholds: None for the area under the interpolated curve (VOC).
    NaN where a replicate has no object of the category. Interpolated precision at a recall is the largest precision at
    that recall or beyond, which is reached at true positives, so only those are visited:
    AP = sum over true positives j of envelope_j x (recall thresholds first reached at j) / (number of thresholds).
    """
    result = np.full((len(weights), len(all_curves), len(all_curves[0].matched) if all_curves else 0), np.nan)
    for k, curve in enumerate(all_curves):
        total = weights @ curve.objects
        present = np.flatnonzero(total > 0)
        step = max(1, 4_000_000 // (len(curve.image) + 1))  # replicates at a time, to bound memory
        for rows in (present[i : i + step] for i in range(0, len(present), step)):
            drawn = weights[np.ix_(rows, curve.image)]
            counted = np.cumsum(drawn, 1)
            for t, (matched, ignored) in enumerate(zip(curve.matched, curve.ignored)):
                hits = np.flatnonzero(matched & ~ignored)
                true = np.cumsum(drawn[:, hits], 1)
                seen = (counted if not ignored.any() else np.cumsum(drawn * ~ignored, 1))[:, hits]
                precision = true / (seen + np.spacing(1))
                envelope = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
                recall, parts = true / total[rows, None], 1
                if recall_thresholds is not None:
                    recall = np.searchsorted(recall_thresholds, recall, side="right")
                    parts = len(recall_thresholds)
                gained = np.diff(recall, axis=1, prepend=0)
                result[rows, k, t] = (envelope * gained).sum(1) / parts
    return result


def bootstrap_weights(images, replicates=REPLICATES, seed=SEED):
    """[replicates, images]: how often each image is drawn; depends on nothing but the arguments."""
    drawn = np.random.default_rng([seed, images]).integers(0, images, (replicates, images))
    return np.stack([np.bincount(row, minlength=images) for row in drawn]).astype(float)


def _per_image(matched, ids, recall_thresholds):
    """{'per_image': mAP of each image as if it were all, in the order of sorted ids (None: it holds no object), and the
    hash of the ids}; empty beyond MOST_IMAGES, where it would take longer than everything else."""
    if len(ids) > MOST_IMAGES:
        return {}
    alone = weighted_precision(matched, np.eye(len(ids)), recall_thresholds).mean(2)
    values = [float(np.nanmean(v)) if np.isfinite(v).any() else None for v in alone]
    return {
        "per_image": [None if v is None else round(v, 4) for v in values],
        "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
    }


def evaluate(coco_set, predictions, category_ids, replicates=REPLICATES, seed=SEED, kind="bbox"):
    """Evaluation of ``{image id: dict(boxes [n, 4] xyxy in pixels, scores [n], labels [n])}``; with kind='segm' of their ``masks``
    (n RLE), by the overlap of masks.

    Label l means category ``category_ids[l]``. Scored are exactly the images that have a prediction (maybe of no box).
    metrics: mAP, mAP50, mAP75, mAP_s, mAP_m, mAP_l in 0..1; one without objects to find (no small ones, say) is left
    out. low, high: 2.5 and 97.5 % points of mAP's replicates. evidence: replicates, AP per_class, mAP per_image.
    InputError: NaN in a prediction, no object at all.
    """
    evaluator, stats = match(coco_set, predictions, category_ids, kind)
    metrics = {name: float(value) for name, value in zip(METRICS, stats) if value >= 0}
    if "mAP" not in metrics:
        raise nothing_to_score(coco_set, len(predictions))
    weights, matched = bootstrap_weights(len(predictions), replicates, seed), curves(evaluator)
    ap = weighted_precision(matched, weights, evaluator.params.recThrs)
    drawn = {
        name: [float(np.nanmean(v)) if np.isfinite(v).any() else None for v in values]  # None: drew no object
        for name, values in (("mAP", ap), ("mAP50", ap[:, :, 0]))
    }
    low, high = np.percentile([v for v in drawn["mAP"] if v is not None], [2.5, 97.5])
    whole = weighted_precision(matched, np.ones((1, len(predictions))), evaluator.params.recThrs)[0].mean(1)
    names = [coco_set.categories[c] for c in evaluator.params.catIds]
    per_class = {name: round(float(v), 6) for name, v in zip(names, whole) if np.isfinite(v)}
    return Evaluation(
        metrics,
        float(low),
        float(high),
        {
            "per_class": per_class,
            **_per_image(matched, sorted(predictions), evaluator.params.recThrs),
            "replicates": {name: [v and round(v, 6) for v in values] for name, values in drawn.items()},
            "seed": seed,
            "images": len(predictions),
            "detections": len(evaluator.cocoDt.anns),
        },
    )
