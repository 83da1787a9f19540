"""Weighted spikes, or phase coding (Kim, Kim, Huh, Lee, Choi: 'Deep neural networks with weighted spikes', Neurocomputing 2018).

Theirs: the neuron (adafire/neurons/phased.py), whose spikes weigh 2^-1 to 2^-8 in turn, K = 8; thresholds as in rate coding. T
counts steps, T / 8 of them periods: less than a period is only its great spikes, and since layers do not wait for each other, a
value takes up to a period a layer to arrive whole.

Ours: the input of the network is a constant current, there it is sent in phases as well; 99.9th percentile a site for the
threshold, as in ``rate-percentile``.
"""

from dataclasses import dataclass

from ..neurons import PhasedSpikes, phased_values
from .base import Method, register


@dataclass(frozen=True)
class Phase(Method):
    """period: K, steps after which the weights of spikes begin anew."""

    threshold: str = "percentile"
    per_channel: bool = False
    v0: float = 0.0
    period: int = 8

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("period", 1, 16)
        why = "its neuron sends one spike a step, from a potential of 0"
        self.check_law(why, phi_plus=1, phi_minus=0, v0=0.0, shift=False)

    def neuron(self):
        return PhasedSpikes(self.period)

    def quantiser_levels(self, timesteps, limit):
        return max(1, phased_values(self.period, timesteps))


register(Phase("phase", "Kim et al., Neurocomputing 2018: spikes whose weight is their phase in a period of 8 steps"))
