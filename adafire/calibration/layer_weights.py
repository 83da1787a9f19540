"""Weight calibration: layers of a plan, never of the network, are fitted so that neurons repeat the ANN's activations.

Source: Li et al., ICML 2021, advanced pipeline: layer by layer, Adam on the weights only, squared error between the
ANN's activation and the quantised activation of the mean SNN input, with a straight-through gradient; the rate falls
to 0 along a cosine. This is the one correction that uses gradients, of one layer at a time; there are no labels, and
nothing is trained through the network.

Departures (ours): one simulation serves all layers, since a site's currents are known for all steps before anything
behind it has run; layers that are added up before a neuron (a shortcut's and its block's) are fitted together; the rate
is relative to each layer's mean |weight|, so that one number suits every network and a hundred steps suffice; weights
that came out no better on the calibration data are not kept.
Fitted are the convolutions and linear layers whose results reach one site by nothing but folded batch norms and
additions. Others (in the read-out, before a concatenation or a pooling) keep their weights. A layer that is called
twice is fitted for each call.
"""

import copy
import math

import torch

from ..simulation import Plans, Run, advance_chunk, lift, plain

LAYERS = {"conv1d", "conv2d", "conv3d", "linear"}
SAMPLES = 32  # of a step of Adam


def feeding_layers(plan):
    """{call index of a site: calls of the layers whose sum it receives}."""
    calls, found = plan.trace.calls, {}
    for call in calls:
        weight = call.arguments[1][1:2] if call.op in LAYERS else ()
        if call.region not in ("prefix", "steps") or not weight or not isinstance(weight[0], torch.Tensor):
            continue
        if call.site is not None:  # relay neurons stand right behind it
            found[call.index] = [call]
            continue
        ahead = call
        while len(ahead.consumers) == 1 and ahead.index not in plan.trace.outputs:
            ahead = calls[ahead.consumers[0]]
            if ahead.site is not None:
                found.setdefault(ahead.index, []).append(call)
            if ahead.index not in plan.skipped and not (ahead.op == "add" and not ahead.arguments[2]):
                break
    return found


