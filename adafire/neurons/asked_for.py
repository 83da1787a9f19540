"""What neurons were asked for, and how many emitted more: unsigned spikes cannot be taken back (ours; DESIGN 3.2)."""

import torch

from . import count, kernels
from .compiled import library
from .gpu import divided
from .layouts import layout, one_a_channel


def asked_for(params, t):
    """``Asked`` of the law of ``params`` at step ``t``; None: it never sends more than is asked for."""
    return (params.neuron or count).asked(params, t)


def over_fired(state, t, params, activation):
    """Which neurons [B, ...] have emitted more, up to step ``t``, than their input asks for."""
    asked = asked_for(params, t)
    if asked is None:
        return state.n.new_zeros(state.n.shape, dtype=torch.bool)
    target = activation.target(state.x + params.bias * float(t), float(t)).div(params.theta)
    if asked.rounded:
        target = target.add_(params.v0).floor_()
    if asked.per != 1.0:
        target = divided(target, asked.per)
    return getattr(state, asked.value) - target.clamp_(max=asked.most) > asked.slack


def number_over_fired(state, t, params, site):
    """How many neurons ``over_fired`` finds, for all samples together; by the kernel in one pass where it applies."""
    asked = asked_for(params, t)
    if asked is None:
        return 0
    found = _by_kernel(getattr(state, asked.value), state.x, t, params, asked, site)
    return int(over_fired(state, t, params, site.activation).sum()) if found is None else found


def _by_kernel(value, x, t, params, asked, site):
    """``number_over_fired`` of ``value`` for the cumulative input ``x``, or None where this kernel does not apply."""
    found = layout(x, site.channel_axis)
    if kernels.path(x) != "compiled" or site.activation.code is None or found is None:
        return None
    if value.stride() != x.stride() or value.dtype != torch.float32 or params.v0.numel() != params.theta.numel():
        return None
    theta, bias, v0 = (one_a_channel(p, found[0]) for p in (params.theta, params.bias, params.v0))
    return library().adafire_over(
        value.data_ptr(),
        x.data_ptr(),
        x.numel(),
        *found,
        theta.data_ptr(),
        bias.data_ptr(),
        v0.data_ptr() if asked.rounded else None,
        float(t),
        asked.per,
        asked.most,
        asked.slack,
        *site.activation.code,
        torch.get_num_threads(),
    )
