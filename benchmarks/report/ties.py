"""Places in a table, with ties: methods that a paired test on the same samples cannot tell apart share one.

From the best down: a method that the test does not tell apart from the head of the present group (p >= 0.05, not
corrected for the number of methods) joins it; the first that it does tell apart heads the next. Places are counted as in
sport: two firsts are followed by a third. (Ours; being tied is no equivalence, so the head of a group decides.)
"""

from adafire.errors import InputError

from .paired import difference

ALPHA = 0.05


def places(rows, metric, alpha=ALPHA):
    """{name: place} of ``{name: record.Row}`` at one T by ``metric``; empty for a single one, and where the evidence
    cannot be paired."""
    found, head = {}, None
    order = sorted(rows, key=lambda name: (-rows[name].metrics[metric], name)) if len(rows) > 1 else []
    for number, name in enumerate(order, 1):
        try:
            if head is None or difference(rows[head], rows[name], metric).p_value < alpha:
                head, place = name, number
        except InputError:  # no per-sample evidence, or of other samples: no places rather than wrong ones
            return {}
        found[name] = place
    return found
