"""Thresholds from one streaming pass: per-channel histograms of the activations, and rules that read them.

Nothing depends on the order of the batches except the width of a bin, and no rule needs a second look at the data.
"""

import math

import torch

SILENT = 1e-30
"""Activations below this are taken for zeros: bins, and multiples of a threshold, would be no numbers any more."""
_PART = 2**17
"""Values that are binned at once."""


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
        parts, shape = _parts(a.detach(), channel_axis)
        largest = torch.stack([part.abs().amax((0, 2)) for part in parts]).amax(0)
        largest = largest.masked_fill(largest < SILENT, 0.0)
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
        first = torch.arange(len(width), device=width.device, dtype=torch.int32)[:, None] * self.BINS
        index, begin = torch.empty(shape, dtype=torch.int32, device=width.device), 0
        for part in parts:
            values = part.abs()
            if width.min() <= SILENT:
                values = values.masked_fill(values < SILENT, 0.0)
            found = values.div_(width[:, None]).to(torch.int32).clamp_(max=self.BINS - 1)
            torch.add(found, first, out=index[begin : begin + len(part)])
            begin += len(part)
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
        where = (self.centres() / (single.top / self.BINS).clamp_min(SILENT)).long().clamp_(max=self.BINS - 1)
        single.counts = torch.zeros(1, self.BINS, dtype=torch.float64, device=self.top.device)
        single.counts[0].index_add_(0, where.flatten(), self.counts.flatten())
        return single


