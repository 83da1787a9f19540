"""The ANN's score against the one that a task expects of it: whether data and weights are those that were meant."""

from .catalogue import own_task


def surprise(expected, metric, value, low, high, samples, limit=None):
    """Words if the ANN's ``value`` is not what ``expected`` (task.Expected, or None) says; None if it is, or nobody knows.

    On all samples the value must lie within the tolerance. On some (``limit``, or fewer than the expected score is of), its
    95 % interval ``low`` to ``high`` must reach the tolerance; an interval without width says nothing.
    """
    if expected is None:
        return None
    least, most = expected.ann - expected.tolerance, expected.ann + expected.tolerance
    part = bool(limit) or expected.samples not in (None, samples)
    if low == high if part else least <= value <= most:
        return None
    if part and low <= most and high >= least:
        return None
    on = f" (95 % interval {low:.4f} to {high:.4f}) on {samples} samples" if part else ""
    return f"the ANN has {metric} {value:.4f}{on}; the task expects {expected.ann} +- {expected.tolerance}"


def known(record):
    """What is expected of a record's ANN: as its task said when it was run, or, where it did not say or records did not keep it
    yet, as the project's own task of that name, version and variant says now; None where neither does."""
    if record.expected is not None:
        return record.expected
    task = own_task(record.task)
    if task is None or task.version != record.task_version or record.variant not in task.variants:
        return None
    return task.variants[record.variant].expected


def of_records(records):
    """``surprise`` for the records of one table: by the ANN's own record, or by what another quotes of it."""
    expected = next((found for found in map(known, records) if found), None)
    for record in records:
        ann = record.rows[0] if record.kind == "ann" and record.rows else record.ann
        if ann is not None:
            return surprise(
                expected, record.metric, ann.metrics[record.metric], ann.low, ann.high, record.samples, record.limit
            )
    return None
