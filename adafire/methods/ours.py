"""Signed AdaFire in a differential code (ours): the neuron is in adafire/neurons/differential.py.

AdaFire (Wang et al., AAAI 2025) sends bursts, so that a value need not wait for T single spikes; signed bursts take
back what was sent too early; the differential code of DCGS (Huang et al., ICML 2025) makes silence mean 'as before', so
that a value is sent once and not at every step. Together: a neuron sends a burst in the first step, then corrections.

 - ``adafire-differential``: unit spikes, all of a step alike. Those of the first step weigh T times the finest level,
   so that phi spikes reach the clip value, and a quarter of that at every further step. A burst of k costs k, as
   AdaFire's does.
 - ``ours``: binary bursts. The spikes of a burst have the weights theta, theta / 2, theta / 4, ..., with signs: the
   level set of DCGS, which sends one such spike a step. There the layers behind see a coarse value first and pay for its
   correction, step after step; a burst spares them that. A value of R levels takes about (log2 R) / 3 spikes, and none
   later. As with DCGS, a spike is one event whatever its level (its weight is a shift).

``ours`` also has relay neurons (``relays``): a value without an activation of its own is sent as spikes, too, where it would
meet weights as a number.

Ours are the neuron, its kernel, and its combination with AdaFire's thresholds (least squared error, one a channel) and
bias correction. T is known when a network is converted: thresholds are fitted for ``values`` T values up to the clip
value. 4 is adafire-uniform's phi. For ``ours`` the divergence from the ANN, on calibration samples of ResNet-20 that the
conversion did not see, was 0.086 at 16 levels, 0.019 at 32, 0.008 at 64 and 0.002 at 128, where energy rose by some 15 %
a doubling: 32 T values, that is 128 at T = 4. A burst of up to phi = 8 spikes holds any of them; only values far above
the clip value wait for the next step.
"""

import math
from dataclasses import dataclass

from ..calibration import mmse
from ..errors import InputError
from ..frames import frames_in
from ..neurons import DifferentialBurst
from ..search import binary_bursts, channel_thresholds
from .base import Method, register


@dataclass(frozen=True)
class DifferentialAdaFire(Method):
    """values: of an activation a timestep, up to the clip value that fits best; binary: spikes of a burst with
    weights theta / 2^j, or of the same weight. phi_plus: most spikes in a step, of either sign. search: 'channels' allots values
    to channels (adafire/search/channels.py), of binary bursts, at ``budget`` times the cost of ``values`` for all."""

    phi_plus: int = 8
    phi_minus: int = 8
    correction: str = "light"
    values: int = 32
    binary: bool = True
    search: str = "none"
    budget: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("values", 1)
        if not isinstance(self.binary, bool):
            raise InputError(f"method {self.name}: binary={self.binary!r}; expected True or False")
        if (
            self.search not in ("none", "channels")
            or self.search == "channels"
            and not (self.binary and self.per_channel)
        ):
            raise InputError(
                f"method {self.name}: search={self.search!r}; expected 'none', or 'channels' where bursts are binary and "
                "thresholds are one a channel"
            )
        if not self.budget > 0:
            raise InputError(f"method {self.name}: budget={self.budget!r}; expected a number above 0")
        why = "its neuron rounds to a fitted level"
        self.check_law(why, threshold="mmse", v0=0.5, shift=False, objective="round")
        if self.phi_plus != self.phi_minus:
            raise InputError(
                f"method {self.name}: phi_plus={self.phi_plus}, phi_minus={self.phi_minus}; a step has at "
                "most so many spikes of either sign: give both the same value"
            )

    def parameters(self, timesteps=None):
        """As in the base, without the search where there is none."""
        found = super().parameters(timesteps)
        return {k: v for k, v in found.items() if self.search != "none" or k not in ("search", "budget")}

    def fit(self, conversion):
        super().fit(conversion)
        if self.search == "channels":
            conversion.found["search"] = channel_thresholds(conversion, self, binary_bursts)

    def quantiser_levels(self, timesteps, limit):
        return timesteps * self.values

    def neuron(self):
        """The law at T = 1; ``fit_thresholds`` sets that of the conversion's T."""
        return self.law(1)[0]

    def law(self, timesteps, finer=1):
        """(neuron, finest level over theta) for ``values`` times T values; of binary bursts, ``finer`` times as many."""
        if self.binary:
            levels = 1 + math.ceil(math.log2(self.values * timesteps * finer))
            return DifferentialBurst((1.0,), levels), 2.0 ** (1 - levels)
        first = 2 ** int(math.log2(timesteps))  # in units of the finest level; a quarter at every further step
        weights = [1.0]
        while weights[-1] * first > 1:
            weights.append(max(weights[-1] / 4, 1 / first))
        return DifferentialBurst(weights), 1 / first

    def fit_thresholds(self, conversion):
        law, finest = self.law(conversion.timesteps)
        count, found = self.values * conversion.timesteps, {}
        for index, histogram in conversion.statistics().items():
            conversion.check_finite(index, histogram.maximum)
            whole = histogram if self.per_channel else histogram.pooled()
            found[index] = mmse(whole, count, count) / finest
        conversion.set_thresholds(self, found)
        conversion.params = {i: p._replace(neuron=law) for i, p in conversion.params.items()}

    def calibrate(self, conversion):
        """Bias correction; binary bursts of a constant input are over after a few steps, and not simulated further."""
        if self.correction == "light":
            brief = self.binary and not frames_in(conversion.inputs)
            conversion.calibrate_bias(min(4, conversion.timesteps) if brief else None)


register(
    DifferentialAdaFire(
        "adafire-differential",
        "ours: signed bursts of unit spikes in a differential code (DCGS, ICML 2025), coarse first",
        phi_plus=4,
        phi_minus=4,
        values=4,
        binary=False,
    )
)
register(
    DifferentialAdaFire(
        "ours",
        "ours: signed AdaFire in a differential code (DCGS, ICML 2025), each burst a signed binary number",
        relays=True,
    )
)
