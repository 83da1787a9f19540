"""Sigma-delta neurons (Lava's ``sdn`` processes, Intel 2021, as of Loihi 2).

Theirs: the neuron (adafire/neurons/sigma_delta.py) sends changes of its value, as a number, where they reach a threshold, and keeps the
rest. Their networks are trained; their thresholds are.

Ours: networks as they come; values of ``bits`` bits up to the value that fits best, one a channel with the least squared error; the
threshold ``vth`` is half the least value, which rounds (larger: fewer messages, coarser values).
"""

from dataclasses import dataclass
from typing import ClassVar

from ..errors import InputError
from ..neurons import SigmaDelta
from .base import register
from .one_pass import ValueMethod


@dataclass(frozen=True)
class SigmaDeltaMethod(ValueMethod):
    """bits: of a value; vth: least change that is sent, over the least value."""

    bits: int = 8
    vth: float = 0.5
    why: ClassVar[str] = "its neuron sends numbers"

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("bits", 1, 16)
        if isinstance(self.vth, bool) or not 0.5 <= self.vth <= 2**self.bits:
            raise InputError(f"method {self.name}: vth={self.vth!r}; expected a number from 0.5 to 2^bits")

    def neuron(self):
        return SigmaDelta(self.bits, float(self.vth))

    def quantiser_levels(self, timesteps, limit):
        return 2**self.bits - 1

    def fit_thresholds(self, conversion):
        self.fit_values(conversion, 2**self.bits - 1, self.bits)


register(
    SigmaDeltaMethod(
        "sigma-delta", "Lava's sigma-delta neuron (Loihi 2): changes of a value of 8 bits are sent as numbers"
    )
)
