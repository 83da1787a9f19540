"""Sigma-delta neurons (Lava's ``sdn`` processes, Intel 2021, as of Loihi 2).

Theirs: the neuron (adafire/neurons/sigma_delta.py) sends changes of its value, as a number, where they reach a threshold, and keeps the
rest. Their networks are trained; their thresholds are.

Ours: networks as they come; values of ``bits`` bits up to the value that fits best, one a channel with the least squared error; the
threshold ``vth`` is half the least value, which rounds (larger: fewer messages, coarser values).
"""

from dataclasses import dataclass

from ..calibration import mmse
from ..errors import InputError
from ..frames import frames_in
from ..neurons import SigmaDelta
from .base import Method, register


@dataclass(frozen=True)
class SigmaDeltaMethod(Method):
    """bits: of a value; vth: least change that is sent, over the least value."""

    bits: int = 8
    vth: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.bits, int) or isinstance(self.bits, bool) or not 1 <= self.bits <= 16:
            raise InputError(f"method {self.name}: bits={self.bits!r}; expected an integer from 1 to 16")
        if isinstance(self.vth, bool) or not 0.5 <= self.vth <= 2**self.bits:
            raise InputError(f"method {self.name}: vth={self.vth!r}; expected a number from 0.5 to 2^bits")
        for key, only in (
            ("threshold", "mmse"),
            ("shift", False),
            ("objective", "round"),
            ("phi_minus", 0),
            ("phi_plus", 1),
        ):
            if getattr(self, key) != only:
                raise InputError(
                    f"method {self.name}: {key}={getattr(self, key)!r}; its neuron sends numbers: leave {key}={only!r}"
                )
        if self.correction not in ("none", "light"):
            raise InputError(f"method {self.name}: correction={self.correction!r}; expected 'none' or 'light'")

    @property
    def anytime(self):
        return self.correction == "none"

    @property
    def converges(self):
        """More steps of a still input change nothing."""
        return False

    def neuron(self):
        return SigmaDelta(self.bits, float(self.vth))

    def quantiser_levels(self, timesteps, limit):
        return 2**self.bits - 1

    def fit_thresholds(self, conversion):
        levels, found = 2**self.bits - 1, {}
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            found[index] = mmse(histogram if self.per_channel else histogram.pooled(), levels, levels)
        conversion.set_thresholds(self, found)
        conversion.params = {
            i: p._replace(phi_plus=self.bits, phi_minus=self.bits if p.phi_minus else 0)
            for i, p in conversion.params.items()
        }

    def calibrate(self, conversion):
        """Bias correction; a still input says all in one step."""
        if self.correction == "light":
            conversion.calibrate_bias(None if any(frames_in(x) for x in conversion.inputs) else 1)


register(
    SigmaDeltaMethod(
        "sigma-delta", "Lava's sigma-delta neuron (Loihi 2): changes of a value of 8 bits are sent as numbers"
    )
)
