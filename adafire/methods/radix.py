"""Radix encoding (Wang, Gu, Goh, Zhou, Luo: 'Efficient Spiking Neural Networks with Radix Encoding', TNNLS 2024, arXiv 2105.06943).

Theirs: a value is sent in digits, a spike of step k weighing r^(K-k), in K = 6 steps and more, greatest first; a receiver multiplies its potential by
r at every step, which gives the spikes their weights without a multiplication at the synapse, and sends when all has
arrived. Networks are trained for it, with activations that are rounded to K digits.

Ours: networks as they come; theta, one a channel (one_pass.py). Digits round to the nearest (v0 = 1/2), as those of a network trained to be
rounded do. ``base``: r; a digit d of a larger base than 2 is sent as d spikes, one after the other.
"""

from dataclasses import dataclass

from ..errors import InputError
from ..neurons import Digits
from .base import register
from .one_pass import OnePassMethod


@dataclass(frozen=True)
class Radix(OnePassMethod):
    """digits: K, of a value; base: r."""

    v0: float = 0.5
    digits: int = 6
    base: int = 2

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("digits", 1, 16)
        self.check_whole("base", 2, 16)
        if self.base**self.digits > 2**16:
            raise InputError(
                f"method {self.name}: {self.digits} digits of base {self.base} are more than 65536 values; lower one of them"
            )

    def neuron(self):
        return Digits(self.digits, self.base)


register(Radix("radix", "Wang et al., TNNLS 2024 (arXiv 2105.06943): binary digits of a value in 6 steps, rounded"))
