"""The COCO detection metric with its bootstrap interval, and COCO annotation files checked before they are used.

Matching and the point metrics are pycocotools'. The interval resamples images: replicate r gives image i the weight
w_ri (how often it was drawn), and average precision is accumulated anew from pycocotools' per-image matches with every
detection and every object counted w times (ours; equal to pycocotools on a set with images repeated w times, tested).
The draws depend on the number of images and the seed only, so replicates of two methods on the same images are paired.
"""

import contextlib
import hashlib
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from .base import Evaluation
from .data.images import read_picture
from .json_files import read_json
from .paths import leaves

REPLICATES = 400
SEED = 20250101
MOST_IMAGES = 1000
METRICS = ("mAP", "mAP50", "mAP75", "mAP_s", "mAP_m", "mAP_l")  # the first six of COCOeval.stats


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


def _entries(content, key, needed, file):
    """The list under ``key`` of an annotation file, each entry a dict with the keys ``needed``."""
    for i, entry in enumerate(content[key]):
        absent = [k for k in needed if not isinstance(entry, dict) or k not in entry]
        if absent:
            raise InputError(f"annotation file '{file}': entry {i} of '{key}' has no '{absent[0]}'; "
                             f"expected COCO format with {', '.join(needed)} in each")
        for name in ("id", "image_id", "category_id"):
            if name in entry and not isinstance(entry[name], (int, str)):
                raise InputError(f"annotation file '{file}': entry {i} of '{key}' has {name} {str(entry[name])[:60]}; "
                                 "expected a number")
    return content[key]


def read(annotation_file, folder):
    """CocoSet of a COCO JSON file and its image folder; looks at the annotations only (files: ``check_images``).

    Absent 'area' and 'iscrowd' are filled in (width x height, 0). InputError: no such file, not COCO JSON, an object
    of a missing image or category, a box that is none, a file name that leaves the folder, an id given twice.
    """
    file, folder = Path(annotation_file), Path(folder)
    content = read_json(file, "annotation file", "expected a folder with annotations/instances_val2017.json and val2017/, "
                        "given with --data-root DIR")
    lists = ("images", "annotations", "categories")
    wrong = [k for k in lists if not isinstance(content, dict) or not isinstance(content.get(k), list)]
    if wrong:
        raise InputError(f"annotation file '{file}' is not in COCO format: no list '{wrong[0]}'; expected the lists "
                         "images, annotations, categories (an instances_*.json file)")
    categories = {c["id"]: c["name"] for c in _entries(content, "categories", ("id", "name"), file)}
    images = {}
    for image in _entries(content, "images", ("id", "file_name", "width", "height"), file):
        name = image["file_name"]
        if not isinstance(name, str) or not name or "\0" in name:
            raise InputError(f"annotation file '{file}': image {image['id']} has file_name {str(name)[:60]!r}; expected a "
                             "file name")
        if leaves(name):
            raise InputError(f"annotation file '{file}': file_name '{name}' of image {image['id']} leaves the image "
                             "folder; expected a path below it")
        if image["id"] in images:
            raise InputError(f"annotation file '{file}': image id {image['id']} is given twice")
        images[image["id"]] = image
    if not images:
        raise InputError(f"annotation file '{file}' lists no images")
    objects = []
    for entry in _entries(content, "annotations", ("image_id", "category_id", "bbox"), file):
        what = f"annotation file '{file}': annotation {entry.get('id', len(objects))}"
        if entry["image_id"] not in images:
            raise InputError(f"{what} names image {entry['image_id']}, which is not among its {len(images)} images")
        if entry["category_id"] not in categories:
            raise InputError(f"{what} names category {entry['category_id']}, which is not among its categories "
                             f"({', '.join(map(str, list(categories)[:10]))})")
        box = entry["bbox"]
        numbers = isinstance(box, list) and len(box) == 4 and all(
            isinstance(v, (int, float)) and math.isfinite(v) for v in box)
        if not numbers or box[2] < 0 or box[3] < 0:
            raise InputError(f"{what} has bbox {str(box)[:80]}; expected [x, y, width, height] in pixels")
        area = entry.get("area", box[2] * box[3])
        if not isinstance(area, (int, float)) or not 0 <= area < math.inf:
            raise InputError(f"{what} has area {str(area)[:60]}; expected a number of 0 or more, in pixels")
        # COCOeval takes an object with id 0 for 'no match', so ids are given anew.
        objects.append({"iscrowd": 0, **entry, "area": area, "id": len(objects) + 1})
    return CocoSet(file, folder, images, objects, categories)


def _hash_and_decode(path):
    """(sha256 of the file, None), or (None, what is wrong with it)."""
    from PIL import UnidentifiedImageError
    try:
        content, image = read_picture(path)
        with image:
            image.draft("L", (64, 64))  # JPEG: all of the file is read, few pixels are computed
            image.load()
        return hashlib.sha256(content).hexdigest(), None
    except FileNotFoundError:
        return None, "is missing"
    except UnidentifiedImageError:
        return None, "is not an image"
    except Exception as error:  # Pillow's plugins raise what they like on damaged files
        return None, f"does not decode ({error})"


