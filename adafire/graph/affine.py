"""Spikes behind constants: what scales and shifts channels passes them on.

A batch norm (in eval mode) or a product with constants behind neurons gives theta s_c N + b_c t for counts N: the scale is
one of the next layer's weights, the shift a constant current. Max pooling over positions gives theta |s_c| M + b_c t with M
the maximum of the counts, or minus their minimum where s_c < 0: whole spikes again (ours).
"""

import torch

from .calls import Stream, specs_in, streams_of
from .support import Rule

BATCH_NORM = Rule("linear", True, "through", "behind neurons: scales spikes, and adds a constant current")
"""What a batch norm is where spikes arrive."""

_MOVES_NOTHING = set(
    "contiguous clone detach dropout dropout1d dropout2d dropout3d feature_dropout alpha_dropout identity "
    "to float".split()
)
_CONSTANTS = {"mul", "multiply", "div", "true_divide", "add", "sub", "rsub", "neg"}


def keeps(call):
    """Whether a call that passes on the spikes of one operand scales and shifts whole channels."""
    spec = specs_in(call.template)[0]
    if spec.dtype != torch.float32 or len(streams_of(call)) != 1 or streams_of(call)[0].shape != spec.shape:
        return False  # half precision cannot tell a spike from the rounding of a shift
    if call.op in _CONSTANTS:
        _, args, kwargs = call.arguments
        tensors = [a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)]
        return all(set(t.shape[max(0, t.dim() - (len(spec.shape) - 2)) :]) <= {1} for t in tensors)
    return call.op == "batch_norm" or call.op in _MOVES_NOTHING


def pools_positions(call):
    """Whether a maximum is taken over positions alone, [B, C, ...], within every channel."""
    _, args, kwargs = call.arguments
    dims = len(streams_of(call)[0].shape)
    if "max_pool" in call.op:
        return dims == 2 + int(call.op[call.op.index("max_pool") + len("max_pool")])
    if call.op not in ("max", "amax"):
        return False
    over = kwargs.get("dim", args[1] if len(args) > 1 else ())
    over = (over,) if isinstance(over, int) else over
    return isinstance(over, (tuple, list)) and len(over) > 0 and all(isinstance(d, int) and d % dims >= 2 for d in over)


def passed_by_batch_norm(counts, arguments):
    """Spike counts behind a batch norm: channels of weight 0 pass none. arguments: (args, kwargs) of the call."""
    args, kwargs = arguments
    weight = kwargs.get("weight", args[3] if len(args) > 3 else None)
    if weight is None or isinstance(weight, Stream):
        return counts
    return counts * (weight != 0).to(counts).view(1, -1, *[1] * (counts.dim() - 2))
