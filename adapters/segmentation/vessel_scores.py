"""Scores of a two-class probability map inside a field of view: AUC, F1, IoU, with bootstrap intervals over images.

>>> p = np.array([0.9, 0.8, 0.7, 0.1]); truth = np.array([True, False, True, False])
>>> found = evaluate({"a": measure(p, truth)})
>>> {k: round(v, 3) for k, v in found.metrics.items()}     # 3 of 4 pairs are in order; 2 hits, 1 false alarm
{'F1': 0.8, 'AUC': 0.75, 'IoU': 0.667, 'accuracy': 0.75}
"""

import hashlib
import json

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from ..shared.stats import percentile_interval, resamples

BINS = 4096
"""Levels that probabilities are counted at, for the ROC curve; pairs within a level count half."""
REPLICATES, SEED = 400, 0


def measure(probability, truth, view=None):
    """int64 [2, BINS + 1] of a map and its truth (bool, one shape): how many of the pixels that are not (row 0) and that are
    (row 1) the class have each level of probability, inside ``view`` (bool; None: everywhere)."""
    probability, truth = np.asarray(probability, np.float64), np.asarray(truth, bool)
    view = np.ones(truth.shape, bool) if view is None else view
    levels = np.floor(probability[view] * BINS).astype(np.int64).clip(0, BINS)
    return np.stack([np.bincount(levels[truth[view] == side], minlength=BINS + 1) for side in (False, True)])


def scores(counts):
    """{metric: value} of summed counts [2, BINS + 1]; the class is said where the probability is 0.5 or more."""
    other, own = counts.astype(np.float64)
    hits, alarms = own[BINS // 2 :].sum(), other[BINS // 2 :].sum()
    missed, below = own.sum() - hits, np.concatenate([[0], np.cumsum(other)[:-1]])
    return {
        "F1": 2 * hits / max(1, 2 * hits + alarms + missed),
        "AUC": (own * (below + other / 2)).sum() / (own.sum() * other.sum()),
        "IoU": hits / max(1, hits + alarms + missed),
        "accuracy": (hits + other.sum() - alarms) / (own.sum() + other.sum()),
    }


def evaluate(counts, replicates=REPLICATES):
    """Evaluation of ``{id: counts of measure}``; the primary metric is F1 (pixels of all images together)."""
    if not counts:
        raise InputError("no predictions to score; take at least one sample (--limit)")
    ids = sorted(counts)
    each = np.stack([counts[i] for i in ids])
    if not each.sum(0).sum(1).all():
        raise InputError(
            "the fields of view of the chosen images hold pixels of one class only; take more images (--limit)"
        )
    drawn = {}
    for chosen in resamples(len(ids), replicates, SEED):
        for name, value in scores(np.tensordot(np.bincount(chosen, minlength=len(ids)), each, 1)).items():
            drawn.setdefault(name, []).append(float(value))
    intervals = {name: percentile_interval(values) for name, values in drawn.items()}
    return Evaluation(
        {k: float(v) for k, v in scores(each.sum(0)).items()},
        *intervals["F1"],
        {
            "replicates": {name: [round(v, 6) for v in values] for name, values in drawn.items()},
            "intervals": {name: [round(v, 6) for v in pair] for name, pair in intervals.items()},
            "per_image": {i: {k: round(float(v), 6) for k, v in scores(c).items()} for i, c in zip(ids, each)},
            "seed": SEED,
            "images": len(ids),
            "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
        },
    )
