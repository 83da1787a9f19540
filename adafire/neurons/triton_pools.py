"""Max pooling of spikes as Triton kernels, what it sends counted with it: kernels.c's adafire_pool and adafire_row_max.

Windows overlap, so what they see is written first: the cumulative input after every step, [K, ...]. Memory order is channels last.
As triton_laws.py: the operations of the reference (running_mean.py), one timestep after the other, without multiply-adds.
"""

from .gpu import launch
from .triton_parts import as_stored, binary_burst, constexpr, jit, tl

ROWS = 8
"""Rows of one program of ``row_max_kernel``."""


@jit
def cumulate_kernel(s, x_at, sums, steps, size, FRESH: constexpr, BLOCK: constexpr):
    """sums[k] = x after step k; x is left at the last."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    x = tl.zeros([BLOCK], tl.float32)
    if not FRESH:
        x = tl.load(x_at + at, mask=inside, other=0.0)
    here, to = s + at, sums + at
    for _ in range(steps):
        x += tl.load(here, mask=inside, other=0.0).to(tl.float32)
        tl.store(to, x, mask=inside)
        here, to = here + size, to + size
    tl.store(x_at + at, x, mask=inside)


@jit
def rounding(noise, now, theta):
    """Rounding of a sum that stands at ``now``: its terms are multiples of a level of theta, and may have cancelled."""
    size = tl.abs(now)
    return noise * tl.where(size > theta, size, theta)


@jit
def spikes_told(y, now, theta, weight, t, noise, COUNTED: constexpr, LEVELS: constexpr):
    """What an increment ``y`` that leads to ``now`` is counted as; COUNTED: 0 as itself, 1 spikes of the burst that tells
    the change of the mean, 2 one spike for a change."""
    if COUNTED == 0:
        told = tl.abs(y)
    else:
        before = tl.where(t > 1.0, t - 1.0, 1.0) + tl.zeros_like(y)
        change = y - tl.div_rn(now - y, before)
        left = tl.div_rn(tl.div_rn(change, t + tl.zeros_like(y)), theta)
        left = tl.where(tl.abs(change) <= rounding(noise, now, theta), 0.0, left)
        if COUNTED == 1:
            told = binary_burst(left, weight, float("inf"), LEVELS)[1]
        else:
            told = tl.where(left != 0.0, 1.0, 0.0)
    return told


@jit
def moved(now, total, theta, weights, k, t0, noise, COUNTED: constexpr, LEVELS: constexpr):
    """(The increment that leads from ``total`` to ``now`` in step k, what it is counted as.)"""
    change = now - total
    change = tl.where(tl.abs(change) <= rounding(noise, now, theta), 0.0, change)
    t, weight = (t0 + k + 1).to(tl.float32), 1.0
    if COUNTED == 1:
        weight = tl.load(weights + k)
    return change, spikes_told(change, now, theta, weight, t, noise, COUNTED, LEVELS)


@jit
def kept(total_at, size_at, active_at, at, inside, FRESH: constexpr, BLOCK: constexpr):
    """The state before the chunk; FRESH: it is taken as zero."""
    total, size, active = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    if not FRESH:
        total = tl.load(total_at + at, mask=inside, other=0.0)
        size = tl.load(size_at + at, mask=inside, other=0.0)
        active = tl.load(active_at + at, mask=inside, other=0.0)
    return total, size, active


@jit
def keep(total_at, size_at, active_at, at, inside, total, size, active):
    """Write the state behind the chunk."""
    tl.store(total_at + at, total, mask=inside)
    tl.store(size_at + at, size, mask=inside)
    tl.store(active_at + at, active, mask=inside)


@jit
def pool_kernel(
    sums,
    out,
    total_at,
    size_at,
    active_at,
    theta_at,
    weights,
    steps,
    count,
    whole,
    height,
    width,
    channels,
    out_h,
    out_w,
    t0,
    noise,
    KH: constexpr,
    KW: constexpr,
    SH: constexpr,
    SW: constexpr,
    PH: constexpr,
    PW: constexpr,
    COUNTED: constexpr,
    LEVELS: constexpr,
    FRESH: constexpr,
    BLOCK: constexpr,
):
    """``count`` results [B, H', W', C] a step, from sums of ``whole`` elements [B, H, W, C] a step."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    channel, pixel = at % channels, at // channels
    top, left = (pixel // out_w) % out_h * SH - PH, pixel % out_w * SW - PW
    image = pixel // (out_w * out_h) * height
    theta = tl.load(theta_at + at, mask=inside, other=1.0)
    total, size, active = kept(total_at, size_at, active_at, at, inside, FRESH, BLOCK)
    here, to = sums, out + at
    for k in range(steps):
        now = tl.full([BLOCK], float("-inf"), tl.float32)
        for dy in tl.static_range(KH):
            for dx in tl.static_range(KW):
                y, x = top + dy, left + dx
                seen = inside & (y >= 0) & (y < height) & (x >= 0) & (x < width)
                value = tl.load(here + ((image + y) * width + x) * channels + channel, mask=seen, other=float("-inf"))
                now = tl.where(value > now, value, now)
        change, told = moved(now, total, theta, weights, k, t0, noise, COUNTED, LEVELS)
        total = now
        size += told
        active += tl.where(told != 0.0, 1.0, 0.0)
        tl.store(to, as_stored(change, out), mask=inside)
        here, to = here + whole, to + count
    keep(total_at, size_at, active_at, at, inside, total, size, active)


@jit
def row_max_kernel(
    sums,
    out,
    total_at,
    size_at,
    active_at,
    theta_at,
    weights,
    steps,
    rows,
    length,
    t0,
    noise,
    COUNTED: constexpr,
    LEVELS: constexpr,
    FRESH: constexpr,
    TILE: constexpr,
    BLOCK: constexpr,
):
    """The maximum of every row of ``length`` elements of sums [K, rows, length]; BLOCK rows a program."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < rows
    theta = tl.load(theta_at + at, mask=inside, other=1.0)
    total, size, active = kept(total_at, size_at, active_at, at, inside, FRESH, BLOCK)
    row, to = sums + at * length, out + at
    for k in range(steps):
        now = tl.full([BLOCK], float("-inf"), tl.float32)
        for start in range(0, length, TILE):
            place = start + tl.arange(0, TILE)
            seen = inside[:, None] & (place < length)[None, :]
            values = tl.load(row[:, None] + place[None, :], mask=seen, other=float("-inf"))
            most = tl.max(values, 1)
            now = tl.where(most > now, most, now)
        now = tl.where(inside, now, 0.0)
        change, told = moved(now, total, theta, weights, k, t0, noise, COUNTED, LEVELS)
        total = now
        size += told
        active += tl.where(told != 0.0, 1.0, 0.0)
        tl.store(to, change, mask=inside)
        row, to = row + rows * length, to + rows
    keep(total_at, size_at, active_at, at, inside, total, size, active)


def _cumulated(spikes, x, fresh):
    sums = spikes.new_empty(spikes.shape, dtype=x.dtype)
    launch(cumulate_kernel, x.numel(), spikes, x, sums, len(spikes), x.numel(), FRESH=fresh)
    return sums


def pool(spikes, window, state, out, noise, sent, fresh):
    """Launch ``pool_kernel``: spikes [K, B, H, W, C], state and out as pool_kernels.pool lays them out."""
    x, total, size, active = state
    (kh, kw), (sh, sw), (ph, pw) = window
    kind, weights = sent.told()
    launch(
        pool_kernel,
        total.numel(),
        _cumulated(spikes, x, fresh),
        *(out, total, size, active, sent.theta, total if weights is None else weights),
        *(len(spikes), total.numel(), x.numel(), *x.shape[1:], *out.shape[2:4], sent.t, noise),
        **dict(KH=kh, KW=kw, SH=sh, SW=sw, PH=ph, PW=pw),
        **dict(COUNTED=kind, LEVELS=sent.levels, FRESH=fresh),
    )


def row_max(spikes, state, out, noise, sent, fresh):
    """Launch ``row_max_kernel``: spikes [K, ..., N], state and out as pool_kernels.row_max lays them out."""
    x, total, size, active = state
    kind, weights = sent.told()
    launch(
        row_max_kernel,
        total.numel(),
        _cumulated(spikes, x, fresh),
        *(out, total, size, active, sent.theta, total if weights is None else weights),
        *(len(spikes), total.numel(), x.shape[-1], sent.t, noise),
        block=ROWS,
        **dict(COUNTED=kind, LEVELS=sent.levels, FRESH=fresh, TILE=128),
    )
