"""What Triton's kernels (triton_laws.py, triton_pools.py) are made of, and Triton itself, which is imported with this file: on first
use on a GPU, for it takes a second. Where it is not installed, nothing here can be called (gpu.py)."""

try:
    import triton
    import triton.language as tl

    jit, constexpr = triton.jit, tl.constexpr
except ImportError:  # torch's builds for CPUs come without
    triton = tl = constexpr = None

    def jit(function):
        return function


@jit
def target(x, t, KIND: constexpr, a, b):
    """t f(x / t)"""
    if KIND == 0:
        found = tl.where(x > 0.0, x, 0.0)
    elif KIND == 1:
        found = tl.where(x > 0.0, x, a * x)
    else:
        mean = tl.div_rn(x, t + tl.zeros_like(x))
        mean = tl.where(mean < a, a, mean)
        found = tl.where(mean > b, b, mean) * t
    return found


@jit
def signed_like(magnitude, value):
    """copysign: of zeros, too."""
    sign = value.to(tl.int32, bitcast=True) & -2147483648
    return (magnitude.to(tl.int32, bitcast=True) | sign).to(tl.float32, bitcast=True)


@jit
def as_stored(value, pointer):
    """A finite float32 as what ``pointer`` points to: itself, or the nearest bfloat16, of two the even one. By its bits, for
    Triton's interpreter rounds otherwise."""
    if pointer.dtype.element_ty == tl.float32:
        found = value
    else:
        bits = value.to(tl.int32, bitcast=True)
        found = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).to(tl.int16).to(tl.bfloat16, bitcast=True)
    return found


@jit
def whole(value):
    """floor. CUDA's own takes the smallest negative numbers (subnormal ones) for 0."""
    down = tl.floor(value)
    return tl.where(down > value, down - 1.0, down)


@jit
def binary_burst(left, weight, most, LEVELS: constexpr):
    """(change, spikes) that tell ``left`` with at most ``most`` spikes: differential.py's burst."""
    total, spikes = tl.zeros_like(left), tl.zeros_like(left)
    for j in tl.static_range(LEVELS):
        level = weight * (0.5**j) + tl.zeros_like(left)
        rest = 0.484375 if j == LEVELS - 1 else 1 / 3
        count = whole(tl.div_rn(tl.abs(left), level) + rest)
        free = most - spikes
        count = tl.where(count < free, count, free)
        step = signed_like(count, left) * level
        left, total, spikes = left - step, total + step, spikes + count
    return total, spikes
