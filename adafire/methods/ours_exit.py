"""``ours`` pass by pass, with early exit (ours): a sample that is sure after the first pass leaves, the others become finer.

``ours`` sends all that it has to say in its first step, at the precision of its last. Here step 1 has only ``first`` values an
activation, and the weight of a step falls until the last one has the precision of ``ours`` at the same T; the differential code
makes each pass send the difference from the one before, and nothing where there is none. When a sample leaves is fitted
as in IAT (Wang et al., AAAI 2025; simulation/exit.py) on a third of the calibration samples, held out from everything else.
"""

import math
from dataclasses import dataclass

from ..errors import InputError
from ..neurons import DifferentialBurst
from .base import register
from .ours import DifferentialAdaFire


@dataclass(frozen=True)
class PassByPass(DifferentialAdaFire):
    """first: values of an activation in step 1, up to the clip value, a power of two; the last step has ``values`` times T, rounded
    up to a power of two. exit_drop: share of samples, at most, that leave with another answer than they would have at T."""

    first: int = 16
    exit_drop: float = 0.005

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("first", 2)
        if self.first & (self.first - 1) or not self.binary or self.search != "none":
            raise InputError(
                f"method {self.name}: first={self.first!r}, binary={self.binary!r}, search={self.search!r}; expected a power "
                "of two, True and 'none': each pass halves the levels of the one before"
            )
        if not 0 <= self.exit_drop < 1:
            raise InputError(f"method {self.name}: exit_drop={self.exit_drop!r}; expected a share in [0, 1)")

    @property
    def converges(self):
        """Early exit stops where it is sure enough, however large T is."""
        return False

    def law(self, timesteps, finer=1):
        """(neuron, finest level of the last step over theta); halvings of the level are spread evenly over steps 2 .. T."""
        last = 2 ** math.ceil(math.log2(self.values * timesteps))
        first = min(self.first, last) if timesteps > 1 else last
        halvings = math.log2(last / first)
        weights = tuple(2.0 ** -math.ceil(halvings * step / max(1, timesteps - 1)) for step in range(timesteps))
        levels = 1 + int(math.log2(first))
        return DifferentialBurst(weights, levels), weights[-1] * 2.0 ** (1 - levels)

    def fit(self, conversion):
        """Thresholds and biases on two thirds of the calibration samples, the exit on the rest."""
        conversion.check_exit()
        held = conversion.hold_out()
        super().fit(conversion)
        conversion.exit = conversion.fit_exit(held, self.exit_drop)
        conversion.found["exit"] = {
            "rule": "fitted",
            "thresholds": conversion.exit.thresholds.tolist(),
            "labels": "none",
        }

    def calibrate(self, conversion):
        """Bias correction at the precision of the last step."""
        if self.correction == "light":
            conversion.calibrate_bias()


register(
    PassByPass(
        "ours+exit",
        "ours: `ours`, coarse in the first step and finer in every further one; early exit (IAT, AAAI 2025)",
        relays=True,
    )
)
