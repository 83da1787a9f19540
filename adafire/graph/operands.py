"""How many of the numbers that meet weights are not 0: what a machine that skips zeros multiplies.

A call is looked at where each element of its one operand meets a known number of weights (convolutions, products with
parameters, norms), and where two operands that depend on the input are multiplied as matrices. Elsewhere (recurrent layers,
interpolation, attention as one operator) every product counts.
"""

import torch

from ..neurons import count_nonzero
from .calls import Stream, stream_slots, streams_of
from .interception import tensors_in

_WEIGHTED = set("addmm matmul bmm baddbmm einsum mm".split())
_PRODUCTS = {"matmul", "bmm", "mm"}


def weighs(call):
    """Whether the elements of a call's one operand meet weights, each a known number of them."""
    if len(streams_of(call)) != 1:
        return False
    if call.op.startswith("conv") or call.op in ("linear", "batch_norm"):
        _, args, kwargs = call.arguments
        return isinstance(args[0] if args else kwargs.get("input"), Stream)
    return call.op in _WEIGHTED


def multiplies(call):
    """Whether a call is the matrix product of two operands that depend on the input."""
    return call.op in _PRODUCTS and len(streams_of(call)) == 2


def nonzero(call, this, samples):
    """Of a call that ``weighs``: elements of its operand other than 0, of each sample: [samples, *positions] for a
    convolution, summed over its channels, else [samples]. Of one that ``multiplies``: products of two numbers other than 0,
    [samples]. ``this``: the call with its arguments."""
    operands = tensors_in((this.args, this.kwargs))
    if weighs(call):
        return nonzero_of(call, operands[stream_slots(call).index(True)], samples)
    first, second = ((t != 0).double() for t in operands)
    if first.dim() < 2 or second.dim() < 2:
        return of_each((first @ second).sum().reshape(1), samples)
    both = first.sum(-2) * second.sum(-1)  # [..., k]: row k of the one, column k of the other
    return of_each(both.flatten(1).sum(1) if both.dim() > 1 else both.sum().reshape(1), samples)


def nonzero_of(call, operand, samples, steps=False):
    """As ``nonzero``, for the one operand itself; steps: timesteps come before its rows, and are added up."""
    positions = _positions(call)
    counts = count_nonzero(operand, positions, steps)
    if counts is not None:
        return of_each(counts, samples)
    # four times as fast as count_nonzero
    ones = torch.ne(operand, 0, out=torch.empty_like(operand, dtype=torch.float32))
    if ones.dim() - positions > 1 + steps:
        ones = ones.sum(-1 - positions)  # over channels: exact below 2**24
    counts, over = ones.double(), tuple(range(1 + steps, ones.dim() - positions))
    counts = counts.sum(over) if over else counts
    return of_each(counts.sum(0) if steps else counts, samples)


def of_each(counts, samples):
    """Counts [rows, ...] of samples, [samples, ...]: several rows a sample are added up; where rows are something else, all
    samples get the same share."""
    rows = counts.shape[0]
    if rows % samples:
        return (counts.sum(0) / samples).expand(samples, *counts.shape[1:])
    return counts.reshape(samples, rows // samples, *counts.shape[1:]).sum(1)


def _positions(call):
    """How many of an operand's last dimensions are positions of a convolution."""
    if not call.op.startswith("conv"):
        return 0
    _, args, kwargs = call.arguments
    return len((args[1] if len(args) > 1 else kwargs["weight"]).shape) - 2
