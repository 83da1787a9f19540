"""From events to what a network is given: counts of events in bins of time, polarity and space.

Two representations of one recording, with the same pixels:
  constant  2 polarities x 9 time bins as 18 channels, shown at every timestep (the paper's): nothing of the order of
            time is left to the SNN, and its first layer is computed once
  frames    one bin a timestep, 2 channels (polarities): the SNN sees events when they come, as ``adafire.Frames``
"""

from typing import NamedTuple

import numpy as np
import torch

from adafire import Frames
from adafire.errors import InputError

KINDS = ("constant", "frames")


class Representation(NamedTuple):
    """kind: see above; bins: of time. size: width and height of what the network sees, to which the sensor is scaled
    (events that fall on one pixel are added). window_ms: duration that the bins cover, from the recording's begin (None:
    each recording's own). clip: largest count that is kept; scale: count that becomes 1. after: what follows the last
    frame, 'repeat' or 'hold'."""

    kind: str = "constant"
    bins: int = 9
    size: int = 34
    window_ms: float | None = None
    clip: int = 10
    scale: float = 2.0
    after: str = "repeat"

    @property
    def channels(self):
        """Input channels of the network."""
        return 2 * self.bins if self.kind == "constant" else 2

    def counts(self, events, sensor, begin_us=None):
        """uint8 [bins, 2, size, size] of one recording (polarity 0: darker, 1: brighter). sensor: (width, height);
        begin_us: time that the window begins at (None: that of the first event)."""
        t = events["t"] - (events["t"][0] if begin_us is None else begin_us)
        window = self.window_ms * 1000 if self.window_ms else int(t[-1]) + 1
        inside = (t >= 0) & (t < window)
        t, events = t[inside], events[inside]
        index = (t * self.bins / window).astype(np.int64) * 2 + events["p"]
        for name, extent in (("y", sensor[1]), ("x", sensor[0])):
            index = index * self.size + events[name].astype(np.int64) * self.size // extent
        counts = np.bincount(index, minlength=self.bins * 2 * self.size**2)
        return counts.clip(max=self.clip).astype(np.uint8).reshape(self.bins, 2, self.size, self.size)

    def inputs(self, counts):
        """What the network gets for counts [B, bins, 2, size, size]: a tensor [B, channels, ...], or Frames."""
        values = torch.as_tensor(counts).float() / self.scale
        if self.kind == "frames":
            return Frames(values, self.after)
        return values.transpose(1, 2).flatten(1, 2)


def representation(settings):
    """Representation from a task's dict; InputError for what cannot be."""
    unknown = sorted(set(settings) - set(Representation._fields))
    if unknown:
        raise InputError(f"unknown key of representation: {unknown[0]!r}; known: {', '.join(Representation._fields)}")
    made = Representation(**settings)
    if made.kind not in KINDS:
        raise InputError(f"representation kind is {made.kind!r}; expected {' or '.join(KINDS)}")
    for name in ("bins", "size", "clip"):
        value = getattr(made, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= (255 if name == "clip" else 4096):
            raise InputError(
                f"representation {name} is {value!r}; expected a whole number of 1 or more"
                + (", at most 255" if name == "clip" else "")
            )
    for name in ("scale", "window_ms"):
        if getattr(made, name) is not None and not getattr(made, name) > 0:
            raise InputError(f"representation {name} is {getattr(made, name)!r}; expected a number above 0")
    return made
