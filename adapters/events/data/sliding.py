"""A recording as a sliding window: what a network sees of the last ``window_ms`` milliseconds, every so many of them (ours).

A window that the recording has not yet filled holds what has come so far. One without an event is told as zeros: silence is an
input like any other.
"""

import numpy as np

from adafire.errors import InputError


def window_times(form, length_ms, every_ms):
    """End of every window, in microseconds from the begin: [steps] int64. form: ``Representation``; length_ms: of the recording.

    >>> from .event_frames import Representation
    >>> window_times(Representation(bins=1, window_ms=50), 40, 10).tolist()
    [10000, 20000, 30000, 40000]
    """
    if not form.window_ms or form.kind != "constant":
        raise InputError(
            f"representation {form.kind!r} with window_ms={form.window_ms!r} does not slide; expected kind='constant' and a "
            "window_ms"
        )
    if not 0 < every_ms <= length_ms:
        raise InputError(
            f"a window every {every_ms:g} ms of recordings of {length_ms:g} ms; expected a number above 0, and no more than that"
        )
    every = round(every_ms * 1000)
    return np.arange(every, round(length_ms * 1000) + 1, every, dtype=np.int64)


def sliding(events, sensor, form, begin_us, length_ms, every_ms):
    """Iterator of counts uint8 [bins, 2, size, size], one for each of ``window_times``: of the events of the last ``window_ms``
    that came at ``begin_us`` or later.

    events: EVENT array (event_camera.py); sensor: (width, height). InputError: times that run backwards, no event at all.
    """
    ends = window_times(form, length_ms, every_ms)
    t = events["t"].astype(np.int64) - int(begin_us)
    back = np.flatnonzero(np.diff(t) < 0)
    if len(back):
        raise InputError(
            f"the events of a stream run backwards in time: event {back[0] + 1} at {t[back[0] + 1]} us comes after {t[back[0]]} us; "
            "sort them, or say data=dict(sort=True)"
        )
    inside = slice(*np.searchsorted(t, [0, ends[-1]]))
    if inside.start == inside.stop:
        raise InputError(
            f"a recording of {length_ms:g} ms holds no events from {begin_us} us on: nothing is to be told; leave it out"
        )
    events, t = events[inside], t[inside]
    width = round(form.window_ms * 1000)
    for end in ends:
        now = events[slice(*np.searchsorted(t, [end - width, end]))]
        yield form.counts(now, sensor, int(begin_us) + int(end) - width)
