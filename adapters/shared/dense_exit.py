"""Early exit of dense predictions (masks, parts of clouds): when a sample is sure enough, and what leaving may change.

Source: ours. Outputs are scores [B, K, ...] of K classes at every position. Confidence of a sample: the mean over its
positions of (K p - 1) / (K - 1) with p the largest softmax: 0 where all classes are alike, 1 where one is certain. Change,
label-free: whether more than ``SHARE`` of the positions have another class than at T.
"""

from adafire.simulation.exit import ExitJudge

SHARE = 0.01


def confidence(scores):
    """[B] of scores [B, K, ...]."""
    classes = scores.shape[1]
    return (classes * scores.float().softmax(1).amax(1) - 1).div(classes - 1).flatten(1).mean(1).clamp_min(0)


def changed(scores, final):
    """[B] bool: whether the classes of a sample differ between two lots of scores [B, K, ...]."""
    return differing(scores, final) > SHARE


def differing(scores, final):
    """[B]: the share of positions with another class."""
    return (scores.argmax(1) != final.argmax(1)).flatten(1).double().mean(1)


DENSE = ExitJudge(confidence, changed, differing)
