"""How much a site's errors weigh: divergence of the ANN's outputs for each unit of squared error at the site.

A simulation of the present setting shows what each site's neurons add to the error: what they emit, on average over time,
less the activation of the mean current that arrived, less its mean over each channel, which bias correction takes away.
That error, of clipping, quantisation and unevenness, is added to the ANN's own activations of this one site, and the
divergence of the ANN's outputs is measured (ours; sensitivity.py says why one site at a time).
"""

import torch

from ..frames import show
from ..graph import macs, placeholders, tensors_in
from ..simulation import PlainPass, Run, advance_chunk


def divergence(outputs, reference, kind="auto"):
    """Mean over samples of the symmetric KL between class scores, or of half the squared error of raw outputs in units of
    their spread ('classes' for one [B, K] tensor, 'raw' otherwise). Log-softmax throughout: never NaN."""
    a, b = tensors_in(outputs), tensors_in(reference)
    if kind == "classes" or (kind == "auto" and len(b) == 1 and b[0].dim() == 2):
        p, q = a[0].float().log_softmax(1), b[0].float().log_softmax(1)
        return float(0.5 * ((p.exp() - q.exp()) * (p - q)).sum(1).mean())
    return float(
        sum(((x - y).float().square().mean() / y.float().var().clamp_min(1e-12)) for x, y in zip(a, b)) / (2 * len(b))
    )


def borders(trace):
    """site index -> (calls that the site reaches, itself among them; other calls whose results are needed with these)."""
    found = {}
    for site in trace.sites:
        reached = {site.call}
        for call in trace.calls[site.call + 1 :]:
            if any(source in reached for source in call.inputs):
                reached.add(call.index)
        needed = {s for k in reached - {site.call} for s in trace.calls[k].inputs if s >= 0} | set(trace.outputs)
        found[site.index] = reached, {k for k in needed - reached if trace.calls[k].region != "independent"}
    return found


def shares(trace):
    """site index -> share of the network's matrix products that lies behind the site."""
    work = [macs(call) if call.region != "independent" else 0 for call in trace.calls]
    return {i: sum(work[k] for k in reached) / (sum(work) or 1) for i, (reached, _) in borders(trace).items()}


class _Whole(PlainPass):
    """The ANN; keeps the results of the calls in ``wanted``, and the activations of all sites."""

    def __init__(self, plan, wanted):
        super().__init__(plan, lambda site, z: site.activation.f(z))
        self.wanted, self.kept = wanted, {}

    def on_call(self, this):
        k, out = self.k, super().on_call(this)
        if self.k > k and k in self.wanted:
            self.kept[k] = out
        return out


class _Behind(PlainPass):
    """The ANN behind one site, which gives ``value``; what else is needed is in ``known``."""

    def __init__(self, plan, site, value, reached, known):
        super().__init__(plan, lambda other, z: value if other.index == site.index else other.activation.f(z))
        self.site, self.reached, self.known = site, reached, known

    def _given(self, call):
        return self.known[call.index] if call.index in self.known else placeholders(call)

    def prefix(self, call, this):
        return self._given(call)

    def steps(self, call, this):
        if call.index == self.site.call:
            return self.on_site(self.site, None)
        return super().steps(call, this) if call.index in self.reached else self._given(call)

    def readout(self, call, this):
        return super().readout(call, this) if call.index in self.reached else self._given(call)


class Measuring(Run):
    """A simulation that keeps, by site, the mean square of what its neurons add to the error (``errors``)."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.errors = {}

    def fire(self, site, z, steps):
        out = super().fire(site, z, steps)
        mean = z.float().mean(0) if z.dim() > len(site.shape) else z.float()
        error = self.neurons[site.index].n * (self.params[site.index].theta / steps) - site.activation.f(mean)
        error -= error.mean([d for d in range(error.dim()) if d != site.channel_axis], keepdim=True)
        self.errors[site.index] = float(error.square().mean())
        self.look(site, error)
        return out

    def look(self, site, error):
        """Hook: ``error`` [B, ...] of a site that has just fired."""


class _Weighing(Measuring):
    """Keeps by site what ``harm_of(site, error)`` says (``harm``)."""

    def __init__(self, harm_of, *arguments):
        super().__init__(*arguments)
        self.harm_of, self.harm = harm_of, {}

    def look(self, site, error):
        self.harm[site.index] = self.harm_of(site, error)


@torch.no_grad()
def site_weights(plan, params, network, x, forward, steps, ann_plan=None):
    """site index -> divergence for each unit of mean squared error; ann_plan: see ``sensitivity.tables``."""
    ann_plan = ann_plan or plan
    edges = borders(ann_plan.trace)
    wanted = set().union(*(needed for _, needed in edges.values())) | {s.call for s in plan.trace.sites}
    mean = show(x, lambda frames: frames.mean(steps))
    with _Whole(ann_plan, wanted) as whole:
        reference = forward(network, mean)

    def harm(site, error):
        own = whole.kept[site.call]
        with _Behind(ann_plan, site, own + error.to(own.dtype), edges[site.index][0], whole.kept):
            outputs = forward(network, mean)
        return divergence(outputs, reference, "raw")

    run = _Weighing(harm, plan, dict(params), network, x, forward)
    advance_chunk(run, steps)
    return {i: h / run.errors[i] if run.errors[i] > 0 else 0.0 for i, h in run.harm.items()}
