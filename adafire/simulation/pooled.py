"""Spikes that max pooling emits, and the thresholds and constant currents that they come with."""

import torch

from ..graph import placeholders, specs_in, tensors_in
from .planned import PlannedPass
from .state import law_behind


def pooled_spikes(run, call, kind):
    """Spikes that a pooling operator emitted: its summed |increments| over the threshold they are multiples of; where
    neurons have a law of their own, what was counted."""
    _, _, size, active = run.rates[call.index]
    if kind == "graded":
        return active
    return size if law_behind(run, call) is not None else (size / thresholds_at(run, call)).round()


def thresholds_at(run, call):
    """Threshold of the neuron behind every element of a pooled result, times the scale of its channel in between."""
    return _pooled_constants(run)[0][call.index]


def thresholds_laid_out(run, call, channels_last):
    """The same as float32 in the order of memory of the result, channels last or as its dimensions say; kept in the plan."""
    theta, kept = thresholds_at(run, call), run.plan.pooled[2]
    if call.index not in kept:
        kept[call.index] = (theta.permute(0, 2, 3, 1) if channels_last else theta).float().contiguous()
    return kept[call.index]


def shifts_at(run, call):
    """Constant currents (of what arrives at a pooling operator, of its result) that were added to the spikes."""
    return _pooled_constants(run)[1][call.index]


def _pooled_constants(run):
    """(thresholds, shifts, thresholds laid out) by the index of the pooling call; the network's structure moves them there. Found anew where the
    thresholds are others than those of the plan's last run."""
    plan = run.plan
    thresholds = [run.params[site.index].theta for site in plan.trace.sites]
    stamps = [0 if t.is_inference() else t._version for t in thresholds]  # one that was written into is another
    if getattr(plan, "stamps", None) != stamps or not _same_objects(getattr(plan, "thresholds", ()), thresholds):
        ones, zeros = _Thresholds(plan, run.params, 1.0), _Thresholds(plan, run.params, 0.0)
        with torch.no_grad():
            for passing in (ones, zeros) if any(call.affine for call in plan.trace.calls) else (ones,):
                passing.run_through(run, "prefix", "steps", "readout")
        plan.stamps, plan.thresholds, plan.pooled = (
            stamps,
            thresholds,
            (
                {
                    k: (one - zeros.found[k][1]).abs().clamp_min(torch.finfo(torch.float32).tiny)
                    if k in zeros.found
                    else one
                    for k, (_, one) in ones.found.items()
                },
                zeros.found,
                {},
            ),
        )
    return plan.pooled


class _Thresholds(PlannedPass):
    """Thresholds, or with ``times`` 0 nothing, in the place of spikes; ``found``: call index -> (what arrives at a pooling
    operator, its result)."""

    # At the top of the module: a class made in a function, and all it refers to, waits for the garbage collector.

    def __init__(self, plan, params, times):
        super().__init__(plan)
        self.params, self.times, self.found = params, times, {}

    def prefix(self, call, this):
        return placeholders(call)

    def steps(self, call, this):
        if call.site is not None:
            return (self.params[call.site.index].theta.float() * self.times).expand(specs_in(call.template)[0].shape)
        if not (call.unit or call.affine):
            return placeholders(call)
        out = this.func(*this.args, **this.kwargs)
        if call.rule.treatment == "rate":
            self.found[call.index] = tensors_in((this.args, this.kwargs))[0], tensors_in(out)[0]
        return out

    readout = steps


def _same_objects(first, second):
    return len(first) == len(second) and all(a is b for a, b in zip(first, second))
