"""The two layer-wise searches: AdaFire's firing limits, and SSC's threshold ratios.

AdaFire (Wang et al., AAAI 2025): a limit phi for every site, least total sensitivity within an energy budget.
SSC (same paper): a factor rho on every threshold (fewer, larger spikes), least energy within a sensitivity budget.

Where this departs from the released code, and why: thresholds are refitted for every candidate limit (there small limits
are judged with thresholds of the largest one); energy is synaptic operations, spikes weighted by fan-out (there raw spikes);
ratios are applied in the order of the sites (there reversed); SSC's budget is stated relative to the divergence that is
there before it (there it can be infeasible); the chosen point is simulated, and the budget tightened until it holds
(there the additive model is trusted). ``weigh='spikes'`` and ``refit=False`` give the released code's choices.
"""

from .meter import Meter
from .pareto import best
from .passes import split_samples, x_batch
from .sensitivity import divergence, samples_for, tables
from .simulate import Run, plain, simulate

_ROUNDS = 5


class Bench:
    """Measures settings of a conversion on its calibration inputs: divergence from the ANN, and cost per sample."""

    def __init__(self, conversion, weigh):
        self.conversion, self.weigh = conversion, weigh
        c = conversion
        self.references = [plain(c.ann_plan(x), c.network, x, c.forward, lambda site, z: site.activation.f(z),
                                 c.timesteps)
                           for x in c.inputs]
        self.simulations = 0

    def verify(self, params):
        """(divergence, cost) of ``params``, simulated end to end."""
        c, loss, samples = self.conversion, 0.0, 0
        meter = Meter()
        for x, reference in zip(c.inputs, self.references):
            run = Run(c.plan(x), params, c.network, x, c.forward, c.method.read_from(c.timesteps))
            ((_, outputs),) = simulate(run, (c.timesteps,), run.plan.chunk(c.memory_gb))
            loss += divergence(outputs, reference) * x_batch(x)
            samples += x_batch(x)
            meter.add(run)
        self.simulations += 1
        report = meter.report(c.timesteps)
        return loss / samples, report.synops if self.weigh == "synops" else report.spikes

    def tables(self, params, options):
        """Sensitivity and cost tables, averaged over as many calibration samples as about 20 simulations allow."""
        c, total = self.conversion, None
        everything = sum(map(x_batch, c.inputs))
        inputs, _ = split_samples(c.inputs, samples_for(options, everything))
        samples = sum(map(x_batch, inputs))
        for x in inputs:
            found = tables(c.plan(x), params, options, c.network, x, c.forward, c.timesteps, self.weigh, c.ann_plan(x))
            share = x_batch(x) / samples
            scaled = [{i: [v * share for v in row] for i, row in table.items()} for table in found]
            total = scaled if total is None else [{i: [a + b for a, b in zip(old[i], new[i])] for i in old}
                                                  for old, new in zip(total, scaled)]
        pairs = sum(len(row) for row in options.values())
        self.simulations += (1 + 0.5 * pairs) * samples / everything
        return total


def firing_limits(conversion, method):
    """Set a limit phi for every site (AdaFire); returns what was found as a JSON-able dict.

    Starts from the conversion's uniform limit ``method.phi_plus``; the budget is ``method.budget`` times its cost.
    """
    bench, uniform = Bench(conversion, method.weigh), conversion.params
    limits = sorted({*method.candidates, method.phi_plus})
    options = {i: [uniform[i] if phi == method.phi_plus else conversion.with_limit(i, phi, method) for phi in limits]
               for i in uniform}
    sensitivity, cost = bench.tables(uniform, options)
    start = bench.verify(uniform)
    modelled = sum(cost[i][limits.index(method.phi_plus)] for i in options)
    allowed, target = method.budget * start[1], method.budget * modelled
    tried = [(start, uniform, {i: method.phi_plus for i in options})]
    indices = sorted(options)
    least = sum(min(cost[i]) for i in indices)
    for _ in range(_ROUNDS):
        if target < least:
            break
        choice = best([sensitivity[i] for i in indices], [cost[i] for i in indices], target)
        params = conversion.corrected({i: options[i][k] for i, k in zip(indices, choice)}, method)
        point = bench.verify(params)
        tried.append((point, params, {i: limits[k] for i, k in zip(indices, choice)}))
        if point[1] <= allowed * 1.005:
            break
        target *= 0.98 * allowed / point[1]
    held = [entry for entry in tried if entry[0][1] <= max(allowed, start[1] if method.budget >= 1 else 0) * 1.005]
    point, params, phi = min(held or tried, key=lambda entry: entry[0][0] if held else entry[0][1])
    conversion.params = params
    names = {s.index: s.name for s in conversion.sites}
    return {"limits": {names[i]: phi[i] for i in indices}, "divergence": [start[0], point[0]],
            "cost": [start[1], point[1]], "budget": allowed, "simulations": bench.simulations, "rounds": len(tried) - 1}


def threshold_ratios(conversion, method):
    """Raise thresholds where it costs little accuracy (SSC); returns what was found as a JSON-able dict.

    The divergence after it is at most ``method.ssc_budget`` times the one before, measured end to end.
    """
    bench, before = Bench(conversion, method.weigh), conversion.params
    ratios = list(method.ratios)
    options = {i: [p if rho == 1 else p._replace(theta=p.theta * rho) for rho in ratios] for i, p in before.items()}
    sensitivity, cost = bench.tables(before, options)
    start = bench.verify(before)
    indices = sorted(options)
    base = ratios.index(1.0)
    rise = [[max(0.0, v - sensitivity[i][base]) if k != base else 0.0 for k, v in enumerate(sensitivity[i])]
            for i in indices]
    allowed = method.ssc_budget * start[0]
    room, chosen = allowed - start[0], ((start), before, {i: 1.0 for i in indices})
    rounds = 0
    for _ in range(_ROUNDS):
        rounds += 1
        choice = best([cost[i] for i in indices], rise, room)
        params = conversion.corrected({i: options[i][k] for i, k in zip(indices, choice)}, method)
        point = bench.verify(params)
        if point[0] <= allowed and point[1] < chosen[0][1]:
            chosen = (point, params, {i: ratios[k] for i, k in zip(indices, choice)})
            break
        room *= 0.4
    point, params, rho = chosen
    conversion.params = params
    names = {s.index: s.name for s in conversion.sites}
    return {"ratios": {names[i]: rho[i] for i in indices}, "divergence": [start[0], point[0]],
            "cost": [start[1], point[1]], "budget": allowed, "simulations": bench.simulations, "rounds": rounds}
