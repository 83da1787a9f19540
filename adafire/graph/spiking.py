"""Which results are spikes, so that weights behind them count synaptic operations, and not multiply-accumulates."""

from . import affine
from .calls import INPUT, streams_of

_JOIN = set("cat concat concatenate stack hstack vstack dstack add sub rsub".split())
_SCALE = {"mul", "multiply", "div", "true_divide"}


def mark(calls, sites):
    """Set ``spiking``, ``mixed``, ``brings``, ``unit`` and ``affine`` of all calls; ``sites``: indices of the neurons."""
    for call in calls:
        if call.index in sites:
            call.spiking, call.mixed, call.unit, call.affine = True, False, True, False
        elif (
            call.rule.counts == "through" or call.op == "batch_norm" and call.rule.treatment == "linear"
        ) and call.inputs:
            _mark(call, calls, [stream.call for stream in streams_of(call)])


def _mark(call, calls, operands):
    whole = all(s >= 0 and calls[s].unit for s in operands)
    scaled = len(operands) == 1 and operands[0] >= 0 and calls[operands[0]].affine
    if call.rule.treatment == "rate":
        one = len(operands) == 1 and call.region == "steps"
        call.unit, call.affine = whole and one, scaled and one and affine.pools_positions(call)
        call.spiking = call.unit or call.affine
        return
    moving = [s for s in operands if not (call.op in _JOIN | _SCALE and _constant(s, calls))]
    call.brings = tuple(s in moving or call.op in _JOIN for s in operands)
    call.spiking = bool(moving) and all(s >= 0 and calls[s].spiking for s in moving)
    call.mixed = call.spiking and (
        any(calls[s].mixed for s in moving) or call.op in _JOIN and len(moving) < len(operands)
    )
    call.unit = whole and (call.rule.treatment == "structure" or call.op in ("interpolate", "upsample"))
    call.affine = not call.unit and (scaled or whole) and affine.keeps(call)
    if call.op == "batch_norm" and call.spiking:
        call.rule = affine.BATCH_NORM


def _constant(source, calls):
    """Whether what a call, or the input, gives is the same at every timestep."""
    return source == INPUT or source >= 0 and calls[source].region == "prefix"