def check_images(paths, listed_in):
    """[sha256 of each image file]; InputError, with the first name and the count, if any is missing or does not decode.

    ``listed_in``: what names these files, for the message.
    """
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(_hash_and_decode, paths))
    bad = [(path, error) for path, (_, error) in zip(paths, found) if error]
    if bad:
        more = f" (and {len(bad) - 1} more of {len(found)} images)" if len(bad) > 1 else ""
        raise InputError(f"image '{bad[0][0]}' {bad[0][1]}{more}; {listed_in} lists it: copy or download it again, or "
                         "choose another folder with --data-root DIR")
    return [digest for digest, _ in found]


class Curve(NamedTuple):
    """One category's detections over all images, by falling score, as COCOeval matched them (area range 'all')."""

    image: np.ndarray     # [n] index of the image
    matched: np.ndarray   # [thresholds, n] bool: a true positive or an ignored one
    ignored: np.ndarray   # [thresholds, n] bool: matched to a crowd; counts neither way
    objects: np.ndarray   # [images] number of objects to be found


def match(coco_set, predictions, category_ids):
    """(COCOeval after summarize, its first six figures, -1 for none): pycocotools on ``evaluate``'s arguments, mute."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    detections = []
    for image_id, found in predictions.items():
        boxes, scores = np.asarray(found["boxes"], np.float64).reshape(-1, 4), np.asarray(found["scores"], np.float64)
        if np.isnan(scores).any() or np.isnan(boxes).any():
            raise InputError(f"the prediction of image {image_id} holds NaN; the network's outputs diverged")
        for box, score, label in zip(boxes.tolist(), scores.tolist(), np.asarray(found["labels"]).tolist()):
            width, height = box[2] - box[0], box[3] - box[1]
            detections.append({"image_id": image_id, "category_id": category_ids[label], "score": score,
                               "bbox": [box[0], box[1], width, height], "area": width * height, "iscrowd": 0,
                               "id": len(detections) + 1})
    both = []
    with contextlib.redirect_stdout(io.StringIO()):
        for annotations in (coco_set.objects, detections):
            both.append(COCO())
            both[-1].dataset = {"images": [coco_set.images[i] for i in predictions],
                                "categories": [{"id": i, "name": n} for i, n in coco_set.categories.items()],
                                "annotations": [dict(a) for a in annotations if a["image_id"] in predictions]}
            both[-1].createIndex()
        evaluator = COCOeval(*both, "bbox")
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
        cells = [(i, c) for i, c in enumerate(evaluator.evalImgs[k * areas * images:][:images]) if c is not None]
        objects = np.zeros(images)
        for i, cell in cells:
            objects[i] = np.count_nonzero(np.asarray(cell["gtIgnore"]) == 0)
        none = np.zeros((len(params.iouThrs), 0), bool)
        scores = np.concatenate([np.zeros(0), *(c["dtScores"] for _, c in cells)])
        order = np.argsort(-scores, kind="mergesort")
        result.append(Curve(
            np.concatenate([np.zeros(0, int), *(np.full(len(c["dtScores"]), i) for i, c in cells)])[order],
            np.concatenate([none, *(c["dtMatches"] != 0 for _, c in cells)], 1)[:, order],
            np.concatenate([none, *(c["dtIgnore"] != 0 for _, c in cells)], 1)[:, order], objects))
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
        for rows in (present[i:i + step] for i in range(0, len(present), step)):
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
    return {"per_image": [None if v is None else round(v, 4) for v in values],
            "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest()}


def evaluate(coco_set, predictions, category_ids, replicates=REPLICATES, seed=SEED):
    """Evaluation of ``{image id: dict(boxes [n, 4] xyxy in pixels, scores [n], labels [n])}``.

    Label l means category ``category_ids[l]``. Scored are exactly the images that have a prediction (maybe of no box).
    metrics: mAP, mAP50, mAP75, mAP_s, mAP_m, mAP_l in 0..1; one without objects to find (no small ones, say) is left
    out. low, high: 2.5 and 97.5 % points of mAP's replicates. evidence: replicates, AP per_class, mAP per_image.
    InputError: NaN in a prediction, no object at all.
    """
    evaluator, stats = match(coco_set, predictions, category_ids)
    metrics = {name: float(value) for name, value in zip(METRICS, stats) if value >= 0}
    if "mAP" not in metrics:
        raise InputError(f"the {len(predictions)} chosen images of '{coco_set.annotation_file}' hold no object of the "
                         "network's classes, so there is nothing to score; take more images (--limit)")
    weights, matched = bootstrap_weights(len(predictions), replicates, seed), curves(evaluator)
    ap = weighted_precision(matched, weights, evaluator.params.recThrs)
    drawn = {name: [float(np.nanmean(v)) if np.isfinite(v).any() else None for v in values]  # None: drew no object
             for name, values in (("mAP", ap), ("mAP50", ap[:, :, 0]))}
    low, high = np.percentile([v for v in drawn["mAP"] if v is not None], [2.5, 97.5])
    whole = weighted_precision(matched, np.ones((1, len(predictions))), evaluator.params.recThrs)[0].mean(1)
    names = [coco_set.categories[c] for c in evaluator.params.catIds]
    per_class = {name: round(float(v), 6) for name, v in zip(names, whole) if np.isfinite(v)}
    return Evaluation(metrics, float(low), float(high), {
        "per_class": per_class, **_per_image(matched, sorted(predictions), evaluator.params.recThrs),
        "replicates": {name: [v and round(v, 6) for v in values] for name, values in drawn.items()},
        "seed": seed, "images": len(predictions), "detections": len(evaluator.cocoDt.anns)})
