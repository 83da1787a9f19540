"""Spikes, told from numbers by their values: one scale, of which all values are whole multiples (ours).

Where spikes of a threshold s arrive, all values are 0 or a multiple of s; behind averages over windows of n, of s / n. The scale is
found from the values alone, and made finer where later values ask for it.
"""

import torch

MOST = 64
"""Spikes that one value may stand for; what takes more is a number (the pixels of an 8-bit picture are)."""
FINEST = 16
"""The smallest value that was seen may itself be up to so many spikes."""
LIKELY = 8
"""Values that agree with a channel's scale, from which that is no accident."""


class Scale:
    """A scale for all values (axis=None), or one for each channel along ``axis``. window: values that were averaged to one.

    >>> scale = Scale()
    >>> scale.count(torch.tensor([0.0, 0.5, 1.5]))[0].tolist()
    [0.0, 1.0, 3.0]
    >>> counts, finer = scale.count(torch.tensor([0.25, 0.5]))  # what was counted up to now is worth twice as many
    >>> counts.tolist(), float(finer)
    ([1.0, 2.0], 2.0)
    >>> scale.count(torch.rand(8)) is None
    True
    """

    def __init__(self, axis=None, window=1):
        self.axis, self.unit, self.most = axis, None, None
        self.limit, self.parts = MOST * window, max(FINEST, min(window, 4 * MOST))

    def count(self, x):
        """(spikes that each value stands for, of its sign; factor of earlier counts, [C], or None where that is 1), or None where
        values are no multiples of one scale."""
        values = x if x.dtype == torch.float64 else x.float()
        eps = torch.finfo(x.dtype if x.is_floating_point() else torch.float32).eps
        if self.unit is not None:
            counts = self._counts(values, self.unit, eps)
            if counts is not None:
                self.most = torch.maximum(self.most, self._per_channel(counts.abs(), "amax"))
                return None if bool((self.most > self.limit).any()) else (counts, None)
        unit = self._finest(values.abs(), eps)
        if unit is not None and self.unit is not None:
            unit = common_unit(self.unit, unit, eps, self.parts, self.limit)
        counts = None if unit is None else self._counts(values, unit, eps)
        if counts is None:
            return None
        most, factor = self._per_channel(counts.abs(), "amax"), None
        if self.unit is not None:
            factor = torch.where(unit.isfinite() & self.unit.isfinite(), (self.unit / unit).round(), 1.0)
            most = torch.maximum(most, self.most * factor)
        self.unit, self.most = unit, most
        return None if bool((most > self.limit).any()) else (counts, factor)

    def one_for_all(self):
        """How many of the finest common unit each channel's is, [C]; None where channels have no common one."""
        known = self.unit.isfinite() if self.unit is not None else torch.zeros(1, dtype=torch.bool)
        if not known.any():
            return torch.ones(len(known), dtype=torch.float64)
        eps = torch.finfo(self.unit.dtype).eps
        unit = Scale(None, self.limit // MOST)._finest(self.unit[known], eps)
        if unit is None:
            return None
        parts = torch.where(known, (self.unit / unit).round(), 1.0)
        return None if bool((parts * self.most > self.limit).any()) else parts.double().cpu()

    def sum_of_channels(self, x):
        """Sums over all but channels: float64 [C], or [1]; exact below 2**24 a position."""
        if self.axis is None:
            return x.sum(dtype=torch.float64).reshape(1).cpu()
        return x.flatten(0, -2).sum(0).double().cpu() if self.axis == -1 else x.sum(0).double().flatten(1).sum(1).cpu()

    def _spread(self, per_channel, x):
        if self.axis is None:
            return per_channel
        shape = [1] * x.dim()
        shape[self.axis] = -1
        return per_channel.reshape(shape)

    def _per_channel(self, x, how):
        """Reduced to [C], or to [1]."""
        if self.axis is None:
            return getattr(x, how)().reshape(1)
        axis = self.axis % x.dim()
        others = [d for d in range(x.dim()) if d != axis]
        return getattr(x, how)(dim=others) if others else x

    def _counts(self, values, unit, eps):
        spread = self._spread(unit, values)
        ratio = values / spread
        counts = ratio.round()
        exact = not bool(unit.isinf().any()) and torch.equal(counts * spread, values)  # as a threshold times a count is
        return counts if exact or bool(_whole(ratio, counts, values, eps).all()) else None

    def _finest(self, values, eps):
        """Largest unit of each channel, [C], of which all its values are multiples; inf for a silent one, None where one has none."""
        if values.dim() > 1 and len(values) > 1 and self._finest(values[:1], eps) is None:  # numbers are seen soon
            return None
        low = self._per_channel(torch.where(values > 0, values, torch.inf), "amin")
        found = torch.full_like(low, torch.nan)
        for parts in range(1, self.parts + 1):
            ratio = values / self._spread(low / parts, values)
            counts = ratio.round()
            fits = self._per_channel(_whole(ratio, counts, values, eps), "all") & (
                self._per_channel(counts, "amax") <= self.limit
            )
            found = torch.where(fits & found.isnan(), low / parts, found)
            if not bool(found.isnan().any()):
                return found
        return None


def common_unit(one, two, eps, most_parts=FINEST, limit=MOST):
    """Largest unit of which both are multiples, for each channel; None where a channel has none. inf stands for none known yet."""
    low, high = torch.minimum(one, two), torch.maximum(one, two)
    found = torch.where(high.isinf(), low, torch.nan)
    for parts in range(1, most_parts + 1):
        ratio = high / low * parts
        fits = ((ratio - ratio.round()).abs() <= _slack(ratio, eps)) & (ratio <= limit)
        found = torch.where(fits & found.isnan(), low / parts, found)
        if not bool(found.isnan().any()):
            return found
    return None


def _whole(ratio, counts, values, eps):
    return ((ratio - counts).abs() <= _slack(counts, eps)) & ((counts != 0) | (values == 0))


def _slack(counts, eps):
    """Sums and averages of spikes are rounded."""
    return (counts.abs() * (64 * eps)).clamp(max=0.05)
