"""The reference neuron in blocks of elements that stay in the cache over all timesteps of a chunk.

For CPUs where no compiler is, and for activations that the fused kernel does not know (SiLU, GELU, ...): the same
operations on the same values, so the same bits, in about half the time (ours).
"""

import torch

from . import neuron

BLOCK = 65536


def scan(z, t, steps, params, state, activation):
    """As ``neuron.scan``; falls back on it where memory has gaps, or the activation's arguments a shape of their own."""
    x = state.x
    size, batch = x.numel(), x.shape[0]
    each = size // max(1, batch)
    if x.device.type != "cpu" or activation.shaped or each < BLOCK // 8 or not _dense(x):
        return neuron.scan(z, t, steps, params, state, activation)
    moving = z.dim() > x.dim()
    currents = _like(z.float(), x, steps if moving else None)
    out = torch.empty_strided((steps, *x.shape), (size, *x.stride()), dtype=torch.float32)
    flat = [_of_one_sample(p, x, each) for p in (params.theta, params.bias, params.v0)]
    parts = [torch.empty_like(s) for s in state[:4]]
    whole, over = out.as_strided((steps, size), (size, 1)), 0
    old, new = ([s.as_strided((size,), (1,)) for s in tensors] for tensors in (state[:4], parts))
    for first in range(0, size, each):
        for start in range(0, each, BLOCK):
            stop = min(start + BLOCK, each)
            here = slice(first + start, first + stop)
            theta, bias, v0 = (p[start:stop] for p in flat)
            spikes, found = neuron.scan(currents[..., here], t, steps, params._replace(theta=theta, bias=bias, v0=v0),
                                        neuron.NeuronState(*(s[here] for s in old)), activation)
            whole[:, here] = spikes
            for to, value in zip(new, found[:4]):
                to[here] = value
            over += found.over
    return out, neuron.NeuronState(*parts, over)


def _dense(x):
    """Whether the memory of [B, ...] has no gaps, one sample after the other."""
    strides = sorted((stride, n) for stride, n in zip(x.stride(), x.shape) if n > 1)
    expected = 1
    for stride, n in strides:
        if stride != expected:
            return False
        expected *= n
    return x.shape[0] == 1 or x.stride(0) == x.numel() // x.shape[0]


def _like(z, x, steps):
    """Currents [K, size], or [size] where they are constant, in the memory order of ``x``."""
    shape, strides = ((x.shape, x.stride()) if steps is None else ((steps, *x.shape), (x.numel(), *x.stride())))
    laid = torch.empty_strided(shape, strides).copy_(z) if z.shape != shape or z.stride() != strides else z
    return laid.as_strided((*shape[:len(shape) - x.dim()], x.numel()), (*strides[:len(shape) - x.dim()], 1))


def _of_one_sample(parameter, x, each):
    """A parameter for every neuron of a sample, in the memory order of ``x``."""
    shape, strides = (1, *x.shape[1:]), (each, *x.stride()[1:])
    return torch.empty_strided(shape, strides).copy_(parameter.expand(shape)).as_strided((each,), (1,))
