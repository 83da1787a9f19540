"""Times of several functions in one process, taken in turns, so that whatever else the machine does meets all of them."""

import gc
import statistics
import time
from typing import NamedTuple

WARM_UP = 2


class Times(NamedTuple):
    """Seconds of every round, for one function."""

    seconds: tuple

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


def interleaved(functions, rounds, clock=time.perf_counter):
    """{name: Times} of functions without arguments, called in turns; two rounds warm up and do not count."""
    taken = {name: [] for name in functions}
    for k in range(rounds + WARM_UP):
        gc.collect()
        for name, function in functions.items():
            start = clock()
            function()
            end = clock()
            if k >= WARM_UP:
                taken[name].append(end - start)
    return {name: Times(tuple(seconds)) for name, seconds in taken.items()}


def ratio(times, reference):
    """``Ratio`` of two Times of the same rounds."""
    values = sorted(a / b for a, b in zip(times.seconds, reference.seconds, strict=True))
    quarter = len(values) // 4
    return Ratio(statistics.median(values), values[quarter], values[-1 - quarter])
