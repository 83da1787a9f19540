"""Sums of spike counts, weighed with the synapses that they arrive at.

Conventions (DESIGN 4; ours where the field is silent):
  * A synaptic operation is one unit spike arriving at one synapse: <spike counts, fan-out map>, exact at borders, strides,
    dilations and groups. A burst of k spikes, and a spike taken back, count as k and as 1. ``graded`` counts one event for
    each step in which a neuron emits anything.
  * Pooling, concatenation, nearest upsampling and scaling pass spikes on: they are merged into the next layer's synapses.
    A spike added to an analog current is one synaptic operation.
  * Where average pooling in the read-out leads to weights, the time average is pooled and multiplied once (MACs), or every
    spike sent to every synapse: the cheaper under horowitz-45nm, for each sample.
  * Weights on an analog value are multiply-accumulates (MACs): once where the value is constant in time or read out once,
    at every timestep elsewhere. Element-wise analog work is not counted, for the ANN neither.
  * MACs of the ANN are counted with the same maps, so the two sides are comparable.
"""


class Tally:
    """Sums of count tensors; each tensor is read once, however many layers its spikes arrive at.

    >>> import torch
    >>> tally = Tally()
    >>> spikes = torch.tensor([[[2., 1.]]])
    >>> tally.synops(spikes, reach=torch.tensor([3., 2.]), factor=5)  # (2 * 3 + 1 * 2) * 5
    40.0
    >>> tally.total(spikes)
    3.0
    """

    def __init__(self):
        self._maps = {}

    def _map(self, counts, positions):
        """Counts summed over batch and channels, as float64 of shape [*positions]; exact below 2**24 a position."""
        key = (id(counts), positions)
        if key not in self._maps:
            summed = counts.sum(dim=tuple(range(counts.dim() - positions))).double()
            self._maps[key] = (summed, counts)  # the tensor is kept, so that its id stays its own
        return self._maps[key][0]

    def total(self, counts):
        """All counts."""
        return float(self._map(counts, max(0, counts.dim() - 2)).sum())

    def synops(self, counts, reach, factor):
        """<counts, fan-out map>: synaptic operations of spikes [..., *positions] arriving at a call with weights."""
        if reach is None:
            return self.total(counts) * factor
        return float((self._map(counts, reach.dim()) * reach.to(counts.device)).sum()) * factor

    def arriving(self, counts, reach):
        """Spikes that arrive at a call with weights, at whatever number of synapses; from the sum that ``synops`` made."""
        return float(self._map(counts, max(0, counts.dim() - 2) if reach is None else reach.dim()).sum())

    @staticmethod
    def synops_of_each(counts, reach, factor, samples):
        """``synops`` of each sample [samples], in float64; [1] where the rows of ``counts`` are not those of samples."""
        weighed = counts.double() if reach is None else counts.double() * reach.to(counts.device)
        whole = counts.dim() == 0 or counts.shape[0] % samples
        return weighed.reshape(1 if whole else samples, -1).sum(1) * factor
