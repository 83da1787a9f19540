"""Where spikes go: the network's structure, with counts in the place of spikes, and what is known of it beforehand."""

import torch

from ..graph import averages, map_specs, map_tensors, passed, placeholders, stream_slots, streams_of, tensors_in
from ..simulation import PlannedPass


class EventPass(PlannedPass):
    """Sends spike counts through the network's structure; synapses count what arrives.

    ``site_counts(site)`` and ``pool_counts(call)`` give counts [B, ...]; ``arrive(call, counts)`` receives them. constant: what
    stands in the place of values that are constant in time: they bring no spikes. kept: by the index of a call, values that
    are constant; 1 then stands in the place of those other than 0, of these and of the input's.
    """

    def __init__(self, plan, site_counts, pool_counts, arrive, constant=0, kept=None):
        super().__init__(plan)
        self.site_counts, self.pool_counts, self.arrive, self.constant = site_counts, pool_counts, arrive, constant
        self.kept = kept

    def through(self, run):
        """Pass through all that is not independent of the input."""
        held = _ones if self.kept is not None else lambda t: t.new_full((), self.constant).expand(t.shape)
        x = map_tensors(held, run.picture) if mixes(self.plan) else None
        self.run_through(run, "prefix", "steps", "readout", x=x)

    def prefix(self, call, this):
        if not mixes(self.plan):
            return placeholders(call)
        if self.kept is not None and call.index in self.kept:
            return map_tensors(_ones, self.kept[call.index])
        return map_specs(
            lambda s: torch.full((), self.constant, dtype=s.dtype, device=s.device).expand(s.shape), call.template
        )

    def steps(self, call, this):
        if call.site is not None:
            if call.site.relay:
                self._arriving(call, this)
            return self.site_counts(call.site)
        if call.pools_spikes:
            pooled, rest = self.pool_counts(call), placeholders(call)
            return _first_replaced(rest, pooled)
        if call.spiking:
            return passed(call, this) if call.index not in self.plan.skipped else this.args[0]
        self._arriving(call, this)
        return placeholders(call)

    readout = steps

    def _arriving(self, call, this):
        if call.rule.counts == "synapse" or call.op in ("add", "sub", "rsub"):
            for tensor, spiking in zip(tensors_in((this.args, this.kwargs)), spiking_slots(self.plan, call)):
                if spiking and call.index not in self.plan.skipped:
                    self.arrive(call, tensor)


def _ones(tensor):
    """1 for every number other than 0."""
    return (tensor != 0).to(tensor.dtype)


def mixes(plan):
    """Whether constants join spikes somewhere, and meet weights with them; found once a plan."""
    if not hasattr(plan, "mixes"):
        plan.mixes = any(call.mixed for call in plan.trace.calls)
    return plan.mixes


def spiking_slots(plan, call):
    """For each tensor argument of a call, whether spikes arrive through it; found once a plan."""
    known = vars(plan).setdefault("spiking_slots", {})
    if call.index not in known:
        streams = iter(streams_of(call))
        known[call.index] = [slot and _spiking(plan, next(streams)) for slot in stream_slots(call)]
    return known[call.index]


def _spiking(plan, stream):
    return stream.call >= 0 and plan.trace.calls[stream.call].spiking


def _first_replaced(structure, first):
    if isinstance(structure, torch.Tensor):
        return first
    values = [first, *structure[1:]]
    return type(structure)(values) if not hasattr(structure, "_fields") else type(structure)(*values)


def where_numbers_meet_weights(plan):
    """(layer, operator, its name) of every operand of weights that is no spikes and changes in time: the last call that did
    more than move it."""
    calls, found = plan.trace.calls, []
    for call in calls:
        if (
            call.region == "steps"
            and call.rule.counts == "synapse"
            and call.rule.treatment == "linear"
            and call.index not in plan.skipped
        ):
            for stream in streams_of(call):
                source = calls[stream.call] if stream.call >= 0 else None
                while (
                    source
                    and source.region == "steps"
                    and not source.spiking
                    and (
                        source.index in plan.skipped
                        or source.rule.treatment == "structure"
                        and len(source.inputs) == 1
                        and source.inputs[0] >= 0
                        and calls[source.inputs[0]].region == "steps"
                    )
                ):
                    source = calls[source.inputs[0]]
                if source and source.region == "steps" and not source.spiking:
                    found.append((call.name, source.op, source.name))
    return list(dict.fromkeys(found))


def pooled_first(plan):
    """Indices of the layers of the read-out that average pooling leads to. What arrives there is a time average: it is pooled,
    then multiplied with the weights once (MACs), or sent spike by spike (synaptic operations); the cheaper is counted, for
    each sample. Found once a plan."""
    if not hasattr(plan, "pooled_first"):
        pools, plan.pooled_first = set(), set()
        for call in plan.trace.calls:
            behind = call.region == "readout" and any(source in pools for source in call.inputs)
            if call.spiking and (behind or call.region == "readout" and averages(call)):
                pools.add(call.index)
            elif behind and call.rule.counts == "synapse" and call.rule.treatment == "linear":
                plan.pooled_first.add(call.index)
    return plan.pooled_first
