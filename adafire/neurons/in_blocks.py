"""The reference neuron in blocks of elements that stay in the cache over all timesteps of a chunk.

For CPUs where no compiler is: the same operations on the same values, so the same bits, in about half the time (ours). And for
activations that the fused kernel does not know (SiLU, GELU, ...) what it is given in their place: the cumulative targets.
"""

import torch

from . import count as neuron
from .layouts import laid_out, layout

BLOCK = 65536


def scan(z, t, steps, params, state, activation):
    """As ``neuron.scan``; falls back on it where memory has gaps, or the activation's arguments a shape of their own."""
    x = state.x
    size, batch = x.numel(), x.shape[0]
    each = size // max(1, batch)
    if x.device.type != "cpu" or activation.shaped or each < BLOCK // 8 or layout(x, 0) is None or x.stride(0) < each:
        return neuron.scan(z, t, steps, params, state, activation)
    currents, step = laid_out(z, torch.float32, tuple(x.shape), x.stride(), size)
    currents = currents.as_strided((steps, size), (step, 1)) if step else currents.as_strided((size,), (1,))
    out = torch.empty_strided((steps, *x.shape), (size, *x.stride()), dtype=torch.float32)
    flat = [_of_one_sample(p, x, each) for p in (params.theta, params.bias, params.v0)]
    parts = [torch.empty_like(s) for s in state]
    whole = out.as_strided((steps, size), (size, 1))
    old, new = ([s.as_strided((size,), (1,)) for s in tensors] for tensors in (state, parts))
    for first in range(0, size, each):
        for start in range(0, each, BLOCK):
            stop = min(start + BLOCK, each)
            here = slice(first + start, first + stop)
            theta, bias, v0 = (p[start:stop] for p in flat)
            spikes, found = neuron.scan(
                currents[..., here],
                t,
                steps,
                params._replace(theta=theta, bias=bias, v0=v0),
                neuron.NeuronState(*(s[here] for s in old)),
                activation,
            )
            whole[:, here] = spikes
            for to, value in zip(new, found):
                to[here] = value
    return out, neuron.NeuronState(*parts)


def targets(z, step, t, steps, params, x, activation):
    """What counts follow, [K, ...] in the memory order of ``x``: t f(x / t) of the cumulative currents, at every step. ``x`` [B, ...] is
    brought up to date. z, step: as ``laid_out`` gives them."""
    size, each = x.numel(), x.numel() // max(1, x.shape[0])
    currents = z.as_strided((steps, size), (step, 1))
    out = torch.empty_strided((steps, *x.shape), (size, *x.stride()))
    whole, flat = out.as_strided((steps, size), (size, 1)), x.as_strided((size,), (1,))
    bias = _of_one_sample(params.bias, x, each)
    for first in range(0, size, max(1, each)):
        for start in range(0, each, BLOCK):
            stop = min(start + BLOCK, each)
            here, current = slice(first + start, first + stop), bias[start:stop]
            for k in range(steps):
                now = t + k + 1
                up = flat[here].add_(currents[k, here])
                whole[k, here] = activation.target(up + current * float(now), now)
    return out


def _of_one_sample(parameter, x, each):
    """A parameter for every neuron of a sample, in the memory order of ``x``."""
    shape, strides = (1, *x.shape[1:]), (each, *x.stride()[1:])
    return torch.empty_strided(shape, strides).copy_(parameter.expand(shape)).as_strided((each,), (1,))
