"""A converted network as a graph of NIR (Neuromorphic Intermediate Representation, Pedersen et al. 2024), where NIR can say it.

Soft reset is spelled out, since NIR's integrate-and-fire node leaves the reset to whoever runs it: an integrator I(1), a Threshold
at theta (1 - v0), a Scale(theta) that makes the spike a current, and a Scale(-1) back to the integrator. The initial potential
v0 theta becomes a lower threshold, which is the same. What follows the last neuron is in the graph and linear: its mean over
the timesteps is the read-out. Spikes are at v >= threshold here, at v > threshold in NIR.
"""

import math

import numpy as np

from adafire.errors import InputError, UnsupportedError
from adafire.graph.calls import INPUT, specs_in

PASSED = ("dropout", "contiguous", "identity", "batch_norm")
"""Operators that do nothing here: a batch norm only where it is folded."""
RESHAPES = ("flatten", "view", "reshape", "squeeze")


def package():
    """The module nir; InputError with what to type where it is not installed."""
    try:
        import nir
    except ImportError as error:
        raise InputError("exporting needs the package nir: pip install -e '.[nir]'") from error
    return nir


def unsayable(snn, x):
    """What NIR cannot say of this conversion: a list of sentences, empty where it can be exported."""
    plan, found = snn.plan(x), []
    if snn.method.kind != "snn":
        found.append(f"method {snn.method.name}: no spiking network")
    if snn.exit is not None:
        found.append("early exit: a sample's end is no part of a graph")
    if snn.method.kind == "snn" and snn.method.read_from(snn.timesteps):
        found.append("a read-out that begins later than the first step")
    for site in plan.trace.sites:
        p = snn.params.get(site.index)
        if site.activation.kind != "relu":
            found.append(f"{site.name}: neurons that code {site.activation.kind}; NIR's threshold codes max(x, 0)")
        if p is not None and p.neuron is not None:
            found.append(f"{site.name}: a neuron law of the method's own")
        elif p is not None and p.phi_plus > 1:
            found.append(f"{site.name}: bursts of up to {p.phi_plus} spikes a step; NIR's threshold emits one")
        if p is not None and p.phi_minus:
            found.append(f"{site.name}: spikes that are taken back")
        if p is not None and p.bias.abs().max() > 0 and _weights_before(plan, site.call) is None:
            found.append(f"{site.name}: a bias current, and no layer before it whose bias could carry it")
    for call in plan.trace.calls:
        if call.region != "independent" and call.site is None and not _sayable(plan, call):
            found.append(f"{call.name}: {call.op}")
    return found


def _sayable(plan, call):
    if call.op in PASSED:
        return call.op != "batch_norm" or call.index in plan.skipped
    shape, before = _shape(call), plan.trace.calls[call.inputs[0]] if call.inputs and call.inputs[0] >= 0 else None
    if call.op in RESHAPES:
        return len(shape) == 1
    if call.op == "adaptive_avg_pool2d":
        return before is not None and shape[1:] == (1, 1)
    if call.op == "linear":
        return len(shape) == 1 and len(call.inputs) == 1
    if call.op == "add":
        return (
            len(call.inputs) == 2
            and not call.arguments[2].get("alpha")
            and all(k >= 0 and _shape(plan.trace.calls[k]) == shape for k in call.inputs)
        )
    return call.op in ("conv2d", "avg_pool2d") and len(call.inputs) == 1


def to_nir(snn, x):
    """nir.NIRGraph of a converted network for inputs like ``x`` [B, ...]; UnsupportedError with the list of what it cannot say."""
    nir, reasons = package(), unsayable(snn, x)
    if reasons:
        raise UnsupportedError("NIR cannot say this network:\n  " + "\n  ".join(reasons))
    plan = snn.plan(x)
    nodes, edges, after = {"input": nir.Input({"input": np.array(x.shape[1:])})}, [], {INPUT: "input"}
    extra = {
        _weights_before(plan, s.call): snn.params[s.index].bias
        for s in plan.trace.sites
        if snn.params[s.index].bias.abs().max() > 0
    }

    def put(name, node, sources):
        nodes[name] = node
        edges.extend((source, name) for source in sources)
        return name

    for call in plan.trace.calls:
        if call.region == "independent":
            continue
        name, sources = f"{call.index}_{call.op}", [after[k] for k in call.inputs]
        if call.site is not None:
            after[call.index] = _neurons(nir, name, snn.params[call.site.index], _shape(call), put, edges, sources)
        elif call.op in PASSED:
            after[call.index] = sources[0]
        else:
            before = plan.trace.calls[call.inputs[0]] if call.inputs[0] >= 0 else None
            into = _shape(before) if before is not None else tuple(x.shape[1:])
            after[call.index] = put(name, _node(nir, plan, call, into, extra.get(call.index)), sources)
    (last,) = plan.trace.outputs
    put("output", nir.Output({"output": np.array(_shape(plan.trace.calls[last]))}), [after[last]])
    return nir.NIRGraph(
        nodes,
        edges,
        metadata={
            "timesteps": snn.timesteps,
            "method": snn.method.name,
            "readout": "mean of the output over the timesteps",
        },
    )


