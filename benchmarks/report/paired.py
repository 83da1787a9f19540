"""Two methods on the same samples: the difference of the primary metric at every T, its interval and its p value.

Evidence with correctness bits (classification): McNemar's exact test; interval of the difference after Agresti and Min
(Statistics in Medicine 2005: half a sample added to every cell, then Wald's). Evidence with bootstrap replicates of the
metric (mAP, mIoU; drawn with the same seed, hence paired): the percentile interval of their differences, and as p value
twice the smaller share of differences on either side of 0, counting 0 itself and one more replicate on both sides, so
that B replicates give no p below 2 / (B + 1). Evidence with a score a sample whose mean is the metric (IoU of every object): the
same, from resamples of the samples.
"""

import math
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError
from adapters.shared.accuracy import compare
from adapters.shared.stats import Z95, percentile_interval, resamples


class Difference(NamedTuple):
    """``record`` minus ``other``: of the metric, 95 % interval, two-sided p value, and the test that gave it."""

    value: float
    low: float
    high: float
    p_value: float
    test: str


def paired(record, other):
    """{T: Difference} for the T that both records have; the ANN (T = None) is compared with every T.

    InputError unless both were scored on the same samples and their evidence is of one kind.
    """
    for field in ("task", "split", "variant", "metric"):
        if getattr(record, field) != getattr(other, field):
            raise InputError(
                f"a paired test needs one {field}: found {getattr(record, field)!r} and {getattr(other, field)!r}"
            )
    if record.workload.data.fingerprint != other.workload.data.fingerprint:
        raise InputError(
            f"{record.method} and {other.method} were scored on different data; a paired test needs the same"
        )
    theirs = {row.timesteps: row for row in other.rows}
    found = {}
    for row in record.rows:
        for t, against in theirs.items():
            if row.timesteps == t or None in (row.timesteps, t):
                found[t if row.timesteps is None else row.timesteps] = difference(row, against, record.metric)
    return found


def difference(row, other, metric):
    """Difference of two rows of records on the same samples; InputError where their evidence cannot be paired."""
    value = row.metrics[metric] - other.metrics[metric]
    if "correct" in row.evidence:
        result = compare(row.evidence, other.evidence)
        return Difference(value, *_agresti_min(result), result.p_value, "McNemar")
    scores = [_scores(r, metric) for r in (row, other)]
    if None not in scores:
        return _of_scores(value, *scores)
    drawn = [_replicates(r.evidence, metric) for r in (row, other)]
    seeds = [(r.evidence.get("seed"), r.evidence.get("images"), len(d)) for r, d in zip((row, other), drawn)]
    if seeds[0] != seeds[1]:
        raise InputError(
            f"bootstrap replicates drawn alike are needed; found seed, images and number {seeds[0]} and {seeds[1]}"
        )
    return _of_gaps(value, np.array([a - b for a, b in zip(*drawn) if a is not None and b is not None]))


def _scores(row, metric):
    """(scores of the samples, hash of their ids) where the evidence holds a list with a figure a sample whose mean is the
    metric; None where it does not."""
    samples = row.evidence.get("samples")
    for values in row.evidence.values():
        if isinstance(values, list) and len(values) == samples and all(isinstance(v, (int, float)) for v in values):
            if abs(float(np.mean(values)) - row.metrics[metric]) < 1e-5:
                return np.array(values, np.float64), row.evidence.get("ids_sha256")
    return None


def _of_scores(value, first, second):
    """Difference of two means over the same samples: the samples are drawn again, both methods' at once."""
    if first[1] != second[1] or len(first[0]) != len(second[0]):
        raise InputError(
            f"the two results are of different samples ({len(first[0])} and {len(second[0])}); a paired test "
            "needs the same ones"
        )
    gap = first[0] - second[0]
    return _of_gaps(value, np.array([gap[chosen].mean() for chosen in resamples(len(gap))]))


def _of_gaps(value, gaps):
    tail = min((gaps <= 0).sum(), (gaps >= 0).sum()) + 1
    return Difference(
        value, *percentile_interval(gaps), min(1.0, 2 * float(tail) / (len(gaps) + 1)), "paired bootstrap"
    )


def _replicates(evidence, metric):
    found = evidence.get("replicates")
    found = found.get(metric) if isinstance(found, dict) else found
    if not isinstance(found, list) or not found:
        raise InputError(
            f"this evidence holds neither correctness bits nor replicates of {metric}; found the keys "
            f"{', '.join(evidence) or 'none'}"
        )
    return found


def _agresti_min(result):
    """95 % interval of the difference of two paired shares."""
    first, second = result.only_first + 0.5, result.only_second + 0.5
    n = result.both + result.neither + result.only_first + result.only_second + 2
    centre = (first - second) / n
    half = Z95 * math.sqrt(max(0.0, first + second - (first - second) ** 2 / n)) / n
    return max(-1.0, centre - half), min(1.0, centre + half)
