"""From calibration data to the parameters of every site; no labels.

``Calibration`` holds the inputs and what was measured on them, ``Fitting`` a conversion in the making. thresholds.py reads
thresholds off histograms, corrections.py corrects biases and potentials, layer_weights.py weights, exit_rules.py fits early exit;
rounded_weights.py has 8-bit weights, kept.py keeps what was measured on disk.
"""

from .data import Calibration
from .fitting import Fitting
from .rounded_weights import WEIGHTS
from .thresholds import Histogram, alive, balanced, currents_of, gaussian, mmse, percentile, unbiased

__all__ = [
    "Calibration",
    "Fitting",
    "WEIGHTS",
    "Histogram",
    "alive",
    "balanced",
    "currents_of",
    "gaussian",
    "mmse",
    "percentile",
    "unbiased",
]
