"""Synapses of a call: how many a spike reaches, how many multiply-accumulates a call takes, which spikes it passes on."""

import math

import torch
import torch.nn.functional as F

from .affine import passed_by_batch_norm
from .calls import specs_in, stream_slots, streams_of
from .interception import tensors_in
from .special import option
from .support import RECURRENT

_LINEAR_MODES = {"linear": 2, "bilinear": 4, "trilinear": 8, "bicubic": 16, "area": 1}


def fan_out(call):
    """(map over positions, factor) of a convolution: an input spike at position p reaches map[p] * factor synapses.

    The map is the adjoint of the same convolution with one channel and a kernel of ones, applied to ones.
    """
    func, args, kwargs = call.arguments
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    if call.op.startswith("conv_transpose"):
        names = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
    options = dict(zip(names, args)) | kwargs
    shape, weight, groups = options.pop("input").shape, options.pop("weight"), options.pop("groups", 1)
    options.pop("bias", None)
    spatial = len(weight.shape) - 2  # weights may be made from the input
    with torch.enable_grad():
        ones = torch.ones((1, 1, *shape[-spatial:]), requires_grad=True)
        total = func(ones, torch.ones((1, 1, *weight.shape[2:])), None, **options).sum()
        (reach,) = torch.autograd.grad(total, ones)
    outputs = weight.shape[1] if call.op.startswith("conv_transpose") else weight.shape[0] // groups
    return reach[0, 0], outputs


def macs(call):
    """Multiply-accumulates of one call on the whole batch, without padding; 0 for calls without weights."""
    if call.op.startswith("conv"):
        reach, outputs = fan_out(call)
        shape = (call.arguments[1] or [call.arguments[2].get("input")])[0].shape
        return float(reach.sum()) * outputs * math.prod(shape[: len(shape) - reach.dim()])
    if call.op == "batch_norm":
        return float(math.prod(specs_in(call.template)[0].shape))
    if call.op in ("interpolate", "upsample") and call.rule.counts == "analog":
        return float(_LINEAR_MODES.get(mode_of(call), 1) * math.prod(specs_in(call.template)[0].shape))
    if call.op in RECURRENT:  # every matrix at every position of the sequence
        return float(
            math.prod(streams_of(call)[0].shape[:-1])
            * sum(
                t.numel() for t in tensors_in(call.arguments[1:]) if t.dim() == 2 and isinstance(t, torch.nn.Parameter)
            )
        )
    if (
        call.op == "roi_align"
    ):  # (input, boxes, scale, height, width, samples a side or 0: as the box is large, aligned)
        samples = call.arguments[1][5] if len(call.arguments[1]) > 5 else 0
        return float(4 * max(1, samples) ** 2 * math.prod(specs_in(call.template)[0].shape))
    return call.flops / 2


def passed(call, this):
    """Spike counts after an operator that passes spikes on: what arrives at an output is the sum of all that reach it with a
    weight other than 0. Signs and scales do not matter, and constants bring no spikes."""
    op, operands = call.op, tensors_in((this.args, this.kwargs))
    streams = [t for t, s in zip(operands, stream_slots(call)) if s]
    shape = specs_in(call.template)[0].shape
    if op == "pad":
        return _padded(this)
    if op in ("interpolate", "upsample") and mode_of(call) == "area":
        return _window_sums(streams[0], shape, streams[0].dim() - 2)
    if call.rule.treatment == "structure" or op in ("interpolate", "upsample", "cumsum"):
        return this.func(*this.args, **this.kwargs)
    if op in ("avg_pool1d", "avg_pool2d", "avg_pool3d"):
        return _pool_sums(op, this)
    if op.startswith("adaptive_avg"):
        return _window_sums(streams[0], shape, int(op[-2]))
    if op in ("mean", "sum"):
        kwargs = {k: v for k, v in this.kwargs.items() if k != "dtype"}
        return torch.sum(*this.args, **kwargs)
    if op == "batch_norm":
        return passed_by_batch_norm(streams[0], (this.args, this.kwargs))
    total = sum(t for t, brings in zip(streams, call.brings) if brings)
    if op in ("mul", "multiply"):  # a mask lets some through
        for factor in (t for t, s in zip(operands, stream_slots(call)) if not s):
            total = total * (factor != 0)
    return total.expand(shape) if total.shape != torch.Size(shape) else total


def averages(call):
    """Whether a call adds up values of several positions."""
    return (
        call.op in ("mean", "sum")
        or "avg_pool" in call.op
        or call.op in ("interpolate", "upsample")
        and mode_of(call) == "area"
    )


def mode_of(call):
    """The mode of an interpolation."""
    return option(call, "mode", 3, "nearest")


def _padded(this):
    """Borders bring no spikes, whatever value they hold."""
    names = ("input", "pad", "mode", "value")
    options = dict(zip(names, this.args)) | this.kwargs
    return this.func(options["input"], options["pad"], options.get("mode", "constant"))


def _pool_sums(op, this):
    """Sums over the windows of average pooling."""
    names = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
    options = dict(zip(names, this.args)) | this.kwargs | {"divisor_override": 1}
    x = options.pop("input")
    if op != "avg_pool1d":
        return getattr(F, op)(x, **options)
    one = lambda value: value[0] if isinstance(value, (tuple, list)) else value
    for name, first in (
        ("kernel_size", 1),
        ("stride", 1),
        ("padding", 0),
    ):  # as rows of height 1: 1d has no divisor_override
        if options.get(name) is not None:
            options[name] = first, one(options[name])
    return F.avg_pool2d(x.unsqueeze(-2), **options).squeeze(-2)


def _window_sums(x, shape, spatial):
    """Sums over the windows of adaptive pooling to ``shape``, along its last ``spatial`` axes."""
    for axis in range(x.dim() - spatial, x.dim()):
        x = _window_sums_along(x, axis, shape[axis])
    return x


def _window_sums_along(x, axis, size):
    """Sums over the windows [floor(i n/size), ceil((i+1) n/size)) of one axis."""
    n = x.shape[axis]
    padded = F.pad(x.movedim(axis, -1), (1, 0)).cumsum(-1)
    each = (
        torch.arange(size, device=x.device) * n
    )  # made there: a list of numbers would be copied to a GPU at every count
    start, end = each // size, (each + n + size - 1) // size
    return (padded[..., end] - padded[..., start]).movedim(-1, axis)
