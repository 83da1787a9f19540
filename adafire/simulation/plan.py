"""How one trace is executed: folded batch norms, what is kept at the borders of regions, how much memory a step takes."""

import functools

import torch

from ..errors import UnsupportedError
from ..graph import Stream, argument_maker, maximum_over_last, multiplies, program, specs_in, streams_of, weighs
from .memory import bytes_of_a_step
from .prepared import Prepared, folded, in_channels_last
from .repeatable import repeatable
from .stepwise import cat_channels_last, in_any_layout

_FOLDABLE = {"conv1d", "conv2d", "conv3d", "linear"}
CHUNK = 8
"""Timesteps at once beyond which nothing is gained: the work done once a chunk is spread thin enough, and memory traffic grows."""


class Plan:
    """A trace with what its execution needs.

    folded: call index -> (weight, bias) that a layer computes with: a convolution's with its batch norm in it and in
    channels_last, or the one of ``overrides`` (name of a call -> (weight, bias)); skipped: batch
    norms that are gone; joined: additions that the neurons behind them make themselves -> whether the second operand is
    one's to overwrite; owned: sites whose currents nobody else looks at; peaked: sites of which only the maximum over the
    last dimension goes on; kept: prefix calls whose results later regions use; tapped: step calls whose time average the
    read-out uses.
    """

    def __init__(self, trace, overrides=None, prepared=None):
        self.trace = trace
        self.overrides, self.prepared = overrides or {}, Prepared() if prepared is None else prepared
        self.folded, self.skipped = {}, set()
        for call in trace.calls:
            if call.op == "batch_norm" and call.inputs and call.inputs[0] >= 0:
                self._fold(trace.calls[call.inputs[0]], call)
        for call in trace.calls:
            if call.op == "conv2d" and call.region != "independent" and call.index not in self.folded:
                self._channels_last(call)
            if call.name in self.overrides:
                self.folded[call.index] = self.overrides[call.name]
        regions = [call.region for call in trace.calls]
        self.kept = {
            c.index
            for c in trace.calls
            if c.region == "prefix" and (any(regions[k] != "prefix" for k in c.consumers) or c.index in trace.outputs)
        }
        self.tapped = {
            c.index
            for c in trace.calls
            if c.region == "steps" and (any(regions[k] == "readout" for k in c.consumers) or c.index in trace.outputs)
        }
        self.mutates = any(c.mutates for c in trace.calls)
        self.programs, self.joined, self.owned = {}, {}, set()
        for site in trace.sites:
            self._join(trace.calls[site.call])
        self.peaked = {
            call.inputs[0]
            for call in trace.calls
            if call.op == "amax"
            and call.spiking
            and call.region == "steps"
            and maximum_over_last(call) is not None
            and (source := self._sole(call.inputs[0])) is not None
            and source.site is not None
            and source.site.channel_axis < len(source.site.shape) - 1
        }

    def _fold(self, conv, norm):
        _, args, kwargs = conv.arguments
        if conv.op not in _FOLDABLE or conv.consumers != [norm.index] or conv.index in self.trace.outputs:
            return
        names = dict(zip(("input", "running_mean", "running_var", "weight", "bias"), norm.arguments[1]))
        names.update(norm.arguments[2])
        weight = args[1] if len(args) > 1 else kwargs.get("weight")
        bias = args[2] if len(args) > 2 else kwargs.get("bias")
        mean, var = names.get("running_mean"), names.get("running_var")
        eps = names.get("eps", norm.arguments[1][7] if len(norm.arguments[1]) > 7 else 1e-5)
        if isinstance(weight, Stream) or isinstance(bias, Stream) or mean is None or weight is None:
            return
        if conv.op == "linear" and len(specs_in(conv.template)[0].shape) != 2:
            return
        self.folded[conv.index] = self.prepared(
            folded, weight, bias, mean, var, names.get("weight"), names.get("bias"), eps
        )
        self.skipped.add(norm.index)

    def _join(self, call):
        source = self._sole(call.inputs[0]) if len(call.inputs) == 1 else None
        if source is None or call.site.relay and call.index not in self.skipped:
            return
        _, args, kwargs = source.arguments
        if (
            source.op == "add"
            and not kwargs
            and len(args) == 2
            and all(isinstance(a, Stream) for a in args)
            and args[0].shape == args[1].shape
        ):
            mine = [self.fresh(self._sole(a.call)) for a in args]
            self.joined[source.index] = mine[1] and not mine[0]
            if any(mine):
                self.owned.add(call.index)
        elif self.fresh(source):
            self.owned.add(call.index)

    def _sole(self, index):
        """The call that computed what call ``index`` gives, if it runs at every step and has one consumer; else None."""
        call = self.trace.calls[index] if index >= 0 else None
        while call is not None:
            if call.region != "steps" or len(call.consumers) != 1 or call.index in self.tapped:
                return None
            if call.index not in self.skipped:
                return call
            call = self.trace.calls[call.inputs[0]]

    @staticmethod
    def fresh(call):
        """Whether the result of a call is memory of its own."""
        return (
            call is not None
            and call.rule.treatment == "linear"
            and (call.op.startswith("conv") or call.op in ("linear", "batch_norm", "add"))
        )

    def _channels_last(self, conv):
        """Weights in channels_last: what flows then is too, which the layers and the fused kernels are fastest with."""
        _, args, kwargs = conv.arguments
        weight = args[1] if len(args) > 1 else kwargs.get("weight")
        bias = args[2] if len(args) > 2 else kwargs.get("bias")
        if isinstance(weight, torch.Tensor) and not isinstance(bias, Stream):
            self.folded[conv.index] = self.prepared(in_channels_last, weight, bias)

    def match(self, k, this):
        """The k-th call if ``this`` is it; None if it is a function that returns no tensor; an error otherwise."""
        calls = self.trace.calls
        if k < len(calls) and calls[k].full == this.full:
            return calls[k]
        if this.full in self.trace.others:
            return None
        expected = f"'{calls[k].op}' at {calls[k].name}" if k < len(calls) else "no further call"
        raise UnsupportedError(
            f"the network's calls changed between passes: call {k} is '{this.name}', the dry run had "
            f"{expected}. Control flow that depends on data or on counters cannot be simulated"
        )

    def compute(self, call, this):
        """The call itself, with folded weights where there are some."""
        if call.index in self.skipped:
            return this.args[0] if this.args else this.kwargs["input"]
        if call.index in self.folded:
            weight, bias = self.folded[call.index]
            kwargs = {k: v for k, v in this.kwargs.items() if k not in ("input", "weight", "bias")}
            x = this.args[0] if this.args else this.kwargs["input"]
            return repeatable(
                call,
                this.func,
                x,
                weight.to(x.dtype),
                None if bias is None else bias.to(x.dtype),
                *this.args[3:],
                **kwargs,
            )
        if call.op in ("conv1d", "linear") and not {"input", "weight"} & set(this.kwargs):
            kwargs = {k: v for k, v in this.kwargs.items() if k != "bias"}
            x, weight, bias, *rest = *this.args, *([] if len(this.args) > 2 else [this.kwargs.get("bias")])
            return repeatable(call, this.func, x, weight, bias, *rest, **kwargs)
        if call.op in ("cat", "concat", "concatenate"):
            return cat_channels_last(this.func, this.args, this.kwargs)
        return in_any_layout(this.func, this.args, this.kwargs)

    def program(self, *regions):
        """The calls of some regions, to be made again without the network; None where it writes into tensors."""
        if regions not in self.programs:
            self.programs[regions] = None if self.mutates else program(self.trace.calls, regions)
        return self.programs[regions]

    @functools.cached_property
    def reading(self):
        """(program of the read-out, calls that it begins with, function of {call index: results} that gives the network's answer); None
        where the network itself has to be run for it."""
        if self.mutates or self.trace.answer is None:
            return None
        border = [call for call in self.trace.calls if call.index in self.kept | self.tapped]
        fixed = lambda results: self.trace.answer
        return (
            program(self.trace.calls, ("readout",), self.trace.outputs),
            border,
            argument_maker(self.trace.answer) or fixed,
        )

    @functools.cached_property
    def lasting(self):
        """Layers with weights of their own that run at every step on one operand: as long as it is the same, so is the result."""
        return {
            call.index
            for call in self.trace.calls
            if call.region == "steps"
            and call.index not in self.skipped
            and self.fresh(call)
            and call.op not in ("add", "batch_norm")
            and len(streams_of(call)) == 1
            and isinstance(call.arguments[1][0] if call.arguments[1] else call.arguments[2].get("input"), Stream)
        }

    @functools.cached_property
    def counted(self):
        """Calls of which a simulation counts the operands other than 0: numbers, not spikes, that meet weights. What acts on
        running means, few of which are 0 for long, is left out."""
        spiking = lambda call: any(s.call >= 0 and self.trace.calls[s.call].spiking for s in streams_of(call))
        return {
            call.index
            for call in self.weighing
            if call.region != "steps" or call.rule.treatment == "linear" and weighs(call) and not spiking(call)
        }

    @functools.cached_property
    def weighing(self):
        """Calls of which the network itself can tell how many operands are not 0 (operands.py)."""
        return [
            call
            for call in self.trace.calls
            if call.region != "independent"
            and call.index not in self.skipped
            and call.rule.treatment != "skipped"
            and (weighs(call) or multiplies(call))
        ]

    @functools.cached_property
    def step_bytes(self):
        """Bytes that one timestep holds at its fullest: results of calls that are still to be used. Spikes that take the
        place of their currents, and additions that a neuron makes, hold what they were made from."""
        return bytes_of_a_step(self)

    def chunk(self, memory_gb):
        """How many timesteps to simulate at once: as many as fit in ``memory_gb`` (layers work in up to half as much again;
        neurons' states, 16 to 20 bytes each, come on top, twice where samples rest one by one), at least 1, and no more than pay."""
        return max(1, min(CHUNK, int(memory_gb * 1e9 / (1.5 * self.step_bytes))))
