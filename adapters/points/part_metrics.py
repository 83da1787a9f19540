r"""Part segmentation's metrics: IoU of the parts of each object, averaged over instances and over classes.

As ShapeNetPart is scored (Yi et al., TOG 2016; Qi et al., CVPR 2017, section 5.1): the object's class is given, so a
point gets the likeliest of that class's parts; a part that neither truth nor prediction has counts as IoU 1.

    >>> rows = predictions([[[2., 0., 0.], [1., 3., 0.], [9., 9., 9.]]], [0], [[0, 1, 0]], parts_of=[(0, 1), (2,)])
    >>> rows[0]                        # predicted 0, 1, 0 with part 2 out of the question
    PartPrediction(label=0, ious=(1.0, 1.0), right=3, points=3, found=b'\x00\x01\x00')
    >>> a, b = PartPrediction(0, (0.5, 1.0), 2, 4), PartPrediction(1, (0.25,), 1, 4)
    >>> scores = evaluate({"a": a, "b": a, "c": b}, ["chair", "mug"], ["chair leg", "chair seat", "mug body"])
    >>> [round(scores.metrics[k], 4) for k in ("instance_miou", "class_miou", "point_accuracy", "iou chair", "iou mug")]
    [0.5833, 0.5, 0.4167, 0.75, 0.25]
"""

import hashlib
import json
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from ..base import Evaluation
from ..shared.stats import bootstrap

REPLICATES = 1000


class PartPrediction(NamedTuple):
    """label: class of the object; ious: of each of the class's parts; right: points with the right part, of ``points``;
    found: the part of every point as a byte each, to draw it."""

    label: int
    ious: tuple
    right: int
    points: int
    found: bytes = b""

    @property
    def miou(self):
        return sum(self.ious) / len(self.ious)


def chosen_parts(scores, label, parts_of):
    """Likeliest part [N] of every point among those of the object's class; scores [parts, N]. Ties: the first."""
    own = np.asarray(parts_of[label])
    return own[np.asarray(scores)[own].argmax(0)]


def predictions(scores, labels, truth, parts_of):
    """[PartPrediction] of scores [B, parts, N], class of each object [B], true parts [B, N] and the parts of each
    class.

    InputError: NaN among the scores; a point whose part is not one of its object's class.
    """
    rows = []
    for cloud, label, true in zip(np.asarray(scores, np.float64), labels, np.asarray(truth), strict=True):
        if np.isnan(cloud).any():
            raise InputError("the scores of a cloud's points are NaN; the network diverged")
        stray = set(np.unique(true).tolist()) - set(parts_of[label])
        if stray:
            raise InputError(
                f"an object of class {label} has points of part {sorted(stray)[0]}; the parts of that class "
                f"are {', '.join(map(str, parts_of[label]))}"
            )
        found = chosen_parts(cloud, label, parts_of)
        rows.append(
            PartPrediction(
                int(label),
                tuple(_iou(found == p, true == p) for p in parts_of[label]),
                int((found == true).sum()),
                len(true),
                found.astype(np.uint8).tobytes(),
            )
        )
    return rows


def _iou(found, true):
    union = int((found | true).sum())
    return 1.0 if union == 0 else int((found & true).sum()) / union


def evaluate(rows, classes, parts, replicates=REPLICATES, seed=0):
    """Evaluation of ``{id: PartPrediction}``.

    metrics, in 0..1: instance_miou (mean over objects), class_miou (mean over the classes that have objects),
    point_accuracy, 'iou <class>' for each class, and 'iou <part>' for each part (mean over its class's objects).
    low, high: bootstrap over objects of instance_miou. evidence: samples, ids_sha256, miou of each object in the order
    of sorted ids.
    """
    if not rows:
        raise InputError("no predictions to score; take at least one sample (--limit)")
    ids = sorted(rows)
    ordered = [rows[i] for i in ids]
    ious = np.array([row.miou for row in ordered])
    labels = np.array([row.label for row in ordered])
    by_class = {int(c): float(ious[labels == c].mean()) for c in np.unique(labels)}
    metrics = {
        "instance_miou": float(ious.mean()),
        "class_miou": float(np.mean(list(by_class.values()))),
        "point_accuracy": sum(r.right for r in ordered) / sum(r.points for r in ordered),
    }
    metrics.update({f"iou {classes[c]}": value for c, value in by_class.items()})
    names = {c: [p for p in parts if p.startswith(f"{classes[c]} ")] for c in by_class}
    for c, own in names.items():
        of_class = [r.ious for r in ordered if r.label == c]
        metrics.update({f"iou {name}": float(np.mean(values)) for name, values in zip(own, zip(*of_class))})
    low, high, _ = bootstrap(lambda chosen: ious[chosen].mean(), len(ious), replicates, seed)
    return Evaluation(
        metrics,
        low,
        high,
        {
            "samples": len(ids),
            "ids_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(),
            "miou": [round(float(value), 6) for value in ious],
        },
    )
