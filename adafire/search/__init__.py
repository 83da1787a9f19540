"""Which levels sites and channels get, and Sensitivity Spike Compression.

By channel: importance.py says what an error and a spike of a channel matter, allocation.py chooses thresholds, channels.py judges.
By layer (the paper's): measuring.py measures settings, sensitivity.py and site_weights.py say what each site matters, pareto.py
finds the exact frontier of an additive choice, levels.py chooses.
"""

from .channels import binary_bursts, channel_thresholds, compressed_thresholds
from .levels import firing_limits, threshold_ratios

__all__ = ["binary_bursts", "channel_thresholds", "compressed_thresholds", "firing_limits", "threshold_ratios"]
