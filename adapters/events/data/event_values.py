"""From the numbers that a recording holds to events: units of time, counters that wrap, ways to count polarity, and what is no
event at all. What a file cannot tell, the task's data may: unit, polarity.
"""

import numpy as np

from adafire.errors import InputError

from .event_camera import EVENT

UNITS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
"""Microseconds of each unit of time."""
POLARITIES = ((0, 1), (-1, 1), (1, 2))
"""(darker, brighter) as files count them."""
WRAP = 2**32  # ticks after which the counters of cameras begin anew
SHORTEST_US, LONGEST_US = 1000, 3600e6  # of a recording, where nobody told the unit
FAR = 100  # times longer or shorter than the window that a network was trained with


def scale_of(unit):
    """Microseconds of a unit: a name of ``UNITS``, or their number; None: 1."""
    if isinstance(unit, (int, float)) and not isinstance(unit, bool) and 0 < unit < float("inf"):
        return float(unit)
    if unit is not None and unit not in UNITS:
        raise InputError(
            f"unit is {unit!r}; expected the unit of time stamps, {', '.join(map(repr, UNITS))}, or its microseconds"
        )
    return UNITS[unit or "us"]


def pair_told(polarity):
    """(darker, brighter) as a task tells it, or None."""
    if polarity is not None and (
        not isinstance(polarity, (list, tuple)) or len(set(polarity)) != 2 or len(polarity) != 2
    ):
        raise InputError(f"polarity is {polarity!r}; expected (darker, brighter), such as (0, 1), (-1, 1) or (1, 2)")
    return polarity and tuple(polarity)


class Polarity:
    """How the recordings of a set count polarity. A recording of nothing but 1 is read as brighter; where others of the set
    count 1 and 2, it is not known, and refused."""

    def __init__(self, told=None):
        self.told, self.counted, self.alone = told, set(), None

    def brighter(self, p, source):
        """bool [events]; ValueError for values that no known pair has."""
        values = set(np.unique(p).tolist())
        pairs = [pair for pair in ((self.told,) if self.told else POLARITIES) if values <= set(pair)]
        if not pairs:
            shown = ", ".join(f"{v:g}" for v in sorted(values)[:5]) + (", ..." if len(values) > 5 else "")
            known = f"{self.told}" if self.told else "0 and 1, -1 and 1, or 1 and 2"
            raise ValueError(
                f"has the polarities {shown}; expected {known}: are its columns in another order? If not, say "
                "data=dict(polarity=(darker, brighter))"
            )
        if len(pairs) == 1:
            self.counted.add(pairs[0])
        else:
            self.alone = source
        if not self.told and self.alone is not None and (1, 2) in self.counted:
            raise ValueError(
                f"and others count polarity as 1 and 2, or 0 and 1 ('{self.alone}' has no polarity but 1); say "
                "data=dict(polarity=(1, 2)), (darker, brighter)"
            )
        return p == pairs[0][1]


def events_of(t, x, y, p, polarity, source, size=None, sort=False, scale=1.0):
    """EVENT array of four columns, in microseconds; ValueError says what is wrong with the first event that is.

    polarity: a Polarity; size: (width, height) that x and y must lie in; sort: order by time what is not; scale:
    microseconds of a tick.
    """
    columns = {name: np.asarray(values) for name, values in zip("txyp", (t, x, y, p))}
    for name, values in columns.items():
        check_numbers(values, name)
    events = np.empty(len(columns["t"]), EVENT)
    _on_sensor(columns["x"], columns["y"], size)
    events["t"] = _microseconds(columns["t"], scale)
    events["x"], events["y"] = columns["x"], columns["y"]
    events["p"] = polarity.brighter(columns["p"], source)
    return events[np.argsort(events["t"], kind="stable")] if sort else _ascending(events)


def check_numbers(values, name):
    """ValueError unless an array holds finite numbers; x and y whole ones."""
    if values.dtype.kind not in "iufb":
        raise ValueError(f"has {name} of type {values.dtype}; expected numbers")
    wrong = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"has {int(wrong.sum()):,} events whose {name} is NaN or infinite, first event {k:,}; leave them out"
        )
    if name in ("x", "y") and values.dtype.kind == "f" and (values % 1 != 0).any():
        k = int(np.flatnonzero(values % 1 != 0)[0])
        raise ValueError(f"has the {name} {values[k]:g} (event {k:,}); expected whole numbers of pixels")


def _on_sensor(x, y, size):
    width, height = size or (2**15, 2**15)
    off = (x < 0) | (y < 0) | (x >= width) | (y >= height)
    if off.any():
        k = int(np.flatnonzero(off)[0])
        raise ValueError(
            f"has {int(off.sum()):,} events off the sensor of {width} x {height}, first event {k:,} "
            f"at ({x[k]:g}, {y[k]:g}); is the camera another one, or its columns in another order?"
        )


def _microseconds(t, scale):
    """int64, whole counters that wrapped continued."""
    if t.dtype.kind == "f":
        return np.rint(t.astype(np.float64) * scale).astype(np.int64)
    t = t.astype(np.int64)
    t = t + WRAP * np.cumsum(np.diff(t, prepend=t[:1]) < -WRAP // 2)
    return t if scale == 1 else np.rint(t * scale).astype(np.int64)


def _ascending(events):
    back = np.flatnonzero(np.diff(events["t"]) < 0)
    if len(back):
        k, t = int(back[0]) + 1, events["t"]
        raise ValueError(
            f"has timestamps that run backwards {len(back)} times, first at event {k:,}: {t[k]} us after "
            f"{t[k - 1]} us; expected ascending times. Cut it there, or sort its events: data=dict(sort=True)"
        )
    return events


def odd_duration(events, window_ms):
    """What a recording's duration is, in words, if none lasts so short or long; else None. window_ms: that the network sees."""
    lasts = int(events["t"][-1]) - int(events["t"][0])
    window = None if window_ms is None else window_ms * 1000
    most = LONGEST_US if window is None else min(LONGEST_US, window * FAR)
    if max(SHORTEST_US, (window or 0) / FAR) <= lasts <= most:
        return None
    return f"lasts {_time(lasts)} with its {len(events):,} events" + (
        "" if window is None else f", and window_ms is {window_ms:g}"
    )


def check_duration(events, window_ms, name):
    """InputError for a recording of an odd duration, whose times are likely of another unit than microseconds."""
    odd = odd_duration(events, window_ms)
    if odd:
        lasts, window = int(events["t"][-1]) - int(events["t"][0]), (window_ms or 0) * 1000
        near = [
            unit for unit, scale in UNITS.items() if unit != "us" and window and 1 / FAR < lasts * scale / window < FAR
        ]
        units = " or ".join(f"data=dict(unit={unit!r})" for unit in near or ["ns", "ms", "s"])
        raise InputError(
            f"recording '{name}' {odd}, if its times are microseconds; expected one {'about as long' if window else 'from 1 ms to 1 hour'}. "
            f"If its times are of another unit, say {units}; if it is right, data=dict(unit='us')"
        )


def _time(us):
    for unit, most in (("us", 1e3), ("ms", 1e6), ("s", 3600e6)):
        if us < most:
            return f"{us / UNITS[unit]:g} {unit}"
    return f"{us / 3600e6:.1f} hours"
