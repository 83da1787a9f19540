"""Samples to train a task's own network on, in memory, as its adapter reads them: a train set and the test set.

Train samples whose content is scored as well are left out, and counted: what is learned and what is scored have none in common.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from adafire.errors import InputError

from .fingerprints import of_entries


class Part(NamedTuple):
    """ids: unique, in an order that is arbitrary but the same everywhere; inputs: [n, ...] as the adapter keeps them (before
    preprocessing); labels: int64 [n]; digests: sha256 of each sample's content; parts: int64 [n, points], of point clouds
    with labelled parts."""

    ids: list
    inputs: Any
    labels: np.ndarray
    digests: Sequence
    parts: Any = None

    def take(self, rows):
        """The samples of these numbers."""
        parts = None if self.parts is None else self.parts[rows]
        return Part([self.ids[k] for k in rows], self.inputs[rows], self.labels[rows], _of(self.digests, rows), parts)

    def fingerprint(self):
        """sha256 of ids, labels and contents."""
        return of_entries(zip(self.ids, self.labels.tolist(), self.digests))


class Training(NamedTuple):
    """What a network is trained on: name of the set, its classes, a Part to train on (all of it; what is held out to choose
    by is taken from it later), the Part to score once; left_out: train samples that are scored as well. more: what else the
    network or its metric wants, by name."""

    name: str
    classes: tuple
    train: Part
    test: Part
    left_out: int = 0
    more: dict = {}


def without_scored(name, classes, train, test, more=None):
    """Training without the train samples that ``test`` holds; InputError where a class, or everything, is left without samples."""
    scored = set(test.digests)
    keep = np.array([k for k, digest in enumerate(train.digests) if digest not in scored], np.int64)
    kept = train.take(keep)
    lacking = sorted(set(range(len(classes))) - set(kept.labels.tolist()))
    if lacking:
        raise InputError(
            f"{name} has no samples to train on of class {classes[lacking[0]]!r}"
            f"{f' and {len(lacking) - 1} more' if len(lacking) > 1 else ''}; give the folder that holds its whole train set"
        )
    return Training(name, classes, kept, test, len(train.ids) - len(kept.ids), more or {})


def held_out(part, share):
    """(Part to train on, Part to choose the best epoch by): ``share`` of each class, at least one sample, the first in the part's
    own order; InputError for a class with one sample."""
    chosen = np.zeros(len(part.ids), bool)
    for label in np.unique(part.labels):
        own = np.flatnonzero(part.labels == label)
        if len(own) < 2:
            raise InputError(
                f"class {label} has one sample to train on ('{part.ids[own[0]]}'); expected 2 or more, as one is held out to "
                "choose the best epoch by"
            )
        chosen[own[: max(1, round(share * len(own)))]] = True
    if (~chosen).sum() < 2:
        raise InputError(
            f"{len(part.ids)} samples to train on, of which {chosen.sum()} are held out; expected 2 or more to be left"
        )
    return part.take(np.flatnonzero(~chosen)), part.take(np.flatnonzero(chosen))


def _of(values, rows):
    return [values[k] for k in rows]