class _FittingRun(Run):
    """Fits the layers before each site the first time that it fires; what is behind sees the fitted currents."""

    def __init__(self, plan, params, network, x, forward, reference, options):
        super().__init__(copy.copy(plan), params, network, x, forward)
        self.reference, self.options = reference, options
        self.layers = feeding_layers(plan)
        self.watched = {call.index for calls in self.layers.values() for call in calls}
        self.seen, self.fitted = {}, {}
        self.plan.compute = self._compute

    def _compute(self, call, this):
        if call.index in self.watched:
            x = this.args[0] if this.args else this.kwargs["input"]
            if call.region == "steps":

                def look(tensors, _):
                    self.seen[call.index] = tensors[0], this
                    return tensors[0].view_as(tensors[0])

                lift(look, x, x)
            else:
                self.seen[call.index] = x, this
        return type(self.plan).compute(self.plan, call, this)

    def _weights(self, call, this):
        """(weight, bias) that the plan computes ``call`` with."""
        given = (*this.args[1:3], None)
        return self.plan.folded.get(call.index, (given[0], this.kwargs.get("bias", given[1])))

    def fire(self, site, z, steps):
        z = self._refit(site, z, steps) if site.call in self.layers else z
        out = super().fire(site, z, steps)
        del self.neurons[site.index], self.reference[site.index]  # all steps are done, and nobody reads out
        return out

    def _refit(self, site, z, steps):
        """The currents ``z`` of a site after the layers before it are fitted."""
        layers, moving = self.layers[site.call], z.dim() > len(site.shape)
        inputs, apply, old = [], [], []
        for call in layers:
            x, this = self.seen.pop(call.index)
            kwargs = {k: v for k, v in this.kwargs.items() if k not in ("input", "weight", "bias")}
            apply.append(lambda x, w, this=this, kwargs=kwargs: this.func(x, w, None, *this.args[3:], **kwargs))
            inputs.append((x, call.region == "steps"))
            old.append(self._weights(call, this))
        means = [x.mean(0) if changes else x for x, changes in inputs]
        rest = (z.mean(0) if moving else z) - sum(f(x, w) for f, x, (w, _) in zip(apply, means, old))
        weights = self._fit(site, apply, means, rest, [w for w, _ in old], steps)
        for call, f, (x, changes), (w, bias), new in zip(layers, apply, inputs, old, weights):
            delta = f(x.flatten(0, 1), new - w).unflatten(0, x.shape[:2]) if changes else f(x, new - w)
            z = z + delta
            self.fitted[call.index] = new, bias
        return z

    @torch.enable_grad()
    def _fit(self, site, apply, means, rest, weights, steps):
        """New weights of the layers whose sum with ``rest`` [B, ...] is the mean current of ``site``."""
        params, target, options = self.params[site.index], self.reference[site.index], self.options
        first, count, total, rate, generator = options
        level = params.theta / steps
        least = -params.phi_minus * steps if site.activation.signed else 0
        scales = [w.detach().abs().mean() for w in weights]
        weights = [w.detach().clone().requires_grad_() for w in weights]
        adam = torch.optim.Adam([{"params": [w], "lr": rate * float(s)} for w, s in zip(weights, scales)])
        cosine = torch.optim.lr_scheduler.LambdaLR(adam, lambda k: 0.5 + 0.5 * math.cos(math.pi * (first + k) / total))

        def error(rows):
            z = rest[rows] + sum(f(x[rows], w) for f, x, w in zip(apply, means, weights))
            wanted = site.activation.f(z + params.bias) / level
            if params.neuron is None:  # other laws have levels of their own: their activation is compared
                wanted = wanted.clamp(least, params.phi_plus * steps)
                wanted = wanted + ((wanted + params.v0).floor().clamp(max=params.phi_plus * steps) - wanted).detach()
            return (wanted * level - target[rows]).square().sum(site.channel_axis).mean()

        everything = slice(None)
        with torch.no_grad():
            given, before = [w.clone() for w in weights], error(everything)
        for _ in range(count):
            rows = torch.randint(len(target), (min(SAMPLES, len(target)),), generator=generator).to(target.device)
            for w, gradient in zip(weights, torch.autograd.grad(error(rows), weights)):
                w.grad = gradient
            adam.step()
            cosine.step()
        with torch.no_grad():  # the gradient is not exact: what it led to is kept where it helped
            return [w.detach() for w in weights] if error(everything) < before else given


def calibrated_plans(reference_plans, params, network, inputs, forward, steps, count, rate, seed=0):
    """New Plans of ``network`` that compute with calibrated weights; ``reference_plans`` stay as they are.

    count: steps of Adam for every layer, divided among the batches in ``inputs``, each of which starts from the weights
    that the batch before it left; rate: of the first step, over the layer's mean |weight|; seed: of the draws of samples.
    """
    generator = torch.Generator().manual_seed(seed)
    overrides, rounds = {}, max(1, round(count / len(inputs)))
    for k, x in enumerate(inputs):
        plans, reference = Plans(network, forward, overrides, reference_plans.relays, base=reference_plans), {}

        def remember(site, z):
            reference[site.index] = site.activation.f(z)
            return reference[site.index]

        plain(reference_plans(x), network, x, forward, remember, steps)
        run = _FittingRun(
            plans(x),
            dict(params),
            network,
            x,
            forward,
            reference,
            (k * rounds, rounds, len(inputs) * rounds, rate, generator),
        )
        advance_chunk(run, steps)
        calls = run.plan.trace.calls
        overrides = {**overrides, **{calls[index].name: pair for index, pair in run.fitted.items()}}
        del run.plan.compute  # through which the run refers to itself
        del run, reference, remember
    plans = Plans(network, forward, overrides, reference_plans.relays, base=reference_plans)
    plans(inputs[0])
    return plans
