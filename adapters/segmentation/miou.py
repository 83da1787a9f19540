"""Mean intersection over union with its bootstrap interval over images, on MMSegmentation's own IoUMetric.

Each image gives a confusion matrix; the sums of its rows, its columns and its diagonal are the areas that IoUMetric adds
up. The interval adds them up again for images drawn with replacement (percentile bootstrap); the draws depend on the
number of images alone (``stats.resamples``), so replicates of two methods on the same images are paired.
"""

import hashlib
import json
import zlib
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from ..shared.stats import percentile_interval, resamples

IGNORED = 255
REPLICATES, SEED = 400, 0
METRICS = {"mIoU": "IoU", "aAcc": "aAcc", "mAcc": "Acc"}  # ours: IoUMetric's, whose mean over classes it is


class Prediction(NamedTuple):
    """confusion: int64 [classes, classes], pixels by true class (row) and predicted class (column); labels: predicted
    classes, uint8 or uint16 [height, width], packed by ``pack``."""

    confusion: np.ndarray
    labels: bytes


def pack(labels):
    """A class map [height, width] as bytes: a whole validation set of them is kept for every T."""
    labels = np.ascontiguousarray(labels, np.uint16)
    return b"%d %d " % labels.shape + zlib.compress(labels.tobytes(), 1)


def unpack(packed):
    """uint16 [height, width]

    >>> unpack(pack([[1, 2, 300]])).tolist()
    [[1, 2, 300]]
    """
    height, width, content = packed.split(b" ", 2)
    return np.frombuffer(zlib.decompress(content), np.uint16).reshape(int(height), int(width))


def confusion(truth, labels, classes):
    """int64 [classes, classes] of two class maps of one shape; pixels whose truth is IGNORED count nowhere.

    >>> confusion(np.array([[0, 1, 255]]), np.array([[1, 1, 0]]), 2).tolist()
    [[0, 1], [0, 1]]
    """
    truth, labels = np.asarray(truth), np.asarray(labels)
    if truth.shape != labels.shape:
        raise InputError(
            f"a class map of {labels.shape} was predicted where the mask has {truth.shape}; expected one size"
        )
    seen = truth != IGNORED
    pairs = truth[seen].astype(np.int64) * classes + labels[seen]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def scores(intersect, predicted, true):
    """{metric: value in 0..1} from total areas [classes], by IoUMetric; classes that are nowhere are left out."""
    import torch
    from mmseg.evaluation import IoUMetric

    areas = [
        torch.from_numpy(np.asarray(a, np.float64)) for a in (intersect, predicted + true - intersect, predicted, true)
    ]
    found = IoUMetric.total_area_to_metrics(*areas, metrics=["mIoU"])
    return {name: float(np.nanmean(found[theirs])) for name, theirs in METRICS.items()}


def evaluate(predictions, replicates=REPLICATES):
    """Evaluation of ``{id: Prediction}``; the primary metric is mIoU.

    metrics: mIoU, aAcc (share of right pixels), mAcc (mean of the classes' recalls). evidence: replicates and interval of
    each, the classes' IoU in order (None: nowhere), the total confusion matrix, and the ids' hash.
    """
    if not predictions:
        raise InputError("no predictions to score; take at least one sample (--limit)")
    ids = sorted(predictions)
    matrices = np.stack([predictions[i].confusion for i in ids])
    areas = [np.einsum("ncc->nc", matrices), matrices.sum(1), matrices.sum(2)]  # intersection, predicted, true
    totals = [a.sum(0) for a in areas]
    if not totals[2].sum():
        raise InputError("the masks of the chosen images hold no pixel of any class, only ignored ones")
    drawn = {name: [] for name in METRICS}
    for chosen in resamples(len(ids), replicates, SEED):
        weights = np.bincount(chosen, minlength=len(ids))
        sums = [weights @ a for a in areas]
        if sums[2].sum():
            for name, value in scores(*sums).items():
                drawn[name].append(value)
    union = totals[1] + totals[2] - totals[0]
    intervals = {name: percentile_interval(values) for name, values in drawn.items()}
    return Evaluation(
        scores(*totals),
        *intervals["mIoU"],
        {
            "replicates": {name: [round(v, 6) for v in values] for name, values in drawn.items()},
            "intervals": {name: [round(v, 6) for v in pair] for name, pair in intervals.items()},
            "iou": [round(float(i / u), 6) if u else None for i, u in zip(totals[0], union)],
            "confusion": matrices.sum(0).tolist(),
            "seed": SEED,
            "images": len(ids),
            "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
        },
    )
