"""Numbers other than 0, counted by a compiled kernel in one pass over memory."""

import math

import torch

from . import kernels
from .compiled import library


def count_nonzero(values, positions, steps):
    """Elements of ``values`` [rows, ..., *positions] other than 0, added up over the dimensions in between: [rows, *positions] in
    float64; positions: how many dimensions these are; steps: whether timesteps come first, added up, too. None where the kernel
    does not apply (another type, another order of memory, no compiler)."""
    first, last = int(steps), values.dim() - positions
    if values.dtype != torch.float32 or last <= first or kernels.path(values) != "compiled":
        return None
    swapped = values.permute(*range(first + 1), *range(last, values.dim()), *range(first + 1, last))
    channels_last = swapped.is_contiguous()
    if not channels_last and not values.is_contiguous():
        return None
    places = values.shape[last:]
    out = torch.empty(values.shape[first], *places, dtype=torch.float64)
    if not values.numel():
        return out.zero_()
    library().adafire_nonzero(
        values.data_ptr(),
        len(values) if steps else 1,
        values.shape[first],
        math.prod(values.shape[first + 1 : last]),
        math.prod(places),
        channels_last,
        out.data_ptr(),
        torch.get_num_threads(),
    )
    return out
