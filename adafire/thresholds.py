"""Thresholds from one streaming pass: per-channel histograms of the activations, and rules that read them.

Nothing depends on the order of the batches except the width of a bin, and no rule needs a second look at the data.
"""

import torch


class Histogram:
    """Per-channel histogram of |a| of one site; its range doubles when a larger value comes.

    counts: [C, bins]; top: right edge of the last bin [C]; maximum: exact maximum [C].
    """

    BINS = 1024

    def __init__(self, channels, device="cpu"):
        self.counts = torch.zeros(channels, self.BINS, dtype=torch.float64, device=device)
        self.top = torch.zeros(channels, device=device)
        self.maximum = torch.zeros(channels, device=device)

    def update(self, a, channel_axis):
        """Add activations ``a`` ([B, ...], channels at ``channel_axis``)."""
        values = a.detach().float().abs().movedim(channel_axis, 0).flatten(1)
        largest = values.amax(1)
        if not torch.isfinite(largest).all():
            self.maximum = largest  # reported by whoever reads it
            return
        self.maximum = torch.maximum(self.maximum, largest)
        self.top = torch.where(self.top == 0, largest, self.top)
        while (grow := largest > self.top).any():
            halved = self.counts.unflatten(1, (-1, 2)).sum(2)
            self.counts[grow] = torch.cat([halved, torch.zeros_like(halved)], 1)[grow]
            self.top[grow] *= 2
        width = torch.where(self.top > 0, self.top, torch.ones_like(self.top)) / self.BINS
        index = (values / width[:, None]).long().clamp_(max=self.BINS - 1)
        index += torch.arange(len(index), device=index.device)[:, None] * self.BINS
        self.counts += torch.bincount(index.flatten(), minlength=self.counts.numel()).view_as(self.counts)

    def centres(self):
        """Centres of the bins, [C, bins]; the first bin is taken at 0 (most of it is exact zeros)."""
        steps = torch.arange(self.BINS, device=self.top.device) + 0.5
        steps[0] = 0.0
        return self.top[:, None] / self.BINS * steps

    def pooled(self):
        """The histogram of all channels together, with one channel."""
        single = Histogram(1, self.top.device)
        single.top, single.maximum = self.top.amax(0, keepdim=True), self.maximum.amax(0, keepdim=True)
        where = (self.centres() / (single.top / self.BINS).clamp_min(1e-30)).long().clamp_(max=self.BINS - 1)
        single.counts = torch.zeros(1, self.BINS, dtype=torch.float64, device=self.top.device)
        single.counts[0].index_add_(0, where.flatten(), self.counts.flatten())
        return single


def maximum(histogram):
    """Largest activation of each channel, [C]."""
    return histogram.maximum.clone()


def percentile(histogram, q):
    """Smallest bin edge with at least ``q`` percent of the channel's activations (zeros included) below it, [C]."""
    share = histogram.counts.cumsum(1) / histogram.counts.sum(1, keepdim=True).clamp_min(1)
    index = (share < q / 100).sum(1).clamp_max(histogram.BINS - 1)
    edge = (index + 1) * histogram.top / histogram.BINS
    return torch.minimum(edge, histogram.maximum)


def mmse(histogram, phi, levels, objective="round"):
    """Threshold with the least squared error of the quantiser that the neuron is after T steps, [C].

    The quantiser has ``levels`` = phi T steps of size theta / T up to phi theta. objective 'round' is what a neuron with
    initial potential theta / 2 computes (ours); 'floor' is the released code's (its thresholds come out 9 to 25 % too
    small for a rounding neuron). Search: clip values from 2 % to 100 % of the maximum, then once more around the best.
    """
    weights, centres = histogram.counts.float(), histogram.centres()
    offset = 0.5 if objective == "round" else 0.0
    best = histogram.maximum.clone()
    grid = torch.linspace(0.02, 1.0, 50)
    error, best_ratio = None, torch.ones_like(best)
    for ratio in grid:
        error, best_ratio = _better(weights, centres, ratio.expand_as(best), histogram, levels, offset, error, best_ratio)
    around = best_ratio.clone()
    for shift in torch.linspace(-0.018, 0.018, 10):
        candidate = (around + shift).clamp(0.005, 1.0)
        error, best_ratio = _better(weights, centres, candidate, histogram, levels, offset, error, best_ratio)
    return best_ratio * histogram.maximum / phi


def _better(weights, centres, ratio, histogram, levels, offset, error, best):
    step = (ratio * histogram.maximum / levels).clamp_min(1e-30)[:, None]
    quantised = (centres / step).add_(offset).floor_().clamp_(max=levels).mul_(step)
    new = (weights * (centres - quantised).square_()).sum(1)
    if error is None:
        return new, ratio.clone()
    better = new < error
    return torch.where(better, new, error), torch.where(better, ratio, best)


def alive(theta):
    """``theta`` with dead channels (0 on all calibration data) given the median of the live ones, and a floor."""
    live = theta[theta > 0]
    if not len(live):
        return torch.ones_like(theta)
    return torch.where(theta > 0, theta, live.median()).clamp_min(float(live.max()) * 1e-6)
