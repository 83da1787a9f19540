"""Counting what a simulation did, by sums that add up over batches; totals.py makes a ``Report`` of them."""

import math

import torch

from ..graph import multiplies, specs_in
from ..neurons import costs_of
from ..neurons import count as neuron
from ..simulation import pooled_spikes
from .arrivals import EventPass, mixes, pooled_first, spiking_slots
from .binary import accumulates
from .counters import LAYER, LAYER_FACTS, SITE
from .energy import macs_are_cheaper
from .layers import depth_of, made_of, static_costs
from .tally import Tally
from .totals import merged, new_sums, report_of


class Meter:
    """Accumulates over batches, for each read-out time."""

    def __init__(self):
        self.sums = {}

    @classmethod
    def of(cls, parts):
        """The meter that would have counted what several did; parts: their ``sums``."""
        whole = cls()
        for at, part in ((at, part) for sums in parts for at, part in sums.items()):
            whole.sums[at] = merged(whole.sums.get(at), part)
        return whole

    def _sums(self, at, batch, t):
        sums = self.sums.setdefault(at, new_sums())
        sums["samples"] += batch
        sums["steps"] += batch * t
        sums["exits"][t] = sums["exits"].get(t, 0) + batch
        return sums

    def add(self, run, at=None):
        """Count what ``run`` has done up to its present time, under the read-out time ``at`` (default: the present)."""
        plan, t = run.plan, run.t
        sums = self._sums(at or t, plan.trace.batch, t)
        tally, laws = Tally(), []
        for site in plan.trace.sites:
            state, p = run.neurons[site.index], run.params[site.index]
            row = sums["sites"].setdefault(site.name, dict.fromkeys(SITE, 0.0))
            said = costs_of(p.neuron or neuron, p, site.activation, at or t)
            laws.append(said)
            size = math.prod(site.shape)  # a site's rows can be boxes: several a sample
            row["neurons"] += size
            row["neuron_steps"] += size * t
            row["neuron_updates"] += size * t * (said.duration or 1)
            row["spikes"] += tally.total(state.events)
            row["messages"] += tally.total(state.graded)
            row["over"] += run.over_fired(site)
            row["sub_steps"] += plan.trace.batch * t * said.sub_steps
            row["phi_plus"], row["phi_minus"] = p.phi_plus, p.phi_minus
            row["threshold"] = float(p.theta.float().mean())
            row.update(said._asdict())
        wait = depth_of(plan) - 1 if any(said.waits for said in laws) else 0
        sums["sub_steps"] += plan.trace.batch * (t + wait) * max((said.sub_steps for said in laws), default=0)
        sums["active_steps"] += float((t - run.silent.double()).sum())
        self._layers(sums, run, tally)

    def _layers(self, sums, run, tally):
        plan, t, costs, batch = run.plan, run.t, static_costs(run.plan), run.plan.trace.batch
        dense_for, seen = {}, set()
        for kind, key, number in (("events", "synops", "spikes"), ("graded", "synops_graded", "messages")):

            def arrive(call, counts):
                reach, factor, dense = costs.get(call.index, (None, 1, 0.0))
                row, first = self._layer(sums, call), kind == "events"
                seen.add(call.index)
                if call.index not in pooled_first(plan):
                    every = spent = tally.synops(counts, reach, factor)
                    row[number] += tally.arriving(counts, reach)
                else:
                    each = tally.synops_of_each(counts, reach, factor, batch)
                    if first:
                        dense_for[call.index] = macs_are_cheaper(each, dense / len(each))
                        row["macs"] += dense * float(dense_for[call.index].double().mean())
                        row["eff_macs"] += effective(plan, call.index, run.nonzero, dense_for[call.index])
                    sent = ~dense_for[call.index]
                    every, spent = float(each.sum()), _total(each, sent)
                    row[number] += _total(tally.synops_of_each(counts, None, 1, batch), sent)
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
        ones = {} if run.fresh else accumulates(run, costs)  # a stream multiplies what changed, ones too
        for index, (each, arriving, _) in ones.items():
            row = self._layer(sums, plan.trace.calls[index])
            for key in ("synops", "synops_graded"):
                row[key] += float(each.sum())
            for key in ("spikes", "messages"):
                row[key] += float(arriving.sum())
        for index in sorted(seen | set(costs)):
            call, in_steps = plan.trace.calls[index], plan.trace.calls[index].region == "steps"
            runs = 0 if call.rule.counts == "through" else t if in_steps else 1  # spikes that pass are the next layer's
            row = self._layer(sums, call, made_of(plan, call), runs)
            if index not in costs:
                continue
            row["ann_macs"] += costs[index][2]
            if call.rule.treatment == "rate" or not any(spiking_slots(plan, call)):  # a product of two streams: always
                which = ~ones[index][2] if index in ones else None
                times = t - float(run.silent.double().mean()) if in_steps else 1
                if index in run.fresh:  # of a stream: what changed
                    row["macs"] += run.fresh[index]
                    row["eff_macs"] += min(run.fresh[index], effective(plan, index, run.nonzero, which))
                    continue
                row["macs"] += effective(plan, index, {}, which) * times
                row["eff_macs"] += effective(plan, index, run.nonzero, which) * (1 if index in run.nonzero else times)

    def _constants(self, sums, run, dense_for):
        """MACs of the constants that meet weights beside spikes: once."""
        if not mixes(run.plan):
            return
        plan, costs, none = run.plan, static_costs(run.plan), torch.zeros(())
        for key, kept in (("macs", None), ("eff_macs", run.constants)):

            def arrive(call, constants):
                if call.index in costs:
                    met = (constants != 0).float()
                    each = Tally.synops_of_each(met, *costs[call.index][:2], plan.trace.batch)
                    sent = ~dense_for[call.index] if call.index in dense_for else None
                    self._layer(sums, call)[key] += _total(each, sent)

            with torch.no_grad():
                EventPass(
                    plan,
                    lambda site: none.expand(site.shape),
                    lambda call: none.expand(specs_in(call.template)[0].shape),
                    arrive,
                    constant=1,
                    kept=kept,
                ).through(run)

    def add_analog(self, plan, t, nonzero):
        """Count one forward of the network itself, or of its quantised twin: every MAC once. nonzero: see ``loop.plain``."""
        sums = self._sums(t, plan.trace.batch, t)
        for index, (_, _, dense) in static_costs(plan).items():
            call = plan.trace.calls[index]
            row = self._layer(sums, call, made_of(plan, call), 1)
            row["ann_macs"] += dense
            row["macs"] += dense
            row["eff_macs"] += effective(plan, index, nonzero)

    def add_ann(self, plan, times, nonzero):
        """What the network before conversion multiplies where it skips zeros, for each of the read-out ``times``."""
        for sums in (self.sums[t] for t in times):
            sums["ann_samples"] += plan.trace.batch
            for index in static_costs(plan):
                self._layer(sums, plan.trace.calls[index])["ann_eff_macs"] += effective(plan, index, nonzero)

    @staticmethod
    def _layer(sums, call, parts=None, steps=0):
        """The row of a call. parts: what it is made of, added to the row; steps: in which it runs."""
        row = sums["layers"].setdefault(call.name, {"op": call.op, **dict.fromkeys(LAYER, 0.0)})
        if parts is not None:
            for key in ("inputs", "outputs"):
                row[key] += parts[key]
            row["output_updates"] += parts["outputs"] * steps
            row.update({key: parts[key] for key in LAYER_FACTS})
        return row

    def arrived(self, t):
        """Synaptic operations of a sample at read-out time ``t``, were all spikes sent to the classifier, too, one by one."""
        return sum(row["arrived"] for row in self.sums[t]["layers"].values()) / self.sums[t]["samples"]

    def report(self, t):
        """Report at read-out time ``t``."""
        return report_of(self.sums[t], t)


def effective(plan, index, nonzero, which=None):
    """MACs of a call whose operand was not 0, of the samples ``which`` [B]; all of them where that was not counted."""
    reach, factor, dense = static_costs(plan)[index]
    if index not in nonzero:
        return dense * (1.0 if which is None else float(which.double().mean()))
    if multiplies(plan.trace.calls[index]):
        return _total(nonzero[index], which)
    return _total(Tally.synops_of_each(nonzero[index], reach, factor, plan.trace.batch), which)


def _total(each, which):
    """Sum of ``each`` [B] over the samples ``which`` [B]; either may stand for all samples at once, [1]."""
    if which is None:
        return float(each.sum())
    which = which.to(each.device)
    return float((each * which).sum() if len(each) == len(which) else each.sum() * which.double().mean())
