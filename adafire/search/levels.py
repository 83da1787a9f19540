"""The two layer-wise searches: AdaFire's firing limits, and SSC's threshold ratios.

AdaFire (Wang et al., AAAI 2025): a limit phi for every site, least total sensitivity within an energy budget.
SSC (same paper): a factor rho on every threshold (fewer, larger spikes), least energy within a sensitivity budget.

Where this departs from the released code, and why: thresholds are refitted for every candidate limit (there small limits
are judged with thresholds of the largest one); energy is synaptic operations, spikes weighted by fan-out (there raw spikes);
sensitivities are those of sensitivity.py; ratios are applied in the order of the sites (there reversed); SSC's budget is
stated relative to the divergence that is there before it (there it can be infeasible); the chosen point is simulated
end to end, and repaired by changes of single sites while simulations last (there the additive model is trusted).
``faithful`` gives the released code's choices.
"""

from .measuring import Bench
from .pareto import best


def firing_limits(conversion, method):
    """Set a limit phi for every site (AdaFire); returns what was found as a JSON-able dict.

    Starts from the conversion's uniform limit ``method.phi_plus``; the budget is ``method.budget`` times its cost. Within
    it, the point with the least squared error of the outputs is taken among those whose divergence is no larger than the
    uniform limit's: on a few hundred samples the divergence is too noisy to choose by (a few samples near a border between
    classes make most of it), and the squared error is not.
    """
    bench, uniform = Bench(conversion, method), conversion.params
    limits = sorted({*method.candidates, method.phi_plus})
    options = {
        i: [
            uniform[i] if phi == method.phi_plus else conversion.with_limit(i, phi, method, method.refit)
            for phi in limits
        ]
        for i in uniform
    }
    start = bench.verify(uniform)
    table = bench.tables(uniform, options)
    origin = [limits.index(method.phi_plus)] * len(table.sites)
    allowed, target = method.budget * start.cost, 0.995 * method.budget * table.total(origin)[1]
    least = sum(map(min, table.cost))
    points = [(start, origin)]
    if target >= least:
        choice, tried = best(table.loss, table.cost, target), {tuple(origin)}
        while choice is not None and tuple(choice) not in tried:
            tried.add(tuple(choice))
            params = {
                i: options[i][k] if method.refit or k == o else conversion.with_limit(i, limits[k], method)
                for i, k, o in zip(table.sites, choice, origin)
            }
            points.append((bench.verify(bench.corrected(params)), choice))
            if method.faithful or not bench.affords(method.simulations):
                break
            if points[-1][0].cost > allowed:
                target *= 0.99 * allowed / points[-1][0].cost
                choice = best(table.loss, table.cost, target) if target >= least else None
            else:
                inside = [p for p in points if p[0].cost <= allowed]
                choice = table.next_move(min(inside, key=lambda p: p[0].error)[1], target, tried)
    point, choice = points[-1] if method.faithful else _leading(points, allowed)
    conversion.params = point.params
    return {
        "limits": bench.named(table.sites, [limits[k] for k in choice]),
        **bench.result(start, point, allowed),
        "modelled": [table.total(origin)[0], table.total(choice)[0]],
        "rounds": len(points) - 1,
    }


def _leading(points, allowed):
    """Of (point, choice), the first of which is the start: the least error within the budget and at no larger divergence
    than the start's, where that is within the budget itself; the cheapest where nothing is within it."""
    inside = [p for p in points if p[0].cost <= allowed]
    if points[0] in inside:
        inside = [p for p in inside if p[0].divergence <= points[0][0].divergence]
    return min(inside, key=lambda p: p[0].error) if inside else min(points, key=lambda p: p[0].cost)


def threshold_ratios(conversion, method):
    """Raise thresholds where it costs little accuracy (SSC); returns what was found as a JSON-able dict.

    Divergence and squared error of the outputs are, end to end, at most ``method.ssc_budget`` times those before it.
    """
    bench, before = Bench(conversion, method), conversion.params
    ratios = list(method.ratios)
    options = {i: [p if rho == 1 else p._replace(theta=p.theta * rho) for rho in ratios] for i, p in before.items()}
    start = bench.verify(before)
    table = bench.tables(before, options)
    base = ratios.index(1.0)
    rise = [[max(0.0, v) for v in row] for row in table.loss]
    origin = [base] * len(table.sites)
    point, choice, tried, low, high = start, origin, {tuple(origin)}, 0.0, None
    room = (method.ssc_budget - 1) * table.present
    while len(tried) == 1 or bench.affords(method.simulations):
        trial = best(table.cost, rise, room)
        if tuple(trial) in tried:
            break
        tried.add(tuple(trial))
        found = bench.verify(bench.corrected({i: options[i][k] for i, k in zip(table.sites, trial)}))
        if (
            max(found.divergence / max(start.divergence, 1e-30), found.error / max(start.error, 1e-30))
            <= method.ssc_budget
        ):
            low = room
            if found.cost < point.cost:
                point, choice = found, trial
        else:
            high = room
        room = room * 1.5 if high is None else (low + high) / 2 if low else high / 2
    conversion.params = point.params
    return {
        "ratios": bench.named(table.sites, [ratios[k] for k in choice]),
        "rounds": len(tried) - 1,
        **bench.result(start, point, method.ssc_budget * start.divergence),
    }
