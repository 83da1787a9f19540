"""Accuracy with Wilson's interval, and as evidence which sample was right: one bit each, so that anyone can recompute
the figure and compare two methods on the same samples.

    >>> rows = predictions([[0.1, 0.7, 0.2], [0.5, 0.5, 0.1], [0.0, 0.0, 0.3]], labels=[1, 1, 2])
    >>> rows[1]                                   # a tie goes to the lowest index
    Prediction(top=0, label=1, rank=1)
    >>> scores = evaluate({"a": rows[0], "c": rows[1], "b": rows[2]}, classes=3)
    >>> round(scores.metrics["accuracy"], 3), correctness(scores.evidence).tolist()      # in the order a, b, c
    (0.667, [True, True, False])
"""

import base64
import hashlib
import json
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from .stats import mcnemar, wilson


class Prediction(NamedTuple):
    """top: the class with the largest output; label: the true class; rank: how many classes come before the true one
    (0: right), ties by lowest index."""

    top: int
    label: int
    rank: int


class Paired(NamedTuple):
    """Two methods on the same samples: how many both, one, or none of them got right; McNemar's exact p value."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


def predictions(outputs, labels):
    """[Prediction] of outputs [B, classes] (logits or anything that is larger for likelier classes) and labels [B].

    InputError: NaN among the outputs; a label without an output.
    """
    outputs, labels = np.asarray(outputs, np.float64), np.asarray(labels, np.int64)
    if np.isnan(outputs).any():
        raise InputError(
            f"the outputs of {int(np.isnan(outputs).any(1).sum())} of {len(outputs)} samples are NaN; "
            "the network diverged"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < outputs.shape[1]:
        raise InputError(
            f"labels from {labels.min()} to {labels.max()}, but the network has {outputs.shape[1]} "
            "outputs; expected 0 to one less than their number"
        )
    own = np.take_along_axis(outputs, labels[:, None], 1)
    earlier = np.arange(outputs.shape[1]) < labels[:, None]
    ranks = ((outputs > own) | (outputs == own) & earlier).sum(1)
    tops = outputs.argmax(1)  # numpy's takes the first of equals, torch's any
    return [Prediction(*row) for row in zip(tops.tolist(), labels.tolist(), ranks.tolist())]


def evaluate(found, classes):
    """Evaluation of ``{id: Prediction}``.

    metrics, in 0..1: accuracy; class_mean_accuracy (mean over the classes that have samples); top5 with more than 5
    classes. low, high: Wilson's 95 % interval of accuracy. evidence: samples, ids_sha256 (of the sorted ids as a JSON
    list), correct (bits in the order of sorted ids, the first in the highest bit of the first byte, base64).
    """
    if not found:
        raise InputError("no predictions to score; take at least one sample (--limit)")
    ids = sorted(found)
    labels, ranks = (np.array([getattr(found[i], name) for i in ids]) for name in ("label", "rank"))
    right = ranks == 0
    present = np.unique(labels)
    metrics = {
        "accuracy": float(right.mean()),
        "class_mean_accuracy": float(np.mean([right[labels == c].mean() for c in present])),
    }
    if classes > 5:
        metrics["top5"] = float((ranks < 5).mean())
    low, high = wilson(int(right.sum()), len(right))
    return Evaluation(
        metrics,
        low,
        high,
        {
            "samples": len(ids),
            "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
            "correct": base64.b64encode(np.packbits(right).tobytes()).decode(),
        },
    )


def correctness(evidence):
    """bool [samples] in the order of sorted ids, from an Evaluation's evidence; InputError if it is of another kind."""
    try:
        samples = evidence["samples"]
        packed = np.frombuffer(base64.b64decode(evidence["correct"], validate=True), np.uint8)
        if len(packed) != -(-samples // 8):
            raise ValueError(f"{len(packed)} bytes for {samples} samples")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"this evidence holds no correctness bits ({type(error).__name__}: {error}); expected the "
            "keys samples, ids_sha256 and correct of a classification record's row"
        ) from error
    return np.unpackbits(packed, count=samples).astype(bool)


def compare(first, second):
    """Paired from the evidence of two methods; InputError unless both were scored on the same samples."""
    one, two = correctness(first), correctness(second)
    if first.get("ids_sha256") != second.get("ids_sha256") or len(one) != len(two):
        raise InputError(
            f"the two results are of different samples ({len(one)} and {len(two)}, ids "
            f"{str(first.get('ids_sha256'))[:12]} and {str(second.get('ids_sha256'))[:12]}); a paired "
            "test needs the same ones"
        )
    only_first, only_second = int((one & ~two).sum()), int((two & ~one).sum())
    return Paired(
        int((one & two).sum()), only_first, only_second, int((~one & ~two).sum()), mcnemar(only_first, only_second)
    )
