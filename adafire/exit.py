"""Input-aware adaptive timesteps (IAT): a sample is read out as soon as its scores are confident enough.

Wang et al. (AAAI 2025), after SEENN and DT-SNN. Two rules; both are fitted on held-out calibration inputs, without labels.

'fitted' (ours): confidence is the largest softmax of the time-averaged scores. A logistic regression on its log odds and
the step says how likely the class at a step differs from the one at T; a sample leaves at the first step where that risk
is small enough, at a level where the upper bound of what is expected to differ, over all who leave, is the stated drop.
Counting alone cannot do that: no mistake in 85 samples is what a rate of 1 % often gives.

'paper': the released code's formula (``paper_thresholds``); its labels are the ANN's own predictions here.
Samples that have left are no longer simulated; each pays for the steps that it spent.
"""

from typing import Callable, NamedTuple

import torch

from .calls import specs_in
from .errors import UnsupportedError
from .passes import map_tensors, tensors_in
from .run import Run
from .simulate import advance_chunk, read_out

Z = 1.6448536269514722
"""Normal quantile of the upper bound's one-sided level, 95 %."""


class Exit(NamedTuple):
    """thresholds: one a step [T], the last 0 (everybody leaves); rule: 'fitted' or 'paper'."""

    thresholds: torch.Tensor
    rule: str = "fitted"

    def sure(self, scores, t):
        """Which samples [B] leave after step t (from 1), by their time-averaged scores [B, K]."""
        if t == len(self.thresholds):
            return torch.ones(len(scores), dtype=torch.bool)
        measure = confidence(scores) if self.rule == "fitted" else 1 - entropy(scores * t)
        return measure.cpu() > float(self.thresholds[t - 1])


class ExitJudge(NamedTuple):
    """How sure raw outputs are, for networks without class scores: confidence(outputs) -> [B] in 0..1, and
    changed(outputs, final) -> [B] bool, whether leaving with ``outputs`` gives another answer than ``final`` (no labels)."""

    confidence: Callable
    changed: Callable

    def scores(self, outputs, final=None):
        """Two scores a sample [B, 2] that stand for class scores: with c the confidence, their largest softmax is
        1/2 + c/2, and the second is the larger where nothing changed (or nothing is compared)."""
        odds = torch.logit((0.5 + 0.5 * self.confidence(outputs).float()).clamp(0.5 + 1e-6, 1 - 1e-6))  # never a tie
        changed = torch.zeros(len(odds), dtype=torch.bool) if final is None else self.changed(outputs, final)
        return torch.stack([torch.zeros_like(odds), torch.where(changed.to(odds.device), -odds, odds)], 1)


def confidence(scores):
    """Largest softmax of scores [B, K]: [B]."""
    return scores.float().softmax(1).amax(1)


def entropy(scores):
    """Entropy of the softmax of scores [B, K] over log K: [B], 0 to 1."""
    p = scores.float().softmax(1)
    return -(p * p.clamp_min(1e-12).log()).sum(1) / torch.log(torch.tensor(float(scores.shape[1])))


def risk(trajectory):
    """How likely a sample's class differs from its class at T, from scores over time [T, N, K]: coefficients [3] of

        log odds = a + b log(c / (1 - c)) + d log(T / t - 1),   c: confidence, t < T,

    fitted to all steps and samples with smoothed targets (Platt 1999), so that it is defined where no class ever changes.
    """
    features = _features(trajectory).flatten(0, 1)
    differs = (trajectory[:-1].argmax(2) != trajectory[-1].argmax(1)).flatten().double()
    many = differs.sum()
    y = torch.where(differs > 0, (many + 1) / (many + 2), 1 / (len(differs) - many + 2))
    w = torch.zeros(3, dtype=torch.float64)
    ridge = torch.diag(torch.tensor([0.0, 0.01, 0.01], dtype=torch.float64))
    for _ in range(50):  # Newton's method, damped
        p = torch.sigmoid(features @ w)
        step = torch.linalg.solve((features * (p * (1 - p))[:, None]).T @ features + ridge + 1e-9 * torch.eye(3),
                                  features.T @ (p - y) + ridge @ w)
        w = w - step * min(1.0, 2.0 / float(step.abs().max().clamp_min(1e-12)))
    return w


def _features(trajectory):
    """[T - 1, N, 3]: 1, log odds of the confidence, log(T / t - 1)."""
    steps = len(trajectory)
    c = torch.stack([confidence(s) for s in trajectory[:-1]]).double().clamp(1e-6, 1 - 1e-6)
    late = torch.log(steps / torch.arange(1, steps, dtype=torch.float64) - 1 + 1e-9)
    return torch.stack([torch.ones_like(c), torch.log(c / (1 - c)), late[:, None].expand_as(c)], 2)


