"""Max pooling of spikes as a rate operator (running_mean.py), fused into one pass over memory, what it sends counted with it.

Elsewhere the functions return None and the caller uses the reference.
"""

from typing import NamedTuple

import torch

from . import kernels
from .compiled import library
from .gpu import numbers


class Sent(NamedTuple):
    """What a pooled result is counted as. theta: thresholds in the order of memory of the result, which tell rounding from spikes.
    kind: 'counts', the increments themselves; under a law that sends changes of a running mean 'bursts' (differential.py), whose
    spikes have ``levels`` and ``weights`` (a tuple) of every step, or 'changes', one spike for a change (multi_threshold.py).
    t: step before the first one."""

    theta: torch.Tensor
    kind: str = "counts"
    levels: int = 0
    weights: tuple | None = None
    t: int = 0

    def told(self):
        """(number of the kind, weights as a tensor on the device of ``theta``, or None)."""
        weights = None if self.weights is None else numbers(tuple(self.weights), self.theta.device)
        return ("counts", "bursts", "changes").index(self.kind), weights

    def arguments(self):
        """As the compiled kernel takes them."""
        kind, weights = self.told()
        return kind, self.theta.data_ptr(), None if weights is None else weights.data_ptr(), self.levels, self.t


def pool(spikes, window, out_size, state, noise, sent, last=False):
    """Increments [K, B, C, H', W'] of max pooling over cumulative ``spikes`` [K, B, C, H, W], and the new state.

    window: ((kernel), (stride), (padding)), each (height, width); state: (cumulative input, totals, sum of |increments|,
    steps with one), or None at the start; overwritten. sent: what is counted. last: no step follows; of one step alone the cumulative
    input is then not kept (None). None where this kernel does not apply (another
    layout, no compiler).
    """
    how = kernels.path(spikes)
    if how == "reference" or spikes.dtype not in (torch.float32, torch.bfloat16):
        return None
    steps, batch, channels, height, width = spikes.shape
    order = spikes.permute(0, 1, 3, 4, 2)
    if not order.is_contiguous():
        return None
    fresh, place = state is None, spikes.device
    if fresh:
        sizes = (height, width), *(out_size for _ in range(3))
        left_out = last and steps == 1 and how == "compiled" and spikes.dtype == torch.float32
        parts = (_state(how, batch, *size, channels, device=place) for size in sizes[left_out:])
        state = *([None] if left_out else []), *parts
    else:
        state = tuple(s.permute(0, 2, 3, 1) for s in state)
        if not all(s.is_contiguous() for s in state):
            return None
    x, total, size, active = state
    out = torch.empty(steps, batch, *out_size, channels, dtype=spikes.dtype, device=place)
    result = out.permute(0, 1, 4, 2, 3), tuple(None if s is None else s.permute(0, 3, 1, 2) for s in state)
    if how == "triton":
        from . import triton_pools

        triton_pools.pool(order, window, state, out, noise, sent, fresh)
        return result
    (kh, kw), (sh, sw), (ph, pw) = window
    library().adafire_pool(
        spikes.data_ptr(),
        spikes.dtype == torch.bfloat16,
        steps,
        batch,
        height,
        width,
        channels,
        kh,
        kw,
        sh,
        sw,
        ph,
        pw,
        *out_size,
        noise,
        *map(kernels.pointer, (x, total, out, size, active)),
        *sent.arguments(),
        fresh,
        torch.get_num_threads(),
    )
    return result


def row_max(spikes, state, noise, sent):
    """Increments [K, ...] of the maximum over the last dimension of cumulative ``spikes`` [K, ..., N], and the new state.

    state, sent: as in ``pool``. None where this kernel does not apply.
    """
    how = kernels.path(spikes)
    if how == "reference" or spikes.dtype != torch.float32 or not spikes.numel():
        return None
    spikes, fresh, place = spikes.contiguous(), state is None, spikes.device
    steps, *rows, length = spikes.shape
    if fresh:
        state = tuple(_state(how, *size, device=place) for size in ((*rows, length), rows, rows, rows))
    x, total, size, active = state
    if not all(s.is_contiguous() for s in (x, total, size, active)):
        return None
    out = torch.empty(steps, *rows, device=place)
    if how == "triton":
        from . import triton_pools

        triton_pools.row_max(spikes, state, out, noise, sent, fresh)
        return out, (x, total, size, active)
    library().adafire_row_max(
        spikes.data_ptr(),
        steps,
        total.numel(),
        length,
        noise,
        *(t.data_ptr() for t in (x, total, out, size, active)),
        *sent.arguments(),
        fresh,
        torch.get_num_threads(),
    )
    return out, (x, total, size, active)


def _state(how, *size, device):
    """A part of a state at rest; the compiled kernel makes it so itself."""
    return (torch.empty if how == "compiled" else torch.zeros)(*size, device=device)
