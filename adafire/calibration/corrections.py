"""Calibration after thresholds: corrections that a simulation of calibration data measures, site by site.

Li et al. (ICML 2021) run the SNN once for every layer, each time with all earlier layers corrected. Here one simulation of
all T steps does it: a site's currents are known, for all steps, before anything behind it has run, so it is corrected on
the spot and passes corrected spikes on.
"""

from ..simulation import Run, advance_chunk, plain


class _CorrectingRun(Run):
    """Corrects each site the first time that it fires, against the ANN's activations on the same inputs."""

    def __init__(self, plan, params, network, x, forward, reference, correct):
        super().__init__(plan, dict(params), network, x, forward)
        self.reference, self.correct = reference, correct

    def fire(self, site, z, steps):
        params, reference = self.params[site.index], self.reference.pop(site.index)
        for _ in range(2):  # the second look sees what clipping left of the first correction
            super().fire(site, z, steps)
            error = self.neurons.pop(site.index).n * (params.theta / steps) - reference
            self.params[site.index] = params = self.correct(site, params, error, steps)
        out = super().fire(site, z, steps)
        del self.neurons[site.index]  # all steps are done, and nobody reads out
        return out


def correct_bias(site, params, error, steps):
    """b_c <- b_c - mean over batch and positions of (SNN - ANN) (Li et al., ICML 2021, light pipeline)."""
    axis = site.channel_axis
    mean = error.mean(dim=[d for d in range(error.dim()) if d != axis], keepdim=True)
    return params._replace(bias=params.bias - mean)


def correct_potential(site, params, error, steps):
    """v_0 <- v_0 - T mean over batch of (SNN - ANN), per neuron, in units of the threshold (same paper, potential)."""
    return params._replace(v0=params.v0 - steps * error.mean(0, keepdim=True) / params.theta)


def calibrate(plan_of, params, network, inputs, forward, steps, correct, reference_plan=None):
    """Corrected params; with several calibration batches, the mean of their corrections (each starts from ``params``).

    reference_plan: the ANN's plans, where those of the SNN (``plan_of``) have other weights.
    """
    total, field = None, "bias" if correct is correct_bias else "v0"
    for x in inputs:
        plan, reference = plan_of(x), {}

        def remember(site, z):
            reference[site.index] = site.activation.f(z)
            return reference[site.index]

        plain((reference_plan or plan_of)(x), network, x, forward, remember, steps)
        run = _CorrectingRun(plan, params, network, x, forward, reference, correct)
        advance_chunk(run, steps)
        found = {i: getattr(p, field) for i, p in run.params.items()}
        total = found if total is None else {i: total[i] + found[i] for i in total}
        del run, reference, remember  # gigabytes for large pictures; the next batch begins without them
    return {i: p._replace(**{field: total[i] / len(inputs)}) for i, p in params.items()}
