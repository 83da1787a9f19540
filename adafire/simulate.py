"""The simulator: time is a dimension that ``torch.vmap`` carries.

The network's code sees one timestep of shape [B, ...]; every tensor between neurons holds K timesteps, which vmap folds
into the batch of each layer. What comes before the first neuron is not batched over time and is computed once; what comes
after the last neuron is skipped and run once, on time averages, for each requested read-out (DESIGN 3.3).
"""

from itertools import count

import torch
from torch._C import _functorch as vmapped
from torch._functorch.pyfunctorch import temporarily_pop_interpreter_stack

from . import blocked, fused, neuron
from .calls import map_specs, placeholders, specs_in
from .frames import Frames, frames_in, put, show
from .passes import CallPass, map_tensors, tensors_in
from .rates import advance, advance_peak
from .replay import replay


def lift(handler, step, *tensors):
    """Hand the physical tensors, [K, B, ...] or constant [B, ...], of a vmapped call to ``handler(tensors, moving)``; its
    result, a tensor or a tuple of tensors [K, ...], goes on as [...] with time in it, like ``step``.

    torch.autograd.Function with a vmap rule does the same in ten times the time.
    """
    level = vmapped.maybe_get_level(step)
    moved, moving = [], []
    for tensor in tensors:
        inside = vmapped.is_batchedtensor(tensor) and vmapped.maybe_get_level(tensor) == level
        moving.append(inside)
        moved.append(vmapped.get_unwrapped(tensor).movedim(vmapped.maybe_get_bdim(tensor), 0) if inside else tensor)
    with temporarily_pop_interpreter_stack():
        out = handler(moved, moving)
    if isinstance(out, tuple):
        return tuple(vmapped._add_batch_dim(o, 0, level) for o in out)
    return vmapped._add_batch_dim(out, 0, level)


class Run:
    """State of one simulation: neurons, rate operators, sums for the read-out, and results that are constant in time.

    start: the read-out averages over the steps after this one (delayed read-out; the steps before still cost energy).
    picture: the input at one step, for passes that look at shapes only.
    fuse: additions before a neuron become part of it, and spikes may take the place of their currents; not where somebody
    looks at currents, as a subclass with a ``fire`` of its own.
    comes_to_rest: silence says 'as before' (differential.py) and the input does not change, so that after a step later than
    ``unrest``, up to which the weights of spikes change, and without a spike (``at_rest``) none will follow; silent: steps
    of each sample without a spike, in which none of its currents changes and nothing need be computed.
    """

    def __init__(self, plan, params, network, x, forward, start=0):
        self.plan, self.params = plan, params
        self.network, self.x, self.forward = network, x, forward
        self.picture = show(x, Frames.first)
        self.t, self.start, self.before = 0, start, {}
        self.neurons, self.rates, self.sums, self.constants = {}, {}, {}, {}
        self.fuse, self.at_rest = type(self).fire is Run.fire, False
        settled = [getattr(p.neuron, "constant_after", None) for p in params.values()]
        self.comes_to_rest = bool(settled) and None not in settled and start == 0 and not frames_in(x)
        self.unrest, self.silent = max(settled) if self.comes_to_rest else 0, torch.zeros(plan.trace.batch)

    def fire(self, site, z, steps, more=None, overwrite=False):
        """Spikes [K, B, ...] of a site for currents ``z`` at the next ``steps`` timesteps; see ``fused.scan``."""
        params, state = self.params[site.index], self.neurons.get(site.index)
        law = params.neuron or neuron
        result = fused.scan(z, self.t, steps, params, state, site, more, overwrite) if law is neuron else None
        if result is None:
            z = z if more is None else z + more
            if state is None:
                state = law.initial_state(z if z.dim() == len(site.shape) else z[0], params)
            result = law.fast(z, self.t, steps, params, state, site) if hasattr(law, "fast") else None
        if result is None:
            result = (blocked if law is neuron else law).scan(z, self.t, steps, params, state, site.activation)
        out, self.neurons[site.index] = result
        return out.to(z.dtype)

    def peak(self, site, z, steps, more=None):
        """The largest count along the last dimension after each step, [K, B, ...], in place of the spikes; None where only
        ``fire`` goes."""
        params, state = self.params[site.index], self.neurons.get(site.index)
        if params.neuron is not None or params.theta.dim() and params.theta.shape[-1] != 1:
            return None
        result = fused.scan(z, self.t, steps, params, state, site, more, peak=True)
        if result is None:
            return None
        out, self.neurons[site.index] = result
        return out

    def graded(self):
        """Events of all neurons up to now, of each sample [B]; where rows of a site are no samples, all stand for each."""
        total = torch.zeros(self.plan.trace.batch, dtype=torch.float64)
        for state in self.neurons.values():
            events = state.graded.sum(tuple(range(1, state.graded.dim())), dtype=torch.float64).cpu()
            total += events if len(events) == len(total) else events.sum()
        return total

    def rest_until(self, t):
        """What further steps up to ``t`` would do to a network at rest: all totals grow in proportion."""
        for index, state in self.neurons.items():
            self.neurons[index] = state._replace(x=state.x * (t / self.t), n=state.mean * float(t))
        self.sums = {key: total * (t / self.t) for key, total in self.sums.items()}
        self.silent = self.silent + (t - self.t)
        self.t = t

    def tap(self, call, position, value):
        """Add [K, B, ...] to what the read-out will average."""
        key = (call.index, position)
        total = value.float().sum(0)
        self.sums[key] = self.sums[key] + total if key in self.sums else total

    def average(self, call):
        """Time average up to now of a tapped call's results, in their structure."""
        positions, start = count(), self.start if self.t > self.start else 0

        def mean(spec):
            key = (call.index, next(positions))
            before = self.before[key] if start else 0.0
            return ((self._sum(call, key) - before) / (self.t - start)).to(spec.dtype)
        return map_specs(mean, call.template)

    def _sum(self, call, key):
        if call.site is not None:
            return self.neurons[call.site.index].n * self.params[call.site.index].theta
        return self.sums[key]

    def remember(self):
        """Keep the sums as they are, for a read-out that starts now."""
        for index in self.plan.tapped:
            call = self.plan.trace.calls[index]
            for position in range(len(specs_in(call.template))):
                self.before[(index, position)] = self._sum(call, (index, position)).clone()


