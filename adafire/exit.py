"""Input-aware adaptive timesteps (IAT): a sample is read out as soon as its scores are confident enough.

Wang et al. (AAAI 2025), after SEENN and DT-SNN. The rule here (ours): confidence is the largest softmax of the time-averaged
scores; a threshold for every step is fitted on held-out calibration inputs, without labels, so that at most a stated share
of samples leaves with another class than the network would give at T. ``paper_thresholds`` is the released code's formula.
Samples that have left are no longer simulated; each pays for the steps that it spent.
"""

import torch

from .errors import UnsupportedError
from .passes import map_tensors, tensors_in
from .simulate import Run, advance_chunk, read_out


def confidence(scores):
    """Largest softmax of scores [B, K]: [B]."""
    return scores.float().softmax(1).amax(1)


def fit_thresholds(trajectory, drop):
    """Exit thresholds [T] (the last is 0: everybody leaves) from scores over time [T, N, K], label-free.

    At most floor(drop N) samples may leave with a class that differs from the one at T. One threshold for all steps is
    found first; then each step's is lowered while the share holds, earliest first (early exits save most).

    >>> scores = torch.tensor([[[0., 2.], [1., 0.]], [[0., 4.], [0., 3.]]])  # the second sample changes its mind
    >>> [round(float(g), 3) for g in fit_thresholds(scores, drop=0.0)]
    [0.881, 0.0]
    """
    steps, samples, _ = trajectory.shape
    sure = torch.stack([confidence(s) for s in trajectory])
    wrong = trajectory.argmax(2) != trajectory[-1].argmax(1)
    allowed = int(drop * samples)

    def leaves(thresholds):
        out = sure >= thresholds[:, None]
        out[-1] = True
        return out.float().argmax(0)

    def mistakes(thresholds):
        return int(wrong.gather(0, leaves(thresholds)[None]).sum())
    levels = torch.cat([sure[:-1].flatten().unique(), torch.tensor([2.0])])  # 2: never
    low, high = 0, len(levels) - 1
    while low < high:  # mistakes fall, nearly always, as the threshold rises; what is found is checked
        middle = (low + high) // 2
        if mistakes(levels[middle].repeat(steps)) <= allowed:
            high = middle
        else:
            low = middle + 1
    thresholds = levels[high].repeat(steps)
    for t in range(steps - 1):
        for level in sure[t][sure[t] < thresholds[t]].unique().flip(0).tolist():
            trial = thresholds.clone()
            trial[t] = level
            if mistakes(trial) > allowed:
                break
            thresholds = trial
    thresholds[-1] = 0.0
    return thresholds


def paper_thresholds(trajectory, labels, a=0.6, b=0.4):
    """The released code's g_t = a + b exp(min_u E_u - E_t) with E_t the mean normalised entropy of the summed scores of
    correctly classified samples at step t (1 where none is correct); compared with 1 - entropy of the summed scores."""
    steps, _, classes = trajectory.shape
    entropy = []
    for t in range(steps):
        p = (trajectory[t].float() * (t + 1)).softmax(1)
        h = -(p * p.clamp_min(1e-12).log()).sum(1) / torch.log(torch.tensor(float(classes)))
        right = trajectory[t].argmax(1) == labels
        entropy.append(h[right].mean() if right.any() else torch.tensor(float("nan")))
    entropy = torch.stack(entropy)
    return torch.nan_to_num(a + b * torch.exp(entropy[~entropy.isnan()].min() - entropy), nan=1.0)


def trajectory(run, steps):
    """Scores [T, B, K] of a simulation at every step."""
    found = []
    for _ in range(steps):
        advance_chunk(run, 1)
        found.append(class_scores(read_out(run)))
    return torch.stack(found)


def class_scores(outputs):
    """The one [B, K] tensor of a classifier's outputs."""
    tensors = tensors_in(outputs)
    if len(tensors) != 1 or tensors[0].dim() != 2:
        raise UnsupportedError("early exit needs class scores: one tensor [B, K]; found "
                               + ", ".join(str(tuple(t.shape)) for t in tensors))
    return tensors[0]


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


def run_until_sure(run, thresholds, plans, leave):
    """Simulate; ``leave(rows, scores, run)`` is called for samples (original indices) that exit, with their own run."""
    rows = torch.arange(run.plan.trace.batch)
    for t in range(len(thresholds)):
        advance_chunk(run, 1)
        scores = class_scores(read_out(run))
        gone = confidence(scores).cpu() >= float(thresholds[t])
        if t == len(thresholds) - 1:
            gone[:] = True
        if gone.all():
            leave(rows, scores, run)
            return
        if gone.any():
            out, stay = gone.nonzero()[:, 0], (~gone).nonzero()[:, 0]
            leave(rows[out], scores[out], part(run, out, plans))
            run, rows = part(run, stay, plans), rows[stay]
