"""What levels are allotted by, channel by channel: how much an error weighs in the outputs, and what a spike costs (ours).

Weight of a channel: the outputs' half mean squared error over their variance, for each unit of mean squared error of the
channel's activations, where the errors of single neurons have nothing to do with each other. That is sum_p sum_j J_jp^2 / (2 n)
over the channel's positions p and the n outputs j, J the ANN's own derivatives, outputs in units of their spread. With random
signs v_j, E (sum_j v_j J_jp)^2 = sum_j J_jp^2 (Hutchinson): a backward pass gives it for every channel of every site at once.
"""

import torch

from ..frames import show
from ..graph import split_samples, tensors_in, x_batch
from ..simulation import PlainPass, Run, advance_chunk
from .sensitivity import site_fan_out

PROBES = 4
"""Backward passes, each with other signs."""
_SAMPLES, _NUMBERS = 64, 2**21
"""Most samples of the derivatives, and most numbers of their inputs together: every activation is held at once."""


def few(inputs):
    """The first samples of ``inputs``, one at least, within the bounds above: a list of inputs."""
    size = max(1, sum(t[:1].numel() for t in tensors_in(inputs[0])))
    return split_samples(inputs, max(1, min(_SAMPLES, _NUMBERS // size)))[0]


def channel_weights(plan, network, x, forward, steps, generator):
    """site index -> [C], of one input; None where the network's own code stops derivatives (then nothing is known)."""
    picture, kept, total = show(x, lambda frames: frames.mean(steps)), {}, {}

    def on_site(site, z):
        a = site.activation.f(z)
        kept[site.index] = site, a if a.requires_grad else a.detach().requires_grad_()
        return kept[site.index][1]

    with torch.enable_grad(), PlainPass(plan, on_site):
        outputs = tensors_in(forward(network, picture))
    outputs = [y for y in outputs if y.is_floating_point() and y.requires_grad]
    if not outputs:
        return None
    for k in range(PROBES):
        with torch.enable_grad():
            probed = sum(_probe(y, len(outputs), generator) for y in outputs)
        activations = [a for _, a in kept.values()]
        found = torch.autograd.grad(probed, activations, retain_graph=k < PROBES - 1, allow_unused=True)
        for (site, a), g in zip(kept.values(), found):
            g = torch.zeros_like(a) if g is None else g
            by_channel = g.float().square().movedim(site.channel_axis, 0).flatten(1).sum(1)
            total[site.index] = total.get(site.index, 0) + by_channel / (PROBES * x_batch(x))
    return total


def _probe(y, outputs, generator):
    """sum_j v_j y_j, scaled so that its square is the half mean squared error over the variance."""
    signs = torch.randint(0, 2, y.shape, generator=generator).to(y.device) * 2 - 1
    scale = 2 * outputs * y[0].numel() * y.detach().float().var(correction=0).clamp_min(1e-12)
    return (y.float() * signs).sum() / scale.sqrt()


def synapses(plan, params, network, x, forward, spikes=False):
    """site index -> [C]: synaptic operations of a sample in which every neuron of a channel sends one spike; or its neurons
    alone (``spikes``). Positions count by what they send in a first step of ``x``: behind max pooling one spike passes."""
    run = Run(plan, dict(params), network, x, forward)
    advance_chunk(run, 1)
    reached, found = None if spikes else site_fan_out(run), {}
    for site in plan.trace.sites:
        events = run.neurons[site.index].events.float().movedim(site.channel_axis, 0).flatten(1)
        neurons = events.shape[1] / x_batch(x)
        if spikes:
            found[site.index] = torch.full_like(events[:, 0], neurons)
            continue
        fan_out = reached[site.index].float().movedim(site.channel_axis, 0).flatten(1)
        sent = events.sum(1)
        by_sent = (events * fan_out).sum(1) / sent.clamp_min(1e-30)
        found[site.index] = neurons * torch.where(sent > 0, by_sent, fan_out.mean(1))
    return found