def _parts(a, channel_axis):
    """(views of ``a`` in float32, [n, C, m] each, that a processor's cache holds; the shape of all together): in the order of memory,
    so that nothing is moved to be counted."""
    order = sorted(range(a.dim()), key=lambda d: (-a.stride(d), d))
    at = order.index(channel_axis)
    a = a.permute(order)
    shape = a.shape[:at].numel(), a.shape[at], a.shape[at + 1 :].numel()
    rows = max(1, _PART // max(1, shape[1] * shape[2]))
    return [part.float() for part in a.reshape(shape).split(rows)], shape


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
    offset = 0.5 if objective == "round" else 1.0
    counts, centres = histogram.counts, histogram.centres().double()
    zero = counts.new_zeros(len(counts), 1)
    moments = [torch.cat([zero, (counts * centres**k).cumsum(1)], 1) for k in range(3)]
    ratio = torch.linspace(0.02, 1.0, 50, dtype=torch.float64, device=counts.device).expand(len(counts), -1)
    best = ratio.gather(1, _errors(moments, ratio, histogram, levels, offset).argmin(1, keepdim=True))
    ratio = (best + torch.linspace(-0.018, 0.018, 13, dtype=torch.float64, device=counts.device)).clamp(0.005, 1.0)
    best = ratio.gather(1, _errors(moments, ratio, histogram, levels, offset).argmin(1, keepdim=True))
    return best[:, 0].float() * histogram.maximum / phi


def _errors(moments, ratio, histogram, levels, offset):
    """Squared error, up to a constant, of each clip value ``ratio`` [C, R] of the maximum: [C, R].

    A quantiser q_j = j s with cell borders b_j has sum (a - q)^2 = M2 - 2 s sum_j j dM1_j + s^2 sum_j j^2 dM0_j; summed by
    parts, only the moments M0, M1 below each of the ``levels`` borders are needed.
    """
    step = (ratio * histogram.maximum[:, None].double() / levels).clamp_min(SILENT)
    width = (histogram.top.double() / histogram.BINS).clamp_min(SILENT)[:, None]
    first, second = (torch.zeros_like(step) for _ in range(2))
    for chunk in torch.arange(levels, device=step.device).split(256):
        border = ((chunk + offset) * step[..., None] / width[..., None] - 0.5).ceil_()
        index = border.clamp_(0, histogram.BINS).long().flatten(1)
        below = [m.gather(1, index).view(*step.shape, -1) for m in moments[:2]]
        first += below[1].sum(-1)
        second += (below[0] * (2 * chunk + 1)).sum(-1)
    first = levels * moments[1][:, -1:] - first
    second = levels**2 * moments[0][:, -1:] - second
    return step * (step * second - 2 * first)


def unbiased(histogram, theta, levels):
    """Initial potential [C], in units of ``theta`` [C], with which the mean of the quantiser that an integrate-and-fire neuron is
    after ``levels`` steps, clip(floor(levels a / theta + v0), 0, levels) theta / levels, is the mean of the activations.

    That mean never falls as v0 grows, so v0 is found by bisection; 0, or 63 / 64, where no v0 between them is enough.
    """
    step = theta.double()[:, None] / levels
    values, wanted = histogram.centres().double() / step, (histogram.counts * histogram.centres()).sum(1)
    low, high = torch.zeros_like(wanted), torch.full_like(wanted, 63 / 64)
    for _ in range(24):
        v0 = (low + high) / 2
        mean = (histogram.counts * (values + v0[:, None]).floor().clamp(max=levels)).sum(1) * step[:, 0]
        low, high = torch.where(mean < wanted, v0, low), torch.where(mean < wanted, high, v0)
    return high.float()


def balanced(histogram, theta, updates):
    """``theta`` [C] after ``updates`` times theta <- theta + 2 mean((a - theta)+) (Bu et al., CVPR 2025).

    That is gradient descent on the squared clipping error of each channel, on the histogram and not on the values.
    """
    counts, centres = histogram.counts, histogram.centres().double()
    above = [
        torch.cat([(counts * centres**k).flip(1).cumsum(1).flip(1), counts.new_zeros(len(counts), 1)], 1)
        for k in range(2)
    ]
    width = (histogram.top.double() / histogram.BINS).clamp_min(SILENT)
    theta, rate = theta.double().clone(), 2 / above[0][:, 0].clamp_min(1)
    for _ in range(updates):
        index = (theta / width - 0.5).ceil_().clamp_(0, histogram.BINS).long()[:, None]
        theta += rate * (above[1].gather(1, index)[:, 0] - theta * above[0].gather(1, index)[:, 0])
    return theta.float()


def gaussian(mean, std, levels=64):
    """Largest value [C] of the best rounding quantiser with ``levels`` levels for a = max(z, 0), z ~ N(mean, std), [C].

    The fixed point of theta <- theta E[a q(a)] / E[q(a)^2] (threshold iteration: DCGS, Huang et al., ICML 2025). Found
    by bisection: 100 iterations from 1, as published, end far from it where activations are not of the order of 1.
    """
    mean, std = mean.double(), std.double().clamp_min(1e-12)
    low, high = 0.05 * std, mean.clamp_min(0) + 8 * std
    odd = torch.arange(1, 2 * levels, 2, dtype=torch.float64, device=mean.device)
    for _ in range(40):
        theta = (low + high) / 2
        u = (theta[:, None] * odd / (2 * levels) - mean[:, None]) / std[:, None]
        above = torch.special.erfc(u / math.sqrt(2)) / 2
        product = mean * above.sum(1) + std * torch.exp(-u * u / 2).sum(1) / math.sqrt(2 * math.pi)
        small = product > theta / levels * (odd * above).sum(1)
        low, high = torch.where(small, theta, low), torch.where(small, high, theta)
    return theta.float()


def currents_of(fitting, per_channel):
    """site index -> mean and standard deviation of the currents into a ReLU site on calibration data, [C] or [1] each."""
    sums = {}

    def collect(site, z):
        if site.activation.kind == "relu":
            values = z.double().movedim(site.channel_axis, 0)
            values = values.flatten(1) if per_channel else values.reshape(1, -1)
            new = torch.stack([torch.full_like(values[:, 0], values.shape[1]), values.sum(1), values.square().sum(1)])
            sums[site.index] = sums.get(site.index, 0) + new
        return site.activation.f(z)

    fitting.sweep(collect)
    moments = {}
    for index, (count, total, squares) in sums.items():
        mean = total / count
        moments[index] = mean, (squares / count - mean**2).clamp_min(0).sqrt()
    return moments


def alive(theta):
    """``theta`` with dead channels (0 on all calibration data) given the median of the live ones, and a floor."""
    live = theta[theta > 0]
    if not len(live):
        return torch.ones_like(theta)
    return torch.where(theta > 0, theta, live.median()).clamp_min(float(live.max()) * 1e-6)
