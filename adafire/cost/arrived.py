"""What the sources of a run sent, and what of it arrived at layers: by the plan's ``Routes`` where the compiled kernel applies, else by
a pass over all counts. Both give the same."""

import torch

from ..neurons import path
from ..simulation import pooled_spikes
from .arrivals import EventPass
from .layers import static_costs
from .routes import routes_of
from .tally import Tally

KINDS = ("events", "graded")
"""Spikes; messages, a burst being one."""


def arrived(run):
    """What ``run`` sent up to now: ``site(site)`` gives (spikes, messages) of its neurons, and ``at_layers(kind)`` one
    arrival (call, operand) after the other, with ``weighed()``, the synapses that were reached in units of the call's factor,
    ``number()``, of spikes, and both ``of_each()`` sample ([1] where rows are not those of samples)."""
    compiled = all(path(state.events) == "compiled" for state in run.neurons.values())
    routes = routes_of(run.plan, run) if compiled else None
    sums = None if routes is None else _sums(run, routes)
    return Passed(run) if sums is None else Routed(run, routes, sums)


class Passed:
    """By a pass over all counts: the reference."""

    def __init__(self, run):
        self.run, self.tally = run, Tally()

    def site(self, site):
        state = self.run.neurons[site.index]
        return tuple(self.tally.total(_kept(state, kind)) for kind in KINDS)

    def at_layers(self, kind):
        run, found = self.run, []
        with torch.no_grad():
            EventPass(
                run.plan,
                lambda site: _kept(run.neurons[site.index], kind),
                lambda call: pooled_spikes(run, call, kind),
                lambda call, counts: found.append(_Counts(self, call, counts)),
            ).through(run)
        return found


def _kept(state, kind):
    """Counts of a state; where a kernel did not keep messages, there was one step, and they are where spikes are (watch.py)."""
    counts = getattr(state, kind)
    return (state.events != 0).to(state.events.dtype) if counts is None else counts


class _Counts:
    """An arrival of ``Passed``."""

    def __init__(self, passed, call, counts):
        self.call, self.counts, self.tally = call, counts, passed.tally
        self.samples, self.reach = (
            passed.run.plan.trace.batch,
            static_costs(passed.run.plan).get(call.index, (None,))[0],
        )

    def weighed(self):
        return self.tally.synops(self.counts, self.reach, 1)

    def number(self):
        return self.tally.arriving(self.counts, self.reach)

    def of_each(self):
        return tuple(Tally.synops_of_each(self.counts, reach, 1, self.samples) for reach in (self.reach, None))


class Routed:
    """By the plan's routes, from the ``sums`` {source: [2, rows, maps]} of one pass over what each source sent."""

    def __init__(self, run, routes, sums):
        self.samples, self.routes, self.sums = run.plan.trace.batch, routes, sums
        self.totals = {key: each.sum(1).tolist() for key, each in sums.items()}

    def site(self, site):
        spikes, messages = self.totals["site", site.index]
        return spikes[0], messages[0]

    def at_layers(self, kind):
        return [_Sum(self, arrival, KINDS.index(kind)) for arrival in self.routes.arrivals]


class _Sum:
    """An arrival of ``Routed``."""

    def __init__(self, routed, arrival, kind):
        self.call, self.routed, self.arrival, self.kind = arrival.call, routed, arrival, kind

    def weighed(self):
        return sum(self.routed.totals[key][self.kind][place] for key, place, _ in self.arrival.parts)

    def number(self):
        return sum(self.routed.totals[key][self.kind][place] for key, _, place in self.arrival.parts)

    def of_each(self):
        return self.arrival.of_each(self.routed.sums, self.kind, self.routed.samples)


def _sums(run, routes):
    """Of every source, [2, rows, maps]: its counts of either kind, weighed with its maps; None where the kernel does not apply."""
    sums, calls = {}, run.plan.trace.calls
    for key, maps in routes.maps.items():
        kind, index = key
        if kind == "site":
            counts = [getattr(run.neurons[index], name) for name in KINDS]
            if run.t == 1 and run.told.get(index) is not None:  # by our own kernel: what was sent is one message
                counts[1] = None
        else:
            counts = [pooled_spikes(run, calls[index], name) for name in KINDS]
        sums[key] = maps.sums(*counts) if isinstance(counts[0], torch.Tensor) else None
        if sums[key] is None:
            return None
    return sums
