"""Layers whose results depend neither on how many samples are computed together nor on the number of threads.

How many timesteps are simulated at once (the chunk), and by how many threads, must not change a count: a sum whose order
changes can move a current across a threshold. On the CPU, convolutions in channels_last keep their order. PyTorch chooses
among several conv1d by batch size and threads, and its products of few rows are other routines than those of many; so a
conv1d is done as the conv2d of a picture one row high, and a linear layer is given more rows.
"""

import torch
import torch.nn.functional as F

FEWEST_ROWS = 16
"""Rows from which a product comes out the same however many follow, at 1 and at 2 threads (fewer than 4 a thread do not)."""


def repeatable(call, func, x, weight, bias, *args, **kwargs):
    """``func(x, weight, bias, *args, **kwargs)`` of a layer, on the CPU always summed in one order."""
    if x.device.type == "cpu" and isinstance(weight, torch.Tensor):
        if call.op == "conv1d" and x.dim() == 3:
            return conv1d(x, weight, bias, *args, **kwargs)
        if call.op == "linear" and 0 < x.numel() // x.shape[-1] < FEWEST_ROWS:
            rows = x.reshape(-1, x.shape[-1])
            more = F.pad(rows, (0, 0, 0, FEWEST_ROWS - len(rows)))
            return func(more, weight, bias, *args, **kwargs)[: len(rows)].reshape(*x.shape[:-1], -1)
    return func(x, weight, bias, *args, **kwargs)


def conv1d(x, weight, bias, stride=1, padding=0, dilation=1, groups=1):
    """torch's conv1d of [B, C, N], as the conv2d of a picture one row high; channels run fastest in the result."""

    def of_picture(value, still):
        return value if isinstance(value, str) else (still, value if isinstance(value, int) else value[0])

    weight = weight.unsqueeze(2).to(memory_format=torch.channels_last)
    stride, padding, dilation = of_picture(stride, 1), of_picture(padding, 0), of_picture(dilation, 1)
    return F.conv2d(x.unsqueeze(2), weight, bias, stride, padding, dilation, groups).squeeze(2)
