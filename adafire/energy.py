"""What a simulation cost: synaptic operations, multiply-accumulates, and energy under named models.

Conventions (DESIGN 4; ours where the field is silent):
  * A synaptic operation is one unit spike arriving at one synapse: <spike counts, fan-out map>, exact at borders, strides,
    dilations and groups. A burst of k spikes, and a spike taken back, count as k and as 1. ``graded`` counts one event for
    each step in which a neuron emits anything.
  * Pooling, concatenation, nearest upsampling and scaling pass spikes on: they are merged into the next layer's synapses.
    A spike added to an analog current is one synaptic operation.
  * Where average pooling in the read-out leads to weights, the time average is pooled and multiplied once (MACs), or every
    spike sent to every synapse: the cheaper under horowitz-45nm, for each sample.
  * Weights on an analog value are multiply-accumulates (MACs): once where the value is constant in time or read out once,
    at every timestep elsewhere. Element-wise analog work is not counted, for the ANN neither.
  * MACs of the ANN are counted with the same maps, so the two sides are comparable.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from .affine import passed_by_batch_norm
from .calls import specs_in, stream_slots, streams_of
from .ops import RECURRENT
from .passes import tensors_in
from .registry import Registry
from .special import option


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


def macs_are_cheaper(synops, macs, model="horowitz-45nm"):
    """Whether ``macs`` cost less than ``synops`` (numbers or tensors) under a named model."""
    costs = ENERGY_MODELS.get(model)
    return costs.energy_pj(macs, 0.0) < costs.energy_pj(0.0, synops)


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
        return float(_LINEAR_MODES.get(mode_of(call), 1) * math.prod(specs_in(call.template)[0].shape))
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

    @staticmethod
    def synops_of_each(counts, reach, factor, samples):
        """``synops`` of each sample [samples], in float64; [1] where the rows of ``counts`` are not those of samples."""
        weighed = counts.double() if reach is None else counts.double() * reach.to(counts.device)
        whole = counts.dim() == 0 or counts.shape[0] % samples
        return weighed.reshape(1 if whole else samples, -1).sum(1) * factor


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
    return (call.op in ("mean", "sum") or "avg_pool" in call.op
            or call.op in ("interpolate", "upsample") and mode_of(call) == "area")


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
    for name, first in (("kernel_size", 1), ("stride", 1), ("padding", 0)):  # as rows of height 1: 1d has no divisor_override
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
    start = torch.tensor([i * n // size for i in range(size)], device=x.device)
    end = torch.tensor([-((-(i + 1) * n) // size) for i in range(size)], device=x.device)
    return (padded[..., end] - padded[..., start]).movedim(-1, axis)
