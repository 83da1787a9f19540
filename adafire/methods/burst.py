"""Burst spikes with a fixed limit for every neuron (Li and Zeng, IJCAI 2022)."""

from .base import Method, register

register(
    Method(
        "burst",
        "Li and Zeng, IJCAI 2022: bursts of at most 5 spikes, 99.9th percentile thresholds, exact max pooling",
        threshold="percentile",
        per_channel=False,
        phi_plus=5,
        v0=0.0,
    )
)
