"""When samples may leave: thresholds of early exit (simulation/exit.py), fitted without labels on inputs held out of calibration.

'fitted' (ours): confidence is the largest softmax of the time-averaged scores. A logistic regression on its log odds and
the step says how likely the class at a step differs from the one at T; a sample leaves at the first step where that risk
is small enough, at a level where the upper bound of what is expected to differ, over all who leave, is the stated drop.
Counting alone cannot do that: no mistake in 85 samples is what a rate of 1 % often gives.

'paper': the released code's formula (``paper_thresholds``); its labels are the ANN's own predictions here.
"""

import torch

from ..simulation import confidence, entropy

Z = 1.6448536269514722
"""Normal quantile of the upper bound's one-sided level, 95 %."""


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
        step = torch.linalg.solve(
            (features * (p * (1 - p))[:, None]).T @ features + ridge + 1e-9 * torch.eye(3),
            features.T @ (p - y) + ridge @ w,
        )
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
