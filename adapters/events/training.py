"""The recordings that an event variant's network is trained on, counted into bins, in memory."""

import numpy as np

from ..shared.training import Part, without_scored
from .data import published_events  # noqa: F401  registers its sets
from .data.event_frames import representation
from .data.event_sets import read
from .events import samples


def training(settings, options):
    """Training of a variant's ``settings``: uint8 counts [n, bins, 2, size, size], as its representation has them."""
    form, found = representation(settings.get("representation", {})), read(settings.get("data"), options)
    to_train = found.train() if found.train else found.candidates
    train, test = (_part(samples(found, recordings, form)) for recordings in (to_train, found.test))
    return without_scored(found.name, found.classes, train, test)


def _part(found):
    counts = np.stack([s.counts for s in found])
    return Part([s.id for s in found], counts, np.array([s.label for s in found]), [s.sha256 for s in found])