def fit_thresholds(trajectory, drop):
    """Exit thresholds [T] of the rule 'fitted' from scores over time [T, N, K], label-free.

    With h the expected number of samples that leave with another class than at T, the bound h + Z sqrt(h) (of a Poisson
    count) is at most drop N; and no more than drop N of these very samples do.
    """
    steps, samples, _ = trajectory.shape
    never = torch.cat([torch.full((steps - 1,), 2.0), torch.zeros(1)])
    if steps == 1:
        return never
    w = risk(trajectory)
    if w[1] > -1e-3:  # confidence says nothing
        return never
    differs = trajectory[:-1].argmax(2) != trajectory[-1].argmax(1)
    odds = _features(trajectory)
    likely = torch.sigmoid(odds @ w)

    def harm(level):
        leaves = likely < level
        first = leaves.float().argmax(0)
        early = leaves.any(0)
        at = lambda values: values.gather(0, first[None])[0][early].sum()
        expected = float(at(likely))
        return max(expected + Z * expected**0.5, float(at(differs.double())))
    levels = likely.flatten().unique()
    low, high = 0, len(levels)  # the harm nearly always rises with the level: what is found is checked
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if harm(levels[middle - 1]) <= drop * samples else (low, middle - 1)
    while low and harm(levels[low - 1]) > drop * samples:
        low -= 1
    if not low:
        return never
    late = odds[:, 0, 2]
    level = levels[low - 1]
    never[:-1] = torch.sigmoid((torch.log(level / (1 - level)) - w[0] - w[2] * late) / w[1]).float()
    return never


def paper_thresholds(trajectory, labels, a=0.6, b=0.4):
    """The released code's g_t = a + b exp(min_u E_u - E_t) with E_t the mean normalised entropy of the summed scores of
    correctly classified samples at step t (1 where none is correct); compared with 1 - entropy of the summed scores."""
    steps = len(trajectory)
    found = []
    for t in range(steps):
        right = trajectory[t].argmax(1) == labels
        found.append(entropy(trajectory[t] * (t + 1))[right].mean() if right.any() else torch.tensor(float("nan")))
    found = torch.stack(found)
    return torch.nan_to_num(a + b * torch.exp(found[~found.isnan()].min() - found), nan=1.0)


def trajectory(run, steps, judge=None):
    """Scores [T, B, K] of a simulation at every step; those of an ExitJudge where one is given."""
    found = []
    for _ in range(steps):
        advance_chunk(run, 1)
        found.append(read_out(run))
    return torch.stack([class_scores(y) if judge is None else judge.scores(y, found[-1]) for y in found])


def class_scores(outputs):
    """The one [B, K] tensor of a classifier's outputs."""
    tensors = tensors_in(outputs)
    if len(tensors) != 1 or tensors[0].dim() != 2:
        raise UnsupportedError("early exit needs class scores: one tensor [B, K]; found "
                               + ", ".join(str(tuple(t.shape)) for t in tensors))
    return tensors[0]


def check_rows(plan):
    """UnsupportedError where a value between neurons belongs to all samples at once: it would change as some leave."""
    for call in plan.trace.calls:
        if call.region == "steps" and any(not spec.shape for spec in specs_in(call.template)):
            raise UnsupportedError(f"{call.name}: '{call.op}' gives one value over the whole batch, which changes as samples leave; "
                                   "early exit cannot simulate that. Take it over each sample, or leave out '+iat'")


def part(run, rows, plans):
    """The simulation of some samples (indices) of ``run``; every state must have the batch as its first dimension."""
    batch = run.plan.trace.batch

    def take(tensor):
        if not isinstance(tensor, torch.Tensor) or tensor.dim() == 0:
            return tensor
        if tensor.shape[0] != batch:
            raise UnsupportedError(f"early exit needs the batch as the first dimension everywhere; found a state of shape "
                                   f"{tuple(tensor.shape)} with batch {batch}")
        return tensor[rows]
    x = map_tensors(take, run.x)
    new = Run(plans(x), run.params, run.network, x, run.forward, run.start)
    new.t = run.t
    new.neurons = {i: map_tensors(take, s) for i, s in run.neurons.items()}
    new.rates = {k: map_tensors(take, s) for k, s in run.rates.items()}
    new.sums, new.before = ({k: take(s) for k, s in d.items()} for d in (run.sums, run.before))
    new.constants = {k: map_tensors(take, s) for k, s in run.constants.items()}
    return new


def run_until_sure(run, rule, plans, leave, judge=None, stay=None, until=None):
    """Simulate; ``leave(rows, outputs, run)`` is called for samples (original indices) that exit, with their own run, and
    ``stay`` likewise for those that have not, after every step up to ``until`` (None: to the last).
    judge: an ExitJudge for outputs that are no class scores."""
    rows = torch.arange(run.plan.trace.batch)
    for t in range(1, min(len(rule.thresholds), until or len(rule.thresholds)) + 1):
        advance_chunk(run, 1)
        outputs = read_out(run)
        gone = rule.sure(class_scores(outputs) if judge is None else judge.scores(outputs), t)
        if gone.all():
            leave(rows, outputs, run)
            return
        if gone.any():
            out, rest = gone.nonzero()[:, 0], (~gone).nonzero()[:, 0]
            leave(rows[out], map_tensors(lambda y: y[out], outputs), part(run, out, plans))
            run, rows, outputs = part(run, rest, plans), rows[rest], map_tensors(lambda y: y[rest], outputs)
        if stay is not None:
            stay(rows, outputs, run)
