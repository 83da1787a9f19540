"""SNN Calibration, light pipeline (Li et al., ICML 2021): MMSE thresholds and a bias correction, single spikes."""

from .base import Method, register

register(Method("snn-calibration", "Li et al., ICML 2021, light pipeline: MMSE thresholds, bias correction",
                correction="light"))
