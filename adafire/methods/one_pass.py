"""What methods whose codes send a value once have in common; fs.py, radix.py and ttfs.py are such methods.

A step is one whole code (adafire/neurons/one_pass.py): T = 1 is the method, and ``sub_steps`` of a report its latency. More
steps repeat the code of a still input, at its full price; with frames each frame is coded on its own. No parameter depends on T.

Ours, for all of them: thresholds. A channel's theta is such that the values of its code have the least squared error on calibration
data; the published ones train with a clip, or take one largest value for the whole network.
"""

from dataclasses import dataclass

from ..calibration import mmse
from ..errors import InputError
from ..frames import frames_in
from .base import Method


@dataclass(frozen=True)
class OnePassMethod(Method):
    """v0: what is added before digits are cut off, in units of the finest one (1/2 rounds)."""

    v0: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        for key, only in (
            ("threshold", "mmse"),
            ("shift", False),
            ("objective", "round"),
            ("phi_minus", 0),
            ("phi_plus", 1),
        ):
            if getattr(self, key) != only:
                raise InputError(
                    f"method {self.name}: {key}={getattr(self, key)!r}; a value is sent once, by its code: leave {key}={only!r}"
                )
        if self.correction not in ("none", "light"):
            raise InputError(f"method {self.name}: correction={self.correction!r}; expected 'none' or 'light'")

    @property
    def anytime(self):
        return self.correction == "none"

    @property
    def converges(self):
        """More steps repeat the code, and do not refine it."""
        return False

    def quantiser_levels(self, timesteps, limit):
        return round(1 / self.neuron().finest) - 1

    def fit_thresholds(self, conversion):
        law, found = self.neuron(), {}
        levels = round(1 / law.finest) - 1
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            whole = histogram if self.per_channel else histogram.pooled()
            objective = "round" if self.v0 >= 0.25 else "floor"
            found[index] = mmse(whole, levels, levels, objective) / law.finest
        conversion.set_thresholds(self, found)
        conversion.params = {
            i: p._replace(v0=p.v0 * law.finest, phi_plus=law.most, phi_minus=law.most if p.phi_minus else 0)
            for i, p in conversion.params.items()
        }

    def calibrate(self, conversion):
        """Bias correction; a still input says all in one step."""
        if self.correction == "light":
            conversion.calibrate_bias(None if any(frames_in(x) for x in conversion.inputs) else 1)
