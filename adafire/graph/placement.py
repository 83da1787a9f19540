"""From a recorded list of calls to sites, regions, and what is refused."""

from ..errors import UnsupportedError
from . import spelled, spiking
from . import support as ops
from .activations import SPELLINGS, Activation, activation_of, bounds_of, identity
from .calls import FRAMES, Site, Stream, averaged, specs_in, streams_of
from .relays import relayed
from .special import refuse_training, rule_of


def assign(trace, reads, relays=False):
    """Fill in sites, regions, spiking flags of ``trace``; raise UnsupportedError naming the call that cannot be.

    relays: values that change in time and would meet weights as numbers get neurons without an activation, too.
    """
    calls = trace.calls
    for call in calls:
        refuse_training(call)
        for source in call.inputs:
            if source >= 0:
                calls[source].consumers.append(call.index)
    skipped = spelled.find(calls, trace.outputs)
    weights_ahead = _reaches(calls, _weighs)
    behind_weights = _follows(calls, _weighs)
    candidate = [
        c.index
        for c in calls
        if _activation_like(c, behind_weights) and c.index not in skipped and weights_ahead[c.index] and c.inputs
    ]
    sites = set(candidate)
    after = _divide(calls, sites, skipped, sites)
    if relays:
        spiking.mark(calls, sites)
        wanted = relayed(calls, after, sites)
        between = {index for index in wanted if calls[index].region == "steps"}
        for added in (wanted, between):  # in the read-out only where nothing before them is refused for it
            after = _divide(calls, sites | added, skipped, sites)
            if not any(map(_unfit, calls)):
                break
        sites |= added
    for index in sorted(sites):
        trace.sites.append(_relay(trace, calls[index]) if index not in candidate else _site(trace, calls[index]))
        calls[index].site = trace.sites[-1]
    for index in skipped:
        calls[index].rule = ops.Rule("skipped", True, "analog", "part of an activation that is spelled out")
    _refuse(trace, reads, after)
    spiking.mark(calls, sites)


def _divide(calls, sites, skipped, activations):
    """Give every call its region and its rule (those of ``activations`` come later); for each, whether it changes in time."""
    feeds = _reaches(calls, lambda c: c.index in sites, inclusive=True)
    after = [False] * len(calls)
    for call in calls:
        streams = sum(_changes(source, after, sites) for source in _stream_operands(call))
        after[call.index] = streams > 0
        if call.inputs:
            call.region = (
                "readout"
                if not feeds[call.index]
                else "steps"
                if after[call.index] or call.index in sites
                else "prefix"
            )
        if call.index not in activations and call.index not in skipped:
            call.rule = rule_of(call, lambda source: _changes(source, after, sites))
            if call.rule.treatment in ("linear", "structure") and _moving_indices(calls, call, after, sites):
                call.rule = ops.Rule(
                    "rate", True, "analog", "by indices that change in time: acts on the running means; analog"
                )
        call.streams = streams
    return after


def _stream_operands(call):
    return [stream.call for stream in streams_of(call)]


def _changes(source, after, sites):
    """Whether what a call (or the input) gives differs from timestep to timestep."""
    return source == FRAMES or source >= 0 and (after[source] or source in sites)


def _moving_indices(calls, call, after, sites):
    """Whether a call uses integers or booleans of another call that change in time: they cannot be averaged."""
    types = lambda stream: [s.dtype for s in specs_in(calls[stream.call].template)]  # none of a write in place
    return any(
        stream.call >= 0
        and _changes(stream.call, after, sites)
        and not all(map(averaged, types(stream)[stream.position : stream.position + 1]))
        for stream in streams_of(call)
    )


def _weighs(call):
    return call.rule.counts == "synapse" and call.op != "batch_norm"


def _activation_like(call, behind_weights):
    """Whether a call can become neurons: an activation of one value with a shape, or a clamp behind weights that is one."""
    func, args, kwargs = call.arguments
    if len(streams_of(call)) != 1 or not all(spec.shape for spec in specs_in(call.template)):
        return False
    return (
        isinstance(args[0] if args else kwargs.get("input"), Stream)
        if call.rule.treatment == "activation"
        else (behind_weights[call.index] and bounds_of(call.op, args, kwargs) is not None)
    )


