"""Layers with 8-bit weights: symmetric, one scale for each output channel, batch norms folded in first (ours; the usual scheme).

    w_q = s_c clip(round(w / s_c), -127, 127),    s_c = max |w_c| / 127

Weights stay float32 tensors that hold these values, so that what a network of integers would compute is measured, not assumed.
Biases keep their precision: they are added to accumulators of 32 bits.
"""

import torch

from ..errors import InputError
from ..graph import Stream
from ..simulation import Plans

WEIGHTS = {"float": None, "int8": 127}
"""name -> the largest number that a weight may be, of either sign."""


def rounded(weight, most=127, axis=0, groups=1):
    """``weight`` as multiples of each output channel's largest |weight| over ``most``.

    axis: of the output channels; where it is 1 (transposed convolutions: [in, out / groups, ...]), each group has its own.

    >>> rounded(torch.tensor([[1.0, 0.25], [-2.0, 1.0]]), most=2)
    tensor([[ 1.,  0.],
            [-2.,  1.]])
    """
    shape = weight.shape
    grouped = weight.unflatten(0, (groups, shape[0] // groups)) if axis else weight
    kept = {0, axis + 1} if axis else {0}
    largest = grouped.abs().amax([d for d in range(grouped.dim()) if d not in kept], keepdim=True)
    step = largest.clamp_min(torch.finfo(weight.dtype).tiny) / most
    found = (grouped / step).round().clamp(-most, most) * step
    return found.flatten(0, 1) if axis else found


def rounded_plans(plans, x, weights):
    """(Plans that compute with rounded weights, sentences) from the ``plans`` of a network and an input. InputError for a name
    of weights that is not known."""
    if weights not in WEIGHTS:
        raise InputError(f"weights={weights!r}; expected one of {', '.join(WEIGHTS)}")
    if WEIGHTS[weights] is None:
        return plans, []
    plan, overrides, left = plans(x), {}, []
    for call in plan.trace.calls:
        if (
            call.region == "independent"
            or call.index in plan.skipped
            or call.rule.counts != "synapse"
            or call.op == "batch_norm"
        ):
            continue
        _, args, kwargs = call.arguments
        weight, bias = plan.folded.get(call.index) or [
            args[k] if len(args) > k else kwargs.get(key) for k, key in ((1, "weight"), (2, "bias"))
        ]
        layer = call.op.startswith("conv") or call.op == "linear"
        if not layer or not isinstance(weight, torch.Tensor) or isinstance(bias, Stream):
            left.append(call.name)
            continue
        across = call.op.startswith("conv_transpose")
        groups = (args[6] if len(args) > 6 else kwargs.get("groups", 1)) if across else 1
        overrides[call.name] = rounded(weight.detach(), WEIGHTS[weights], int(across), groups), bias
    notes = [f"{weights} weights: {', '.join(left)} keep theirs as they are, products of other kinds"] if left else []
    made = Plans(plans.network, plans.forward, overrides, plans.relays, plans.verified, base=plans)
    made(x)
    return made, notes