class PlannedPass(CallPass):
    """A pass that follows a plan: dispatches on the region of each call."""

    def __init__(self, plan):
        super().__init__()
        self.plan, self.k = plan, 0

    def on_call(self, this):
        call = self.plan.match(self.k, this)
        if call is None:
            return this.func(*this.args, **this.kwargs)
        self.k += 1
        if call.region == "independent":
            return this.func(*this.args, **this.kwargs)
        return self.dispatch(call, this)

    def dispatch(self, call, this):
        return getattr(self, call.region)(call, this)

    def run_through(self, run, *regions, x=None):
        """Make the calls of ``regions``, for what the pass does with them; their order is the network's. x: another input
        than the run's picture."""
        steps, x = self.plan.program(*regions), run.picture if x is None else x
        if steps is not None:
            return replay(steps, x, self.dispatch)
        with self:
            run.forward(run.network, x)


class StepPass(PlannedPass):
    """K timesteps of everything between the neurons. Runs inside ``torch.vmap`` over ``step``."""

    def __init__(self, run, step, length):
        super().__init__(run.plan)
        self.run, self.step, self.length, self.waiting = run, step, length, {}

    def advance(self, pictures):
        """Simulate the steps; ``pictures`` stand in the place of the input's Frames."""
        self.run_through(self.run, "prefix", "steps", x=put(self.run.x, pictures))

    def prefix(self, call, this):
        constants = self.run.constants
        if call.index in constants:
            return constants[call.index]
        if self.run.t > 0:
            return placeholders(call)
        out = self.plan.compute(call, this)
        if call.index in self.plan.kept:
            constants[call.index] = out
        return out

    def readout(self, call, this):
        return this.args[0] if call.mutates else placeholders(call)

    def steps(self, call, this):
        if call.site is not None:
            return self._fire(call, this)
        if call.index in self.plan.joined and self.run.fuse:
            self.waiting[call.index] = this.args
            return placeholders(call)
        if call.rule.treatment == "skipped":
            return placeholders(call)
        if call.rule.treatment == "rate":
            return self._rate(call, this)
        out = self.plan.compute(call, this)
        if call.index in self.plan.tapped:
            return self._tap(call, out)
        return out

    def _fire(self, call, this):
        z = this.args[call.site.operand] if this.args else this.kwargs["input"]
        currents = self.waiting.pop(call.inputs[0], (z,))
        overwrite = call.index in self.plan.owned and self.run.fuse
        if len(currents) > 1 and self.plan.joined[call.inputs[0]]:
            currents = currents[::-1]

        peaked = []

        def handler(tensors, moving):
            if len(tensors) > 1 and not moving[0]:
                tensors = tensors[::-1]
            if not self.run.fuse:
                return self.run.fire(call.site, tensors[0], self.length)
            counts = self.run.peak(call.site, tensors[0], self.length, *tensors[1:]) if call.index in self.plan.peaked else None
            if counts is not None:
                peaked.append(call.index)
                return counts
            return self.run.fire(call.site, tensors[0], self.length, *tensors[1:], overwrite=overwrite)
        out = lift(handler, self.step, *currents)
        if peaked:
            self.waiting[call.index] = out
            return placeholders(call)
        return out

    def _tap(self, call, out):
        positions = count()

        def one(tensor):
            position = next(positions)

            def handler(tensors, _):
                self.run.tap(call, position, tensors[0])
                return tensors[0].view_as(tensors[0])
            return lift(handler, self.step, tensor)
        return map_tensors(one, out)

    def _rate(self, call, this):
        if call.inputs[0] in self.waiting:
            counts, like = self.waiting.pop(call.inputs[0]), specs_in(call.template)[0]
            return lift(lambda tensors, _: advance_peak(self.run, call, tensors[0]).to(like.dtype), self.step, counts)
        operands = tensors_in((this.args, this.kwargs))

        def function(*values):
            fresh = iter(values)
            args, kwargs = map_tensors(lambda old: next(fresh).to(old.dtype), (this.args, this.kwargs))
            return tuple(tensors_in(this.func(*args, **kwargs)))

        def handler(tensors, changing):
            return advance(self.run, call, function, tensors, changing, self.length)
        results = iter(lift(handler, self.step, *operands))
        return map_specs(lambda spec: next(results), call.template)


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
        return self.plan.compute(call, this)


