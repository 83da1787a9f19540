"""How much the outputs suffer when one site is coded differently, and what its spikes cost: tables for the searches.

Sensitivity of site i with option v: the divergence between the outputs of the ANN and of the SNN in which only site i
differs from the present setting (paper code: symmetric KL). Simulating every (site, option) pair costs sites x options
simulations. Here (ours) ONE simulation of the present setting gives every site's currents, on which all its options are
tried in place; what the change of its output does to the network's outputs is read from gradients of the ANN:

    S_i(v) = mean over directions u and samples of ( e_u + < d u.y / d a_i , out_i(v) - out_i(present) > )^2 / 2

with e_u the present error along u. For class scores the directions are the Fisher directions of softmax (y drawn from the
ANN's own prediction): S is the second-order expansion of the KL divergence. For raw outputs of detectors and segmenters
they are random signs over outputs divided by their spread: S is half the mean squared error of the raw outputs in units
of their standard deviation.
"""

import torch

from .meter import EventPass
from .passes import tensors_in
from .simulate import PlainPass, Run, advance_chunk, read_out


class TryingRun(Run):
    """Fires with the present parameters, and tries every option of each site on the same currents."""

    def __init__(self, *args, options):
        super().__init__(*args)
        self.options, self.tried = options, {}

    def fire(self, site, z, steps):
        present, rows = self.params[site.index], []
        for candidate in self.options[site.index]:
            self.params[site.index] = candidate
            self.neurons.pop(site.index, None)
            super().fire(site, z, steps)
            state = self.neurons.pop(site.index)
            rows.append((state.n * (candidate.theta / steps), state.events))
        self.params[site.index] = present
        self.tried[site.index] = rows
        return super().fire(site, z, steps)


def divergence(outputs, reference, kind="auto"):
    """Mean over samples of the symmetric KL between class scores, or of half the squared error of raw outputs in units of
    their spread ('classes' for one [B, K] tensor, 'raw' otherwise). Log-softmax throughout: never NaN."""
    a, b = tensors_in(outputs), tensors_in(reference)
    if kind == "classes" or (kind == "auto" and len(b) == 1 and b[0].dim() == 2):
        p, q = a[0].float().log_softmax(1), b[0].float().log_softmax(1)
        return float(0.5 * ((p.exp() - q.exp()) * (p - q)).sum(1).mean())
    return float(sum(((x - y).float().square().mean() / y.float().var().clamp_min(1e-12)) for x, y in zip(a, b))
                 / (2 * len(b)))


def _directions(reference, draws, generator):
    """Cotangents u, each a list like the outputs, such that mean over u of (u . dy)^2 is the metric above, per sample."""
    outputs = tensors_in(reference)
    if len(outputs) == 1 and outputs[0].dim() == 2:
        p = outputs[0].float().softmax(1)
        labels = torch.multinomial(p, draws, replacement=True, generator=generator)
        return [[torch.nn.functional.one_hot(labels[:, i], p.shape[1]).to(p) - p] for i in range(draws)]
    found = []
    for _ in range(draws):
        signs = [torch.randint(0, 2, y.shape, generator=generator).to(y) * 2 - 1 for y in outputs]
        found.append([s / (y.float().var().clamp_min(1e-12) * y[0].numel() * len(outputs)).sqrt()
                      for s, y in zip(signs, outputs)])
    return found


def site_fan_out(run):
    """site index -> synapses that one spike of each of its neurons reaches, [1, ...] (mean over the batch)."""
    from .energy import synops_tensor
    from .meter import static_costs
    plan, costs = run.plan, static_costs(run.plan)
    counts = {s.index: run.neurons[s.index].events.clone().requires_grad_() for s in plan.trace.sites}
    arrived = []

    def arrive(call, tensor):
        reach, factor = costs[call.index][:2] if call.index in costs else (None, 1)
        arrived.append(synops_tensor(tensor, reach, factor))

    class Differentiable(EventPass):
        def steps(self, call, this):
            if call.rule.treatment == "rate" and call.spiking:
                return this.func(*this.args, **this.kwargs)  # a pooled spike is the one that won
            return super().steps(call, this)
        readout = steps
    with torch.enable_grad(), Differentiable(plan, lambda site: counts[site.index], None, arrive):
        run.forward(run.network, run.x)
        gradients = torch.autograd.grad(sum(arrived), list(counts.values()), allow_unused=True)
    return {i: (torch.zeros_like(c[:1]) if g is None else g.mean(0, keepdim=True))
            for (i, c), g in zip(counts.items(), gradients)}


def tables(plan, params, options, network, x, forward, steps, weigh="synops", draws=8, seed=0):
    """(sensitivity, cost): for each site index a list with one value an option.

    options: site index -> list of NeuronParams. cost: mean per sample of 'synops' (spikes weighted by fan-out) or 'spikes'.
    Cost of the call: one simulation, with every site's options tried on its currents, and ``draws`` backward passes.
    """
    run = TryingRun(plan, dict(params), network, x, forward, options=options)
    advance_chunk(run, steps)
    outputs = tensors_in(read_out(run))
    fan_out = site_fan_out(run) if weigh == "synops" else None
    activations = {}

    def remember(site, z):
        a = site.activation.f(z)
        activations[site.index] = a if a.requires_grad else a.detach().requires_grad_()
        return activations[site.index]
    sensitivity = {i: [0.0] * len(options[i]) for i in options}
    generator = torch.Generator(device="cpu").manual_seed(seed)
    with torch.enable_grad(), PlainPass(plan, remember):
        reference = tensors_in(forward(network, x))
    indices = [i for i in options]
    batch = x_batch(x)
    for u in _directions([y.detach().cpu() for y in reference], draws, generator):
        u = [d.to(y.device) for d, y in zip(u, reference)]
        error = sum(((o - y.detach()).float() * d).flatten(1).sum(1) if o.shape[0] == batch else
                    ((o - y.detach()).float() * d).sum() / batch for o, y, d in zip(outputs, reference, u))
        objective = sum((y.float() * d).sum() for y, d in zip(reference, u))
        gradients = torch.autograd.grad(objective, [activations[i] for i in indices], retain_graph=True, allow_unused=True)
        for i, g in zip(indices, gradients):
            present = run.neurons[i].n * (run.params[i].theta / steps)
            for v, (out, _) in enumerate(run.tried[i]):
                change = 0.0 if g is None else ((out - present) * g).flatten(1).sum(1)
                sensitivity[i][v] += float((error + change).square().mean()) / (2 * draws)
    cost = {}
    for i, rows in run.tried.items():
        weight = 1.0 if fan_out is None else fan_out[i]
        cost[i] = [float((events * weight).flatten(1).sum(1).mean()) for _, events in rows]
    return sensitivity, cost


def x_batch(x):
    """Number of samples in an input."""
    return tensors_in(x)[0].shape[0]
