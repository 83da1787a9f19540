"""What a simulation cost: synaptic operations, multiply-accumulates, and energy under named models.

Conventions (DESIGN 4; ours where the field is silent):
  * A synaptic operation is one unit spike arriving at one synapse: <spike counts, fan-out map>, exact at borders, strides,
    dilations and groups. A burst of k spikes, and a spike taken back, count as k and as 1. ``graded`` counts one event for
    each step in which a neuron emits anything.
  * Pooling, concatenation, nearest upsampling and scaling pass spikes on: they are merged into the next layer's synapses.
    A spike added to an analog current is one synaptic operation.
  * Weights on an analog value are multiply-accumulates (MACs): once where the value is constant in time or read out once,
    at every timestep elsewhere. Element-wise analog work is not counted, for the ANN neither.
  * MACs of the ANN are counted with the same maps, so the two sides are comparable.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .calls import specs_in, stream_slots, streams_of
from .ops import RECURRENT
from .passes import tensors_in
from .registry import Registry


class EnergyModel(NamedTuple):
    """Picojoules of a multiply-accumulate and of an accumulate, and where they come from."""

    name: str
    mac_pj: float
    ac_pj: float
    source: str

    def energy_pj(self, macs, synops):
        """Energy in pJ; every synaptic operation is one accumulate.

        >>> ENERGY_MODELS.get("horowitz-45nm").energy_pj(macs=10, synops=100)
        136.0
        """
        return self.mac_pj * macs + self.ac_pj * synops


ENERGY_MODELS = Registry("energy model")
ENERGY_MODELS.register("horowitz-45nm", EnergyModel(
    "horowitz-45nm", 4.6, 0.9, "M. Horowitz, ISSCC 2014: 45 nm, 32-bit float multiply 3.7 pJ and add 0.9 pJ; "
    "arithmetic only, no memory access"))
ENERGY_MODELS.register("horowitz-45nm-int8", EnergyModel(
    "horowitz-45nm-int8", 0.23, 0.03, "M. Horowitz, ISSCC 2014: 45 nm, 8-bit integer multiply 0.2 pJ and add 0.03 pJ; "
    "arithmetic only, no memory access"))

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
        return float(reach.sum()) * outputs * math.prod(shape[:len(shape) - reach.dim()])
    if call.op == "batch_norm":
        return float(math.prod(specs_in(call.template)[0].shape))
    if call.op in ("interpolate", "upsample") and call.rule.counts == "analog":
        _, args, kwargs = call.arguments
        mode = kwargs.get("mode", args[3] if len(args) > 3 else "nearest")
        return float(_LINEAR_MODES.get(mode, 1) * math.prod(specs_in(call.template)[0].shape))
    if call.op in RECURRENT:  # every matrix at every position of the sequence
        return float(math.prod(streams_of(call)[0].shape[:-1]) * sum(
            t.numel() for t in tensors_in(call.arguments[1:]) if t.dim() == 2 and isinstance(t, torch.nn.Parameter)))
    if call.op == "roi_align":  # (input, boxes, scale, height, width, samples a side or 0: as the box is large, aligned)
        samples = call.arguments[1][5] if len(call.arguments[1]) > 5 else 0
        return float(4 * max(1, samples) ** 2 * math.prod(specs_in(call.template)[0].shape))
    return call.flops / 2


class Tally:
    """Sums of count tensors; each tensor is read once, however many layers its spikes arrive at.

    >>> tally = Tally()
    >>> spikes = torch.tensor([[[2., 1.]]])
    >>> tally.synops(spikes, reach=torch.tensor([3., 2.]), factor=5)  # (2 * 3 + 1 * 2) * 5
    40.0
    >>> tally.total(spikes)
    3.0
    """

    def __init__(self):
        self._maps = {}

    def _map(self, counts, positions):
        """Counts summed over batch and channels, as float64 of shape [*positions]; exact below 2**24 a position."""
        key = (id(counts), positions)
        if key not in self._maps:
            summed = counts.sum(dim=tuple(range(counts.dim() - positions))).double()
            self._maps[key] = (summed, counts)  # the tensor is kept, so that its id stays its own
        return self._maps[key][0]

    def total(self, counts):
        """All counts."""
        return float(self._map(counts, max(0, counts.dim() - 2)).sum())

    def synops(self, counts, reach, factor):
        """<counts, fan-out map>: synaptic operations of spikes [..., *positions] arriving at a call with weights."""
        if reach is None:
            return self.total(counts) * factor
        return float((self._map(counts, reach.dim()) * reach.to(counts.device)).sum()) * factor


def passed(call, this):
    """Spike counts after an operator that passes spikes on: windows are summed, signs and scales do not matter."""
    op, streams = call.op, [t for t, s in zip(tensors_in((this.args, this.kwargs)), stream_slots(call)) if s]
    shape = specs_in(call.template)[0].shape
    if call.rule.treatment == "structure" or op in ("interpolate", "upsample"):
        return this.func(*this.args, **this.kwargs)
    if op == "avg_pool1d":
        kernel = this.args[1] if len(this.args) > 1 else this.kwargs["kernel_size"]
        return this.func(*this.args, **this.kwargs) * (kernel[0] if isinstance(kernel, (tuple, list)) else kernel)
    if op in ("avg_pool2d", "avg_pool3d"):
        names = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
        options = dict(zip(names, this.args)) | this.kwargs | {"divisor_override": 1}
        return getattr(F, op)(options.pop("input"), **options)
    if op.startswith("adaptive_avg"):
        x = streams[0]
        spatial = int(op[-2])
        for axis in range(x.dim() - spatial, x.dim()):
            x = _window_sums(x, axis, shape[axis])
        return x
    if op in ("mean", "sum"):
        kwargs = {k: v for k, v in this.kwargs.items() if k != "dtype"}
        return torch.sum(*this.args, **kwargs)
    total = sum(streams)
    return total.expand(shape) if total.shape != torch.Size(shape) else total


def _window_sums(x, axis, size):
    """Sums over the windows [floor(i n/size), ceil((i+1) n/size)) of adaptive pooling along one axis."""
    n = x.shape[axis]
    padded = F.pad(x.movedim(axis, -1), (1, 0)).cumsum(-1)
    start = torch.tensor([i * n // size for i in range(size)], device=x.device)
    end = torch.tensor([-((-(i + 1) * n) // size) for i in range(size)], device=x.device)
    return (padded[..., end] - padded[..., start]).movedim(-1, axis)
