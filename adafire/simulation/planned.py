"""Passes that follow a plan: the read-out, and the network itself with something else in place of its activations.

A timestep is one, too: steps.py.
"""

import torch

from ..graph import CallPass, map_tensors, nonzero, placeholders, replay


class PlannedPass(CallPass):
    """A pass that follows a plan: dispatches on the region of each call."""

    def __init__(self, plan):
        super().__init__()
        self.plan, self.k = plan, 0

    def on_call(self, this):
        call = self.plan.match(self.k, this)
        if call is None:
            return self.independent(this)
        self.k += 1
        if call.region == "independent":
            return self.independent(this)
        return self.dispatch(call, this)

    def independent(self, this):
        """What a call gives that knows nothing of the input."""
        return this.func(*this.args, **this.kwargs)

    def dispatch(self, call, this):
        return getattr(self, call.region)(call, this)

    def current(self, call, this):
        """What arrives at the neurons of a site."""
        if call.site.relay:
            return self.plan.compute(call, this)
        return this.args[call.site.operand] if this.args else this.kwargs["input"]

    def run_through(self, run, *regions, x=None):
        """Make the calls of ``regions``, for what the pass does with them; their order is the network's. x: another input
        than the run's picture."""
        steps, x = self.plan.program(*regions), run.picture if x is None else x
        if steps is not None:
            return replay(steps, x, self.dispatch)
        with self:
            run.forward(run.network, x)

    def answer(self, network, x, forward):
        """What the network returns for the input ``x``, where this pass makes its calls up to the last neuron's stand for something."""
        if self.plan.reading is None:
            with self:
                return forward(network, x)
        steps, border, made = self.plan.reading
        return made(replay(steps, x, self.dispatch, {call.index: self.dispatch(call, None) for call in border}))


class ReadoutPass(PlannedPass):
    """What follows the last neuron, once, at [B, ...], on the time averages of what the neurons emitted."""

    def __init__(self, run):
        super().__init__(run.plan)
        self.run = run

    def prefix(self, call, this):
        if call.index not in self.run.constants:
            return placeholders(call)
        kept = self.run.constants[call.index]
        return map_tensors(torch.clone, kept) if self.plan.mutates else kept

    def steps(self, call, this):
        return self.run.average(call) if call.index in self.plan.tapped else placeholders(call)

    def readout(self, call, this):
        if call.index in self.run.counted:
            self.run.nonzero[call.index] = nonzero(call, this, self.plan.trace.batch)
        return self.plan.compute(call, this)


class PlainPass(PlannedPass):
    """The network itself, with ``on_site(site, z)`` in place of its activations: for the ANN, its quantised twin, and
    for collecting statistics. nonzero: see ``loop.plain``."""

    def __init__(self, plan, on_site, nonzero=None):
        super().__init__(plan)
        self.on_site, self.nonzero = on_site, nonzero
        self.counted = set() if nonzero is None else {call.index for call in plan.weighing}

    def dispatch(self, call, this):
        if call.index in self.counted:
            self.nonzero[call.index] = nonzero(call, this, self.plan.trace.batch)
        return super().dispatch(call, this)

    def prefix(self, call, this):
        return self.plan.compute(call, this)

    readout = prefix

    def steps(self, call, this):
        if call.site is None:
            return placeholders(call) if call.rule.treatment == "skipped" else self.plan.compute(call, this)
        return self.on_site(call.site, self.current(call, this))
