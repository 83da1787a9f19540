"""From a recorded list of calls to sites, regions, and what is refused."""

from . import ops
from .activations import activation_of, identity, is_relu_clamp, silu
from .calls import FRAMES, Site, Stream, specs_in, streams_of
from .errors import UnsupportedError


def assign(trace, reads, relays=False):
    """Fill in sites, regions, spiking flags of ``trace``; raise UnsupportedError naming the call that cannot be.

    relays: values that change in time and would meet weights as numbers get neurons without an activation, too.
    """
    calls = trace.calls
    for call in calls:
        for source in call.inputs:
            if source >= 0:
                calls[source].consumers.append(call.index)
    skipped = _spelled_out_silu(calls, trace.outputs)
    weights_ahead = _reaches(calls, lambda c: c.rule.counts == "synapse" and c.op != "batch_norm")
    candidate = [c.index for c in calls if _activation_like(c) and c.index not in skipped
                 and weights_ahead[c.index] and c.inputs]
    sites = set(candidate)
    after = _divide(calls, sites, skipped, sites)
    if relays:
        _mark_spiking(calls, sites)
        relayed = _relayed(calls, after)
        between = {index for index in relayed if calls[index].region == "steps"}
        for added in (relayed, between):  # in the read-out only where nothing before them is refused for it
            after = _divide(calls, sites | added, skipped, sites)
            if not any(map(_unfit, calls)):
                break
        sites |= added
    for index in sorted(sites):
        trace.sites.append(_relay(trace, calls[index]) if index not in candidate else _site(trace, calls[index]))
        calls[index].site = trace.sites[-1]
    _refuse(trace, reads, after)
    _mark_spiking(calls, sites)
    for index in skipped:
        calls[index].rule = ops.Rule("skipped", True, "analog", "part of x * sigmoid(x)")


def _divide(calls, sites, skipped, activations):
    """Give every call its region and its rule (those of ``activations`` come later); for each, whether it changes in time."""
    feeds = _reaches(calls, lambda c: c.index in sites, inclusive=True)
    after = [False] * len(calls)
    for call in calls:
        streams = sum(_changes(source, after, sites) for source in _stream_operands(call))
        after[call.index] = streams > 0
        if call.inputs:
            call.region = ("readout" if not feeds[call.index] else
                           "steps" if after[call.index] or call.index in sites else "prefix")
        if call.index not in activations and call.index not in skipped:
            call.rule = ops.rule_for(call.op, streams)
            call.rule = _special(call, after, sites)
            if call.rule.treatment in ("linear", "structure") and _moving_indices(calls, call, after, sites):
                call.rule = ops.Rule("rate", True, "analog", "by indices that change in time: acts on the running means; analog")
        call.streams = streams
    return after


def _relayed(calls, after):
    """Indices of the linear calls whose results change in time and meet weights as numbers: spikes would spare the MACs."""
    found = set()

    def trace_back(source):
        call = calls[source] if source >= 0 else None
        if call is None or not after[source] or call.spiking:
            return
        if call.rule.treatment == "structure" or call.op in ("interpolate", "upsample") and call.rule.counts == "through":
            for operand in _stream_operands(call):
                trace_back(operand)
        elif call.rule.treatment == "linear":
            found.add(source)
    for call in calls:
        if call.rule.counts == "synapse" and call.rule.treatment == "linear" and call.op != "batch_norm":
            for operand in _stream_operands(call):
                trace_back(operand)
    return found


def _stream_operands(call):
    return [stream.call for stream in streams_of(call)]


def _changes(source, after, sites):
    """Whether what a call (or the input) gives differs from timestep to timestep."""
    return source == FRAMES or source >= 0 and (after[source] or source in sites)


def _moving_indices(calls, call, after, sites):
    """Whether a call uses integers or booleans of another call that change in time: they cannot be averaged."""
    return any(stream.call >= 0 and _changes(stream.call, after, sites)
               and not specs_in(calls[stream.call].template)[stream.position].dtype.is_floating_point
               for stream in streams_of(call))


def _activation_like(call):
    _, args, kwargs = call.arguments
    return call.rule.treatment == "activation" or is_relu_clamp(call.op, args, kwargs)


def _reaches(calls, wanted, inclusive=False):
    """For each call whether a wanted call lies downstream of it."""
    ahead = [False] * len(calls)
    for call in reversed(calls):
        ahead[call.index] = (inclusive and wanted(call)) or any(
            ahead[c] or wanted(calls[c]) for c in call.consumers)
    return ahead


def _spelled_out_silu(calls, outputs):
    """Indices of sigmoid calls that are only part of x * sigmoid(x); the product becomes the activation."""
    skipped = set()
    for call in calls:
        if call.op not in ("mul", "multiply"):
            continue
        operands = _stream_operands(call)
        if len(operands) != 2 or operands[0] == operands[1]:
            continue
        for position, (x, gate) in enumerate((operands, operands[::-1])):
            if gate >= 0 and calls[gate].op == "sigmoid" and calls[gate].inputs == (x,) \
                    and calls[gate].consumers == [call.index] and gate not in outputs:
                call.rule = ops.RULES["silu"]
                call.op, call.name = "silu", calls[gate].name
                call.arguments = (None, (call.arguments[1][position],), {"operand": position})
                skipped.add(gate)
    return skipped


