"""One dry run of the network: what is called, in which order, on what, and where the neurons go.

The network runs unchanged and in eager mode. Call k of a later pass is call k of this one; names come from the stack of
modules that the call was made from. From the data flow every call falls into one region (ours, DESIGN 3.1 and 3.3):
  independent  does not depend on the input; always runs
  prefix       before the first neuron: constant in time, computed once
  steps        between neurons: runs at every timestep
  readout      after the last neuron: runs once for each requested read-out, on time averages
"""

import threading
from contextlib import contextmanager

import torch
from torch.nn.modules import module as torch_module

from ..errors import InputError, UnsupportedError
from ..frames import show
from . import support as ops
from .calls import FRAMES, INPUT, Call, Spec, Stream, Trace
from .interception import FACTORIES, CallPass, map_tensors, tensors_in
from .placement import assign

_MATRIX_PRODUCTS = set(
    "linear addmm matmul bmm baddbmm einsum mm scaled_dot_product_attention multi_head_attention_forward".split()
)
_FACTORS = {"linear": 0, "matmul": 0, "mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}
"""Products of two matrices, or of stacks of them: where the first stands."""


def signature(x):
    """Shapes and types of the tensors in an input: equal signatures share a trace."""
    return tuple((tuple(t.shape), t.dtype, str(t.device)) for t in tensors_in(x))


@contextmanager
def module_stack(network):
    """List of the names of the modules being called, innermost last, kept by global hooks (the network gets none); modules
    that other threads call meanwhile do not count."""
    names, stack, mine = {id(m): n for n, m in network.named_modules()}, [], threading.get_ident()

    def enter(module, args):
        if threading.get_ident() == mine:
            stack.append((names.get(id(module), type(module).__name__), module))

    def leave(module, args, output):
        if threading.get_ident() == mine and stack:
            stack.pop()

    handles = [
        torch_module.register_module_forward_pre_hook(enter),
        torch_module.register_module_forward_hook(leave, always_call=True),
    ]
    try:
        yield stack
    finally:
        for handle in handles:
            handle.remove()


def call_name(stack, op, counts):
    """Name of a call of ``op``: the innermost module that makes it. counts: calls of each name up to now, kept here."""
    path, module = stack[-1] if stack else ("", None)
    leaf = module is not None and not any(True for _ in module.children())
    name = path if leaf and path else f"{path or 'network'}:{op}"
    counts[name] = counts.get(name, 0) + 1
    return name if counts[name] == 1 else f"{name}[call {counts[name]}]"


class _Recorder(CallPass):
    def __init__(self, stack, batch):
        super().__init__()
        self.batch = batch
        self.stack, self.calls, self.others, self.reads, self.counts = stack, [], set(), [], {}

    def on_call(self, this):
        args = tensors_in((this.args, this.kwargs))
        self._check_batch(this, args)
        inputs = _sources((this.args, this.kwargs))
        if this.name in ops.VALUE_READS and inputs:
            self.reads.append((this.name, inputs, self._where()))
        out, flops = self._run(this)
        if out is NotImplemented:
            return out
        results = [this.args[0]] if this.mutates else tensors_in(out)
        if not results:
            self.others.add(this.full)
            return out
        if not this.mutates:
            same = {id(t) for t in args}
            out = map_tensors(lambda t: t.view_as(t) if id(t) in same else t, out)
            results = tensors_in(out)
        if this.name in FACTORIES:
            inputs = _sources((this.args[1:], {k: v for k, v in this.kwargs.items() if k != "input"}))
        if this.name in ops.DRAWS:  # not a constant of the network
            inputs = inputs or (INPUT,)
        index = len(self.calls)
        streams = sum(hasattr(t, "_adafire_call") for t in args)
        self.calls.append(
            Call(
                index,
                this.full,
                this.name,
                ops.rule_for(this.name, 1),
                call_name(self.stack, this.name, self.counts),
                inputs,
                map_tensors(lambda t: Spec(tuple(t.shape), t.dtype, t.device), out),
                (this.func, _light(this.args), _light(this.kwargs)),
                streams,
                this.mutates,
                flops=flops,
            )
        )
        if inputs:
            for position, result in enumerate(results):
                result._adafire_call, result._adafire_position = index, position
        return out

    def _check_batch(self, this, args):
        """InputError where a layer takes the whole input for one sample: the numbers of samples would be wrong."""
        layer = this.name.startswith("conv") and len(args) > 1 and args[0].dim() < args[1].dim()
        if (layer and args[0].shape[0] == self.batch or this.name == "linear" and args[0].dim() == 1) and hasattr(
            args[0], "_adafire_call"
        ):
            raise InputError(
                f"the input has no batch dimension: '{this.name}' in {self._where() or 'the network'} sees one sample of "
                f"shape {list(args[0].shape)}; give a batch, such as x[None]"
            )

    def _run(self, this):
        if this.name not in _MATRIX_PRODUCTS:
            return this.func(*this.args, **this.kwargs), 0.0
        if (inner := _inner_size(this)) is not None:
            out = this.func(*this.args, **this.kwargs)
            return out, float(2 * out.numel() * inner) if isinstance(out, torch.Tensor) else 0.0
        return _counted(this)

    def _where(self):
        return (self.stack[-1][0] if self.stack else "") or "the network"


def _inner_size(this):
    """How many products an element of the result of a matrix product is a sum of; None where its operands do not tell."""
    first = _FACTORS.get(this.name)
    factors = [] if first is None else this.args[first : first + 2]
    if len(factors) < 2 or not all(isinstance(a, torch.Tensor) and a.dim() >= 2 for a in factors):
        return None
    return factors[0].shape[-1]


def _counted(this):
    """(what a call gives, its floating point operations), of attention, sums over named dimensions and vectors."""
    from torch.utils.flop_counter import (  # brings the compiler of torch: a second or two
        FlopCounterMode,
        sdpa_flop_count,
    )

    on_cpu = {  # which FlopCounterMode does not know: on a CPU it counts no product of fused attention
        torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda query, key, value, *args, **kwargs: (
            sdpa_flop_count(query, key, value)
        )
    }
    with FlopCounterMode(display=False, custom_mapping=on_cpu) as counter:
        out = this.func(*this.args, **this.kwargs)
    return out, float(counter.get_total_flops())


def _sources(tree):
    """Indices of the calls that the tensors in nested arguments come from, once each."""
    return tuple(dict.fromkeys(t._adafire_call for t in tensors_in(tree) if hasattr(t, "_adafire_call")))


def _light(tree):
    """Arguments without the activations in them: parameters are kept, streams become ``Stream``."""
    return map_tensors(
        lambda t: Stream(t._adafire_call, tuple(t.shape), t._adafire_position) if hasattr(t, "_adafire_call") else t,
        tree,
    )


def _first(frames):
    """The first frame, marked as something that changes in time."""
    picture = frames.first()
    picture._adafire_call = FRAMES
    return picture


def _answer(returned):
    """``returned`` with Streams for its tensors, where nothing else is in it than these, plain values, and Python's own containers."""
    plain = lambda part: (
        isinstance(part, (bool, int, float, str, type(None)))
        or hasattr(part, "_adafire_call")
        or type(part) in (tuple, list)
        and all(map(plain, part))
        or type(part) is dict
        and all(map(plain, part.values()))
    )
    return _light(returned) if plain(returned) else None


@torch.no_grad()
def record(network, x, forward, relays=False):
    """Trace of ``forward(network, x)``; relays: see ``regions.assign``. Raises UnsupportedError where the network cannot
    become spikes."""
    inputs = show(map_tensors(lambda t: t.view_as(t), x), _first)  # fresh objects: the caller's tensors stay untouched
    for position, tensor in enumerate(tensors_in(inputs)):
        tensor._adafire_call, tensor._adafire_position = getattr(tensor, "_adafire_call", INPUT), position
    if not tensors_in(inputs):
        raise UnsupportedError(f"the input holds no tensor: found {type(x).__name__}; give a tensor, a tuple or a dict")
    with module_stack(network) as stack, _Recorder(stack, tensors_in(inputs)[0].shape[:1].numel()) as recorder:
        try:
            outputs = forward(network, inputs)
        finally:  # what the network keeps is not marked for good
            for tensor in (*network.parameters(), *network.buffers()):
                vars(tensor).pop("_adafire_call", None)
    returned = map_tensors(recorder._current, outputs)
    outputs = tensors_in(returned)
    if not outputs:
        raise UnsupportedError("the network returned no tensor; give forward= so that it returns raw outputs")
    trace = Trace(
        recorder.calls,
        [],
        recorder.others,
        {t._adafire_call for t in outputs if hasattr(t, "_adafire_call")},
        tensors_in(x)[0].shape[0],
        signature(x),
        _answer(returned) if not recorder.reads else None,
    )
    assign(trace, recorder.reads, *[relays] if relays else [])
    return trace
