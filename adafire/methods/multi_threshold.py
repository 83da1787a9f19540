"""Many thresholds in one step (the scale-and-fire neuron, SFN: 'One-Timestep is Enough', arXiv 2510.23383).

Theirs: at T = 1 a neuron sends out = theta clip(floor(h / theta), 0, N) with N = 32, one message that stands for N + 1 values: a
quantised activation. They convert transformers, with scales that adapt.

Ours: thresholds, one a channel with the least squared error for the floor. A message of k theta is k synaptic operations, or one
graded event. It is the burst neuron of count.py with a limit of 32 and V(0) = 0, which is defined for more steps, too.
"""

from .base import Method, register

register(
    Method(
        "multi-threshold",
        "arXiv 2510.23383: 32 levels in one step, cut off (for T = 1)",
        phi_plus=32,
        v0=0.0,
        objective="floor",
    )
)
