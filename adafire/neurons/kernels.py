"""The neuron, fused into one pass over memory: kernels.c, where it could be compiled (compiled.py), on a GPU triton_laws.py. Max
pooling: pool_kernels.py.

Elsewhere the functions return None and the caller uses the reference: the same bits in more time.
"""

import torch

from . import gpu
from .compiled import library
from .count import NeuronState
from .in_blocks import targets
from .layouts import laid_out, layout, one_a_channel, rows_first
from .watch import Watch

BLOCK = 384
"""As in kernels.c: elements whose state stays in the first-level cache over all timesteps of a chunk."""
enabled = True
"""Set to False to use the reference everywhere."""


def path(tensor):
    """What runs the laws that it knows on the device of ``tensor``: 'compiled' (kernels.c), 'triton', or 'reference'."""
    if enabled and gpu.takes(tensor):
        return "triton"
    return "compiled" if enabled and tensor.device.type == "cpu" and library() is not None else "reference"


def scan(z, t, steps, params, state, site, more=None, overwrite=False, peak=False, watch=None):
    """As ``neuron.scan``, or None where this kernel does not apply. ``state`` is overwritten; None: at rest.

    more: a second current, added to ``z``; overwrite: the spikes may take the place of ``z``. float32 or bfloat16 (then the
    currents are added up in float32 all the same). peak: in place of the spikes, the largest count n along the last
    dimension after every step, [K, B, ..., C, ...] without that dimension. watch: what is asked of it beside (watch.py).
    """
    watch = watch or Watch()
    code = site.activation.code
    how = path(z)
    if how == "reference" or params.v0.numel() != params.theta.numel() or peak and how == "triton":
        return None
    aimed = code is None  # by targets that torch's operators make
    if aimed and (peak or z.dtype != torch.float32):
        return None
    shape = site.shape if state is None else tuple(state.x.shape)
    rest, fresh = _like_state(z, state, site), state is None
    found = layout(rest, site.channel_axis)
    if found is None:
        return None
    watch.look(rest)
    if aimed:
        if not _can_aim(how, site, rest):
            return None
        watch.last, z, more = False, z if more is None else z + more, None
    if fresh:
        state = watch.state(NeuronState, rest, not params.phi_minus, how, steps)
    channels, inner = found
    row, columns = shape[-1] if peak else 0, inner == 1
    if peak and not (_points_last(rest, site.channel_axis) if columns else not inner % row and rest.is_contiguous()):
        return None
    half = z.dtype == torch.bfloat16
    dtype, strides = torch.bfloat16 if half else torch.float32, rest.stride()
    size = rest.numel()
    z, z_step = laid_out(z, dtype, shape, strides, size)
    more, more_step = (None, 0) if more is None else laid_out(more, dtype, shape, strides, size)
    if aimed:
        z, z_step = _aimed(z, z_step, t, steps, params, state, fresh, site)
        overwrite, code = True, (3, 0.0, 0.0)
    moving = z.dim() > len(shape)
    if peak:
        out = torch.empty(*(() if columns else (-(-row // BLOCK),)), steps, *shape[:-1])
    else:
        out = z if overwrite and moving else _empty(steps, rest, dtype)
    flat = [one_a_channel(p, channels) for p in (params.theta, params.bias, params.v0)]
    if how == "triton":
        from . import triton_laws

        triton_laws.scan(z, z_step, more, more_step, steps, found, state, flat, params, t, code, out, fresh)
        return out, state
    kind, a, b = code
    library().adafire_scan(
        z.data_ptr(),
        z_step,
        None if more is None else more.data_ptr(),
        more_step,
        half,
        steps,
        size,
        channels,
        inner,
        *map(pointer, state),
        *(p.data_ptr() for p in flat),
        float(params.phi_plus),
        float(params.phi_minus),
        t,
        kind,
        a,
        b,
        *((None, out.data_ptr()) if peak else (out.data_ptr(), None)),
        row,
        fresh,
        watch.last and watch.counts,
        watch.tell(),
        torch.get_num_threads(),
    )
    return out.amax(0) if peak and not columns else out, state


def code(z, steps, params, state, site, table, of_current=False, kind=None, watch=None):
    """As ``scan`` of a code of one pass whose sub-steps are ``table``, [(threshold, reset, weight), ...], or None where this kernel
    does not apply. ``state`` is overwritten; None: at rest, a ``kind``. of_current: the table acts on the current, and is the
    activation (few_spikes.py)."""
    watch, rest = watch or Watch(), _like_state(z, state, site)
    found, activation = layout(rest, site.channel_axis), (0, 0.0, 0.0) if of_current else site.activation.code
    if path(z) != "compiled" or activation is None or found is None or params.v0.numel() != params.theta.numel():
        return None
    watch.look(rest)
    fresh, size = state is None, rest.numel()
    state = watch.state(kind, rest, False, "compiled", steps) if fresh else state
    z, z_step = laid_out(z, torch.float32, tuple(rest.shape), rest.stride(), size)
    out = _empty(steps, rest, torch.float32)
    flat = [one_a_channel(p, found[0]) for p in (params.theta, params.bias, params.v0)]
    rows = torch.tensor(table, dtype=torch.float32)
    library().adafire_code(
        z.data_ptr(),
        z_step,
        steps,
        size,
        *found,
        *map(pointer, state),
        *(p.data_ptr() for p in flat),
        rows.data_ptr(),
        len(table),
        of_current,
        *activation,
        out.data_ptr(),
        fresh,
        watch.tell(),
        torch.get_num_threads(),
    )
    return out, state


def pointer(tensor):
    """Where a tensor's numbers are, or NULL for None."""
    return None if tensor is None else tensor.data_ptr()


def _like_state(z, state, site):
    """A tensor of the shape and the order in memory of a site's state, [B, ...]; its numbers are not used."""
    if state is not None:
        return state.x
    step = z[0] if z.dim() > len(site.shape) else z
    return torch.empty_like(
        step if step.shape == site.shape else step.expand(site.shape),
        dtype=torch.float32,
        memory_format=torch.preserve_format,
    )


def _can_aim(how, site, rest):
    """Whether torch can make the targets of an activation that the kernels do not know (in_blocks.py), and the compiled one the rest."""
    return how == "compiled" and not site.activation.shaped and rows_first(rest)


def _aimed(z, z_step, t, steps, params, state, fresh, site):
    """(cumulative targets in the place of currents, elements from one step to the next); ``state.x`` is brought up to date."""
    x = state.x.zero_() if fresh else state.x
    return targets(z, z_step, t, steps, params, x, site.activation), x.numel()


def _empty(steps, like, dtype):
    """[K, *shape] in the memory order of ``like``, one step after the other."""
    size = (like.numel(), *like.stride())
    return torch.empty_strided((steps, *like.shape), size, dtype=dtype, device=like.device)


def _points_last(x, channel_axis):
    """Whether [B, C, N] lies in memory as [B, N, C]."""
    return x.dim() == 3 and channel_axis == 1 and x.transpose(1, 2).is_contiguous()


def differential(z, t, steps, params, state, site, weights=None, zone=-1.0, kind=None, watch=None, after=None):
    """As ``scan`` of a law that sends changes of a running mean, or None where this kernel does not apply. ``state`` is
    overwritten; None: at rest, a ``kind``. weights: of the spikes of every step (DifferentialBurst); None: one spike a step
    (MultiThreshold). zone: changes of the mean up to there, over theta, are not sent (HeldBurst). after: the finest level of the step
    after these, over theta, for ``watch.pending``."""
    watch, rest, how = watch or Watch(), _like_state(z, state, site), path(z)
    found = layout(rest, site.channel_axis)
    aimed = site.activation.code is None
    if how == "reference" or found is None or aimed and not _can_aim(how, site, rest):
        return None
    watch.look(rest)
    watch.last = watch.last and not aimed
    fresh, same = state is None, weights is None  # one spike a step is one event
    if fresh:
        state = watch.state(kind, rest, same, how, steps)
    elif same:  # of some samples of a run, the two may be tensors of their own
        state = state._replace(graded=state.events)
    size, strides = rest.numel(), rest.stride()
    z, z_step = laid_out(z, torch.float32, tuple(rest.shape), strides, size)
    signed, code = site.activation.signed, site.activation.code
    if aimed:
        z, z_step, code = *_aimed(z, z_step, t, steps, params, state, fresh, site), (3, 0.0, 0.0)
    out = _empty(steps, rest, torch.float32)
    flat = [one_a_channel(p, found[0]) for p in (params.theta, params.bias, params.v0)]
    if how == "triton":
        from . import triton_laws

        triton_laws.differential(
            z, z_step, steps, found, state, flat, params, signed, weights, zone, t, code, out, fresh
        )
        return out, state
    each = None if weights is None else torch.tensor(weights)
    library().adafire_differential(
        z.data_ptr(),
        z_step,
        steps,
        size,
        *found,
        *map(pointer, state[:5]),
        *(p.data_ptr() for p in flat),
        pointer(each),
        params.neuron.levels,
        float(params.phi_plus),
        zone,
        not signed,
        t,
        *code,
        out.data_ptr(),
        fresh,
        pointer(held := watch.held_against(params, t + steps)),
        watch.tell(),
        pointer(watch.sent),
        pointer(watch.look_ahead(after, site.shape[0])),
        after or 0.0,
        site.shape[0],
        torch.get_num_threads(),
    )
    del held  # lived while its numbers were read
    return out, state
