"""Where a stream costs less than a rival, and where no more: by an abscissa (pixels a frame, frames or windows a second)."""

import math

from .pricing import MODELS, ONE_READ, SHORT

AXES = {
    "speed": ("at every speed", "at no speed", "pixels a frame"),
    "rate": ("at every rate", "at no rate", "a second"),
}
"""What can stand on the abscissa: words for everywhere, for nowhere, its unit."""


def crossing(points):
    """Where the costs of two networks are equal: [x], ascending. points: [(x, mine, theirs)], ascending in x. Between two points
    the logarithm of the ratio is taken for a straight line.

    >>> crossing([(0, 1.0, 4.0), (2, 2.0, 1.0), (4, 2.0, 1.0)])          # log ratios -2, 1, 1: a third before 2
    [1.3333333333333333]
    >>> crossing([(0, 1.0, 4.0), (2, 1.0, 2.0)])
    []
    """
    found = []
    for (x, mine, theirs), (y, later, its) in zip(points, points[1:]):
        a, b = math.log2(mine / theirs), math.log2(later / its)
        if (a < 0) != (b < 0):
            found.append(x + (y - x) * a / (a - b))
    return found


def pairs(entries, method, rival, model, axis="speed"):
    """[(x, mine, theirs)] of the rows that both have."""
    mine = {getattr(e, axis): e.energy_pj.get(model) for e in entries if e.name == method}
    theirs = {getattr(e, axis): e.energy_pj.get(model) for e in entries if e.name == rival}
    both = [x for x in mine if x is not None and mine[x] is not None and theirs.get(x) is not None]
    return [(x, mine[x], theirs[x]) for x in sorted(both)]


def place(points, axis="speed"):
    """Words for where mine is the cheaper of ``pairs``; None where there are none."""
    everywhere, nowhere, unit = AXES[axis]
    if not points:
        return None
    below = [mine < theirs for _, mine, theirs in points]
    if all(below):
        return everywhere
    if not any(below):
        return nowhere
    at = crossing(points)
    if len(at) == 1:
        return f"{'up to' if below[0] else 'from'} about {at[0]:.3g} {unit}"
    there = ", ".join(f"{x:g}" for (x, *_), cheaper in zip(points, below) if cheaper)
    return f"at {there} {unit}, not at " + ", ".join(f"{x:g}" for (x, *_), cheaper in zip(points, below) if not cheaper)


def rivals_of(entries, method):
    """Names of what a method is compared with: all but itself, however it is priced."""
    own = method.removesuffix(ONE_READ)
    return list(dict.fromkeys(e.name for e in entries if e.name not in (own, own + ONE_READ)))


def crossings(entries, method, axis="speed"):
    """A sentence a rival and model of MODELS: where the stream of ``method`` costs less than it."""
    found = []
    for model in MODELS:
        for rival in rivals_of(entries, method):
            where = place(pairs(entries, method, rival, model, axis), axis)
            if where:
                found.append(f"{SHORT[model]}: {method} costs less than {rival} {where}")
    return found


def crossing_table(entries, method, axis="speed"):
    """(headers, lines): a line for every energy model that has a price, a column a rival."""
    rivals = rivals_of(entries, method)
    models = list(dict.fromkeys(m for e in entries if e.name == method for m in e.energy_pj))
    cells = lambda model: [place(pairs(entries, method, rival, model, axis), axis) or "-" for rival in rivals]
    return [f"{method} is cheaper than", *rivals], [[model, *cells(model)] for model in models]
