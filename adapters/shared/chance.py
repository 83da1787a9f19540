"""Whether a pipeline draws random numbers: then every method sees other pictures, and differences mean nothing.

A transform is random if it gives another result for the same picture when the generators are seeded otherwise, or if it
draws and applies itself (or what it holds) with a probability between 0 and 1. RandomFlip(prob=0.0) is not.
"""

import copy
import random
import time
from contextlib import contextmanager

import numpy as np
import torch

from adafire.errors import InputError

from .pipelines import KEPT, name

TIMES, SECONDS = 64, 1.0
"""How often a transform that draws is run, and how long at most."""


def check_fixed(pipeline, given):
    """InputError that names the first transform of a ``Pipeline`` which is random on the picture of the dict ``given``."""
    results = dict(given)
    for transform in pipeline.transforms:

        def result(seed, before=results, transform=transform):
            with seeded(seed) as drew:
                return pipeline.apply(transform, copy.deepcopy(before), given), drew()

        first, drew = result(0)
        culprit = partial(transform) if drew else None
        if culprit is None and _differs(result, first, drew):
            culprit = transform
        if culprit is not None:
            inside = "" if culprit is transform else f" in {name(transform)}"
            raise InputError(
                f"config '{pipeline.config}': its test pipeline is random: {name(culprit)}{inside} gives other "
                "pictures at every run, so methods could not be compared; take it out of the pipeline of "
                "test_dataloader, or set its prob to 0.0"
            )
        results = first


def _differs(result, first, drew):
    begin = time.perf_counter()
    for seed in range(1, TIMES if drew else 3):
        if not same(result(seed)[0], first):
            return True
        if time.perf_counter() - begin > SECONDS:
            break
    return False


@contextmanager
def seeded(seed):
    """The three global generators seeded, and as they were afterwards; gives a function: have they been drawn from?"""
    before = _states()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    start = _states()
    try:
        yield lambda: not all(_equal(a, b) for a, b in zip(_states(), start))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def _states():
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def _equal(a, b):
    if torch.is_tensor(a):
        return torch.equal(a, b)
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def partial(transform, depth=0):
    """The transform, or one inside it, that is applied with a probability between 0 and 1; None without one."""
    values = [getattr(transform, key, None) for key in ("prob", "p", "probability")]
    numbers = [v for value in values for v in (value if isinstance(value, (list, tuple)) else [value])]
    if any(isinstance(v, float) and 0 < v < 1 for v in numbers):
        return transform
    inside = [getattr(transform, key, None) for key in ("transforms", "transform", "aug")] if depth < 8 else []
    parts = [part for found in inside for part in (found if isinstance(found, (list, tuple)) else [found])]
    flat = [p for part in parts for p in (part if isinstance(part, (list, tuple)) else [part])]
    return next(
        (
            found
            for part in flat
            if part is not None and not _is_function(part)
            for found in [partial(part, depth + 1)]
            if found is not None
        ),
        None,
    )


def _is_function(part):
    """Whether ``part`` is a method or function, as BaseTransform.transform is, and no transform."""
    return hasattr(part, "__code__") or hasattr(part, "__func__")


def same(one, other):
    """Whether two results hold equal arrays, and say the same of the picture (``KEPT``)."""
    if isinstance(one, np.ndarray) or torch.is_tensor(one):
        return type(one) is type(other) and one.shape == other.shape and np.array_equal(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(repr(one[key]) == repr(other[key]) if key in KEPT else same(one[key], other[key]) for key in one)
        )
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "metainfo"):
        return same(one.metainfo, other.metainfo)
    return True
