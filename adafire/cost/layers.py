"""What a layer is made of, known before anything runs: its multiply-accumulates, synapses, elements and weights."""

import math

from ..graph import RECURRENT, fan_out, macs, specs_in, streams_of, tensors_in


def static_costs(plan):
    """call index -> (fan-out map, factor, MACs on the batch) for every call with weights; computed once a plan."""
    if not hasattr(plan, "costs"):
        plan.costs = {}
        for call in plan.trace.calls:
            if call.region == "independent" or call.index in plan.skipped:
                continue
            dense = macs(call)
            if dense:
                reach, factor = (
                    fan_out(call)
                    if call.op.startswith("conv")
                    else (None, dense / max(1, math.prod(streams_of(call)[0].shape)))
                )
                here = specs_in(call.template)[0].device
                plan.costs[call.index] = (None if reach is None else reach.to(here), factor, dense)
    return plan.costs


def made_of(plan, call):
    """What a layer is made of: elements of its operands (``inputs``) and of its result (``outputs``) in the batch; elements of
    its ``weights`` and ``biases`` (with the norm that was folded into it), and the bytes that they take in memory, 0 where an
    earlier call has the same. Computed once a plan."""
    if not hasattr(plan, "made_of"):
        plan.made_of, seen = {}, set()
        for each in plan.trace.calls:
            if each.region == "independent" or each.index in plan.skipped or each.rule.treatment == "skipped":
                continue
            weights, biases = _parameters(plan, each)
            fresh = [t for t in (*weights, *biases) if id(t) not in seen]
            seen.update(map(id, fresh))
            plan.made_of[each.index] = {
                "inputs": sum(math.prod(stream.shape) for stream in streams_of(each)),
                "outputs": sum(math.prod(spec.shape) for spec in specs_in(each.template)[:1]),
                "weights": sum(t.numel() for t in weights),
                "biases": sum(t.numel() for t in biases),
                "weight_bytes": sum(t.numel() * t.element_size() for t in fresh),
            }
    return plan.made_of[call.index]


def depth_of(plan):
    """Most sites of neurons that one of them has before it, itself among them; computed once a plan."""
    if not hasattr(plan, "depth"):
        depths = {}
        for call in plan.trace.calls:
            depths[call.index] = max((depths.get(k, 0) for k in call.inputs), default=0) + (call.site is not None)
        plan.depth = max(depths.values(), default=0)
    return plan.depth


def _parameters(plan, call):
    """(weights, biases) that a call with weights computes with; a norm is a scale and a shift of every channel."""
    if call.index in plan.folded:
        weight, bias = plan.folded[call.index]
        return [weight], [] if bias is None else [bias]
    if call.rule.counts != "synapse" and call.op not in RECURRENT | {"batch_norm", "multi_head_attention_forward"}:
        return [], []
    tensors = [t for t in tensors_in(call.arguments[1:]) if t.is_floating_point()]
    if call.op == "batch_norm":  # running mean and variance come first
        return tensors[1:2], tensors[:1]
    return [t for t in tensors if t.dim() > 1], [t for t in tensors if t.dim() == 1]
