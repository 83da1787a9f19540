"""What neurons were asked for, and how many emitted more: unsigned spikes cannot be taken back (ours; DESIGN 3.2)."""

import math

import torch

from . import count, kernels
from .compiled import library
from .gpu import divided
from .held import in_memory
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
    """How many neurons ``over_fired`` finds, for all samples together; by the kernel in one pass where it applies. Those that sent
    too little to be among them are not looked at."""
    asked = asked_for(params, t)
    least = 0.0 if asked is None else _least(asked, state, params, site.activation)
    if asked is None or least == math.inf:
        return 0
    found = _by_kernel(state, t, params, asked, site, least)
    return _among(state, t, params, site, least) if found is None else found


def _least(asked, state, params, activation):
    """Spikes that a neuron has sent which is above, or more."""
    if state.events is None or state.n.device.type != "cpu":
        return 0.0
    anyhow, from_zero = asked.least
    return from_zero if from_zero > anyhow and not activation.signed and bool((params.v0 >= 0).all()) else anyhow


def _among(state, t, params, site, least):
    """How many neurons ``over_fired`` finds, by torch's operators: among those that sent at least so many spikes where these are
    few; elsewhere among those of one sample after the other, which stay in the cache."""
    activation = site.activation
    if activation.shaped or state.n.device.type != "cpu" or state.n.numel() < 65536:
        return int(over_fired(state, t, params, activation).sum())
    picked = _picked(state, params, site, least) if least > 0 else None
    if picked is not None:
        return int(over_fired(picked[0], t, picked[1], activation).sum())
    rows = (type(state)(*(s[i : i + 1] for s in state)) for i in range(len(state.n)))
    return sum(int(over_fired(row, t, params, activation).sum()) for row in rows)


def _picked(state, params, site, least):
    """(state, parameters) of the neurons that sent at least so many spikes, [n], or None where they are many, or memory has gaps."""
    found, given = layout(state.n, site.channel_axis), (params.theta, params.bias, params.v0)
    if found is None or kernels.path(state.n) != "compiled" or len({s.stride() for s in state}) > 1:
        return None
    (channels, inner), size = found, state.n.numel()
    if not {p.numel() for p in given} <= {1, channels} or {t.dtype for t in (*given, *state)} != {torch.float32}:
        return None
    places = torch.empty(size // 8, dtype=torch.int64)
    number = library().adafire_at_least(state.events.data_ptr(), size, least, places.data_ptr(), len(places))
    if number < 0:
        return None
    places = places[:number]
    channel = places // inner % channels
    theta, bias, v0 = (one_a_channel(p, channels).view(-1)[channel] for p in given)
    picked = type(state)(*(in_memory(s)[places] for s in state))
    return picked, params._replace(theta=theta, bias=bias, v0=v0)


def _by_kernel(state, t, params, asked, site, least):
    """``number_over_fired`` in one pass, or None where this kernel does not apply."""
    value, x, events = getattr(state, asked.value), state.x, state.events if least > 0 else None
    found = layout(x, site.channel_axis)
    if kernels.path(x) != "compiled" or site.activation.code is None or found is None:
        return None
    if value.stride() != x.stride() or value.dtype != torch.float32 or params.v0.numel() != params.theta.numel():
        return None
    if events is not None and (events.stride() != x.stride() or events.dtype != torch.float32):
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
        None if events is None else events.data_ptr(),
        least,
        torch.get_num_threads(),
    )