def _follows(calls, wanted):
    """For each call whether a wanted call lies upstream of it."""
    behind = [False] * len(calls)
    for call in calls:
        behind[call.index] = any(source >= 0 and (behind[source] or wanted(calls[source])) for source in call.inputs)
    return behind


def _reaches(calls, wanted, inclusive=False):
    """For each call whether a wanted call lies downstream of it."""
    ahead = [False] * len(calls)
    for call in reversed(calls):
        ahead[call.index] = (inclusive and wanted(call)) or any(ahead[c] or wanted(calls[c]) for c in call.consumers)
    return ahead


def _relay(trace, call):
    return Site(
        len(trace.sites),
        call.index,
        call.name,
        identity(),
        specs_in(call.template)[0].shape,
        _channel_axis(trace.calls, call),
        relay=True,
    )


def _site(trace, call):
    func, args, kwargs = call.arguments
    if isinstance(func, Activation):
        activation, operand = func, kwargs["operand"]
    else:
        activation, operand = activation_of(call.op, func, args, kwargs), (bounds_of(call.op, args, kwargs) or (0,))[0]
    call.rule = ops.RULES[activation.kind]
    spec = specs_in(call.template)[0]
    return Site(
        len(trace.sites), call.index, call.name, activation, spec.shape, _channel_axis(trace.calls, call), operand
    )


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
    drawn = [False] * len(calls)
    for call in calls:
        drawn[call.index] = call.op in ops.DRAWS or any(source >= 0 and drawn[source] for source in call.inputs)
        if drawn[call.index] and (call.index in trace.outputs or call.region != "readout"):
            raise UnsupportedError(_draws(calls))
    if not trace.sites:
        raise UnsupportedError(_nothing_spikes(calls))
    for call in calls:
        if _unfit(call):
            why = call.rule.note if call.rule.treatment == "unsupported" else "writes into a tensor in place"
            raise UnsupportedError(f"{call.name}: operator '{call.op}' before a neuron {why}")
    for name, inputs, where in reads:
        if any(source >= 0 and drawn[source] for source in inputs):
            raise UnsupportedError(f"{_draws(calls)} ('{name}' in {where} hands them to Python)")
        if any(source == FRAMES or source >= 0 and (after[source] or calls[source].site) for source in inputs):
            what = "spikes or frames" if any(FRAMES in call.inputs for call in calls) else "spikes"
            raise UnsupportedError(
                f"{where}: '{name}' hands values that depend on {what} to Python (control flow or an "
                "index that depends on the data); move it out of forward"
            )
    for call in calls:
        if call.region == "steps" and call.rule.treatment not in ("activation", "skipped"):
            floating = [s for s in specs_in(call.template) if averaged(s.dtype)]
            integer = [s for s in specs_in(call.template) if s not in floating]
            if integer and not floating:
                raise UnsupportedError(
                    f"{call.name}: operator '{call.op}' feeds integers or booleans that depend on "
                    "spikes back into the network"
                )


def _draws(calls):
    first = next(call for call in calls if call.op in ops.DRAWS)
    return f"{first.name}: operator '{first.op}' {first.rule.note}"


def _nothing_spikes(calls):
    """What to say of a network without a single site."""
    found = ", ".join(sorted({c.op for c in calls}))
    if not any(_weighs(c) for c in calls):
        return (
            f"nothing would spike: no layer with weights was seen. Found calls: {found or 'none'}. A scripted or compiled "
            "network hides its calls: give the eager one"
        )
    ahead = [c for c in calls if c.rule.treatment == "activation" and c.inputs]
    if ahead:
        return (
            f"nothing would spike: no weights come after an activation (the first is '{ahead[0].op}' at {ahead[0].name}). "
            f"Found calls: {found}"
        )
    return (
        f"nothing would spike: no activation with weights after it was found. Found calls: {found}. "
        f"What is taken as an activation: {SPELLINGS}"
    )