def _special(call, after, sites):
    """Rules that depend on the arguments: a divisor that changes in time, the mode of an interpolation, training."""
    rule = call.rule
    _, args, kwargs = call.arguments
    if call.op in ops.QUOTIENTS and len(args) > 1 and isinstance(args[1], Stream):
        if _changes(args[1].call, after, sites):
            return ops.Rule("rate", True, "analog", "quotient of streams: acts on the running means; analog")
    if call.op in ("interpolate", "upsample"):
        mode = kwargs.get("mode", args[3] if len(args) > 3 else "nearest")
        if mode in ("nearest", "nearest-exact", "area"):
            return ops.Rule("linear", True, "through", "nearest: copies spikes")
    if call.op in ("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout"):
        training = kwargs.get("training", args[2] if len(args) > 2 else True)
        if training:
            raise UnsupportedError(f"{call.name}: dropout in training mode; call network.eval() first")
    if call.op == "batch_norm":
        training = kwargs.get("training", args[5] if len(args) > 5 else False)
        if training:
            raise UnsupportedError(f"{call.name}: batch norm in training mode (or without running statistics); "
                                   "call network.eval() first, and train with track_running_stats=True")
    return rule


def _relay(trace, call):
    return Site(len(trace.sites), call.index, call.name, identity(), specs_in(call.template)[0].shape,
                _channel_axis(trace.calls, call), relay=True)


def _site(trace, call):
    func, args, kwargs = call.arguments
    operand = 0
    if call.op == "silu" and func is None:
        activation, operand = silu(), kwargs["operand"]
    else:
        activation = activation_of(call.op, func, args, kwargs)
    call.rule = ops.RULES[activation.kind]
    spec = specs_in(call.template)[0]
    return Site(len(trace.sites), call.index, call.name, activation, spec.shape, _channel_axis(trace.calls, call), operand)


def _channel_axis(calls, call):
    """1 after convolutions, -1 after linear layers on sequences: found by walking back along the first operand."""
    ndim = len(specs_in(call.template)[0].shape)
    while True:
        if call.op.startswith("conv") or call.op in ("batch_norm", "group_norm", "instance_norm"):
            return 1
        if call.op in ("linear", "addmm", "layer_norm", "matmul", "bmm"):
            return ndim - 1
        if not call.inputs or call.inputs[0] < 0:
            return min(1, ndim - 1)
        call = calls[call.inputs[0]]


def _unfit(call):
    """Whether a call stands before a neuron and cannot."""
    return call.region in ("prefix", "steps") and (call.rule.treatment == "unsupported" or call.mutates)


def _refuse(trace, reads, after):
    calls = trace.calls
    if not trace.sites:
        raise UnsupportedError("no activation with weights after it was found: nothing would spike. Found calls: "
                               + ", ".join(sorted({c.op for c in calls})) + ". A scripted or compiled network hides "
                               "its calls: give the eager one")
    for call in calls:
        if _unfit(call):
            why = call.rule.note if call.rule.treatment == "unsupported" else "writes into a tensor in place"
            raise UnsupportedError(f"{call.name}: operator '{call.op}' before a neuron {why}")
    for name, inputs, where in reads:
        if any(source == FRAMES or source >= 0 and (after[source] or calls[source].site) for source in inputs):
            what = "spikes or frames" if any(FRAMES in call.inputs for call in calls) else "spikes"
            raise UnsupportedError(f"{where}: '{name}' hands values that depend on {what} to Python (control flow or an "
                                   "index that depends on the data); move it out of forward")
    for call in calls:
        if call.region == "steps" and call.rule.treatment != "activation":
            integer = [s for s in specs_in(call.template) if not s.dtype.is_floating_point]
            floating = [s for s in specs_in(call.template) if s.dtype.is_floating_point]
            if integer and not floating:
                raise UnsupportedError(f"{call.name}: operator '{call.op}' feeds integers or booleans that depend on "
                                       "spikes back into the network")


def _mark_spiking(calls, sites):
    """Which results are still spikes, so that synapses after them count synaptic operations and not MACs."""
    for call in calls:
        if call.index in sites:
            call.spiking = call.unit = True
        elif call.rule.counts == "through" and call.inputs:
            operands = _stream_operands(call)
            whole = all(s >= 0 and calls[s].unit for s in operands)
            moves = call.rule.treatment == "structure" or call.op in ("interpolate", "upsample")
            if call.rule.treatment == "rate":
                call.spiking = call.unit = whole and len(operands) == 1 and call.region == "steps"
            else:
                call.spiking = all(s >= 0 and calls[s].spiking for s in operands)
                call.unit = whole and moves
