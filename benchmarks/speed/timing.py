"""Times of several functions in one process, taken in turns, so that whatever else the machine does meets all of them."""

import gc
import statistics
import time
from typing import NamedTuple

WARM_UP, LONG_S = 2, 1.0
"""Rounds that do not count; one alone where it took more than LONG_S seconds."""
FEWEST = 3
"""Rounds that count at least, or all that were asked for, however long they take."""


class Times(NamedTuple):
    """Seconds of every round, for one function; clock: 'wall', or 'cpu' where they are time of the processor."""

    seconds: tuple
    clock: str = "wall"

    @property
    def median(self):
        return statistics.median(self.seconds)


class Ratio(NamedTuple):
    """Median and quartiles over rounds of one function's time over another's in the same round.

    >>> ratio(Times((2.0, 3.0, 4.0, 5.0, 6.0)), Times((1.0, 1.0, 1.0, 1.0, 1.0)))
    Ratio(median=4.0, low=3.0, high=5.0)
    """

    median: float
    low: float
    high: float


def interleaved(functions, rounds, clock=time.perf_counter, patience_s=float("inf")):
    """{name: Times} of functions without arguments, called in turns; rounds that warm up do not count. After FEWEST rounds no
    further one is begun once ``patience_s`` seconds have passed."""
    taken, kind = {name: [] for name in functions}, "cpu" if clock is time.process_time else "wall"
    begun, warm, done = time.perf_counter(), 0, 0
    while done < rounds and (done < FEWEST or time.perf_counter() - begun < patience_s):
        gc.collect()
        counts, began = warm >= WARM_UP, time.perf_counter()
        for name, function in functions.items():
            start = clock()
            function()
            end = clock()
            if counts:
                taken[name].append(end - start)
        done += counts
        if not counts:
            warm = WARM_UP if time.perf_counter() - began > LONG_S else warm + 1
    return {name: Times(tuple(seconds), kind) for name, seconds in taken.items()}


def ratio(times, reference):
    """``Ratio`` of two Times of the same rounds."""
    values = sorted(a / b for a, b in zip(times.seconds, reference.seconds, strict=True))
    quarter = len(values) // 4
    return Ratio(statistics.median(values), values[quarter], values[-1 - quarter])
