"""What arrives through one operand of a product, over steps and batches: sums of spikes, as long as its values are spikes."""

import torch

from ..errors import InputError
from .scales import LIKELY, Scale

SPIKES, OF_EACH_STEP, NUMBERS = "spikes", "spikes of another scale in each step", "numbers"
SCALES = (None, "layer", "step")


class Stream:
    """Sums of every step, by channel, so that they can be counted in a finer unit when a later value asks for it.

    axis: of channels with scales of their own, or None. window: values that were averaged to one. scales: 'layer' where a value of k scales
    is k spikes, 'step' where each step has its own scale; None: the former, and an error where it looks like the latter.
    """

    def __init__(self, axis, scales=None, window=1):
        self.scale, self.scales, self.kind, self.window = Scale(axis, window), scales, SPIKES, window
        self.sums = {key: {} for key in ("synops", "spikes", "graded", "events")}
        self.elements, self.signs, self.seen, self.silent = 0.0, set(), None, None
        self.sizes, self.before, self.begun = {}, None, False
        self.sends_bursts, self.last_graded = None, 0.0

    def begin(self):
        """Before a batch."""
        self.before, self.begun = None, False

    def changed(self, x, samples):
        """Which samples [B] differ from the step before ([1]: any, where rows are none of samples); every one in a first step."""
        before, self.before = self.before, (x, x._version)
        rows = samples if len(x) % samples == 0 else 1
        if before is None or before[0].shape != x.shape:
            return torch.ones(rows, dtype=torch.bool)
        if before[0].data_ptr() == x.data_ptr() and before[1] != x._version:  # written to: what it was is gone
            return torch.ones(rows, dtype=torch.bool)
        return (x != before[0]).reshape(rows, -1).any(1).cpu()

    def add(self, x, t, reach=None, factor=1.0, fresh=True):
        """Count ``x`` in step t. reach, factor: synapses of a spike at each position. fresh: not all of it is as in the step before."""
        self.elements, self.begun = self.elements + (0 if self.begun else x.numel()), True
        if self.kind == NUMBERS:
            return
        if self.scales == "step":
            self.scale = Scale(None, self.window)
        found = self.scale.count(x) if self.kind == SPIKES else None
        if found is None:
            self._without_scale(x, t)
            return
        counts, finer = found
        if finer is not None:
            for key in ("synops", "spikes"):
                self.sums[key] = {step: sums * finer.cpu() for step, sums in self.sums[key].items()}
        low, high = (float(end) for end in counts.aminmax())
        most, size = max(high, -low), counts if low >= 0 else counts.abs()
        ones = size if most <= 1 else size.clamp(max=1)
        spikes, active = (self.scale.sum_of_channels(part) for part in (size, ones))
        if fresh:
            self._agree(active, size.numel() / len(active))
        if self.window == 1 and active.sum() >= LIKELY:
            self._one_size(x, t, spikes, float(active.sum()))
        self._sum("synops", t, (spikes if reach is None else self._weighed(size, reach)) * factor)
        self.last_graded = (active if reach is None else self._weighed(ones, reach)).sum() * factor
        self._sum("graded", t, self.last_graded)
        self._sum("spikes", t, spikes)
        self._sum("events", t, active.sum())
        self.signs |= {sign for sign, is_there in ((1, high > 0), (-1, low < 0)) if is_there}

    def parts(self):
        """Units of the whole that the unit of each channel is, [C]; None where the values are numbers."""
        if self.kind != SPIKES:
            return None
        if self.scales == "step":
            return torch.ones(1, dtype=torch.float64)
        whole = self.scale.one_for_all()
        agree = 0 if self.seen is None else float((self.seen - 1).clamp(min=0)[self.silent].sum())
        return torch.ones(1, dtype=torch.float64) if whole is None and agree >= LIKELY else whole

    def total(self, key, t):
        """A sum over the steps up to t, where the values are spikes."""
        parts = self.parts() if key in ("synops", "spikes") else 1.0
        return sum(float((sums * parts).sum()) for step, sums in self.sums[key].items() if step <= t)

    def most(self):
        """Most spikes that one value stood for."""
        return int((self.scale.most.cpu() * self.parts()).max()) if self.scale.most is not None else 0

    def unit(self):
        """Scale of a single spike, a mean over channels; 0 where none came."""
        if self.scale.unit is None:
            return 0.0
        unit, parts = self.scale.unit.cpu().double(), self.parts()
        unit = (unit / (1 if parts is None else parts))[unit.isfinite()]
        return float(unit.mean()) if len(unit) else 0.0

    def check(self, name):
        """InputError where the spikes of every step have one size, and those of different steps different ones."""
        sizes = list(self.sizes.items())
        other = [(t, size) for t, size in sizes if abs(size - sizes[0][1]) > 1e-4 * size]
        if self.kind == NUMBERS or self.scales == "step" or not other or self.kind == SPIKES and self.scales == "layer":
            return
        (one, first), (two, second), means = (
            sizes[0],
            other[0],
            "or, where a value of k scales is k spikes, scale='layer'",
        )
        raise InputError(
            f"what arrives at '{name}' are spikes of changing scale: of {first:.6g} in step {one}, of {second:.6g} in step {two}; count each "
            f"step's by its own scale with scale='step'{', ' + means if self.kind == SPIKES else ''}"
        )

    def _without_scale(self, x, t):
        """Of values that are no multiples of one scale: those of one size in every step, or numbers."""
        values = x[x != 0].abs()
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        alike = len(values) >= LIKELY and high - low <= 1e-5 * high
        self.kind = OF_EACH_STEP if alike else NUMBERS
        self.sizes.update({t: low} if alike else {})

    def _one_size(self, x, t, spikes, number):
        """Remember the size of a step's spikes, where all have the same."""
        top, known = max(abs(float(end)) for end in x.aminmax()), self.scale.unit.isfinite()
        whole = float((spikes.to(known.device) * self.scale.unit)[known].sum())
        self.sizes.update({t: top} if abs(whole - number * top) <= 1e-5 * whole else {})

    def _agree(self, active, of):
        """Remember values that agree with a channel's scale, and channels that are silent at times, which numbers are not."""
        self.seen = active if self.seen is None else self.seen + active
        self.silent = active < of if self.silent is None else self.silent | (active < of)

    def _weighed(self, size, reach):
        """Sums over all but channels, weighed with the map over positions: float64 [C], exact below 2**24 a position."""
        by_position = (size.sum(0).double() * reach.to(size.device)).flatten(1).sum(1).cpu()  # [channels, *positions]
        return by_position if self.scale.axis is not None else by_position.sum().reshape(1)

    def _sum(self, key, t, value):
        self.sums[key][t] = self.sums[key].get(t, 0) + value
