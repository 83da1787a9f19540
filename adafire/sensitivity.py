"""How much the outputs suffer when one site is coded differently, and what its spikes cost: tables for the searches.

Sensitivity of site i with option v: the divergence between the outputs of the ANN and of the SNN in which only site i
differs from the present setting (as the paper's code measures it). Every pair is simulated, but only from its site on: one
simulation of the present setting keeps the currents at the borders, so that a pair costs half a simulation on average; and
on as few calibration samples as a stated number of simulations allows (``samples_for``).
"""

import torch

from .calls import placeholders
from .frames import put
from .meter import EventPass, static_costs
from .passes import tensors_in
from .simulate import Run, StepPass, clock, plain, read_out


def divergence(outputs, reference, kind="auto"):
    """Mean over samples of the symmetric KL between class scores, or of half the squared error of raw outputs in units of
    their spread ('classes' for one [B, K] tensor, 'raw' otherwise). Log-softmax throughout: never NaN."""
    a, b = tensors_in(outputs), tensors_in(reference)
    if kind == "classes" or (kind == "auto" and len(b) == 1 and b[0].dim() == 2):
        p, q = a[0].float().log_softmax(1), b[0].float().log_softmax(1)
        return float(0.5 * ((p.exp() - q.exp()) * (p - q)).sum(1).mean())
    return float(sum(((x - y).float().square().mean() / y.float().var().clamp_min(1e-12)) for x, y in zip(a, b))
                 / (2 * len(b)))


def site_fan_out(run):
    """site index -> synapses that one spike of each of its neurons reaches, [B, ...]."""
    plan, costs = run.plan, static_costs(run.plan)
    counts = {s.index: run.neurons[s.index].events.clone().requires_grad_() for s in plan.trace.sites}
    arrived = []

    def arrive(call, tensor):
        reach, factor = costs[call.index][:2] if call.index in costs else (None, 1)
        arrived.append((tensor.sum() if reach is None else (tensor * reach.to(tensor)).sum()) * factor)

    class Differentiable(EventPass):
        def steps(self, call, this):
            if call.rule.treatment == "rate" and call.spiking:
                return this.func(*this.args, **this.kwargs)  # a pooled spike is the one that won
            return super().steps(call, this)
        readout = steps
    with torch.enable_grad():
        Differentiable(plan, lambda site: counts[site.index], None, arrive).run_through(run, "prefix", "steps", "readout")
        gradients = torch.autograd.grad(sum(arrived), list(counts.values()), allow_unused=True)
    return {i: (torch.zeros_like(c) if g is None else g) for (i, c), g in zip(counts.items(), gradients)}


def borders(plan):
    """site index -> (calls that the site reaches, calls outside whose results these use)."""
    found = {}
    for site in plan.trace.sites:
        reached = {site.call}
        for call in plan.trace.calls[site.call + 1:]:
            if any(source in reached for source in call.inputs):
                reached.add(call.index)
        outside = {s for k in reached for s in plan.trace.calls[k].inputs if s >= 0 and s not in reached}
        found[site.index] = reached, {s for s in outside if plan.trace.calls[s].region == "steps"}
    return found


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
def tables(plan, params, options, network, x, forward, steps, weigh="synops", ann_plan=None):
    """(sensitivity, cost): for each site index a list with one value an option.

    options: site index -> list of NeuronParams. cost: mean per sample of the site's own 'synops' (spikes weighted by
    fan-out) or 'spikes'. ann_plan: that of the network's own weights, where ``plan`` has calibrated ones.
    """
    base, edges = Run(plan, dict(params), network, x, forward), borders(plan)
    base.fuse = False
    wanted = set().union(*(outside for _, outside in edges.values()))

    def record(step, pictures):
        recording = _Recording(base, step, steps, wanted)
        recording.advance(pictures)
        return recording.kept
    known = torch.vmap(record)(*clock(x, 0, steps))
    base.t = steps
    reference = plain(ann_plan or plan, network, x, forward, lambda site, z: site.activation.f(z), steps)
    fan_out = site_fan_out(base) if weigh == "synops" else None
    present = divergence(read_out(base), reference)
    sensitivity, cost = {}, {}
    for site in plan.trace.sites:
        reached, outside = edges[site.index]
        needed = {k: known[k] for k in outside}
        sensitivity[site.index], cost[site.index] = [], []
        for option in options[site.index]:
            same = option is params[site.index]
            run = base if same else _behind(base, site, option, reached, needed, steps)
            sensitivity[site.index].append(present if same else divergence(read_out(run), reference))
            events = run.neurons[site.index].events
            weight = 1.0 if fan_out is None else fan_out[site.index]
            cost[site.index].append(float((events * weight).flatten(1).sum(1).mean()))
    return sensitivity, cost


def _behind(base, site, option, reached, known, steps):
    """The state after simulating ``base`` with another option at one site."""
    run = Run(base.plan, {**base.params, site.index: option}, base.network, base.x, base.forward)
    run.constants, run.fuse = base.constants, False
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


def samples_for(options, total, simulations=20):
    """How many of ``total`` calibration samples the tables may use to cost about ``simulations`` simulations of all."""
    pairs = sum(len(row) - 1 for row in options.values())
    return max(min(total, 8), min(total, int(total * simulations / max(1.0, 0.5 * pairs))))
