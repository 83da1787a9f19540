"""Counting what a simulation did, by sums that add up over batches: sums -> ``Report``."""

import math
from dataclasses import asdict, dataclass, field

import torch

from . import neuron
from .calls import placeholders, specs_in, stream_slots, streams_of
from .energy import ENERGY_MODELS, Tally, fan_out, macs, passed
from .passes import tensors_in
from .rates import differential
from .planned import PlannedPass


@dataclass
class Report:
    """Means per sample at one read-out time; rates and shares are sums over all samples by sums over all samples: spikes
    by neurons times the steps that each sample spent, over-fired neurons by neurons. Inputs may differ in size.

    mean_timesteps: steps that a sample spent, and exits: samples by the step they left at (all at T without early exit);
    synops: every unit spike at every synapse; synops_graded: one event for a burst; macs: multiply-accumulates that remain;
    ann_macs: those of the network before conversion; over_fired: share of neurons that emitted more than their input
    asked for (unsigned spikes cannot be taken back), and over_fired_sites: share of sites with such a neuron.
    sites, layers: one dict for each site, and for each call with weights.
    """

    samples: int
    timesteps: int
    mean_timesteps: float
    exits: dict
    neurons: float
    spikes: float
    firing_rate: float
    synops: float
    synops_graded: float
    macs: float
    ann_macs: float
    over_fired: float
    over_fired_sites: float
    sites: list = field(default_factory=list)
    layers: list = field(default_factory=list)

    def energy_pj(self, model="horowitz-45nm", graded=False):
        """Energy of one sample in pJ under a named model."""
        return ENERGY_MODELS.get(model).energy_pj(self.macs, self.synops_graded if graded else self.synops)

    def ann_energy_pj(self, model="horowitz-45nm"):
        """Energy of the network before conversion, one sample, in pJ."""
        return ENERGY_MODELS.get(model).energy_pj(self.ann_macs, 0.0)

    def as_dict(self):
        """JSON-able."""
        return asdict(self)


SITE = ("neurons", "neuron_steps", "spikes", "graded", "over")
LAYER = ("synops", "synops_graded", "macs", "ann_macs")


class EventPass(PlannedPass):
    """Sends spike counts through the network's structure; synapses count what arrives.

    ``site_counts(site)`` and ``pool_counts(call)`` give counts [B, ...]; ``arrive(call, counts)`` receives them.
    """

    def __init__(self, plan, site_counts, pool_counts, arrive):
        super().__init__(plan)
        self.site_counts, self.pool_counts, self.arrive = site_counts, pool_counts, arrive

    def prefix(self, call, this):
        return placeholders(call)

    def steps(self, call, this):
        if call.site is not None:
            if call.site.relay:
                self._arriving(call, this)
            return self.site_counts(call.site)
        if call.rule.treatment == "rate" and call.spiking:
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
                    self.arrive(call, tensor if call.rule.counts == "synapse" else tensor.expand(specs_in(call.template)[0].shape))


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


class Meter:
    """Accumulates over batches, for each read-out time."""

    def __init__(self):
        self.sums = {}

    @classmethod
    def of(cls, parts):
        """The meter that would have counted what several did; parts: their ``sums``."""
        whole = cls()
        for at, part in ((at, part) for sums in parts for at, part in sums.items()):
            total = whole._sums(at, 0, 0)
            total["exits"].pop(0, None)
            total["samples"] += part["samples"]
            total["steps"] += part["steps"]
            for t, count in part["exits"].items():
                total["exits"][t] = total["exits"].get(t, 0) + count
            for kind, added in (("sites", SITE), ("layers", LAYER)):
                for name, row in part[kind].items():
                    mine = total[kind].get(name)
                    total[kind][name] = dict(row) if mine is None else {
                        key: mine[key] + value if key in added else value for key, value in row.items()}
        return whole

    def _sums(self, at, batch, t):
        sums = self.sums.setdefault(at, {"samples": 0, "steps": 0, "exits": {}, "sites": {}, "layers": {}})
        sums["samples"] += batch
        sums["steps"] += batch * t
        sums["exits"][t] = sums["exits"].get(t, 0) + batch
        return sums

    def add(self, run, at=None):
        """Count what ``run`` has done up to its present time, under the read-out time ``at`` (default: the present)."""
        plan, t = run.plan, run.t
        sums = self._sums(at or t, plan.trace.batch, t)
        costs, tally = static_costs(plan), Tally()
        for site in plan.trace.sites:
            state, p = run.neurons[site.index], run.params[site.index]
            row = sums["sites"].setdefault(site.name, dict.fromkeys(SITE, 0.0))
            row["neurons"] += state.n.numel()  # a site's rows can be boxes: several a sample
            row["neuron_steps"] += state.n.numel() * t
            row["spikes"] += tally.total(state.events)
            row["graded"] += tally.total(state.graded)
            row["over"] += float(over_fired(run, site).sum())
            row["phi_plus"], row["phi_minus"] = p.phi_plus, p.phi_minus
            row["threshold"] = float(p.theta.float().mean())
        for kind in ("events", "graded"):
            arrived = {}

            def arrive(call, counts):
                reach, factor = costs[call.index][:2] if call.index in costs else (None, 1)
                arrived[call.index] = arrived.get(call.index, 0.0) + tally.synops(counts, reach, factor)
            with torch.no_grad():
                EventPass(plan, lambda site: getattr(run.neurons[site.index], kind),
                          lambda call: _pooled(run, call, kind), arrive).run_through(run, "prefix", "steps", "readout")
            for index, value in arrived.items():
                self._layer(sums, plan.trace.calls[index])["synops" if kind == "events" else "synops_graded"] += value
        for index, (_, _, dense) in costs.items():
            call = plan.trace.calls[index]
            row = self._layer(sums, call)
            row["ann_macs"] += dense
            if call.rule.treatment == "rate" or not any(spiking_slots(plan, call)):  # a product of two streams: always
                row["macs"] += dense * (t - float(run.silent.mean()) if call.region == "steps" else 1)

    def add_analog(self, plan, t):
        """Count one forward of the network itself: every MAC once."""
        sums = self._sums(t, plan.trace.batch, t)
        for index, (_, _, dense) in static_costs(plan).items():
            row = self._layer(sums, plan.trace.calls[index])
            row["ann_macs"] += dense
            row["macs"] += dense

    @staticmethod
    def _layer(sums, call):
        return sums["layers"].setdefault(call.name, {"op": call.op, "synops": 0.0, "synops_graded": 0.0, "macs": 0.0,
                                                     "ann_macs": 0.0})

    def report(self, t):
        """Report at read-out time ``t``."""
        sums = self.sums[t]
        samples = sums["samples"]
        spent = sums["steps"] / samples
        sites = [{"site": name, "neurons": row["neurons"] / samples, "spikes": row["spikes"] / samples,
                  "firing_rate": row["spikes"] / (row["neuron_steps"] or 1), "over_fired": row["over"] / (row["neurons"] or 1),
                  "phi_plus": row["phi_plus"], "phi_minus": row["phi_minus"], "threshold": row["threshold"]}
                 for name, row in sums["sites"].items()]
        layers = [{"layer": name, "op": row["op"], **{k: row[k] / samples for k in
                   ("synops", "synops_graded", "macs", "ann_macs")}} for name, row in sums["layers"].items()]
        whole = lambda key: sum(row[key] for row in layers)
        every = {key: sum(row[key] for row in sums["sites"].values()) for key in SITE}
        return Report(samples, t, spent, dict(sums["exits"]), every["neurons"] / samples, every["spikes"] / samples,
                      every["spikes"] / (every["neuron_steps"] or 1), whole("synops"), whole("synops_graded"), whole("macs"),
                      whole("ann_macs"), every["over"] / (every["neurons"] or 1),
                      sum(r["over_fired"] > 0 for r in sites) / len(sites) if sites else 0.0, sites, layers)


