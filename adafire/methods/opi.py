"""Optimal potential initialisation (Bu et al., AAAI 2022): the membrane starts at half the threshold.

An integrate-and-fire neuron with V(0) = v0 theta turns a constant input z into floor(z T / theta + v0) spikes. For
inputs that are spread evenly within a step of theta / T, v0 = 1/2 makes the expected conversion error zero and the
squared error least: the floor becomes a rounding, and the first spikes come earlier.

Here: one threshold a site, the 99.9th percentile of its activations, as in ``rate-percentile``, because a plain ReLU
network brings no bound of its own; so the two rows differ in V(0) alone.
"""

from .base import Method, register

register(
    Method(
        "opi",
        "Bu et al., AAAI 2022: initial potential of half the threshold; threshold = 99.9th percentile "
        "of the site's activations",
        threshold="percentile",
        per_channel=False,
        v0=0.5,
    )
)