def _neurons(nir, name, p, shape, put, edges, sources):
    """Integrator, threshold, spike current and reset; returns the node that emits theta at every spike."""

    def full(tensor):
        return np.ascontiguousarray(np.broadcast_to(tensor.detach().cpu().numpy()[0], shape), dtype=np.float32)

    theta, v0 = full(p.theta), full(p.v0)
    put(f"{name}_integrate", nir.I(np.ones(shape, np.float32)), sources)
    put(f"{name}_threshold", nir.Threshold(theta * (1 - v0)), [f"{name}_integrate"])
    spikes = put(f"{name}_spikes", nir.Scale(theta), [f"{name}_threshold"])
    put(f"{name}_soft_reset", nir.Scale(-np.ones(shape, np.float32)), [spikes])
    edges.append((f"{name}_soft_reset", f"{name}_integrate"))
    return spikes


def _node(nir, plan, call, into, bias):
    if call.op in RESHAPES:
        return nir.Flatten({"input": np.array(into)}, 0, -1)
    if call.op == "add":
        return nir.Scale(np.ones(_shape(call), np.float32))  # what arrives at a node is summed
    if call.op == "adaptive_avg_pool2d":
        return nir.AvgPool2d(np.array(into[1:]), np.array(into[1:]), np.zeros(2, int))
    _, args, kwargs = call.arguments
    if call.op == "avg_pool2d":
        names = dict(zip(("input", "kernel_size", "stride", "padding"), args)) | kwargs
        kernel = _pair(names["kernel_size"])
        return nir.AvgPool2d(
            np.array(kernel), np.array(_pair(names.get("stride") or kernel)), np.array(_pair(names.get("padding", 0)))
        )
    names = dict(zip(("input", "weight", "bias", "stride", "padding", "dilation", "groups"), args)) | kwargs
    weight, own = plan.folded.get(call.index, (names["weight"], names.get("bias")))
    total = (
        np.zeros(weight.shape[0], np.float32)
        + (0 if own is None else _array(own))
        + (0 if bias is None else _array(bias).reshape(-1))
    )
    if call.op == "linear":
        return nir.Affine(_array(weight), total)
    padding = names.get("padding", 0)
    return nir.Conv2d(
        tuple(into[1:]),
        _ungrouped(_array(weight), int(names.get("groups", 1))),
        _pair(names.get("stride", 1)),
        padding if isinstance(padding, str) else _pair(padding),
        _pair(names.get("dilation", 1)),
        1,
        total,
    )


def _ungrouped(weight, groups):
    """The same convolution in one group, zeros between the groups: nir 1.0 infers a wrong input shape for several."""
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    whole = np.zeros((weight.shape[0], inputs * groups, *weight.shape[2:]), np.float32)
    for g in range(groups):
        whole[g * outputs : (g + 1) * outputs, g * inputs : (g + 1) * inputs] = weight[g * outputs : (g + 1) * outputs]
    return whole


def _weights_before(plan, index):
    """Index of the layer whose bias can carry a current into call ``index``: it feeds nothing else; None if there is none."""
    for k in plan.trace.calls[index].inputs:
        if k < 0:
            continue
        call = plan.trace.calls[k]
        if len(call.consumers) != 1:
            continue
        if call.op in ("conv2d", "linear"):
            return k
        if call.op in ("add", *PASSED):
            found = _weights_before(plan, k)
            if found is not None:
                return found
    return None


def _shape(call):
    return tuple(specs_in(call.template)[0].shape[1:])


def _array(tensor):
    return np.ascontiguousarray(tensor.detach().cpu().float().numpy(), dtype=np.float32)


def _pair(value):
    return tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else (int(value),) * 2


def differences(first, second):
    """What differs between two graphs: names of nodes whose type or parameters do, or 'edges'."""
    found = sorted(set(first.nodes) ^ set(second.nodes)) + (
        [] if sorted(first.edges) == sorted(second.edges) else ["edges"]
    )
    for name in set(first.nodes) & set(second.nodes):
        one, two = first.nodes[name], second.nodes[name]
        if type(one) is not type(two) or any(
            not np.array_equal(np.asarray(value), np.asarray(getattr(two, key)))
            for key, value in vars(one).items()
            if isinstance(value, (np.ndarray, int, tuple))
        ):
            found.append(name)
    return found


def size(graph):
    """(nodes, edges, parameters) of a graph."""
    arrays = [value for node in graph.nodes.values() for value in vars(node).values() if isinstance(value, np.ndarray)]
    return len(graph.nodes), len(graph.edges), sum(math.prod(a.shape) for a in arrays)
