"""Counting what a simulation did, by sums that add up over batches: sums -> ``Report``."""

import torch

from ..graph import specs_in
from ..neurons import count as neuron
from ..simulation import pooled_spikes
from .arrivals import EventPass, mixes, pooled_first, spiking_slots, static_costs
from .binary import accumulates
from .energy import macs_are_cheaper
from .report import Report
from .tally import Tally

SITE = ("neurons", "neuron_steps", "spikes", "graded", "over")
LAYER = ("synops", "synops_graded", "macs", "ann_macs", "arrived")


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
                    total[kind][name] = (
                        dict(row)
                        if mine is None
                        else {key: mine[key] + value if key in added else value for key, value in row.items()}
                    )
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
        dense_for = {}
        for kind, key in (("events", "synops"), ("graded", "synops_graded")):

            def arrive(call, counts):
                reach, factor, dense = costs.get(call.index, (None, 1, 0.0))
                row, first = self._layer(sums, call), kind == "events"
                if call.index not in pooled_first(plan):
                    every = spent = tally.synops(counts, reach, factor)
                else:
                    each = tally.synops_of_each(counts, reach, factor, plan.trace.batch)
                    if first:
                        dense_for[call.index] = macs_are_cheaper(each, dense / len(each))
                        row["macs"] += dense * float(dense_for[call.index].double().mean())
                    every, spent = float(each.sum()), float(each[~dense_for[call.index]].sum())
                row[key] += spent
                row["arrived"] += every if first else 0.0

            with torch.no_grad():
                EventPass(
                    plan,
                    lambda site: getattr(run.neurons[site.index], kind),
                    lambda call: pooled_spikes(run, call, kind),
                    arrive,
                ).through(run)
        self._constants(sums, run, dense_for)
        ones = accumulates(run, costs)
        for index, (each, _) in ones.items():
            row = self._layer(sums, plan.trace.calls[index])
            row["synops"] += float(each.sum())
            row["synops_graded"] += float(each.sum())
        for index, (_, _, dense) in costs.items():
            call = plan.trace.calls[index]
            row = self._layer(sums, call)
            row["ann_macs"] += dense
            if call.rule.treatment == "rate" or not any(spiking_slots(plan, call)):  # a product of two streams: always
                dense *= 1 - ones[index][1] if index in ones else 1
                row["macs"] += dense * (t - float(run.silent.mean()) if call.region == "steps" else 1)

    def _constants(self, sums, run, dense_for):
        """MACs of the constants that meet weights beside spikes: once."""
        if not mixes(run.plan):
            return
        costs, tally, none = static_costs(run.plan), Tally(), torch.zeros(())

        def arrive(call, constants):
            if call.index in costs:
                share = float((~dense_for[call.index]).double().mean()) if call.index in dense_for else 1.0
                self._layer(sums, call)["macs"] += share * tally.synops(
                    (constants != 0).float(), *costs[call.index][:2]
                )

        with torch.no_grad():
            EventPass(
                run.plan,
                lambda site: none.expand(run.neurons[site.index].n.shape),
                lambda call: none.expand(specs_in(call.template)[0].shape),
                arrive,
                constant=1,
            ).through(run)

    def add_analog(self, plan, t):
        """Count one forward of the network itself: every MAC once."""
        sums = self._sums(t, plan.trace.batch, t)
        for index, (_, _, dense) in static_costs(plan).items():
            row = self._layer(sums, plan.trace.calls[index])
            row["ann_macs"] += dense
            row["macs"] += dense

    @staticmethod
    def _layer(sums, call):
        return sums["layers"].setdefault(call.name, {"op": call.op, **dict.fromkeys(LAYER, 0.0)})

    def arrived(self, t):
        """Synaptic operations of a sample at read-out time ``t``, were all spikes sent to the classifier, too, one by one."""
        return sum(row["arrived"] for row in self.sums[t]["layers"].values()) / self.sums[t]["samples"]

    def report(self, t):
        """Report at read-out time ``t``."""
        sums = self.sums[t]
        samples = sums["samples"]
        spent = sums["steps"] / samples
        sites = [
            {
                "site": name,
                "neurons": row["neurons"] / samples,
                "spikes": row["spikes"] / samples,
                "firing_rate": row["spikes"] / (row["neuron_steps"] or 1),
                "over_fired": row["over"] / (row["neurons"] or 1),
                "phi_plus": row["phi_plus"],
                "phi_minus": row["phi_minus"],
                "threshold": row["threshold"],
            }
            for name, row in sums["sites"].items()
        ]
        layers = [
            {
                "layer": name,
                "op": row["op"],
                **{k: row[k] / samples for k in ("synops", "synops_graded", "macs", "ann_macs")},
            }
            for name, row in sums["layers"].items()
        ]
        whole = lambda key: sum(row[key] for row in layers)
        every = {key: sum(row[key] for row in sums["sites"].values()) for key in SITE}
        return Report(
            samples,
            t,
            spent,
            dict(sums["exits"]),
            every["neurons"] / samples,
            every["spikes"] / samples,
            every["spikes"] / (every["neuron_steps"] or 1),
            whole("synops"),
            whole("synops_graded"),
            whole("macs"),
            whole("ann_macs"),
            every["over"] / (every["neurons"] or 1),
            sum(r["over_fired"] > 0 for r in sites) / len(sites) if sites else 0.0,
            sites,
            layers,
        )


def over_fired(run, site):
    """Which neurons [B, ...] of a site have emitted more up to now than their input asks for."""
    params = run.params[site.index]
    return (params.neuron or neuron).over_fired(run.neurons[site.index], run.t, params, site.activation)
