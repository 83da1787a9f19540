"""The simulator: time is a dimension that ``torch.vmap`` carries.

The network's code sees one timestep of shape [B, ...]; every tensor between neurons holds K timesteps, which vmap folds
into the batch of each layer. What comes before the first neuron is not batched over time and is computed once; what comes
after the last neuron is skipped and run once, on time averages, for each requested read-out (DESIGN 3.3).
"""

from itertools import count

import torch

from . import fused, neuron
from .calls import map_specs, placeholders, specs_in
from .frames import Frames, frames_in, put, show
from .passes import CallPass, map_tensors, tensors_in
from .rates import advance


class _Lift(torch.autograd.Function):
    """Hands the physical tensors, [K, B, ...] or constant [B, ...], of a vmapped call to a function."""

    generate_vmap_rule = False

    @staticmethod
    def forward(handler, step, *tensors):
        raise RuntimeError("only meaningful inside torch.vmap")

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def vmap(info, in_dims, handler, step, *tensors):
        moved = [t if d is None else t.movedim(d, 0) for t, d in zip(tensors, in_dims[2:])]
        out = handler(moved, [d is not None for d in in_dims[2:]])
        return out, (0,) * len(out) if isinstance(out, tuple) else 0


class Run:
    """State of one simulation: neurons, rate operators, sums for the read-out, and results that are constant in time.

    start: the read-out averages over the steps after this one (delayed read-out; the steps before still cost energy).
    picture: the input at one step, for passes that look at shapes only.
    """

    def __init__(self, plan, params, network, x, forward, start=0):
        self.plan, self.params = plan, params
        self.network, self.x, self.forward = network, x, forward
        self.picture = show(x, Frames.first)
        self.t, self.start, self.before = 0, start, {}
        self.neurons, self.rates, self.sums, self.constants = {}, {}, {}, {}

    def fire(self, site, z, steps):
        """Spikes [K, B, ...] of a site for currents ``z`` at the next ``steps`` timesteps."""
        params, state = self.params[site.index], self.neurons.get(site.index)
        law = params.neuron or neuron
        if state is None:
            state = law.initial_state(z if z.dim() == len(site.shape) else z[0], params)
        result = fused.scan(z, self.t, steps, params, state, site) if law is neuron else None
        if result is None:
            result = law.scan(z, self.t, steps, params, state, site.activation)
        out, self.neurons[site.index] = result
        return out.to(z.dtype)

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
        return getattr(self, call.region)(call, this)


class StepPass(PlannedPass):
    """K timesteps of everything between the neurons. Runs inside ``torch.vmap`` over ``step``."""

    def __init__(self, run, step, length):
        super().__init__(run.plan)
        self.run, self.step, self.length = run, step, length

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
            z = this.args[call.site.operand] if this.args else this.kwargs["input"]
            return _Lift.apply(lambda tensors, _: self.run.fire(call.site, tensors[0], self.length), self.step, z)
        if call.rule.treatment == "skipped":
            return placeholders(call)
        if call.rule.treatment == "rate":
            return self._rate(call, this)
        out = self.plan.compute(call, this)
        if call.index in self.plan.tapped:
            return self._tap(call, out)
        return out

    def _tap(self, call, out):
        positions = count()

        def one(tensor):
            position = next(positions)

            def handler(tensors, _):
                self.run.tap(call, position, tensors[0])
                return tensors[0].view_as(tensors[0])
            return _Lift.apply(handler, self.step, tensor)
        return map_tensors(one, out)

    def _rate(self, call, this):
        operands = tensors_in((this.args, this.kwargs))

        def function(*values):
            fresh = iter(values)
            args, kwargs = map_tensors(lambda old: next(fresh).to(old.dtype), (this.args, this.kwargs))
            return tuple(tensors_in(this.func(*args, **kwargs)))

        def handler(tensors, changing):
            return advance(self.run, call, function, tensors, changing, self.length)
        results = iter(_Lift.apply(handler, self.step, *operands))
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
        with StepPass(run, step, length):
            run.forward(run.network, put(run.x, pictures))
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
    for t in at:
        while run.t < t:
            advance_chunk(run, min(chunk, t - run.t, run.start - run.t if run.t < run.start else t))
            if run.t == run.start:
                run.remember()
        yield t, read_out(run)
