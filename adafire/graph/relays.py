"""Where neurons without an activation spare multiply-accumulates, or synaptic operations."""

import math

from . import support as ops
from .calls import specs_in, streams_of
from .synapses import averages

WINDOW = 4
"""Values that an average must be of for neurons behind it: so many send more spikes than the average takes (ours; at a mean of
one spike a neuron, and some two of an average, which is rarely 0)."""

_RATES = ops.PRODUCTS | ops.HOMOGENEOUS_RATES | ops.QUOTIENTS | {"clamp", "clip", "clamp_min", "clamp_max"}
"""Rate operators behind which there are neurons: products, bounds and maxima. Behind a softmax or a norm, whose own work is in
numbers, there are none."""


def relayed(calls, changes, sites):
    """Indices of the calls whose results neurons should send: numbers that change in time (``changes[index]``) and would meet
    weights, and averages of the spikes of many neurons. ``sites``: indices of the activations."""
    found, seen = set(), set()

    def trace_back(source):
        call = calls[source] if source >= 0 else None
        if call is None or not changes[source] or source in sites or source in seen:
            return
        seen.add(source)
        moves = (
            call.rule.treatment == "structure"
            and call.rule.counts == "through"
            or (call.op in ("interpolate", "upsample") and call.rule.counts == "through" and not averages(call))
        )
        if call.spiking and averages(call) and call.region == "steps" and _window(call) >= WINDOW and _sendable(call):
            found.add(source)
        elif moves or call.spiking and call.rule.treatment == "linear":
            for stream in streams_of(call):
                trace_back(stream.call)
        elif not call.spiking and _sendable(call):
            found.add(source)

    for call in calls:
        if call.rule.counts == "synapse" and call.rule.treatment == "linear" and call.op != "batch_norm":
            for stream in streams_of(call):
                trace_back(stream.call)
    return found


def _sendable(call):
    specs = specs_in(call.template)
    fits = call.rule.treatment == "linear" or call.op in _RATES and call.region == "steps"
    return fits and len(specs) == 1 and bool(specs[0].shape) and specs[0].dtype.is_floating_point


def _window(call):
    """Values that one average is of."""
    _, args, kwargs = call.arguments
    before, after = streams_of(call)[0].shape, specs_in(call.template)[0].shape
    if call.op in ("avg_pool1d", "avg_pool2d", "avg_pool3d"):
        kernel = kwargs.get("kernel_size", args[1] if len(args) > 1 else 1)
        return (
            math.prod(kernel)
            if isinstance(kernel, (tuple, list)) and len(kernel) > 1
            else ((kernel[0] if isinstance(kernel, (tuple, list)) else kernel) ** int(call.op[-2]))
        )
    return math.prod(before) / math.prod(after)
