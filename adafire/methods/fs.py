"""FS neurons (Stoeckl and Maass, 'Optimized spiking neurons can classify images with high accuracy through temporal coding with two
spikes', Nature Machine Intelligence 2021; code: christophstoeckl/FS-neurons).

Theirs: the neuron and its K = 10 steps for the ReLU, with T = h = d = theta 2^-t, so that a value is cut off to 10 binary
digits; layers that wait for each other; tables of T, h and d for other activations. There theta is 25 for every neuron of
every network.

Ours: theta, one a channel with the least squared error (one_pass.py); the tables for SiLU, GELU and the sigmoid
(adafire/neurons/few_spikes.py), which are right up to 8 and get a step more for every doubling of the largest activation on
calibration data beyond it. With ``tables=False``, and for every other activation (leaky ReLU, hard-swish, ...), the neuron
computes the activation itself and sends its digits; negative ones come from a second neuron.
"""

import math
from dataclasses import dataclass

import torch

from ..errors import InputError
from ..neurons import MOST_OCTAVES, TABLES, Digits, FewSpikes
from .base import register
from .one_pass import OnePassMethod


@dataclass(frozen=True)
class FewSpikesMethod(OnePassMethod):
    """digits: K, of a value; tables: whether SiLU, GELU and the sigmoid have neurons of their own."""

    digits: int = 10
    tables: bool = True

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("digits", 1, 16)
        if not isinstance(self.tables, bool):
            raise InputError(f"method {self.name}: tables={self.tables!r}; expected True or False")

    def neuron(self):
        return Digits(self.digits)

    def fit_thresholds(self, conversion):
        super().fit_thresholds(conversion)
        largest = conversion.statistics()
        for site in conversion.sites if self.tables else ():
            if site.activation.kind in TABLES:
                p = conversion.params[site.index]
                law = FewSpikes(site.activation.kind, _octaves(site, float(largest[site.index].maximum.max())))
                one = torch.ones_like(p.theta)
                most = law.most if p.phi_minus else 0
                conversion.params[site.index] = p._replace(
                    theta=one, v0=torch.zeros_like(one), phi_plus=law.most, phi_minus=most, neuron=law
                )


def _octaves(site, most):
    """Steps of 4, 8, 16, ... that a site needs for activations up to ``most``."""
    if site.activation.kind == "sigmoid" or most <= 8:
        return 0
    return min(MOST_OCTAVES, math.ceil(math.log2((most - 4) / 4)))


register(
    FewSpikesMethod(
        "fs",
        "Stoeckl and Maass, Nature Machine Intelligence 2021: FS neurons, 10 binary digits of a value one after the other",
    )
)
