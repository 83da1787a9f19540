"""How tensors lie in memory, as the kernels ask for it."""

import torch


def order(tensor):
    """Dimensions longer than 1 of a dense tensor, from the slowest to the fastest in memory; None if it has gaps.

    >>> order(torch.zeros(2, 3, 1, 4).permute(3, 1, 0, 2))
    [2, 1, 0]
    """
    dims = sorted((d for d in range(tensor.dim()) if tensor.shape[d] > 1), key=lambda d: -tensor.stride(d))
    expected = 1
    for d in reversed(dims):
        if tensor.stride(d) != expected:
            return None
        expected *= tensor.shape[d]
    return dims


def layout(tensor, channel_axis):
    """(channels, inner) of a dense tensor [B, ..., C, ...] in memory order, or None if it has gaps."""
    dims = order(tensor)
    if dims is None:
        return None
    channels, inner = tensor.shape[channel_axis], 1
    if channels > 1:
        for d in dims[dims.index(channel_axis) + 1 :]:
            inner *= tensor.shape[d]
    else:
        inner = tensor.numel()
    return channels, inner


def laid_out(current, dtype, shape, strides, size):
    """(current, elements from one step to the next) in the memory order of the state; copied only where it is not."""
    moving = current.dim() > len(shape)
    wanted = (size, *strides) if moving else strides
    current = current.to(dtype) if current.dtype != dtype else current
    full = (current.shape[0], *shape) if moving else shape
    if current.shape != full:
        current = current.expand(full)
    if any(a != b for a, b, n in zip(current.stride(), wanted, full) if n > 1):
        current = torch.empty_strided(full, wanted, dtype=dtype, device=current.device).copy_(current)
    return current, size if moving else 0


def one_a_channel(parameter, channels):
    """One float a channel, in memory one after the other."""
    if parameter.numel() != channels:
        parameter = parameter.expand(channels) if parameter.dim() == 0 else parameter.reshape(-1).expand(channels)
    return parameter.float().contiguous()


def rows_first(tensor):
    """Whether the rows of [B, ...] follow each other in memory.

    >>> rows_first(torch.zeros(2, 3)), rows_first(torch.zeros(3, 2).T)
    (True, False)
    """
    return tensor.shape[0] <= 1 or tensor.stride(0) * tensor.shape[0] == tensor.numel()
