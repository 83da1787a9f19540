"""Accuracy against event time: what is known of a recording after so many milliseconds of events.

Constant representation: bins that are still to come are empty, T stays. Frames: as many timesteps as frames have come,
and the ANN sees the mean of these frames. Times are ends of bins.
"""

from typing import NamedTuple

import adafire
from adafire.errors import InputError

from ..running import methods as known
from ..running import opening
from ..running.measure import measure
from ..running.record import ENERGY_MODEL


class Point(NamedTuple):
    """time_ms: of events (None where recordings differ in length); bins: so many of them; timesteps: of the simulation,
    None for the ANN; accuracy with its 95 % interval; energy_pj: of one sample under record.ENERGY_MODEL."""

    time_ms: float | None
    bins: int
    method: str
    timesteps: int | None
    accuracy: float
    low: float
    high: float
    energy_pj: float


def event_time(task, variant, methods, bins, timesteps, options, tell=lambda text: None):
    """Iterator of Points: for each number of bins the ANN, then the methods. timesteps: T for constant inputs; bins: None
    for every one; options: WorkloadOptions."""
    settings = task.variants[variant]
    workload = opening.workload(task, variant, options)
    if not hasattr(workload, "until"):
        raise InputError(
            f"task {task.name!r} is of the family {task.family}, which has no event time; expected one of "
            "events, such as fashion_events"
        )
    if settings.alone:
        raise InputError(
            f"variant {variant!r} of task {task.name!r} has no ANN beside its spiking module, and the table compares with one"
        )
    chosen = [known.bound(known.get(name), settings, workload) for name in ("ann", *methods)]
    form = workload.prepare
    for k in bins or ():
        if not 1 <= k <= form.bins:
            raise InputError(f"{k} bins are asked for; the recordings have 1 to {form.bins}")
    calibration = adafire.Calibration(workload.calibration())
    for k in bins or range(1, form.bins + 1):
        shorter, steps = workload.until(k), k if form.kind == "frames" else timesteps
        for method in chosen:
            tell(f"{method.name}, {k} of {form.bins} bins")
            (row,) = measure(shorter, calibration, method, [None if method.kind == "ann" else steps], seed=options.seed)
            yield Point(
                form.window_ms and k * form.window_ms / form.bins,
                k,
                method.name,
                row["timesteps"],
                row["metrics"]["accuracy"],
                row["low"],
                row["high"],
                row["energy_pj"][ENERGY_MODEL],
            )


def table(points):
    """Markdown: one line an event time, one column a method."""
    points = list(points)
    methods = list(dict.fromkeys(p.method for p in points))
    lines = [
        "| events, ms | bins | T | " + " | ".join(methods) + " | energy, of the ANN's |",
        "|---:" * (len(methods) + 4) + "|",
    ]
    for k in dict.fromkeys(p.bins for p in points):
        row = {p.method: p for p in points if p.bins == k}
        first = next(iter(row.values()))
        steps = next((p.timesteps for p in row.values() if p.timesteps), "")
        cells = [f"{row[m].accuracy:.3f} [{row[m].low:.3f}, {row[m].high:.3f}]" for m in methods]
        energy = ", ".join(f"{row[m].energy_pj / row['ann'].energy_pj:.2f}" for m in methods if m != "ann")
        time = f"{first.time_ms:.1f}" if first.time_ms else f"{k} bins"
        lines.append(f"| {time} | {k} | {steps} | " + " | ".join(cells) + f" | {energy} |")
    return "\n".join(lines)
