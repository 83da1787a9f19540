"""The pass that simulates timesteps: everything between the neurons, inside ``torch.vmap`` over time.

``lift`` hands what ``torch.vmap`` carries through time to functions that see all timesteps at once.
"""

from itertools import count

from torch._C import _functorch as vmapped
from torch._functorch.pyfunctorch import temporarily_pop_interpreter_stack

from ..frames import put
from ..graph import map_specs, map_tensors, nonzero, nonzero_of, placeholders, specs_in, stream_slots, tensors_in
from .planned import PlannedPass
from .running_mean import advance, advance_peak
from .stepwise import in_any_layout, no_rule, over_time


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


class StepPass(PlannedPass):
    """K timesteps of everything between the neurons. Runs inside ``torch.vmap`` over ``step``."""

    def __init__(self, run, step, length):
        super().__init__(run.plan)
        self.run, self.step, self.length, self.waiting = run, step, length, {}

    def advance(self, pictures):
        """Simulate the steps; ``pictures`` stand in the place of the input's Frames."""
        self.run_through(self.run, "prefix", "steps", x=put(self.run.x, pictures))

    def independent(self, this):
        return map_tensors(self._still, super().independent(this))

    def _still(self, tensor):
        """What is made of the shape of something that moves is the same at every step, though vmap carries time in it."""
        if not vmapped.is_batchedtensor(tensor):
            return tensor
        return vmapped.get_unwrapped(tensor).select(vmapped.maybe_get_bdim(tensor), 0)

    def prefix(self, call, this):
        constants = self.run.constants
        if call.index in constants:
            return constants[call.index]
        if self.run.t > 0:
            return placeholders(call)
        if call.index in self.run.counted:
            self.run.nonzero[call.index] = nonzero(call, this, self.plan.trace.batch)
        out = self.plan.compute(call, this)
        if call.index in self.plan.kept:
            constants[call.index] = out
        return out

    def readout(self, call, this):
        return this.args[0] if call.mutates else placeholders(call)

    def steps(self, call, this):
        if call.index in self.run.counted:
            self._count(call, this)
        if call.site is not None:
            return self._fire(call, this)
        if call.index in self.plan.joined and self.run.fuse:
            self.waiting[call.index] = this.args
            return placeholders(call)
        if call.rule.treatment == "skipped":
            return placeholders(call)
        if call.rule.treatment == "rate":
            return self._rate(call, this)
        try:
            out = self._computed(call, this)
        except RuntimeError as error:
            if not no_rule(error):
                raise
            out = self._over_time(
                call, this, lambda function, *operands: over_time(self.plan, call, function, *operands)
            )
        if call.index in self.plan.tapped:
            return self._tap(call, out)
        return out

    def _computed(self, call, this):
        """A call's result; of a stream, that of the call before where the operand of a layer is the same (memo.py)."""
        memo, x = self.run.memo, this.args[0] if this.args else this.kwargs.get("input")
        level = vmapped.maybe_get_level(self.step)
        if memo is None or call.index not in self.plan.lasting or vmapped.maybe_get_level(x) != level:
            return self.plan.compute(call, this)
        raw, place = vmapped.get_unwrapped(x), vmapped.maybe_get_bdim(x)
        with temporarily_pop_interpreter_stack():
            found = memo.find(("layer", call.index), (raw,))
        if found is None:
            out = self.plan.compute(call, this)
            memo.keep(("layer", call.index), (raw,), (place, vmapped.get_unwrapped(out), vmapped.maybe_get_bdim(out)))
            return out
        return vmapped._add_batch_dim(found[1], found[2], level)

    def current(self, call, this):
        return (
            self._rate(call, this) if call.site.relay and call.rule.treatment == "rate" else super().current(call, this)
        )

    def _fire(self, call, this):
        own = call.site.relay and call.index not in self.plan.skipped  # its currents are what the call itself computes
        currents = None if own else self.waiting.pop(call.inputs[0], None)
        currents = currents or (self.current(call, this),)
        overwrite = (self.plan.fresh(call) if own else call.index in self.plan.owned) and self.run.fuse
        if len(currents) > 1 and self.plan.joined[call.inputs[0]]:
            currents = currents[::-1]

        peaked = []

        def handler(tensors, moving):
            if len(tensors) > 1 and not moving[0]:
                tensors = tensors[::-1]
            if not self.run.fuse:
                return self.run.fire(call.site, tensors[0], self.length)
            counts = (
                self.run.peak(call.site, tensors[0], self.length, *tensors[1:])
                if call.index in self.plan.peaked
                else None
            )
            if counts is not None:
                peaked.append(call.index)
                return counts
            return self.run.fire(call.site, tensors[0], self.length, *tensors[1:], overwrite=overwrite)

        out = lift(handler, self.step, *currents)
        if peaked:
            self.waiting[call.index] = out
            return placeholders(call)
        return out

    def _count(self, call, this):
        """Numbers other than 0 that meet the weights of a call in these steps."""

        def handler(tensors, moving):
            found = nonzero_of(call, tensors[0], self.plan.trace.batch, steps=moving[0])
            self.run.nonzero[call.index] = self.run.nonzero.get(call.index, 0) + found * (
                1 if moving[0] else self.length
            )
            return tensors[0].view_as(tensors[0]) if moving[0] else tensors[0].expand(self.length, *tensors[0].shape)

        lift(handler, self.step, tensors_in((this.args, this.kwargs))[stream_slots(call).index(True)])

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
        return self._over_time(
            call, this, lambda function, *operands: advance(self.run, call, function, *operands, self.length)
        )

    def _over_time(self, call, this, run):
        """Results of a call; run(function, tensors, moving): those [K, B, ...] of ``function`` of its tensors at one step."""
        operands = tensors_in((this.args, this.kwargs))

        def function(*values):
            fresh = iter(values)
            args, kwargs = map_tensors(lambda old: next(fresh).to(old.dtype), (this.args, this.kwargs))
            return tuple(tensors_in(in_any_layout(this.func, args, kwargs)))

        results = iter(lift(lambda tensors, moving: run(function, tensors, moving), self.step, *operands))
        return map_specs(lambda spec: next(results), call.template)
