"""Sliding windows: the counts of each by a slow reference, beginnings that are not yet full, silence, and what is refused."""

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.events.data.event_camera import EVENT
from adapters.events.data.event_frames import Representation
from adapters.events.data.sliding import sliding, window_times

FORM = Representation(bins=1, size=8, window_ms=50, clip=10, scale=2)
SENSOR = (16, 16)


def recording(number, length_us, seed=0):
    g = np.random.default_rng(seed)
    events = np.zeros(number, EVENT)
    events["t"] = np.sort(g.integers(0, length_us, number)) + 7_000
    for name, most in (("x", 16), ("y", 16), ("p", 2)):
        events[name] = g.integers(0, most, number)
    return events


def slow(events, begin_us, end_us, width_us):
    """One event after the other."""
    counts = np.zeros((1, 2, 8, 8), np.int64)
    for e in events:
        t = int(e["t"]) - begin_us
        if max(0, end_us - width_us) <= t < end_us:
            counts[0, int(e["p"]), int(e["y"]) // 2, int(e["x"]) // 2] += 1
    return counts.clip(max=10)


@pytest.mark.parametrize("every_ms", [5, 10, 50])
def test_every_window_is_what_a_loop_over_events_counts(every_ms):
    events = recording(2000, 200_000)
    found = list(sliding(events, SENSOR, FORM, 7_000, 200, every_ms))
    ends = window_times(FORM, 200, every_ms)
    assert len(found) == len(ends) == 200 // every_ms and ends[-1] == 200_000
    for counts, end in zip(found, ends):
        assert counts.dtype == np.uint8 and np.array_equal(counts, slow(events, 7_000, int(end), 50_000))


def test_windows_side_by_side_hold_every_event_once():
    events = recording(500, 200_000)
    form = FORM._replace(clip=255)
    assert sum(int(counts.sum()) for counts in sliding(events, SENSOR, form, 7_000, 200, 50)) == 500


def test_what_came_before_the_begin_is_not_seen():
    events = recording(500, 200_000)
    first = next(sliding(events, SENSOR, FORM, 107_000, 100, 5))
    assert np.array_equal(first, slow(events[events["t"] >= 107_000], 107_000, 5_000, 50_000))


def test_silence_is_zeros():
    events = recording(40, 10_000)
    found = list(sliding(events, SENSOR, FORM, 7_000, 120, 10))
    assert [bool(counts.any()) for counts in found] == [True] * 5 + [False] * 7


@pytest.mark.parametrize(
    "change, options, words",
    [
        (lambda e: e[[0, 2, 1]], {}, "run backwards in time: event 2 at .* us comes after .* us; sort them"),
        (lambda e: e[:0], {}, "of 200 ms holds no events from 7000 us on"),
        (lambda e: e, {"every_ms": 0}, "every 0 ms of recordings of 200 ms; expected a number above 0"),
        (lambda e: e, {"every_ms": 201}, "every 201 ms of recordings of 200 ms"),
        (lambda e: e, {"form": FORM._replace(kind="frames")}, "'frames' .* does not slide"),
        (lambda e: e, {"form": FORM._replace(window_ms=None)}, "window_ms=None does not slide"),
    ],
)
def test_bad_input_is_one_sentence(change, options, words):
    settings = {"form": FORM, "begin_us": 7_000, "length_ms": 200, "every_ms": 10, **options}
    with pytest.raises(InputError, match=words) as caught:
        list(sliding(change(recording(3, 200_000)), SENSOR, **settings))
    assert "\n" not in str(caught.value)
