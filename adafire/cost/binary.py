"""Inputs of zeros and ones (voxels, masks): the weights of the first layer are added up where there is a one, not multiplied."""

import torch

from ..graph import INPUT, map_tensors, passed, placeholders, stream_slots, streams_of, tensors_in
from ..simulation import PlannedPass
from .layers import static_costs
from .tally import Tally


def accumulates(run, costs):
    """call index -> (synaptic operations of each sample, ones that arrive of each sample, whether its input is binary), for
    every layer that gets the constant input itself, where a sample of it holds zeros and ones only: decided once a run, from
    the data, and kept there for its further read-outs."""
    if getattr(run, "ones", (None,))[0] is not run.picture:
        run.ones = run.picture, _accumulates(run, costs)
    return run.ones[1]


def _accumulates(run, costs):
    layers = _layers(run.plan)
    tensors, samples = tensors_in(run.picture), run.plan.trace.batch
    if not layers:
        return {}
    binary = [
        binary_samples(t, samples) if any(k in positions for positions in layers.values()) else None
        for k, t in enumerate(tensors)
    ]
    if not any(b is not None and bool(b.any()) for b in binary):
        return {}
    rows, found = iter(binary), {}

    def ones(tensor):
        mask = next(rows)
        return tensor if mask is None else tensor * mask.to(tensor.dtype).view(-1, *[1] * (tensor.dim() - 1))

    def arrive(call, counts):
        both = torch.stack([binary[k] for k in layers[call.index]]).all(0)
        each = Tally.synops_of_each(counts, *costs[call.index][:2], samples)
        if len(each) == samples:
            found[call.index] = each * both, Tally.synops_of_each(counts, None, 1, samples) * both, both

    with torch.no_grad():
        _InputPass(run.plan, arrive).run_through(run, "prefix", "steps", "readout", x=map_tensors(ones, run.picture))
    return found


def changed_macs(run, before):
    """call index -> MACs of every layer that gets the input itself, where only what differs from the input ``before`` is
    multiplied (None: all of it): what a stream pays for its first layers."""
    fresh, rows = {}, iter(tensors_in(before) if before is not None else ())
    if not _layers(run.plan):
        return fresh
    changed = lambda t: torch.ones_like(t) if before is None else (t != next(rows)).to(t.dtype)
    costs = static_costs(run.plan)

    def arrive(call, counts):
        fresh[call.index] = float(Tally.synops_of_each(counts, *costs[call.index][:2], run.plan.trace.batch).sum())

    with torch.no_grad():
        _InputPass(run.plan, arrive).run_through(run, "prefix", "steps", "readout", x=map_tensors(changed, run.picture))
    return fresh


def binary_samples(tensor, samples):
    """Which samples [B] hold zeros and ones only; one without a zero, a constant, is none."""
    if tensor.dim() < 2 or tensor.shape[0] != samples or not tensor.numel():
        return torch.zeros(samples, dtype=torch.bool, device=tensor.device)
    first = tensor[(slice(None), *[0] * (tensor.dim() - 2))]  # of most inputs a row tells
    if tensor.device.type == "cpu" and not bool(((first == 0) | (first == 1)).all(1).any()):
        return torch.zeros(samples, dtype=torch.bool)
    zeros = (tensor == 0).flatten(1)
    return (zeros | (tensor == 1).flatten(1)).all(1) & zeros.any(1)


def _layers(plan):
    """call index of a layer -> positions of the input tensors that arrive at it unchanged; found once a plan."""
    if not hasattr(plan, "binary_layers"):
        plan.raw, plan.binary_layers = {}, {}
        for call in plan.trace.calls:
            sources = [{s.position} if s.call == INPUT else plan.raw.get(s.call) for s in streams_of(call)]
            if not sources or None in sources or call.site is not None or call.index in plan.skipped:
                continue
            positions = set().union(*sources)
            if call.rule.treatment == "structure" and call.rule.counts == "through":
                plan.raw[call.index] = positions
            elif call.rule.treatment == "linear" and call.rule.counts == "synapse" and call.op != "batch_norm":
                plan.binary_layers[call.index] = positions
    return plan.binary_layers


class _InputPass(PlannedPass):
    """Sends the input through the network's structure; ``arrive(call, values)`` receives what reaches weights."""

    def __init__(self, plan, arrive):
        super().__init__(plan)
        self.arrive = arrive

    def prefix(self, call, this):
        if call.index in self.plan.raw:
            return passed(call, this)
        if call.index in self.plan.binary_layers:
            self.arrive(call, tensors_in((this.args, this.kwargs))[stream_slots(call).index(True)])
        return placeholders(call)

    steps = readout = prefix
