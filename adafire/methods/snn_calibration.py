"""SNN Calibration (Li et al., ICML 2021): MMSE thresholds and single spikes, corrected on calibration data.

Light: the bias of every channel. Advanced: the weights, layer by layer, then the initial potential of every neuron (the
bias where calibration inputs differ in size). The released code of AdaFire (AAAI 2025) says 'advanced', too, but lacks
the weights. Departures: adafire/calibration/layer_weights.py.
"""

from dataclasses import dataclass

from ..errors import InputError
from .base import Method, register


@dataclass(frozen=True)
class AdvancedCalibration(Method):
    """weight_steps: of Adam for every layer (the paper: 5000); weight_rate: of the first, over the layer's mean
    |weight| (the paper: 4e-5, absolute)."""

    correction: str = "advanced"
    weight_steps: int = 100
    weight_rate: float = 0.01

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("weight_steps", 1)
        if not 0 < self.weight_rate < 1:
            raise InputError(f"method {self.name}: weight_rate={self.weight_rate!r}; expected a number in (0, 1)")


register(
    Method(
        "snn-calibration", "Li et al., ICML 2021, light pipeline: MMSE thresholds, bias correction", correction="light"
    )
)
register(
    AdvancedCalibration(
        "snn-calibration-advanced",
        "Li et al., ICML 2021, advanced pipeline: MMSE thresholds, "
        "weights fitted layer by layer (uses gradients), then initial potentials",
    )
)
