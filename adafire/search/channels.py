"""Levels by channel: thresholds allotted to every channel at the cost of uniform levels, and compressed further (ours).

AdaFire (Wang et al., AAAI 2025) chooses the limit of a burst layer by layer, from a simulated table of sensitivities; levels.py
has that. Here every channel's threshold is chosen (allocation.py) under one limit for all, without simulating: most of what
there is to gain is in the channels. What was chosen is held against the uniform limit on calibration samples that it did not see,
by how often the decisions (classes, classes of positions, boxes) differ from the ANN's, and is taken unless that is worse beyond the standard error.
"""

import math

import torch

from ..graph import split_samples, tensors_in, x_batch
from ..simulation import Run, plain, simulate
from .allocation import Allocation, thresholds
from .importance import channel_weights, few, synapses
from .measuring import Bench

_ROUNDS = 5
"""Most simulations of a compression."""
_FINER = 4
"""How many times finer than the uniform one the finest step of a channel with binary bursts may be: two more digits."""
_HELD = 1 / 3
"""Share of the calibration samples that judge the choice made on the others."""


def channel_thresholds(conversion, method, allot=None):
    """Set a threshold for every channel; returns what was found as a JSON-able dict.

    The budget is ``method.budget`` times the cost of the uniform setting, as modelled; below 1 the uniform setting is no choice, as it
    costs more, and a note says where it would have been better. allot(conversion, method, uniform): the
    choice, ``bursts`` (the default) or ``binary_bursts``.
    """
    allot = allot or bursts
    uniform, inputs = dict(conversion.params), conversion.inputs
    total = sum(map(x_batch, inputs))
    verdict = {"disagreement": None, "standard error": None, "taken": True}
    if total >= 3:
        conversion.inputs, held = split_samples(inputs, total - int(total * _HELD))
        try:
            points = [_uniform_again(conversion, method), allot(conversion, method, uniform)[0]]
        finally:
            conversion.inputs = inputs
        measured = disagreements(conversion, points, held)
        worse, error = (measured[1] - measured[0]).mean(), standard_error(measured[1] - measured[0])
        verdict = {
            "disagreement": [float(m.mean()) for m in measured],
            "standard error": error,
            "taken": bool(worse <= error) or method.budget < 1,
        }
        if worse > error:
            conversion.notes.append(
                "levels by channel were worse on samples that they had not seen: "
                + (
                    "uniform levels stay"
                    if not verdict["taken"]
                    else f"uniform levels cost more than budget={method.budget}"
                )
            )
    chosen, found = allot(conversion, method, uniform)
    conversion.params = chosen if verdict["taken"] else uniform
    return {**found, **verdict}


def _uniform_again(conversion, method):
    """The uniform setting on the samples that ``conversion`` has at the moment."""
    method.fit_thresholds(conversion)
    return conversion.corrected(conversion.params, method)


def bursts(conversion, method, uniform):
    """(corrected params, what was found) on the samples that ``conversion`` has at the moment: bursts of up to
    ``method.longest`` unit spikes, at the cost of ``method.phi_plus`` for all."""
    allocation = _of_bursts(conversion, method, uniform)
    before = allocation.total(_steps(uniform, conversion.timesteps), method.phi_plus * conversion.timesteps)
    steps, found = _chosen(allocation, before, method.budget)
    return conversion.corrected(with_steps(conversion, steps, method, uniform), method), found


def binary_bursts(conversion, method, uniform):
    """As ``bursts``, for signed binary bursts: a value of j steps costs its digits, and thresholds are the largest digit's."""
    (_, finest), (finer, smallest) = method.law(conversion.timesteps), method.law(conversion.timesteps, _FINER)
    most = round(1 / smallest)
    digits = finer.burst(torch.arange(most + 1) / most, 1.0, float(method.phi_plus))[1]
    allocation = allocation_of(conversion, uniform, most, spikes=digits, finest=smallest)
    before = allocation.total({i: p.theta.flatten() * finest for i, p in uniform.items()})
    steps, found = _chosen(allocation, before, method.budget)
    params = {
        i: uniform[i]._replace(theta=theta.reshape(uniform[i].theta.shape).contiguous(), neuron=finer)
        for i, theta in thresholds(steps, most).items()
    }
    return conversion.corrected(params, method), found


def _chosen(allocation, before, budget):
    steps, error, cost = allocation.within_cost(budget * before[1])
    return steps, {"modelled error": [before[0], error], "modelled cost": [before[1], cost]}


def _of_bursts(conversion, method, params):
    v0 = 0.5 if method.shift else method.v0
    return allocation_of(
        conversion, params, method.longest * conversion.timesteps, v0, by_spikes=method.weigh == "spikes"
    )


