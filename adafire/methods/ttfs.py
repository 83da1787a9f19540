"""Time to first spike (after Stanojevic et al., 'An exact mapping from ReLU networks to spiking neural networks', Neural Networks 2023,
arXiv 2212.12522, and LC-TTFS, Yang et al., arXiv 2310.14978).

Theirs: a neuron spikes once at most; its value is the time that is left then, value = t_max - t; a layer begins when the one before it
is over, so that the network is the ReLU network exactly, in continuous time.

Here time has D = ``bits`` bits, 2^D sub-steps a layer, so that values are cut off to D bits: a neuron spikes at the first tick at
which its value is not below the time left. Ours: theta, one a channel with the least squared error (one_pass.py); a second neuron
for negative values. The receiver adds the weight to a slope when a spike arrives, one synaptic operation, and the slope to its potential at
every tick, a neuron update.
"""

from dataclasses import dataclass

from ..neurons import FirstSpike
from .base import register
from .one_pass import OnePassMethod


@dataclass(frozen=True)
class TimeToFirstSpike(OnePassMethod):
    """bits: D, of time."""

    bits: int = 6

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("bits", 1, 12)

    def neuron(self):
        return FirstSpike(self.bits)


register(
    TimeToFirstSpike(
        "ttfs", "after Stanojevic et al., Neural Networks 2023: one spike a value, whose time of 2^6 is the value"
    )
)
