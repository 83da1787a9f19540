"""The layer-wise searches of AdaFire (levels and limits) and of Sensitivity Spike Compression.

measuring.py measures settings on calibration inputs, sensitivity.py and site_weights.py say what each site matters,
pareto.py finds the exact frontier of an additive choice, levels.py chooses.
"""
