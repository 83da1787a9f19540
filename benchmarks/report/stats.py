"""Intervals and paired tests for whoever reads records; they live below, where the metrics need them too."""

from adapters.shared.stats import bootstrap, mcnemar, percentile_interval, resamples, wilson

__all__ = ["bootstrap", "mcnemar", "percentile_interval", "resamples", "wilson"]
