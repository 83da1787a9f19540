"""Input-aware adaptive timesteps (IAT): a sample is read out as soon as its scores are confident enough.

Wang et al. (AAAI 2025), after SEENN and DT-SNN. The rules, 'fitted' (ours) and 'paper', are in exit_rules.py.
Samples that have left are no longer simulated; each pays for the steps that it spent.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from ..errors import UnsupportedError
from ..graph import map_tensors, tensors_in
from .loop import advance_chunk, read_out
from .rows import part


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
    changed(outputs, final) -> [B] bool, whether leaving with ``outputs`` gives another answer than ``final`` (no labels).
    share(outputs, final) -> [B] in 0..1, where given: how much of a sample's answer differs (positions, boxes)."""

    confidence: Callable
    changed: Callable
    share: Callable | None = None

    def differing(self, outputs, final):
        """[B] in 0..1: the share of every sample's answer that differs; all of it where it changed and nobody says more."""
        return (self.share or self.changed)(outputs, final).double()

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
        raise UnsupportedError(
            "early exit needs class scores: one tensor [B, K]; found " + ", ".join(str(tuple(t.shape)) for t in tensors)
        )
    return tensors[0]


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
