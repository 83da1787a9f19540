"""Where the spikes of every source go, worked out once a plan (ours).

Sources are sites of neurons and poolings of spikes. Between them and the layers lie sums, copies and masks, so that what a layer
counts is <counts of a source, map>, added up over its sources. A map is the derivative of ``EventPass``; it is held against the pass
itself, on counts that differ everywhere, and where it does not give the same, the pass is made at every count.
"""

from typing import NamedTuple

import torch

from ..graph import specs_in
from ..neurons import Maps, path
from .arrivals import EventPass
from .layers import static_costs
from .tally import Tally


class Arrival(NamedTuple):
    """Spikes that arrive at a call through one operand: of each of the ``parts`` (source, place of the map of what its spikes
    reach, place of that of how often they arrive). whole: the operand's rows are not those of samples."""

    call: object
    parts: list
    whole: bool


class Routes(NamedTuple):
    """maps: source, ('site', its index) or ('pool', index of the call) -> ``Maps``, of which the first is 1 everywhere."""

    maps: dict
    arrivals: list


def compiled(run):
    """Whether sums of counts are made by the compiled kernels, for which routes are."""
    return all(path(state.n) == "compiled" for state in run.neurons.values())


def routes_of(plan, run):
    """``Routes`` of a plan, or None where what arrives is no such sum; found once a plan, from a run's shapes."""
    if not hasattr(plan, "routes"):
        plan.routes = _routes(plan, run)
    return plan.routes


def _routes(plan, run):
    if plan.mutates:
        return None
    counts, found, calls = {}, [], plan.trace.calls
    numbers = torch.Generator().manual_seed(0)

    def source(key, call):
        shape, passed_on = specs_in(call.template)[0].shape, [calls[k] for k in call.consumers]
        if any(c.spiking and c.site is None and not c.pools_spikes for c in passed_on):
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
    maps = {key: Maps(t.shape[1:]) for key, t in counts.items()}
    for own in maps.values():
        own.place_of(torch.ones((1,) * len(own.shape)))
    arrivals, costs = [], static_costs(plan)
    for call, arrived in found:
        reach = costs.get(call.index, (None,))[0]
        arrival = _arrival(call, arrived, reach, counts, maps, plan.trace.batch)
        if arrival is None:
            return None
        arrivals.append(arrival)
    return Routes(maps, arrivals)


def _arrival(call, arrived, reach, counts, maps, samples):
    """The ``Arrival`` of a tensor of the pass; None where its maps do not give what it holds."""
    whole = not arrived.dim() or bool(arrived.shape[0] % samples)
    mine = [key for key, t in counts.items() if t is arrived]
    if mine:
        own = maps[mine[0]]
        place = 0 if reach is None else own.place_of(reach.reshape((1,) * (len(own.shape) - reach.dim()) + reach.shape))
        return Arrival(call, [(mine[0], place, 0)], whole)
    if not arrived.requires_grad:
        return None
    ones = torch.ones((), dtype=arrived.dtype).expand(arrived.shape)
    weighed = ones if reach is None else reach.to(arrived.dtype).expand(arrived.shape)
    reached, passed = (
        torch.autograd.grad(arrived, list(counts.values()), weights, retain_graph=True, allow_unused=True)
        for weights in (weighed, ones)
    )
    parts, sums = [], [0.0, 0.0]
    for (key, t), *gradients in zip(counts.items(), reached, passed):
        if gradients[0] is None:
            continue
        if any(g.stride(0) and bool((g != g[:1]).any()) for g in gradients):
            return None
        places = [maps[key].place_of(g[0]) for g in gradients]
        parts.append((key, *places))
        for k, place in enumerate(places):
            each = (t.detach().double() * maps[key].maps[place]).flatten(1).sum(1) if t.dim() > 1 else t.double()
            if not whole and len(each) % samples:
                return None
            sums[k] = sums[k] + (each.sum() if whole else each.reshape(samples, -1).sum(1))
    for told, weights in zip(sums, (reach, None)):
        each = Tally.synops_of_each(arrived.detach(), weights, 1, samples)
        if not torch.equal(torch.as_tensor(told).reshape(-1), each):
            return None
    return Arrival(call, parts, whole)
