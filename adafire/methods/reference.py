"""The rows every SNN is compared with: the network itself, and the network with activations quantised to T phi levels.

A rate code of T steps with bursts of up to phi carries T phi + 1 values a neuron: the quantised network is the ceiling of
what it can reach, and its honest competitor. It has the bias correction that spiking methods have, measured on itself, so that
none of them passes it by the correction alone; ``quantised:correction=none`` is without. `integer` is the same with 8-bit weights
(calibration/rounded_weights.py).
"""

from .base import Method, register

register(Method("ann", "the network before conversion", kind="ann"))
register(
    Method(
        "quantised",
        "the network with activations rounded to T phi levels (ours: thresholds and bias correction as adafire)",
        kind="quantised",
        phi_plus=4,
        correction="light",
    )
)
register(
    Method(
        "integer",
        "the network with 8-bit weights and activations rounded to T phi levels, those that meet weights without a ReLU, too (ours)",
        kind="quantised",
        phi_plus=4,
        relays=True,
        weights="int8",
        correction="light",
    )
)