def static_costs(plan):
    """call index -> (fan-out map, factor, MACs on the batch) for every call with weights; computed once a plan."""
    if not hasattr(plan, "costs"):
        plan.costs = {}
        for call in plan.trace.calls:
            if call.region == "independent" or call.index in plan.skipped:
                continue
            dense = macs(call)
            if dense:
                reach, factor = fan_out(call) if call.op.startswith("conv") else (
                    None, dense / max(1, math.prod(streams_of(call)[0].shape)))
                plan.costs[call.index] = (reach, factor, dense)
    return plan.costs


def over_fired(run, site):
    """Which neurons [B, ...] of a site have emitted more up to now than their input asks for."""
    params = run.params[site.index]
    return (params.neuron or neuron).over_fired(run.neurons[site.index], run.t, params, site.activation)


def _pooled(run, call, kind):
    """Spikes that a pooling operator emitted: its summed |increments| over the threshold they are multiples of; where
    coding is differential, what was counted."""
    _, _, size, active = run.rates[call.index]
    if kind == "graded":
        return active
    return size if differential(run) else (size / thresholds_at(run, call)).round()


def thresholds_at(run, call):
    """Threshold of the neuron behind every element of a pooled result, times the scale of its channel in between."""
    return _pooled_constants(run)[0][call.index]


def shifts_at(run, call):
    """Constant currents (of what arrives at a pooling operator, of its result) that were added to the spikes."""
    return _pooled_constants(run)[1][call.index]


def _pooled_constants(run):
    """(thresholds, shifts) by the index of the pooling call; the network's structure moves them there. Found anew where the
    thresholds are others than those of the plan's last run."""
    plan = run.plan
    thresholds = [run.params[site.index].theta for site in plan.trace.sites]
    if not _same_objects(getattr(plan, "thresholds", ()), thresholds):
        ones, zeros = _Thresholds(plan, run.params, 1.0), _Thresholds(plan, run.params, 0.0)
        with torch.no_grad():
            for passing in (ones, zeros) if any(call.affine for call in plan.trace.calls) else (ones,):
                passing.run_through(run, "prefix", "steps", "readout")
        plan.thresholds, plan.pooled = thresholds, (
            {k: (one - zeros.found[k][1]).abs().clamp_min(torch.finfo(torch.float32).tiny) if k in zeros.found else one
             for k, (_, one) in ones.found.items()}, zeros.found)
    return plan.pooled


class _Thresholds(PlannedPass):
    """Thresholds, or with ``times`` 0 nothing, in the place of spikes; ``found``: call index -> (what arrives at a pooling
    operator, its result)."""
    # At the top of the module: a class made in a function, and all it refers to, waits for the garbage collector.

    def __init__(self, plan, params, times):
        super().__init__(plan)
        self.params, self.times, self.found = params, times, {}

    def prefix(self, call, this):
        return placeholders(call)

    def steps(self, call, this):
        if call.site is not None:
            return (self.params[call.site.index].theta.float() * self.times).expand(specs_in(call.template)[0].shape)
        if not (call.unit or call.affine):
            return placeholders(call)
        out = this.func(*this.args, **this.kwargs)
        if call.rule.treatment == "rate":
            self.found[call.index] = tensors_in((this.args, this.kwargs))[0], tensors_in(out)[0]
        return out

    readout = steps


def _same_objects(first, second):
    return len(first) == len(second) and all(a is b for a, b in zip(first, second))
