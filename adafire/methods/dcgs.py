"""Differential coding with multi-threshold neurons (DCGS: Huang et al., ICML 2025, arXiv 2503.00301).

The neuron is in multi_threshold.py: one spike a step, of either sign and of one of ``levels`` sizes theta / 2^k, that
tells how the running mean changes. Steps late in a simulation need few spikes, and T does not bound the precision.

Thresholds ('gaussian'): the threshold iteration of the paper, for which the currents into a channel are taken to be
normally distributed; theta is the largest value of the 64-level quantiser with the least squared error. 'percentile'
(99.9) is the paper's other rule, and what activations other than ReLU get here.

Places ('converter'): their converter has a list of networks, ResNet, VGG, RetinaNet and FCOS, whose neurons stand at ReLUs; in
every other network a neuron stands before each convolution and linear layer, with thresholds 8 times as large and 6 to 8
levels. Here that is ``relays``, which a ResNet or a VGG has none of, left out of a network of a class named RetinaNet or
FCOS; ``places='activations'`` has none anywhere, ``relays=True`` has them everywhere.

Differences from the authors' code:
 - iteration to the fixed point and not 100 times from theta = 1 (thresholds.gaussian says why);
 - the bias is a constant current and not an extra step 0: T steps are T steps;
 - max pooling acts on running means (any kernel, stride and padding), and sends a graded event where the pooled mean
   changes; the code moves ReLU behind the pooling, or pools analog membranes;
 - a channel that was silent on the calibration data gets the median threshold of its site, not 0.
Counted as energy: one event a spike, whatever its level, as in the paper; levels need multiplications by powers of two.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from ..calibration import currents_of, gaussian, percentile
from ..errors import InputError
from ..neurons import MultiThreshold, values_of
from .base import Method, register

PLACES = ("converter", "activations")
AT_ACTIVATIONS = ("RetinaNet", "FCOS")
"""Classes on the list of the authors' converter in which relays could stand."""


@dataclass(frozen=True)
class Differential(Method):
    """levels: number of thresholds of a neuron, theta / 2^k; places: 'converter' (theirs) or 'activations'; relay_levels,
    relay_scale: what takes the place of ``levels``, and what all thresholds are multiplied with, in a network that has relays."""

    threshold: str = "gaussian"
    v0: float = 0.0
    levels: int = 4
    places: str = "converter"
    relay_levels: int = 8
    relay_scale: float = 8.0
    thresholds: ClassVar[tuple] = ("gaussian", "percentile")

    def __post_init__(self):
        super().__post_init__()
        if self.places not in PLACES:
            raise InputError(f"method {self.name}: places={self.places!r}; expected one of {', '.join(PLACES)}")
        self.check_whole("levels", 1, 16)
        self.check_whole("relay_levels", 1, 16)
        if not 1 <= self.relay_scale <= 256:
            raise InputError(f"method {self.name}: relay_scale={self.relay_scale!r}; expected a number from 1 to 256")
        if (self.phi_plus, self.phi_minus) != (1, 0):
            raise InputError(
                f"method {self.name}: its neuron sends one spike a step, of either sign; leave phi_plus "
                "and phi_minus alone and set levels="
            )

    def relays_in(self, network):
        return self.relays or self.places == "converter" and type(network).__name__ not in AT_ACTIVATIONS

    def neuron(self):
        return MultiThreshold(self.levels)

    def quantiser_levels(self, timesteps, limit):
        """Values above 0 that the law can send in T steps; it is no uniform quantiser."""
        return values_of(self.levels, timesteps)

    def fit_thresholds(self, conversion):
        self._fit(conversion)
        if any(site.relay for site in conversion.sites):
            law = MultiThreshold(self.relay_levels)
            conversion.params = {
                i: p._replace(theta=p.theta * self.relay_scale, neuron=law) for i, p in conversion.params.items()
            }

    def _fit(self, conversion):
        if self.threshold == "percentile":
            return conversion.fit_thresholds(self)
        found, currents = {}, currents_of(conversion, self.per_channel)
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            whole = histogram if self.per_channel else histogram.pooled()
            if index in currents:
                found[index] = torch.where(whole.maximum > 0, gaussian(*currents[index]), 0.0)
            else:
                found[index] = percentile(whole, self.percentile)
        conversion.set_thresholds(self, found)


register(
    Differential(
        "dcgs",
        "Huang et al., ICML 2025: multi-threshold neurons with differential coding, thresholds by threshold iteration",
    )
)
