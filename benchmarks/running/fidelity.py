"""How like the ANN's a network's outputs are, on the samples that are scored: beside the metric, which needs labels and is coarser.

agreement: share of decisions that are the ANN's: classes, classes of positions, boxes of one class that overlap (adapters' exit
judges say it); None where nobody says. divergence: of class scores, the mean of the two Kullback-Leibler divergences, in nats;
None where outputs are no class scores. output_error: of each raw output tensor, half the mean squared error over the variance of the
ANN's (over all samples, so that batches change nothing), a mean over the tensors. Source: ours; the last two as in the searches
(adafire/search/site_weights.py), which take the variance of a batch.
"""

import math

from adafire import convert
from adafire.graph import map_tensors, tensors_in
from adafire.search.site_weights import divergence

ROOM = 256e6
"""Bytes of the ANN's outputs that are kept for the methods that follow; those of further batches are computed again."""


class Reference:
    """The ANN's outputs on a workload, a batch at a time."""

    def __init__(self, network):
        """network: the workload's ANN, as methods.convert gives it."""
        self.network, self.kept, self.room = network, {}, ROOM

    @classmethod
    def of(cls, workload, calibration, precision="fp32"):
        return cls(convert(workload.network, calibration, "ann", 1, workload.forward, precision=precision))

    def outputs(self, workload, number, batch, found=None):
        """Raw outputs of a Batch, the ``number``-th of the workload. found: those, where the ANN is what is measured."""
        if number not in self.kept:
            if found is None:
                (found,) = workload.simulate(self.network, batch, (1,))
                self.network.reset()
            size = sum(y.numel() * y.element_size() for y in tensors_in(found))
            if size > self.room:
                return found
            self.room -= size
            self.kept[number] = map_tensors(lambda y: y.detach().clone(), found)
        return map_tensors(lambda y: y.clone(), self.kept[number])  # a prediction may write into what it is given


def compared(outputs, reference, judge, samples):
    """Sums over ``samples``, for one batch, of agreement and divergence, and what the error needs of every tensor (sums of squared
    errors, values and squared values, and their number); None where outputs have other shapes than the ANN's.

    judge: the workload's ExitJudge, or None.
    """
    pairs = list(zip(tensors_in(outputs), tensors_in(reference)))
    if not pairs or len(tensors_in(outputs)) != len(pairs) or any(a.shape != b.shape for a, b in pairs):
        return None
    classes = len(pairs) == 1 and pairs[0][1].dim() == 2 and pairs[0][1].shape[1] > 1
    agreement = None
    if classes:
        agreement = float((pairs[0][0].argmax(1) == pairs[0][1].argmax(1)).sum())
    elif judge is not None:
        agreement = float((1 - judge.differing(outputs, reference)).sum())
    doubles = [(_numbers(a), _numbers(b)) for a, b in pairs]
    return (
        agreement,
        divergence(outputs, reference, "classes") * samples if classes else None,
        [(float(((a - b) ** 2).sum()), float(b.sum()), float((b**2).sum()), b.size) for a, b in doubles],
    )


def _numbers(tensor):
    """As a NumPy array: NumPy sums in one order, torch in one that depends on the threads."""
    return tensor.detach().cpu().double().numpy()


def total(parts, samples):
    """The figures as a dict for a record, from ``compared`` of every batch; None where any batch has none. A figure that is not
    finite (the ANN's own outputs may be infinite: boxes of exponentials) is None."""
    if not parts or any(part is None for part in parts):
        return None
    agreement, divergence, tensors = zip(*parts)
    mean = lambda column: None if any(v is None for v in column) else sum(column) / samples
    found = {"agreement": mean(agreement), "divergence": mean(divergence), "output_error": _error(tensors)}
    return {name: v if v is not None and math.isfinite(v) else None for name, v in found.items()}


def _error(tensors):
    """Half the mean square over the variance, a mean over the tensors; ``tensors``: of every batch, as in ``compared``."""
    found = []
    for of_tensor in zip(*tensors):
        squares, values, squared, count = map(sum, zip(*of_tensor))
        variance = max(squared / count - (values / count) ** 2, 1e-12)
        found.append(squares / count / (2 * variance))
    return sum(found) / len(found)
