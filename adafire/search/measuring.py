"""Measures settings of a conversion on its calibration inputs, for the searches, and counts what the measuring costs."""

import math
from typing import NamedTuple

from ..cost import Meter
from ..graph import split_samples, tensors_in, x_batch
from ..simulation import Run, plain, simulate
from .sensitivity import tables
from .site_weights import divergence, shares, site_weights

_WEIGHTS, _TABLES = 2, 7
"""Most simulations of the calibration set for the sites' weights, and for the tables."""
_SAMPLES, _PIXELS = 8, 512 * 512
"""What these are measured on at least, whatever it costs: so many samples, or fewer with maps of so many pixels together."""


class Point(NamedTuple):
    """A setting, simulated end to end. divergence: from the ANN; error: of the raw outputs, half the mean square over their
    variance; cost: mean per sample."""

    divergence: float
    error: float
    cost: float
    params: dict


class Table(NamedTuple):
    """Additive model of a choice of one option a site. sites: their indices; present: loss of the setting that the options
    change; loss: what each adds to it, cost: of each [site][option]."""

    sites: list
    present: float
    loss: list
    cost: list

    def total(self, choice):
        """(loss, cost) of a choice [site]."""
        return (
            self.present + sum(row[k] for row, k in zip(self.loss, choice)),
            sum(row[k] for row, k in zip(self.cost, choice)),
        )

    def next_move(self, choice, budget, tried):
        """The untried neighbour of ``choice`` with the best modelled loss within ``budget``; None if there is none.

        A neighbour raises one site by one option, if there is room, or lowers the one whose cost is saved at the least
        loss for it, or both. Sites that cost less than a hundredth of the whole are left alone: nobody would see it.
        """
        cost = self.total(choice)[1]
        steps = []
        for i, k in enumerate(choice):
            order = sorted(range(len(self.cost[i])), key=lambda v: self.cost[i][v])
            at = order.index(k)
            for v in (*order[max(0, at - 1) : at], *order[at + 1 : at + 2]):
                if self.cost[i][k] > 0.01 * cost:
                    steps.append((self.loss[i][v] - self.loss[i][k], self.cost[i][v] - self.cost[i][k], i, v))
        down = sorted((s for s in steps if s[1] < 0), key=lambda s: s[0] / -s[1])
        moves = [(loss, saved, [(i, v)]) for loss, saved, i, v in steps]
        moves += [
            (up[0] + low[0], up[1] + low[1], [up[2:], low[2:]])
            for up in steps
            if up[1] > 0
            for low in down
            if low[2] != up[2]
        ]
        for _, _, changes in sorted(move for move in moves if cost + move[1] <= budget):
            new = list(choice)
            for i, v in changes:
                new[i] = v
            if tuple(new) not in tried:
                return new
        return None


class Bench:
    """``simulations``: what was spent, in simulations of the whole calibration set; ``least``: samples, for any measure."""

    def __init__(self, conversion, method):
        self.conversion, self.method = conversion, method
        c, self.steps = conversion, conversion.timesteps
        self.references = [
            plain(c.ann_plan(x), c.network, x, c.forward, lambda site, z: site.activation.f(z), self.steps)
            for x in c.inputs
        ]
        self.shares = shares(c.plan(c.inputs[0]).trace)
        self.samples = sum(map(x_batch, c.inputs))
        self.simulations = 1 / self.steps
        pixels = max((y.shape[-2:].numel() for y in tensors_in(self.references[0]) if y.dim() == 4), default=1)
        self.least = min(self.samples, _SAMPLES, math.ceil(_PIXELS / pixels))

    def affords(self, most):
        """Whether another corrected and verified point keeps ``simulations`` within ``most``."""
        return self.simulations + 2 + (self.method.correction == "light") / self.steps <= most

    def corrected(self, params):
        """``params`` with their correction measured afresh."""
        if self.method.correction == "light":
            self.simulations += 1 + 1 / self.steps
        return self.conversion.corrected(params, self.method)

    def verify(self, params):
        """Point of ``params``."""
        c, loss, error = self.conversion, 0.0, 0.0
        meter = Meter()
        for x, reference in zip(c.inputs, self.references):
            run = Run(c.plan(x), params, c.network, x, c.forward, c.method.read_from(self.steps))
            ((_, outputs),) = simulate(run, (self.steps,), run.plan.chunk(c.memory_gb))
            loss += divergence(outputs, reference) * x_batch(x)
            error += divergence(outputs, reference, "raw") * x_batch(x)
            meter.add(run)
        self.simulations += 1
        cost = meter.arrived(self.steps) if self.method.weigh == "synops" else meter.report(self.steps).spikes
        return Point(loss / self.samples, error / self.samples, cost, params)

    def _part(self, simulations, of_all):
        """As many inputs as ``simulations`` allow where all cost ``of_all``; at least ``least`` samples."""
        count = max(self.least, min(self.samples, int(self.samples * simulations / of_all)))
        self.simulations += of_all * count / self.samples
        return split_samples(self.conversion.inputs, count)[0]

    def weights(self, params):
        """site index -> divergence for each unit of squared error."""
        c, total = self.conversion, {}
        inputs = self._part(_WEIGHTS, 1 + (1 + sum(self.shares.values())) / self.steps)
        samples = sum(map(x_batch, inputs))
        for x in inputs:
            found = site_weights(c.plan(x), params, c.network, x, c.forward, self.steps, c.ann_plan(x))
            total = {i: total.get(i, 0.0) + w * x_batch(x) / samples for i, w in found.items()}
        return total

    def tables(self, params, options):
        """Table of ``options``: site index -> list of NeuronParams, one of which is that in ``params`` itself."""
        c, weights = self.conversion, None if self.method.faithful else self.weights(params)
        inputs = self._part(_TABLES, 1 + sum(self.shares[i] * (len(row) - 1) for i, row in options.items()))
        samples = sum(map(x_batch, inputs))
        sites = sorted(options)
        loss, cost = ([[0.0] * len(options[i]) for i in sites] for _ in range(2))
        for x in inputs:
            found = tables(
                c.plan(x),
                params,
                options,
                c.network,
                x,
                c.forward,
                self.steps,
                weights,
                self.method.weigh,
                c.ann_plan(x),
            )
            for total, new in zip((loss, cost), found):
                for row, i in zip(total, sites):
                    row[:] = [a + b * x_batch(x) / samples for a, b in zip(row, new[i])]
        origin = [next(k for k, option in enumerate(options[i]) if option is params[i]) for i in sites]
        present = loss[0][origin[0]]
        return Table(sites, present, [[v - row[k] for v in row] for row, k in zip(loss, origin)], cost)

    def named(self, sites, values):
        """{name of the site: value}"""
        names = {s.index: s.name for s in self.conversion.sites}
        return {names[i]: value for i, value in zip(sites, values)}

    def result(self, start, point, allowed):
        """What every search reports: [before, after] of the measures, the budget, and what the search cost."""
        return {
            "divergence": [start.divergence, point.divergence],
            "error": [start.error, point.error],
            "cost": [start.cost, point.cost],
            "budget": allowed,
            "simulations": self.simulations,
        }
