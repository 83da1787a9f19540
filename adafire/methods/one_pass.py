"""What methods whose codes send a value once have in common; fs.py, radix.py and ttfs.py are such methods.

A step is one whole code (adafire/neurons/one_pass.py): T = 1 is the method, and ``sub_steps`` of a report its latency. More
steps repeat the code of a still input, at its full price; with frames each frame is coded on its own. No parameter depends on T.

Ours, for all of them: thresholds. A channel's theta is such that the values of its code have the least squared error on calibration
data; the published ones train with a clip, or take one largest value for the whole network.
"""

from dataclasses import dataclass
from typing import ClassVar

from ..calibration import mmse
from ..frames import frames_in
from .base import Method


@dataclass(frozen=True)
class ValueMethod(Method):
    """Methods whose neurons send a value and no rate, so that a still input says all in one step. why: of what they leave alone."""

    why: ClassVar[str]

    def __post_init__(self):
        super().__post_init__()
        self.check_law(self.why, threshold="mmse", shift=False, objective="round", phi_minus=0, phi_plus=1)

    @property
    def anytime(self):
        return self.correction == "none"

    @property
    def converges(self):
        """More steps of a still input do not refine it."""
        return False

    def calibrate(self, conversion):
        """Bias correction."""
        if self.correction == "light":
            conversion.calibrate_bias(None if any(frames_in(x) for x in conversion.inputs) else 1)

    def fit_values(self, conversion, levels, most, finest=1.0):
        """Thresholds by the least squared error of ``levels`` values, the least of which is ``finest`` thresholds; ``most``: limit
        of a step."""
        found, objective = {}, "round" if self.v0 >= 0.25 else "floor"
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            whole = histogram if self.per_channel else histogram.pooled()
            found[index] = mmse(whole, levels, levels, objective) / finest
        conversion.set_thresholds(self, found)
        conversion.params = {
            i: p._replace(v0=p.v0 * finest, phi_plus=most, phi_minus=most if p.phi_minus else 0)
            for i, p in conversion.params.items()
        }


@dataclass(frozen=True)
class OnePassMethod(ValueMethod):
    """v0: what is added before digits are cut off, in units of the finest one (1/2 rounds)."""

    v0: float = 0.0
    why: ClassVar[str] = "a value is sent once, by its code"

    def quantiser_levels(self, timesteps, limit):
        return round(1 / self.neuron().finest) - 1

    def fit_thresholds(self, conversion):
        law = self.neuron()
        self.fit_values(conversion, round(1 / law.finest) - 1, law.most, law.finest)
