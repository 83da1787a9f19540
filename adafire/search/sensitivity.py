"""How much the outputs suffer when one site is coded in another way, and what its spikes cost: tables for the searches.

Sensitivity of site i with option v (ours): simulate the present setting with this one change; at every site from i on,
measure what its neurons add to the error; sum these squared errors with the weights that site_weights.py found. So it holds
the site's own clipping and quantisation, and the unevenness that its spikes cause further on.

The paper's code takes the divergence of the whole SNN's outputs in place of that sum (``weights=None`` here). There the
change d_i that one site makes is mixed with the errors d of all others: |d + d_i|^2 = |d|^2 + 2 d d_i + |d_i|^2, and the
middle term is 0 only on average over very many samples, but far larger than the last. On ResNet-20 nearly every entry
of such a table from 38 samples promised an improvement, their sum a negative divergence, and the choice by it was worse
than none. The errors of single sites have no middle term and add up: to within 5 % for any choice of limits there.

Every pair is simulated, but only from its site on: one simulation of the present setting keeps the currents at the
borders, so that a pair costs half a simulation on average; on as few samples as a stated number of simulations allows.
"""

import torch

from ..cost import EventPass, static_costs
from ..graph import placeholders
from ..simulation import StepPass, clock, plain, read_out
from .site_weights import Measuring, borders, divergence


def site_fan_out(run):
    """site index -> synapses that one spike of each of its neurons reaches, [B, ...]."""
    plan, costs = run.plan, static_costs(run.plan)
    counts = {s.index: run.neurons[s.index].events.clone().requires_grad_() for s in plan.trace.sites}
    arrived = []

    def arrive(call, tensor):
        reach, factor = costs[call.index][:2] if call.index in costs else (None, 1)
        arrived.append((tensor.sum() if reach is None else (tensor * reach.to(tensor)).sum()) * factor)

    with torch.enable_grad():
        _Differentiable(plan, lambda site: counts[site.index], None, arrive).through(run)
        gradients = torch.autograd.grad(sum(arrived), list(counts.values()), allow_unused=True)
    return {i: (torch.zeros_like(c) if g is None else g) for (i, c), g in zip(counts.items(), gradients)}


class _Differentiable(EventPass):
    """Events with a gradient: how many synapses each count reaches."""

    def steps(self, call, this):
        if call.pools_spikes:
            return this.func(*this.args, **this.kwargs)  # a pooled spike is the one that won
        return super().steps(call, this)

    readout = steps


class _Recording(StepPass):
    """A simulation that hands out what its border calls gave at every timestep."""

    def __init__(self, run, step, length, wanted):
        super().__init__(run, step, length)
        self.wanted, self.kept = wanted, {}

    def steps(self, call, this):
        out = super().steps(call, this)
        if call.index in self.wanted:
            self.kept[call.index] = out
        return out


class _Rest(StepPass):
    """A simulation of what lies behind one site; known results come from ``known``."""

    def __init__(self, run, step, length, reached, known):
        super().__init__(run, step, length)
        self.reached, self.known = reached, known

    def prefix(self, call, this):
        return self.run.constants[call.index] if call.index in self.run.constants else placeholders(call)

    def steps(self, call, this):
        if call.index in self.reached:
            return super().steps(call, this)
        return self.known[call.index] if call.index in self.known else placeholders(call)


@torch.no_grad()
def tables(plan, params, options, network, x, forward, steps, weights=None, weigh="synops", ann_plan=None):
    """(sensitivity, cost): for each site index a list with one value an option.

    options: site index -> list of NeuronParams. weights: of the sites' errors (weighing.site_weights), or None for the
    divergence of the whole SNN. cost: mean per sample of the site's own 'synops' (spikes weighted by fan-out) or
    'spikes'. ann_plan: that of the network's own weights, where ``plan`` has calibrated ones.
    """
    base, edges = Measuring(plan, dict(params), network, x, forward), _step_borders(plan.trace)
    wanted = set().union(*(outside for _, outside in edges.values()))

    def record(step, pictures):
        recording = _Recording(base, step, steps, wanted)
        recording.advance(pictures)
        return recording.kept

    known = torch.vmap(record)(*clock(x, 0, steps))
    base.t = steps
    fan_out = site_fan_out(base) if weigh == "synops" else None
    if weights is None:
        reference = plain(ann_plan or plan, network, x, forward, lambda site, z: site.activation.f(z), steps)

    def harm(run):
        if weights is None:
            return divergence(read_out(run), reference)
        return sum(w * run.errors.get(i, base.errors[i]) for i, w in weights.items())

    present, sensitivity, cost = harm(base), {}, {}
    for site in plan.trace.sites:
        reached, outside = edges[site.index]
        needed = {k: known[k] for k in outside}
        sensitivity[site.index], cost[site.index] = [], []
        for option in options[site.index]:
            same = option is params[site.index]
            run = base if same else _behind(base, site, option, reached, needed, steps)
            sensitivity[site.index].append(present if same else harm(run))
            events = run.neurons[site.index].events
            weight = 1.0 if fan_out is None else fan_out[site.index]
            cost[site.index].append(float((events * weight).flatten(1).sum(1).mean()))
    return sensitivity, cost


def _step_borders(trace):
    """As ``borders``, of what runs at every step: outside are step calls alone, the read-out's inputs are not needed."""
    return {
        i: (
            reached,
            {
                k
                for r in reached
                for k in trace.calls[r].inputs
                if k >= 0 and k not in reached and trace.calls[k].region == "steps"
            },
        )
        for i, (reached, _) in borders(trace).items()
    }


def _behind(base, site, option, reached, known, steps):
    """The state after simulating ``base`` with another option at one site."""
    run = Measuring(base.plan, {**base.params, site.index: option}, base.network, base.x, base.forward)
    run.constants = base.constants
    calls = base.plan.trace.calls
    run.neurons = {i: s for i, s in base.neurons.items() if base.plan.trace.sites[i].call not in reached}
    run.rates = {k: s for k, s in base.rates.items() if calls[k].index not in reached}
    run.sums = {k: s for k, s in base.sums.items() if k[0] not in reached}

    def body(step, pictures, given):
        _Rest(run, step, steps, reached, given).advance(pictures)
        return step

    torch.vmap(body)(*clock(base.x, 0, steps), known)
    run.t = steps
    return run
