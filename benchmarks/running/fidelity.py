"""How like the ANN's a network's outputs are, on the samples that are scored: beside the metric, which needs labels and is coarser.

agreement: share of decisions that are the ANN's: classes, classes of positions, boxes of one class that overlap (adapters' exit
judges say it); None where nobody says. divergence: the symmetric Kullback-Leibler divergence of class scores, in nats; None where
outputs are no class scores. error: of all raw outputs, half the mean square over their variance. Means over samples.
Source: ours; the last two as in the searches (adafire/search/site_weights.py).
"""

from adafire import convert
from adafire.graph import map_tensors, tensors_in
from adafire.search.site_weights import divergence

from .row import Fidelity

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

    def outputs(self, workload, number, batch):
        """Raw outputs of a Batch, the ``number``-th of the workload."""
        if number not in self.kept:
            (found,) = workload.simulate(self.network, batch, (1,))
            self.network.reset()
            size = sum(y.numel() * y.element_size() for y in tensors_in(found))
            if size > self.room:
                return found
            self.room -= size
            self.kept[number] = map_tensors(lambda y: y.detach().clone(), found)
        return map_tensors(lambda y: y.clone(), self.kept[number])  # a prediction may write into what it is given


def compared(outputs, reference, judge, samples):
    """Sums over ``samples`` of the three figures, for one batch; None where outputs have other shapes than the ANN's.

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
    return (
        agreement,
        divergence(outputs, reference, "classes") * samples if classes else None,
        divergence(outputs, reference, "raw") * samples,
    )


def total(parts, samples):
    """The figures as a dict for a record, from ``compared`` of every batch; None where any batch has none."""
    if not parts or any(part is None for part in parts):
        return None
    sums = [None if any(v is None for v in column) else sum(column) / samples for column in zip(*parts)]
    return dict(zip(Fidelity.model_fields, sums))
