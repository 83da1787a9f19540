"""The laws of kernels.c as Triton kernels: the count-form neuron, and neurons that send changes of a running mean.

The same operations in the same order as the references (count.py, differential.py, multi_threshold.py), compiled without
multiply-adds (gpu.py). A program holds the state of BLOCK neurons in registers over all timesteps of a chunk. A step is
[outer, C, inner] in memory; KIND, a, b: the activation, as in kernels.c. No GPU has run them: docs/speed.md.
"""

from .gpu import launch, numbers
from .triton_parts import as_stored, binary_burst, constexpr, jit, signed_like, target, tl, whole


@jit
def neurons(theta_at, bias_at, size, channels, inner, BLOCK: constexpr):
    """The neurons of this program: (place, whether there is one, channel, theta, bias)."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    channel = (at // inner) % channels
    theta = tl.load(theta_at + channel, mask=inside, other=1.0)
    bias = tl.load(bias_at + channel, mask=inside, other=0.0)
    return at, inside, channel, theta, bias


@jit
def scan_kernel(
    z,
    more,
    out,
    x_at,
    n_at,
    events_at,
    graded_at,
    theta_at,
    bias_at,
    v0_at,
    z_step,
    more_step,
    steps,
    size,
    channels,
    inner,
    t0,
    plus,
    minus,
    a,
    b,
    KIND: constexpr,
    MORE: constexpr,
    TAKES: constexpr,
    FRESH: constexpr,
    BLOCK: constexpr,
):
    """count.scan. MORE: ``more`` is a second current; TAKES: spikes are taken back, so that events are no net counts; FRESH:
    the state is taken as zero."""
    at, inside, channel, theta, bias = neurons(theta_at, bias_at, size, channels, inner, BLOCK)
    v0 = tl.load(v0_at + channel, mask=inside, other=0.0)
    x, n = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    events, graded = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    if not FRESH:
        x, n = tl.load(x_at + at, mask=inside, other=0.0), tl.load(n_at + at, mask=inside, other=0.0)
    here, also, to = z + at, more + at, out + at
    for k in range(steps):
        t = (t0 + k + 1).to(tl.float32)
        current = tl.load(here, mask=inside, other=0.0).to(tl.float32)
        if MORE:
            current += tl.load(also, mask=inside, other=0.0).to(tl.float32)
        x += current
        want = whole(tl.div_rn(target(x + bias * t, t, KIND, a, b), theta) + v0)
        low, high = n - minus, n + plus
        new = tl.where(want > low, want, low)
        new = tl.where(new < high, new, high)
        sent = new - n
        n = new
        tl.store(to, as_stored(sent * theta, out), mask=inside)
        events += tl.abs(sent)
        graded += tl.where(sent != 0.0, 1.0, 0.0)
        here, also, to = here + z_step, also + more_step, to + size
    if not FRESH:
        graded += tl.load(graded_at + at, mask=inside, other=0.0)
        if TAKES:
            events += tl.load(events_at + at, mask=inside, other=0.0)
    tl.store(x_at + at, x, mask=inside)
    tl.store(n_at + at, n, mask=inside)
    tl.store(graded_at + at, graded, mask=inside)
    if TAKES:
        tl.store(events_at + at, events, mask=inside)


@jit
def differential_kernel(
    z,
    out,
    x_at,
    mean_at,
    n_at,
    events_at,
    graded_at,
    theta_at,
    bias_at,
    v0_at,
    weights,
    z_step,
    steps,
    size,
    channels,
    inner,
    t0,
    most,
    zone,
    finest,
    a,
    b,
    KIND: constexpr,
    BURSTS: constexpr,
    BOUNDED: constexpr,
    LEVELS: constexpr,
    FRESH: constexpr,
    BLOCK: constexpr,
):
    """BURSTS: DifferentialBurst.scan with ``weights`` [steps], where changes up to ``zone`` are not sent; else
    MultiThreshold.scan, BOUNDED: the mean stays positive."""
    at, inside, channel, theta, bias = neurons(theta_at, bias_at, size, channels, inner, BLOCK)
    x, mean = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    events, graded = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    if not FRESH:
        x, mean = tl.load(x_at + at, mask=inside, other=0.0), tl.load(mean_at + at, mask=inside, other=0.0)
        events = tl.load(events_at + at, mask=inside, other=0.0)
        graded = tl.load(graded_at + at, mask=inside, other=0.0)
    here, to = z + at, out + at
    for k in range(steps):
        t = (t0 + k + 1).to(tl.float32)
        x += tl.load(here, mask=inside, other=0.0)
        want = tl.div_rn(target(x + bias * t, t, KIND, a, b), theta)
        if BURSTS:
            wanted = tl.div_rn(want, t + tl.zeros_like(want)) - mean
            left = tl.where(tl.abs(wanted) <= zone, 0.0, wanted)
            change, spikes = binary_burst(left, tl.load(weights + k), most, LEVELS)
            sent = mean + change * t
            mean += change
            events += spikes
            graded += tl.where(spikes != 0.0, 1.0, 0.0)
        else:
            total = mean * t
            v = want + tl.load(v0_at + channel, mask=inside, other=0.0) - total
            reach = tl.div_rn(tl.abs(v), tl.full([BLOCK], 0.75, tl.float32))
            if BOUNDED:
                held = total + finest * 0.0009765625
                reach = tl.where((v < 0.0) & (held < reach), held, reach)
            fits = tl.where(reach >= finest, 1.0, 0.0)
            # the largest power of two that fits is what is left of a float without its mantissa
            level = (reach.to(tl.int32, bitcast=True) & 0x7F800000).to(tl.float32, bitcast=True)
            spike = fits * signed_like(tl.where(level < 1.0, level, 1.0), v)
            sent = mean + spike
            mean += tl.div_rn(spike, t + tl.zeros_like(spike))
            events += fits
            graded += fits
        tl.store(to, sent * theta, mask=inside)
        here, to = here + z_step, to + size
    tl.store(x_at + at, x, mask=inside)
    tl.store(mean_at + at, mean, mask=inside)
    tl.store(n_at + at, mean * (t0 + steps).to(tl.float32), mask=inside)
    tl.store(events_at + at, events, mask=inside)
    tl.store(graded_at + at, graded, mask=inside)


def scan(z, z_step, more, more_step, steps, found, state, flat, params, t, code, out, fresh):
    """Launch ``scan_kernel``; arguments as kernels.scan prepares them. found: (channels, inner); flat: theta, bias, v0."""
    launch(
        scan_kernel,
        state.x.numel(),
        z,
        z if more is None else more,
        out,
        *(state.x, state.n, state.events, state.graded),
        *flat,
        *(z_step, more_step, steps, state.x.numel(), *found, t),
        *(float(params.phi_plus), float(params.phi_minus), float(code[1]), float(code[2])),
        KIND=code[0],
        MORE=more is not None,
        TAKES=state.events is not state.n,
        FRESH=fresh,
    )


def differential(z, z_step, steps, found, state, flat, params, signed, weights, zone, t, code, out, fresh):
    """Launch ``differential_kernel``; arguments as kernels.differential prepares them. weights: a sequence, or None."""
    launch(
        differential_kernel,
        state.x.numel(),
        z,
        out,
        *state[:5],
        *flat,
        z if weights is None else numbers(tuple(weights), z.device),
        *(z_step, steps, state.x.numel(), *found, t),
        *(float(params.phi_plus), float(zone), 2.0 ** (1 - params.neuron.levels), float(code[1]), float(code[2])),
        KIND=code[0],
        BURSTS=weights is not None,
        BOUNDED=not signed,
        LEVELS=params.neuron.levels,
        FRESH=fresh,
    )
