"""Calibration after thresholds: corrections that a simulation of calibration data measures, site by site.

Li et al. (ICML 2021) run the SNN once for every layer, each time with all earlier layers corrected. Here one simulation of
all T steps does it: a site's currents are known, for all steps, before anything behind it has run, so it is corrected on
the spot and passes corrected spikes on.
The quantised network is corrected likewise, on itself: what it gives at a site, with all earlier sites corrected.
"""

from ..neurons import quantised
from ..simulation import Run, advance_chunk, plain

LOOKS = 2
"""The second look sees what clipping left of the first correction."""


class _CorrectingRun(Run):
    """Corrects each site the first time that it fires, against the ANN's activations on the same inputs: over the steps that
    the read-out averages over, those after step ``first``."""

    def __init__(self, plan, params, network, x, forward, first, reference, correct):
        super().__init__(plan, dict(params), network, x, forward)
        self.first, self.reference, self.correct = first, reference, correct

    def fire(self, site, z, steps):
        params, reference = self.params[site.index], self.reference.pop(site.index)
        for _ in range(LOOKS):
            out, state = super().fire(site, z, steps), self.neurons.pop(site.index)
            mean = out[self.first :].float().mean(0) if self.first else state.n * (params.theta / steps)
            error = mean - reference
            self.params[site.index] = params = self.correct(site, params, error, steps)
        out = super().fire(site, z, steps)
        del self.neurons[site.index]  # all steps are done, and nobody reads out
        return out


def _corrected_quantiser(plan, params, network, x, forward, steps, reference, correct):
    """Corrected ``params`` of the quantised network on the input ``x``."""
    found = dict(params)

    def on_site(site, z):
        expected = reference.pop(site.index)
        for _ in range(LOOKS):
            error = quantised(z, steps, found[site.index], site.activation) - expected
            found[site.index] = correct(site, found[site.index], error, steps)
        return quantised(z, steps, found[site.index], site.activation)

    plain(plan, network, x, forward, on_site, steps)
    return found


def correct_bias(site, params, error, steps):
    """b_c <- b_c - mean over batch and positions of (SNN - ANN) (Li et al., ICML 2021, light pipeline)."""
    axis = site.channel_axis
    mean = error.mean(dim=[d for d in range(error.dim()) if d != axis], keepdim=True)
    return params._replace(bias=params.bias - mean)


def correct_potential(site, params, error, steps):
    """v_0 <- v_0 - T mean over batch of (SNN - ANN), per neuron, in units of the threshold (same paper, potential)."""
    return params._replace(v0=params.v0 - steps * error.mean(0, keepdim=True) / params.theta)


def calibrate(plan_of, params, network, inputs, forward, steps, correct, reference_plan=None, first=0, spiking=True):
    """Corrected params; with several calibration batches, the mean of their corrections (each starts from ``params``).

    reference_plan: the ANN's plans, where those of the SNN (``plan_of``) have other weights. first: steps before those that
    the read-out averages over. spiking: False for the quantised network in place of the SNN.
    """
    total, field = None, "bias" if correct is correct_bias else "v0"
    for x in inputs:
        plan, reference = plan_of(x), {}

        def remember(site, z):
            reference[site.index] = site.activation.f(z)
            return reference[site.index]

        plain((reference_plan or plan_of)(x), network, x, forward, remember, steps)
        if spiking:
            run = _CorrectingRun(plan, params, network, x, forward, first, reference, correct)
            advance_chunk(run, steps)
            corrected = run.params
            del run
        else:
            corrected = _corrected_quantiser(plan, params, network, x, forward, steps, reference, correct)
        found = {i: getattr(p, field) for i, p in corrected.items()}
        total = found if total is None else {i: total[i] + found[i] for i in total}
        del reference, remember  # gigabytes for large pictures; the next batch begins without them
    return {i: p._replace(**{field: total[i] / len(inputs)}) for i, p in params.items()}
