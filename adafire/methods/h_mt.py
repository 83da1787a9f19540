"""Harmony multi-threshold neurons ('Generalized Threshold Optimization with Harmony Multi-Threshold Neurons for Accurate ANN-to-SNN
Conversion', AAAI 2026; code: faizwh/H-MT).

Theirs: the neuron (adafire/neurons/harmony.py), a binary number of spikes in a step, in a rate code over T steps; n = 8 (``n=4``: their
other row); and its thresholds. 'gaussian': currents into a channel are taken to be normally distributed; the largest value T steps
can carry, T (2^n - 1) levels, is the fixed point of their iteration, that of least squared error. 'percentile': theta is twice the
99.9th percentile over 2^n - 1, as in their code (the paper leaves the 2 out).

Ours: activations other than ReLU get 'percentile' as DCGS does; bisection for the fixed point in place of 1,500 iterations; max
pooling is exact on counts, there it is moved before the neuron.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from ..calibration import currents_of, gaussian, percentile
from ..errors import InputError
from ..neurons import Harmony
from .base import Method, register


@dataclass(frozen=True)
class HarmonyMethod(Method):
    """n: number of thresholds of a neuron, theta 2^(n-i), all of which may fire in a step."""

    threshold: str = "gaussian"
    n: int = 8
    thresholds: ClassVar[tuple] = ("gaussian", "percentile")

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("n", 1, 12)
        if (self.phi_plus, self.phi_minus) != (1, 0):
            raise InputError(
                f"method {self.name}: its neuron sends n spikes a step at most; leave phi_plus and phi_minus alone and set n="
            )

    @property
    def anytime(self):
        return self.threshold == "percentile" and super().anytime

    def neuron(self):
        return Harmony(self.n)

    def quantiser_levels(self, timesteps, limit):
        return timesteps * (2**self.n - 1)

    def fit_thresholds(self, conversion):
        most, found = 2**self.n - 1, {}
        currents = currents_of(conversion, self.per_channel) if self.threshold == "gaussian" else {}
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            whole = histogram if self.per_channel else histogram.pooled()
            if index in currents:
                largest = gaussian(*currents[index], levels=conversion.timesteps * most)
                found[index] = torch.where(whole.maximum > 0, largest, 0.0) / most
            else:
                found[index] = 2 * percentile(whole, self.percentile) / most
        conversion.set_thresholds(self, found)
        conversion.params = {
            i: p._replace(phi_plus=self.n, phi_minus=self.n if p.phi_minus else 0) for i, p in conversion.params.items()
        }


register(HarmonyMethod("h-mt", "H-MT, AAAI 2026: a binary number of 8 spikes a step, thresholds by their iteration"))
