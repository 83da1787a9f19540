"""Rules that depend on the arguments of a call, and not on the operator alone."""

import inspect

import torch
import torch.nn.functional as F

from ..errors import UnsupportedError
from . import support as ops
from .calls import Stream, streams_of

_ANALOG = {
    name: ops.Rule("rate", True, "analog", note)
    for name, note in {
        "quotient": "quotient of streams: acts on the running means; analog",
        "bound": "with a constant operand: acts on the running mean; analog",
        "activation": "an activation with a second operand that depends on the input, or of a single number: acts on the running "
        "means; analog",
        "written": "a new tensor with values written into it: acts on the running means; analog",
        "constant": "of a value that is constant in time: computed once",
    }.items()
}
_DROPOUTS = {
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
}
_EVAL = "call network.eval() first"


def option(call, name, position, default):
    """The argument ``name`` of a call, which also stands at ``position``."""
    _, args, kwargs = call.arguments
    return kwargs.get(name, args[position] if len(args) > position else default)


def rule_of(call, changes):
    """The rule of a call that is no neuron; ``changes(index)``: whether what that call gives changes in time."""
    moving = [stream for stream in streams_of(call) if changes(stream.call)]
    rule = ops.rule_for(call.op, len(moving))
    if call.op in ops.QUOTIENTS:
        if option(call, "rounding_mode", 2, None) is not None:
            return ops.RULES["floor_divide"] if moving else rule
        if any(stream is option(call, "other", 1, None) for stream in moving):
            return _ANALOG["quotient"]
    if call.op in ops.JUMPS and not moving:
        return _ANALOG["constant"]
    if call.op in ops.WRITES and not call.mutates:
        return _ANALOG["written"]
    if call.op in ("interpolate", "upsample"):
        if option(call, "mode", 3, "nearest") in ("nearest", "nearest-exact", "area"):
            return ops.Rule("linear", True, "through", "nearest: copies spikes")
    if call.op in ops.HOMOGENEOUS_RATES and rule.counts == "through" and _constants(call, moving):
        return _ANALOG["bound"]
    if rule.treatment == "activation" and call.region == "steps":
        return _ANALOG["activation"]
    return rule


def _constants(call, moving):
    """Whether a tensor among the arguments is constant in time."""
    return any(
        isinstance(a, torch.Tensor) or isinstance(a, Stream) and not any(a is stream for stream in moving)
        for a in (*call.arguments[1], *call.arguments[2].values())
    )


def refuse_training(call):
    """UnsupportedError for what only training does: dropout that drops, statistics of the batch, random slopes."""
    if call.op in _DROPOUTS and option(call, "training", 2, True) and option(call, "p", 1, 0.5) > 0:
        raise UnsupportedError(f"{call.name}: dropout in training mode; {_EVAL}")
    if call.op == "batch_norm" and call.inputs and option(call, "training", 5, False):
        raise UnsupportedError(
            f"{call.name}: batch norm in training mode (or without running statistics); "
            f"{_EVAL}, and train with track_running_stats=True"
        )
    if call.op == "rrelu" and option(call, "training", 3, False):
        raise UnsupportedError(f"{call.name}: rrelu in training mode draws random slopes; {_EVAL}")
    if call.op == "scaled_dot_product_attention" and option(call, "dropout_p", 4, 0.0) > 0:
        raise UnsupportedError(
            f"{call.name}: attention with dropout_p > 0 draws random numbers; give 0 outside of training"
        )
    if call.op == "multi_head_attention_forward":
        given = inspect.signature(F.multi_head_attention_forward).bind(*call.arguments[1], **call.arguments[2])
        if given.arguments.get("training", True) and given.arguments["dropout_p"] > 0:
            raise UnsupportedError(f"{call.name}: attention with dropout in training mode; {_EVAL}")
    if call.op in ops.RECURRENT and any(a[5] > 0 and a[6] is True for a in [call.arguments[1]] if len(a) == 9):
        raise UnsupportedError(f"{call.name}: {call.op} with dropout in training mode; {_EVAL}")


def maximum_over_last(call):
    """Whether an amax over the last dimension alone keeps it; None for an amax over others."""
    _, args, kwargs = call.arguments
    options = dict(zip(("input", "dim", "keepdim"), args)) | kwargs
    dims = options.get("dim", ())
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    return bool(options.get("keepdim", False)) if dims in ((-1,), (len(args[0].shape) - 1,)) else None
