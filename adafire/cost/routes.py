"""Where the spikes of every source go, worked out once a plan (ours).

Sources are sites of neurons and poolings of spikes. Between them and the layers lie sums, copies and masks, so that what a layer
counts is <counts of a source, map>, added up over its sources. A map is the derivative of ``EventPass``; it is held against the pass
itself, on counts that differ everywhere, and where it does not give the same, the pass is made at every count.
"""

from typing import NamedTuple

import torch

from ..graph import specs_in
from ..neurons import Maps
from .arrivals import EventPass
from .layers import static_costs
from .tally import Tally


class Arrival(NamedTuple):
    """Spikes that arrive at a call through one operand: of each of the ``parts`` (source, place of the map of what its spikes
    reach, place of that of how often they arrive). whole: the operand's rows are not those of samples."""

    call: object
    parts: list
    whole: bool

    def of_each(self, sums, kind, samples):
        """(synapses reached, spikes) of ``kind`` for each sample, [samples] or, where ``whole``, [1]. sums: of every source,
        [2, rows, maps]."""
        found = []
        for which in (1, 2):
            each = sum(sums[part[0]][kind, :, part[which]] for part in self.parts)
            found.append(each.sum().reshape(1) if self.whole else each.reshape(samples, -1).sum(1))
        return found


class Routes(NamedTuple):
    """maps: source, ('site', its index) or ('pool', index of the call) -> ``Maps``, of which the first is 1 everywhere."""

    maps: dict
    arrivals: list


def routes_of(plan, run):
    """``Routes`` of a plan, or None where what arrives is no such sum; found once a plan, from a run's shapes."""
    if not hasattr(plan, "routes"):
        try:
            plan.routes = None if plan.mutates else _routes(plan, run)
        except RuntimeError:  # an operator without a derivative
            plan.routes = None
    return plan.routes


def _routes(plan, run):
    counts, found, calls = {}, [], plan.trace.calls
    numbers = torch.Generator().manual_seed(0)

    def source(key, call):
        shape, consumers = specs_in(call.template)[0].shape, [calls[k] for k in call.consumers]
        if any(c.spiking and c.site is None and not c.pools_spikes for c in consumers):
            counts[key] = torch.randint(1, 14, shape, generator=numbers, dtype=torch.float32)
        else:  # layers get it as it is
            counts[key] = torch.ones(()).expand(shape)
        return counts[key].requires_grad_()

    with torch.enable_grad():
        EventPass(
            plan,
            lambda site: source(("site", site.index), calls[site.call]),
            lambda call: source(("pool", call.index), call),
            lambda call, arrived: found.append((call, arrived)),
        ).through(run)
    if any(not t.dim() for t in counts.values()):
        return None
    routes = Routes({key: Maps(t.shape[1:]) for key, t in counts.items()}, [])
    for own in routes.maps.values():
        own.place_of(torch.ones((1,) * len(own.shape)))
    proofs = []
    for call, arrived in found:
        reach = static_costs(plan).get(call.index, (None,))[0]
        key = next((key for key, t in counts.items() if t is arrived), None)
        parts = _parts(arrived, reach, counts, routes.maps) if key is None else _direct(key, reach, routes.maps[key])
        whole = not arrived.dim() or bool(arrived.shape[0] % plan.trace.batch)
        routes.arrivals.append(Arrival(call, parts, whole))
        if key is None:
            proofs.append((routes.arrivals[-1], arrived.detach(), reach))
    needed = {key for arrival, _, _ in proofs for key, _, _ in arrival.parts}
    sums = {key: routes.maps[key].sums(counts[key].detach().contiguous()) for key in needed}
    return routes if all(_holds(*proof, sums, plan.trace.batch) for proof in proofs) else None


def _direct(key, reach, maps):
    """The parts of an ``Arrival`` of what a source sent, as it is."""
    rest = (1,) * (len(maps.shape) - (0 if reach is None else reach.dim()))
    return [(key, 0 if reach is None else maps.place_of(reach.reshape(rest + tuple(reach.shape))), 0)]


def _parts(arrived, reach, counts, maps):
    """The parts of an ``Arrival``; reach: what a spike reaches at each of the last dimensions, or None."""
    ones = torch.ones((), dtype=arrived.dtype).expand(arrived.shape)
    weights = [ones if reach is None else reach.to(arrived.dtype).expand(arrived.shape), ones]
    with torch.enable_grad():  # of sums: for other results torch imports its symbolic shapes
        totals = [(arrived * each).sum() for each in weights]
    gradients = (torch.autograd.grad(t, list(counts.values()), retain_graph=True, allow_unused=True) for t in totals)
    return [
        (key, maps[key].place_of(reached[0]), maps[key].place_of(passed[0]))
        for key, reached, passed in zip(counts, *gradients)
        if reached is not None
    ]


def _holds(arrival, arrived, reach, sums, samples):
    """Whether an arrival is, sample by sample, what arrived in the pass."""
    told = arrival.of_each(sums, 0, samples) if arrival.parts else [torch.zeros(1, dtype=torch.float64)] * 2
    each = (Tally.synops_of_each(arrived, weights, 1, samples) for weights in (reach, None))
    return all(map(torch.equal, told, each))
