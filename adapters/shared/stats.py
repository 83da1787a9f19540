"""Intervals and tests: Wilson's interval for a share of right answers, the percentile bootstrap for metrics that are no
plain means, McNemar's test for two methods on the same samples.

Numbers drawn for a bootstrap depend on nothing but the number of samples, the number of replicates and the seed. So two
methods scored on the same samples get the same resamples, replicate by replicate, and the difference of their
replicates is a paired comparison. (numpy's PCG64 keeps its stream between versions; hence no scipy.stats.bootstrap.)
"""

import math

import numpy as np

Z95 = 1.959963984540054  # 97.5 % quantile of the normal distribution


def wilson(successes, n, z=Z95):
    """(low, high) of Wilson's score interval for ``successes`` of ``n``; Wilson 1927, no continuity correction.

    >>> [round(x, 4) for x in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"wilson: {successes} successes of {n}; expected 0 <= successes <= n and n >= 1")
    p, zz = successes / n, z * z
    centre = (p + zz / (2 * n)) / (1 + zz / n)
    half = z / (1 + zz / n) * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    # at 0 and n the interval ends exactly there; rounding would miss it by an ulp
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == n else centre + half)


def mcnemar(only_first, only_second):
    """Two-sided p value that two methods are equally good, from the samples that only one of them gets right.

    McNemar 1947, exact at any number: a fair coin thrown ``only_first + only_second`` times.

    >>> mcnemar(1, 5)     # 2 (1 + 6) / 64
    0.21875
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"mcnemar: {only_first} and {only_second}; expected two numbers of samples")
    n = only_first + only_second
    ways = total = 1
    for k in range(1, min(only_first, only_second) + 1):  # whole numbers, so nothing is rounded or overflows
        ways = ways * (n - k + 1) // k
        total += ways
    return min(1.0, 2 * total / 2**n)


def resamples(n, replicates=1000, seed=0):
    """Iterator of ``replicates`` arrays [n] of indices drawn with replacement from range(n)."""
    if n < 1:
        raise ValueError("resamples: no samples")
    rng = np.random.default_rng(seed)
    return (rng.integers(0, n, n) for _ in range(replicates))


def percentile_interval(values, level=0.95):
    """(low, high) that hold the middle ``level`` of the bootstrap replicates ``values``.

    >>> percentile_interval(range(101), level=0.90)
    (5.0, 95.0)
    """
    values = np.asarray(list(values), dtype=np.float64)
    if not values.size or not np.isfinite(values).all():
        raise ValueError("percentile_interval: expected finite replicates, at least one")
    tail = round(50 * (1 - level), 9)  # in percent; unrounded, 0.90 would leave 4.999999999999999
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def bootstrap(statistic, n, replicates=1000, seed=0, level=0.95):
    """(low, high, values): percentile interval of ``statistic(indices)`` over resamples of n samples, the values."""
    values = [float(statistic(indices)) for indices in resamples(n, replicates, seed)]
    return *percentile_interval(values, level), values
