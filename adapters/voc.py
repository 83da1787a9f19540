"""PASCAL VOC: the annotation files in the layouts that people have on disk, and the detection metric.

The metric is the development kit's: a detection is right if the object of its class that it overlaps most does so by an
IoU of 0.5 or more (pixels counted, so sides are x2 - x1 + 1) and was not found before; 'difficult' objects count neither
way. Average precision is the mean over 11 recalls (VOC2007) or the area under the interpolated curve (from VOC2010); the
interval resamples images as adapters/coco.py does.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from adafire.errors import InputError

from .base import Evaluation
from .coco import REPLICATES, SEED, CocoSet, Curve, bootstrap_weights, weighted_precision

CLASSES = ("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
           "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor")
METRICS = ("mAP50_11point", "mAP50")
RECALLS = np.arange(0.0, 1.0 + 1e-3, 0.1)
IOU = 0.5


def find_folder(root, year, split):
    """The folder VOC<year> that has the list of ``split``: ``root`` itself, in it, in VOCdevkit below it, or below the
    folders that the official archives unpack to (VOCtest_06-Nov-2007/VOCdevkit and the like)."""
    root = Path(root)
    places = [root, root / f"VOC{year}", root / "VOCdevkit" / f"VOC{year}",
              *sorted(root.glob(f"*/VOCdevkit/VOC{year}")), *sorted(root.glob(f"*/VOC{year}"))]
    for place in places:
        if (place / "ImageSets" / "Main" / f"{split}.txt").is_file():
            return place
    seen = [p for p in places if (p / "ImageSets" / "Main").is_dir()]
    lists = sorted(f.stem for f in (seen[0] / "ImageSets" / "Main").glob("*.txt") if "_" not in f.stem) if seen else []
    raise InputError(f"'{root}' holds no VOC{year} with the list '{split}'"
                     + (f" ('{seen[0]}' has {', '.join(lists) or 'no lists'})" if seen else "")
                     + f"; expected VOCdevkit/VOC{year}/ImageSets/Main/{split}.txt with Annotations/ and JPEGImages/ "
                       "beside it, below --data-root DIR")


def read_list(folder, split):
    """Image names in ImageSets/Main/<split>.txt."""
    names = [line.split()[0] for line in (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split("\n")
             if line.strip()]
    wrong = [n for n in names if "/" in n or "\\" in n or n.startswith(".")]
    if wrong or not names:
        raise InputError(f"'{folder / 'ImageSets' / 'Main' / split}.txt' "
                         + (f"names {wrong[0]!r}; expected bare image names" if wrong else "lists no images"))
    return names


def read(folder, split):
    """CocoSet of one split; bboxes [x, y, width, height] begin at 0, objects have a key 'difficult'.

    Categories are VOC's 20, in its order, where these cover all objects, else the names found. InputError: no
    annotation file, not VOC's XML, a box that is none.
    """
    images, objects = {}, []
    for name in read_list(folder, split):
        file = folder / "Annotations" / f"{name}.xml"
        picture = f"JPEGImages/{name}.jpg"
        if not (folder / picture).is_file() and (folder / "JPEGImages" / f"{name}.png").is_file():
            picture = f"JPEGImages/{name}.png"
        tree = _parse(file)
        size = [tree.findtext(f"size/{side}") for side in ("width", "height")]
        images[name] = {"id": name, "file_name": picture, **dict(zip(("width", "height"), map(_whole, size)))}
        for entry in tree.findall("object"):
            values = [entry.findtext(f"bndbox/{k}") for k in ("xmin", "ymin", "xmax", "ymax")]
            try:
                x1, y1, x2, y2 = (int(float(v)) - 1 for v in values)  # MMDetection cuts fractions off as well
            except (TypeError, ValueError, OverflowError):
                raise InputError(f"annotation file '{file}': an object's bndbox is {values}; expected four numbers") from None
            if x2 < x1 or y2 < y1:
                raise InputError(f"annotation file '{file}': an object's bndbox is {values}; expected xmin <= xmax and "
                                 "ymin <= ymax")
            objects.append({"id": len(objects) + 1, "image_id": name, "category_id": entry.findtext("name"),
                            "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0,
                            "difficult": int(entry.findtext("difficult") or 0)})
    found = {o["category_id"] for o in objects}
    names = list(CLASSES) if found <= set(CLASSES) else sorted(found)
    ids = {name: k + 1 for k, name in enumerate(names)}
    for entry in objects:
        entry["category_id"] = ids[entry["category_id"]]
    return CocoSet(folder / "ImageSets" / "Main" / f"{split}.txt", folder, images, objects, {v: k for k, v in ids.items()})


def _parse(file):
    try:
        text = file.read_text()
        if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entities can grow without bound
            raise InputError(f"annotation file '{file}' declares a document type; expected VOC's plain XML")
        return ElementTree.fromstring(text)
    except OSError as error:
        raise InputError(f"cannot read annotation file '{file}' ({error.strerror}); the split's list names it") from error
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise InputError(f"annotation file '{file}' is not XML ({error}); copy or download it again") from error


def _whole(text):
    return int(float(text)) if text else 0


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
        raise InputError(f"the {len(predictions)} chosen images of '{voc_set.annotation_file}' hold no object of the "
                         "network's classes, so there is nothing to score; take more images (--limit)")
    weights = bootstrap_weights(len(predictions), replicates, seed)
    weights = np.concatenate([np.ones((1, weights.shape[1])), weights])
    metrics, drawn = {}, {}
    for name, recalls in zip(METRICS, (RECALLS, None)):
        ap = weighted_precision(found, weights, recalls)[:, :, 0]
        values = [float(np.nanmean(row)) if np.isfinite(row).any() else None for row in ap]
        metrics[name], drawn[name] = values[0], values[1:]
    low, high = np.percentile([v for v in drawn[METRICS[0]] if v is not None], [2.5, 97.5])
    return Evaluation(metrics, float(low), float(high), {
        "replicates": {name: [v and round(v, 6) for v in values] for name, values in drawn.items()}, "seed": seed,
        "images": len(predictions), "detections": sum(len(p["scores"]) for p in predictions.values())})
