"""Signed integrate-and-fire neuron (Fast-SNN: Hu et al., TPAMI 2023): one spike a step, of either sign.

V(0) = theta / 2. A neuron fires +theta when V >= theta; it takes a spike back, firing -theta, when V < 0 and it has a
positive spike to take back. That is N_t = clip(round(max(X_t, 0) / theta), N_{t-1} - 1, N_{t-1} + 1) in the count form
of count.py: what fired too early does not stay.

The paper's code asks for V <= -0.001 where this asks for V < 0 (an absolute tolerance for rounding; counts need none).
The paper converts networks that were trained with 2 to 4 bit activations, so that its thresholds are learnt and
T = 2^bits - 1 gives as many levels, and may fine-tune layers. Here networks are as they come: thresholds are those with
the least squared error, one a channel, and nothing is trained.
"""

from .base import Method, register

register(
    Method(
        "signed-if",
        "Fast-SNN (Hu et al., TPAMI 2023): integrate-and-fire neuron with negative spikes, "
        "initial potential of half the threshold; per-channel MMSE thresholds",
        phi_plus=1,
        phi_minus=1,
    )
)
