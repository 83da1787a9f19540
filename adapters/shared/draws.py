"""Which samples calibrate: an order that is arbitrary but the same everywhere, and the draws that are taken from it.

A draw is one choice of calibration samples. Draws of one run have no sample in common where there are enough, and all of them are
scored on the same test samples, so that what differs between them is the calibration alone.
"""

import hashlib

from adafire.errors import InputError


def by_hash(items, seed=0, name=str):
    """``items`` in an order that is arbitrary but the same everywhere: by a hash of their names, and of the seed unless it is 0.

    >>> by_hash(["a", "b", "c"]), by_hash(["c", "b", "a"]), by_hash(["a", "b", "c"], seed=1)
    (['c', 'b', 'a'], ['c', 'b', 'a'], ['a', 'b', 'c'])
    """
    salt = f"{seed}:" if seed else ""
    return sorted(items, key=lambda item: hashlib.sha256(f"{salt}{name(item)}".encode()).digest())


def drawn(candidates, samples, options, what, name=str):
    """``candidates`` with those first that the draw of ``options`` takes.

    candidates: in the order of ``by_hash``, none of them scored. Draw k takes the k-th ``samples`` of them; where they are too few
    for that, ``samples`` at random, so that draws share some. InputError where every draw would be the same.
    """
    ordered = by_hash(candidates, options.seed, name) if options.seed else list(candidates)
    if (options.draws or 1) > 1 and len(ordered) <= samples:
        raise InputError(
            f"{options.draws} draws of {samples} calibration samples, but {what} has {len(ordered)} to draw from: all would be the same; "
            "leave --draws out, or lower calibration=dict(samples=...)"
        )
    if not options.draw:
        return ordered
    if len(ordered) >= options.draws * samples:
        return ordered[options.draw * samples :]
    return by_hash(candidates, f"{options.seed}, draw {options.draw}", name)


def set_aside(ordered, samples, options, what):
    """(candidates of this draw, the others) of a test set out of which calibration samples are taken, which are never scored.

    ordered: by ``by_hash``. The first draw takes the first ``samples``, each further one as many from the end, so that the first
    is the same whether there are others or not. InputError where nothing would be left to score.
    """
    draws = options.draws or 1
    last = len(ordered) - (draws - 1) * samples
    if last <= samples:
        each = f"{draws} draws of " if draws > 1 else ""
        raise InputError(
            f"{what}, so {each}{samples} calibration samples leave none to score; lower calibration=dict(samples=...)"
            + (" or --draws" if each else "")
        )
    begin = 0 if options.draw == 0 else len(ordered) - options.draw * samples
    return ordered[begin : begin + samples], ordered[samples:last]
