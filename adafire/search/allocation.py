"""Which threshold every channel gets: least error of the outputs at a cost, or least cost at an error (ours).

A neuron rounds an activation to multiples of a step, theta / T for a burst, and a value of j steps costs j spikes, or as many as
its digits where bursts are binary numbers. Of every channel the
calibration histogram says, for any threshold, the mean squared error and the mean number of spikes; importance.py says what a
unit of either is to the network. With a price on cost, every channel chooses for itself: the least of error + price x cost
(the Lagrangian of the whole); the price is found by bisection. Nothing is simulated.
"""

import torch

from ..calibration import alive

RATIOS = 56
"""Steps that are tried in each channel, in equal ratios from one that no activation reaches to the finest."""
SILENT = 2.1
"""The largest threshold, over the largest activation: nothing is ever sent."""


def quantised_moments(histogram, step, levels, v0, spikes=None):
    """(mean squared error, mean spikes), each [C], of floor(a / step + v0), at most ``levels``; step: [C]; spikes: of every
    count from 0 to ``levels``, where they are not the count itself."""
    centres = histogram.centres().double()
    step = step.double()[:, None].clamp_min(1e-30)
    count = (centres / step + v0).floor_().clamp_(0, levels)
    samples = histogram.counts.sum(1).clamp_min(1)
    error = (histogram.counts * (centres - count * step).square()).sum(1) / samples
    sent = count if spikes is None else spikes.to(count)[count.long()]
    return error, (histogram.counts * sent).sum(1) / samples


class Allocation:
    """Choices of thresholds for every site.

    histograms: site index -> Histogram; weights, synapses: see importance.py, [C] each; levels: largest count of a neuron;
    v0: initial potential; spikes: as above; finest: the smallest step, over the largest activation.
    """

    def __init__(self, histograms, weights, synapses, levels, v0=0.5, spikes=None, finest=None):
        self.histograms, self.weights, self.synapses, self.levels, self.v0 = histograms, weights, synapses, levels, v0
        self.spikes = spikes
        ratios = torch.logspace(
            *torch.tensor([SILENT, finest or 1 / (4 * levels)]).log10().tolist(), RATIOS, dtype=torch.float64
        )
        self._tables = {}
        for i, histogram in histograms.items():
            steps = [histogram.maximum.double() * r for r in ratios.to(histogram.maximum.device)]
            parts = [self._of_site(i, step, levels) for step in steps]
            self._tables[i] = torch.stack(steps, 1), *(torch.stack(part, 1) for part in zip(*parts))

    def _of_site(self, i, step, levels):
        error, sent = quantised_moments(self.histograms[i], step, levels, self.v0, self.spikes)
        return self.weights[i].double() * error, self.synapses[i].double() * sent

    def total(self, steps, levels=None):
        """(error, cost) of steps [C] by site, at ``levels`` other than its own if given."""
        found = [self._of_site(i, step.flatten(), levels or self.levels) for i, step in steps.items()]
        return tuple(float(sum(part.sum() for part in parts)) for parts in zip(*found))

    def at_price(self, price):
        """(steps by site [C], error, cost) of the best choice where a unit of cost is worth ``price`` of error."""
        chosen, error, cost = {}, 0.0, 0.0
        for i, (steps, errors, costs) in self._tables.items():
            best = (errors + price * costs).argmin(1, keepdim=True)
            chosen[i] = steps.gather(1, best)[:, 0]
            error += float(errors.gather(1, best).sum())
            cost += float(costs.gather(1, best).sum())
        return chosen, error, cost

    def within_cost(self, most):
        """The choice with the least error at a cost of at most ``most``."""
        return self._bisect(lambda found: found[2] <= most, cheap=True)

    def within_error(self, most):
        """The choice with the least cost at an error of at most ``most``; of the least error where none is within it."""
        return self._bisect(lambda found: found[1] <= most, cheap=False)

    def _bisect(self, good, cheap):
        """The last good choice on the way from cheap ones to exact ones, or back: what is good stays so on one side."""
        low, high = 1e-40, 1e20  # prices: of an exact choice, and of a silent network
        for _ in range(70):
            price = (low * high) ** 0.5
            if good(self.at_price(price)) == cheap:
                high = price
            else:
                low = price
        return self.at_price(high if cheap else low)


def thresholds(steps, timesteps):
    """site index -> theta [C], float32: channels that were silent on all data get what the others have."""
    return {i: alive((step * timesteps).float()) for i, step in steps.items()}