class PlainPass(PlannedPass):
    """The network itself, with ``on_site(site, z)`` in place of its activations: for the ANN, its quantised twin, and
    for collecting statistics."""

    def __init__(self, plan, on_site):
        super().__init__(plan)
        self.on_site = on_site

    def prefix(self, call, this):
        return self.plan.compute(call, this)

    readout = prefix

    def steps(self, call, this):
        if call.site is None:
            return placeholders(call) if call.rule.treatment == "skipped" else self.plan.compute(call, this)
        return self.on_site(call.site, this.args[call.site.operand] if this.args else this.kwargs["input"])


@torch.no_grad()
def plain(plan, network, x, forward, on_site, steps=None):
    """Outputs of the network with ``on_site(site, z)`` in place of its activations; where the input has frames, on the
    mean of what ``steps`` timesteps show (None: of all frames)."""
    x = show(x, lambda frames: frames.mean(steps))
    with PlainPass(plan, on_site):
        return forward(network, x)


@torch.no_grad()
def advance_chunk(run, length):
    """Simulate the next ``length`` timesteps."""
    def body(step, pictures):
        StepPass(run, step, length).advance(pictures)
        return step
    torch.vmap(body)(*clock(run.x, run.t, length))
    run.t += length


def clock(x, before, length):
    """What ``torch.vmap`` runs over in the ``length`` timesteps after step ``before``: their numbers [K], and what each
    Frames of the input shows at them, [K, B, ...]."""
    steps = torch.arange(before + 1, before + length + 1, device=tensors_in(x)[0].device, dtype=torch.float32)
    return steps, [frames.steps(before, length) for frames in frames_in(x)]


@torch.no_grad()
def read_out(run):
    """The network's outputs on time averages up to now."""
    start = run.start if run.t > run.start else 0
    x = show(run.x, lambda frames: frames.mean(run.t, start))
    with ReadoutPass(run):
        return run.forward(run.network, x)


def simulate(run, at, chunk):
    """Yield (t, outputs) for each t in ``at`` (ascending), from one simulation in chunks of at most ``chunk`` steps."""
    chunk = 1 if run.comes_to_rest else chunk
    for t in at:
        while run.t < t and not run.at_rest:
            before = run.graded() if run.comes_to_rest else None
            advance_chunk(run, min(chunk, t - run.t, run.start - run.t if run.t < run.start else t))
            if run.t == run.start:
                run.remember()
            if run.comes_to_rest:
                silent = run.graded() == before
                run.silent = run.silent + silent
                run.at_rest = bool(silent.all()) and run.t > run.unrest
        if run.at_rest:
            run.rest_until(t)
        yield t, read_out(run)
