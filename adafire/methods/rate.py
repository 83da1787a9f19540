"""Rate coding with normalised thresholds (Diehl et al., IJCNN 2015; Rueckauer et al., Frontiers 2017)."""

from .base import Method, methods, register

register(
    Method(
        "rate-max",
        "Diehl et al., IJCNN 2015: threshold = largest activation of the site",
        threshold="max",
        per_channel=False,
        v0=0.0,
    )
)
register(
    Method(
        "rate-percentile",
        "Rueckauer et al., Frontiers in Neuroscience 2017: threshold = 99.9th percentile of the site's activations",
        threshold="percentile",
        per_channel=False,
        v0=0.0,
    )
)
methods.register("rate", methods.get("rate-percentile"))
