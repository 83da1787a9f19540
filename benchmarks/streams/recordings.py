"""Recordings of an event camera as sliding windows: a classifier as a stream against its rivals (pricing.py).

What the task scores of each recording is cut into pieces, at the begin of each of which a stream begins anew: the window fills, then
slides. Answers are read out every so many milliseconds. An answer after t ms of events is the mean of the outputs for all full
windows up to then, and before the first full one that for the newest.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from adafire.cost import Meter
from adafire.errors import InputError
from adapters.events.data.event_sets import read
from adapters.events.data.sliding import sliding, window_times

from .measuring import rivals
from .pricing import Seen, entries

AFTER_MS = (5, 10, 25, 50, 100, 200, 500)
"""Milliseconds of events after which accuracy is told."""
TOGETHER = 16
"""Pieces that are told side by side, each a stream of its own."""


class Pieces(NamedTuple):
    """times: ends of windows in microseconds [steps]; full: whether they are (bool [steps]); labels [pieces]; load: function that
    gives an iterator of (indices of pieces, iterator of inputs [pieces, ...], one a step)."""

    times: np.ndarray
    full: np.ndarray
    labels: np.ndarray
    load: Callable


def pieces(workload, data, options, every_ms, piece_ms=500, limit=None):
    """Pieces of what the task scores. workload, data: of an events task whose data is of the type 'recordings'; limit: so many
    pieces of each class, the first by hash. InputError where they do not slide."""
    if not isinstance(data, dict) or data.get("type") != "recordings" or not data.get("sample_ms"):
        raise InputError(
            "a stream of windows takes recordings that are cut into samples: data=dict(type='recordings', sample_ms=...), such as "
            "those of dvs128_objects"
        )
    form, found = workload.prepare, read({**data, "sample_ms": piece_ms}, options)
    chosen, taken = [], {}
    for r in found.test:
        taken[r.label] = taken.get(r.label, 0) + 1
        if limit is None or taken[r.label] <= limit:
            chosen.append(r)
    times = window_times(form, piece_ms, every_ms)

    def load():
        for start in range(0, len(chosen), TOGETHER):
            part = chosen[start : start + TOGETHER]
            each = [
                sliding(events, found.sensor, form, r.begin_us, piece_ms, every_ms)
                for r, events in zip(part, found.load(part), strict=True)
            ]
            yield (
                np.arange(start, start + len(part)),
                (form.inputs(torch.from_numpy(np.stack(counts))) for counts in zip(*each, strict=True)),
            )

    full = times >= round(form.window_ms * 1000)
    if not full.any():
        raise InputError(
            f"pieces of {piece_ms:g} ms are over before a window of {form.window_ms:g} ms is full; make them longer (--piece)"
        )
    return Pieces(times, full, np.array([r.label for r in chosen]), load)


class Found(NamedTuple):
    """outputs: {network: [pieces, steps, classes]}; entries: rows as of videos, accuracy over full windows; after: {network: [(ms,
    accuracy)]}; windows: full ones that were scored, empty: without an event, of all."""

    outputs: dict
    entries: list
    after: dict
    windows: int
    empty: int


def measured(snn, ann, told, every_ms, zone=0.0, tell=lambda done, of, fps: None):
    """Found for Pieces. tell: after every window of so many pieces, with windows a second of all networks together."""
    names = [snn.method.name, f"{snn.method.name}, afresh", "ann"]
    outputs, meters, steps = {name: {} for name in names}, {name: [] for name in names}, {}
    done, empty, begin = 0, 0, time.perf_counter()
    for which, windows in told.load():
        networks = dict(zip(names, rivals(snn, ann, zone, len(which))))
        networks = {name: stream for name, stream in networks.items() if stream is not None}
        for x in windows:
            for name, stream in networks.items():
                outputs[name].setdefault(which[0], []).append(stream(x).numpy())
            done, empty = done + len(which), empty + int((x.flatten(1).amax(1) == 0).sum())
            tell(done, len(told.labels) * len(told.times), done / (time.perf_counter() - begin))
        for name, stream in networks.items():
            meters[name].append(stream.meter.sums)
            steps[name] = stream.timesteps
    fps = done / (time.perf_counter() - begin)
    whole = {
        name: np.concatenate([np.stack(rows, 1) for rows in parts.values()]) for name, parts in outputs.items() if parts
    }
    expected = whole["ann"][:, told.full].argmax(-1)

    def seen(name):
        top = whole[name][:, told.full].argmax(-1)
        report = Meter.of(meters[name]).report(steps[name])
        return Seen(report, float((top == told.labels[:, None]).mean()), float((top == expected).mean()))

    rows = entries(
        snn.method.name,
        seen("ann")._replace(agreement=None),
        seen(names[0]),
        seen(names[1]) if names[1] in whole else None,
        fps,
        rate=1000 / every_ms,
        zone=zone,
    )
    after = {name: accuracy_after(values, told) for name, values in whole.items()}
    return Found(whole, rows, after, expected.size, empty)


def accuracy_after(outputs, told):
    """[(ms, accuracy)] of outputs [pieces, steps, classes] at those of AFTER_MS at which an answer is read out.

    >>> told = Pieces(np.array([25_000, 50_000, 100_000]), np.array([False, True, True]), np.array([1]), None)
    >>> accuracy_after(np.array([[[1.0, 0.0], [0.0, 5.0], [3.0, 0.0]]]), told)       # (3, 5) / 2 after 100 ms
    [(25, 0.0), (50, 1.0), (100, 1.0)]
    """
    found = []
    for ms in AFTER_MS:
        at = np.flatnonzero(told.times == ms * 1000)
        if len(at):
            upto = np.flatnonzero(told.full[: at[0] + 1])
            answer = outputs[:, upto].mean(1) if len(upto) else outputs[:, at[0]]
            found.append((ms, float((answer.argmax(-1) == told.labels).mean())))
    return found
