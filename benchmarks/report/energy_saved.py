"""How much energy a method saves at equal accuracy, from records alone.

Against a reference method at one T: of the method's rows, over all T, the one with the least energy whose accuracy is at
least the reference's. Nothing is interpolated between rows, so the figure is what was really run, and never too good. And
what one method saves on another at the same T, with the difference in accuracy that it costs and its paired test.
"""

from typing import NamedTuple

from adafire.errors import InputError

from ..running.catalogue import make_them
from ..running.record import ENERGY_MODEL
from ..running.store import load_all, places
from .paired import difference
from .rows import current, draw_of, graded_energy, setting

PAPER = (
    "Wang et al. (AAAI 2025) report up to 70.1 % on CIFAR-10, 60.3 % on CIFAR-100 and 43.1 % on ImageNet; their networks, "
    "reference and energy formula are others"
)


class Saving(NamedTuple):
    """One method's least energy at no less than the reference's accuracy. saved, saved_graded: shares of the reference's
    energy, a burst counted by its spikes or once; None, like ``row``, where no row is accurate enough."""

    method: str
    reference: object
    row: object
    saved: float | None
    saved_graded: float | None


class Step(NamedTuple):
    """``row`` against ``base`` at the same T: energy and synaptic operations saved, and the Difference in accuracy."""

    method: str
    base: str
    row: object
    saved: float
    fewer_synops: float
    difference: object


def records_of(task, variant=None, out=None):
    """(first record, {method: {T: row}}) of one table of a task, as the leaderboard groups them: of the whole data if they were run,
    the most samples, the most methods. Of a method with several draws the first draw's rows; definitions that are not the latest
    are left out."""
    found = [r for r in load_all(out, task) if r.status == "ok" and r.kind == "snn"]
    here = [r for r in found if variant in (None, r.variant)]
    if not here:
        others = sorted({r.variant for r in found})
        raise InputError(
            f"no finished records of task {task!r}{f', variant {variant!r}' if variant else ''} in {' or '.join(map(str, places(out)))}"
            + (f"; there are of variant {', '.join(others)}" if others else make_them(task))
        )
    tables = {}
    for record in here:
        tables.setdefault((record.task_version, record.variant, record.split, setting(record)), []).append(record)
    place = lambda g: (g[0].split == "full", g[0].task_version, g[0].samples, len({r.method for r in g}))
    table = max(tables.values(), key=place)
    first, rows = {}, {}
    for record in sorted(current(table), key=lambda r: (draw_of(r), r.date)):
        if draw_of(first.setdefault(record.method, record)) == draw_of(record):
            rows.setdefault(record.method, {}).update({row.timesteps: row for row in record.rows})
    return next(iter(first.values())), rows


def energy(row):
    return row.energy_pj[ENERGY_MODEL]


def at_equal_accuracy(rows, method, timesteps, metric, reference="snn-calibration"):
    """Saving of ``method`` over the reference's row at ``timesteps``. rows: {method: {T: Row}}."""
    base = rows[reference][timesteps]
    enough = [row for row in rows[method].values() if row.metrics[metric] >= base.metrics[metric]]
    if not enough:
        return Saving(method, base, None, None, None)
    row = min(enough, key=energy)
    return Saving(method, base, row, 1 - energy(row) / energy(base), 1 - graded_energy(row) / graded_energy(base))


def step(rows, method, base, timesteps, metric):
    """Step of ``method`` over the method ``base``."""
    row, other = rows[method][timesteps], rows[base][timesteps]
    return Step(
        method,
        base,
        row,
        1 - energy(row) / energy(other),
        1 - row.synops / other.synops,
        difference(row, other, metric),
    )