def allocation_of(conversion, params, levels, v0=0.5, by_spikes=False, **options):
    """The Allocation of a conversion; ``params``: what synapses are counted with; by_spikes: cost in spikes."""
    c, samples = conversion, few(conversion.inputs)
    total = _weights(c, samples)
    statistics = c.statistics()
    if total is None:  # an error then weighs by the activations' own size
        total = {i: 1 / _power(h).sum().clamp_min(1e-30).expand_as(h.maximum) for i, h in statistics.items()}
        c.notes.append("the network's code stops derivatives: errors of channels weigh by the size of the activations")
    (first,) = split_samples(samples[:1], 4)[0]
    costs = synapses(c.plan(first), params, c.network, first, c.forward, by_spikes)
    return Allocation(statistics, total, costs, levels, v0, **options)


def _weights(conversion, samples):
    """``channel_weights`` of the first ``samples``, a mean over them; None where nothing is known. Measured once for as many: the
    choice that is judged and the final one begin with the same."""
    c, total, count = conversion, {}, sum(map(x_batch, samples))
    if c.weighed is None or c.weighed[0] != count:
        generator = torch.Generator().manual_seed(c.seed)
        for x in samples:
            found = channel_weights(c.ann_plan(x), c.network, x, c.forward, c.timesteps, generator)
            if found is None:
                total = None
                break
            total = {i: total.get(i, 0) + w * x_batch(x) / count for i, w in found.items()}
        c.weighed = count, total
    return c.weighed[1]


def _power(histogram):
    """Mean square of each channel [C]."""
    return (histogram.counts * histogram.centres().double().square()).sum(1) / histogram.counts.sum(1).clamp_min(1)


def _steps(params, timesteps):
    """site index -> threshold over T, [C]."""
    return {i: p.theta.flatten() / timesteps for i, p in params.items()}


def with_steps(conversion, steps, method, params):
    """``params`` with these steps [C] by site, and bursts of up to ``method.longest``."""
    longest, found = method.longest, {}
    for i, theta in thresholds(steps, conversion.timesteps).items():
        back = longest if params[i].phi_minus else 0
        theta = theta.reshape(params[i].theta.shape).contiguous()
        found[i] = params[i]._replace(theta=theta, phi_plus=longest, phi_minus=back)
    return found


def disagreements(conversion, points, inputs):
    """For each of ``points``, params: of every sample in ``inputs``, [N], whether the SNN's class is another than the ANN's (outputs
    [B, K]); the share of its decisions that are others (boxes, classes of positions), where an ExitJudge says; or the squared error
    of all outputs, in units of their spread."""
    c, steps, found = conversion, conversion.timesteps, [[] for _ in points]
    for x in inputs:
        reference = plain(c.ann_plan(x), c.network, x, c.forward, lambda site, z: site.activation.f(z), steps)
        for params, of_point in zip(points, found):
            run = Run(c.plan(x), params, c.network, x, c.forward, c.method.read_from(steps))
            ((_, outputs),) = simulate(run, (steps,), run.plan.chunk(c.memory_gb))
            pairs = list(zip(tensors_in(outputs), tensors_in(reference)))
            if len(pairs) == 1 and pairs[0][0].dim() == 2:
                of_point.append((pairs[0][0].argmax(1) != pairs[0][1].argmax(1)).double())
            elif c.exit_judge is not None:
                of_point.append(c.exit_judge.differing(outputs, reference).cpu())
            else:
                errors = [
                    (a - b).double().square().flatten(1).mean(1) / b.double().var().clamp_min(1e-12) for a, b in pairs
                ]
                of_point.append(sum(errors) / len(errors))
    return [torch.cat(of_point) for of_point in found]


def standard_error(differences):
    """Of the mean of ``differences`` [N]; of one sample, nothing is known: infinity.

    >>> standard_error(torch.tensor([0.0, 1.0, 0.0, 1.0]))
    0.28867513459481287
    """
    n = len(differences)
    return float(differences.double().std() / math.sqrt(n)) if n > 1 else math.inf


def compressed_thresholds(conversion, method):
    """Raise the thresholds of channels where it costs the outputs little (SSC's aim, by the same allocation); returns what was
    found. Divergence and squared error of the outputs are, end to end, at most ``method.ssc_budget`` times those before it.
    """
    bench, before = Bench(conversion, method), conversion.params
    start = point = bench.verify(before)
    allocation = _of_bursts(conversion, method, before)
    limit = next(iter(before.values())).phi_plus * conversion.timesteps
    present = allocation.total(_steps(before, conversion.timesteps), limit)
    low, high, factor, rounds = 1.0, None, method.ssc_budget, 0
    while rounds < _ROUNDS and method.ssc_budget > 1:
        steps, _, _ = allocation.within_error(factor * present[0])
        found = bench.verify(bench.corrected(with_steps(conversion, steps, method, before)))
        rounds += 1
        rise = max(
            found.divergence / max(start.divergence, 1e-30),
            found.error / max(start.error, 1e-30),
        )
        if rise <= method.ssc_budget:
            low = factor
            if found.cost < point.cost:
                point = found
        else:
            high = factor
        factor = factor * 1.5 if high is None else (low * high) ** 0.5
    conversion.params = point.params
    return {"rounds": rounds, **bench.result(start, point, method.ssc_budget * start.divergence)}
