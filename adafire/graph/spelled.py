"""Activations that a network spells out: x * sigmoid(x), x * (x > 0), torch.where(x > 0, x, exp(x) - 1), (x + |x|) / 2.

The last call of such a spelling becomes the activation; the calls inside it, which would feed gates or booleans that depend
on spikes back into the network, are skipped. What is recognised: a product, ``where``, ``masked_fill`` or sum of a value x
with itself and with element-wise functions of x and of constants alone, among them a comparison, a sigmoid or an absolute
value, that nobody else uses (ours).
"""

from dataclasses import replace

import torch
import torch.nn.functional as F

from . import support as ops
from .activations import Activation, relu, silu
from .calls import Stream, specs_in, streams_of
from .interception import map_tensors, tensors_in
from .replaying import Step

_COMPARISONS = set("gt ge lt le ne eq greater greater_equal less less_equal not_equal isclose".split())
_CASTS = set("to type float half double bfloat16 type_as bool".split())
_INSIDE = (
    _COMPARISONS
    | _CASTS
    | set(
        "and or xor logical_and logical_or logical_not invert bitwise_and bitwise_or bitwise_not "
        "abs neg mul multiply div true_divide add sub rsub exp expm1 tanh square pow".split()
    )
)
_LAST = {"mul", "multiply", "where", "masked_fill", "add"}
_PROBE = torch.cat([torch.zeros(1), *(s * torch.logspace(-6, 4, 200) for s in (1, -1))])


def find(calls, outputs):
    """Turn the last call of every spelling into an activation; indices of the calls inside them, which are skipped.

    outputs: indices of the calls whose results the network returns. ``arguments`` of the last call becomes (Activation,
    (its input,), {"operand": position of the input among the arguments that it was called with}).
    """
    skipped = set()
    for call in calls:
        if call.op in _LAST and call.inputs and not call.mutates:
            found = _silu(calls, call, outputs) or _with_mask(calls, call, outputs)
            if found:
                activation, position, inside, name = found
                x = call.arguments[1][position]
                call.op, call.rule, call.name = activation.kind, ops.RULES[activation.kind], name
                call.arguments = activation, (x,), {"operand": position}
                skipped |= inside
    return skipped


def _operands(call):
    """(position among the positional arguments, Stream) of each."""
    return [(k, a) for k, a in enumerate(call.arguments[1]) if isinstance(a, Stream)]


def _silu(calls, call, outputs):
    operands = _operands(call)
    if call.op not in ("mul", "multiply") or len(operands) != 2:
        return None
    for (position, x), (_, gate) in (operands, operands[::-1]):
        source = calls[gate.call] if gate.call >= 0 else None
        if (
            source is not None
            and source.op == "sigmoid"
            and [_key(s) for s in streams_of(source)] == [_key(x)]
            and source.consumers == [call.index]
            and gate.call not in outputs
        ):
            return silu(), position, {gate.call}, source.name
    return None


def _with_mask(calls, call, outputs):
    for position, x in _operands(call):
        inside = _inside(calls, call, _key(x), outputs)
        if not inside or not _worth_it(calls, call, inside):
            continue
        parts = [replace(calls[k], made=map_tensors(_uniform, calls[k].made)) for k in (*sorted(inside), call.index)]
        shaped = any(t.dim() for part in parts for t in tensors_in(part.made))
        activation = _activation(
            _function([Step(part) for part in parts], x), shaped, len(specs_in(call.template)[0].shape)
        )
        if activation is not None and (call.op != "add" or activation.kind == "relu"):
            return activation, position, inside, call.name
    return None


def _key(stream):
    return stream.call, stream.position


def _inside(calls, last, x, outputs):
    """Indices of the calls between ``x`` and ``last``; None where they are not element-wise, or others use them."""
    found, ahead = set(), [last]
    while ahead:
        for stream in streams_of(ahead.pop()):
            if _key(stream) == x or stream.call in found:
                continue
            call = calls[stream.call] if stream.call >= 0 else None
            if call is None or call.op not in _INSIDE or call.mutates or call.index in outputs or len(found) > 16:
                return None
            found.add(call.index)
            ahead.append(call)
    others = [k for index in found for k in calls[index].consumers if k != last.index and k not in found]
    return None if others else found


def _worth_it(calls, last, inside):
    """Whether a spelling would otherwise be refused, for its booleans, or is a ReLU made of an absolute value."""
    kinds = {calls[k].op for k in inside}
    return kinds == {"abs"} if last.op == "add" else bool(kinds & _COMPARISONS)


def _uniform(constant):
    """A constant tensor as one without a shape, where it holds one value."""
    constant = constant.detach()
    return constant.flatten()[0] if constant.numel() and bool((constant == constant.flatten()[0]).all()) else constant


def _function(steps, x):
    """What the calls make of their input, as a function of it."""

    def f(values):
        results = {x.call: {x.position: values}}
        for step in steps:
            out = step.func(*step.args(results), **step.kwargs(results))
            results[step.call.index] = (out,)
        return out

    return f


def _activation(f, shaped, dimensions):
    """The Activation of ``f``: a ReLU, or a multiple of it, where it is one; None where it is not element-wise."""
    probe = _PROBE.view(-1, *[1] * dimensions)
    try:
        values = f(probe)
    except (RuntimeError, TypeError, IndexError):
        return None
    if not values.is_floating_point():
        return None
    if torch.equal(values, F.relu(probe)):
        return relu()
    if torch.equal(values, 2 * F.relu(probe)):
        return Activation("relu", lambda x: 2 * F.relu(x), False, True)
    return Activation("spelled_out", f, bool((values < 0).any()), False, shaped=shaped)
