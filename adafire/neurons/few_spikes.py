"""FS neurons for activations that are no ReLU (Stoeckl, Maass: 'Optimized spiking neurons can classify images with high accuracy
through temporal coding with two spikes', Nature Machine Intelligence 2021): with v the current, for t = 1..K,

    z_t = [v >= T_t],   v <- v - h_t z_t,   sent: d_t z_t

which gives f(v) at the end. The tables are ours, for SiLU and GELU (up to 16 steps) and the sigmoid (12), as many as in the paper
(tools/fit_few_spikes.py): T and h annealed, d by least squares for each of them, on -8 to 8 with weights exp(-x^2 / 18) + 0.15,
where a spike more must save a fifth of the squared error.

Beyond 8, SiLU and GELU are v itself: ``octaves`` steps T = 4 2^j + 4, h = d = 4 2^j come first, the greatest first, and leave a v
from 4 to 8, where the table is right. A receiver multiplies with d_t once a sub-step and neuron, not at every synapse.
"""

import functools

import torch

from .costs import WORD, LawCosts, bits_of
from .few_spikes_tables import TABLES
from .one_pass import OnePass

MOST_OCTAVES = 24


class FewSpikes(OnePass):
    """The law for the activation ``kind``; thresholds are absolute, and theta 1."""

    of_current = True

    def __init__(self, kind, octaves=0):
        self.kind, self.octaves = kind, octaves
        large = [4.0 * 2**j for j in reversed(range(octaves))]
        table = TABLES[kind]
        self.steps = [(h + 4.0, h, h) for h in large] + list(zip(table["T"], table["h"], table["d"]))
        self.most, self.table = len(self.steps), self.steps

    def encode(self, z, params, activation):
        """(what a code sends for the current ``z``, over theta; its number of spikes); the table is the activation."""
        value, spikes = self.of(z)
        return value / params.theta, spikes

    def of(self, v):
        """(sum of d_t z_t, number of spikes) for currents ``v``."""
        value, spikes = torch.zeros_like(v), torch.zeros_like(v)
        for sent, count in self.steps_of(v):
            value, spikes = value + sent, spikes + count
        return value, spikes

    def steps_of(self, v):
        for threshold, reset, weight in self.steps:
            spike = (v >= threshold).to(v.dtype)
            v = v - spike * reset
            yield spike * weight, spike

    def train(self, v):
        """What is sent at one time after the other, [K, ...], for currents ``v``."""
        return torch.stack([sent for sent, _ in self.steps_of(v)])

    def spikes_of(self, values, t, before=None):
        """Number of spikes of pooled ``values`` [K, ...]: of the nearest value of the code."""
        known, spikes = _values(self.kind, self.octaves)
        known, spikes = known.to(values.device), spikes.to(values.device)
        above = torch.searchsorted(known, values.contiguous()).clamp(1, len(known) - 1)
        nearer = (values - known[above - 1] <= known[above] - values).long()
        return spikes[above - nearer]

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is one of the values of the code; a spike is its time. Kept is v."""
        known = _values(self.kind, self.octaves)[0]
        values = int((known > 0).sum())
        return LawCosts(bits_of(len(known)), 1, self.most, WORD, values, self.most, True)

    def words(self, params):
        """What the law is called."""
        return f"few spikes ({self.kind}, {self.most} sub-steps)"


@functools.lru_cache(maxsize=64)
def _values(kind, octaves):
    """(all values of the code, ascending; the spikes of each), from a grid of inputs."""
    law, reach = FewSpikes(kind, octaves), 4.0 * 2**octaves + 16
    v = torch.cat([torch.linspace(-12, 12, 2**16), torch.linspace(12, reach, 2**16)])
    value, spikes = law.of(v)
    known, where = value.unique(return_inverse=True)
    return known, torch.zeros_like(known).scatter_(0, where, spikes)
