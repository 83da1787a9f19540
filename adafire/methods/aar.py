"""Activation-aware integrate-and-fire neurons (AAR: 'Towards Training-Free and Accurate ANN-to-SNN Conversion via
Activation-Aware Redistribution', AAAI 2026; the neuron as in SpikingJelly's ``ActivationAwareIFNode``).

Theirs: the neuron. A threshold V and an offset O a channel, soft reset:

    H[t] = V[t-1] + X[t],   S[t] = [H[t] + O - V_th >= 0],   V[t] = H[t] - S[t] V_th,   V[0] = 0

With U = V + O that is an integrate-and-fire neuron that begins at O, so no law of its own is needed: O is the initial potential.

Ours: the rule that sets V_th and O, since theirs could not be read. V_th is that of least squared error after T steps, O half of it, which
rounds, as in SpikingJelly's own uses of the neuron ('half'). 'unbiased' is the O with which the mean of the rounded activations, so
clipped, is the mean of the activations; on set-aside pictures of two small networks it agreed with the ANN up to 0.02 more often, and
up to 0.09 less. So ``aar`` is `snn-calibration` without its correction, and its rows say nothing about the authors' figures.
"""

from dataclasses import dataclass

from ..calibration import unbiased
from ..errors import InputError
from .base import Method, register

OFFSETS = ("half", "unbiased")


@dataclass(frozen=True)
class ActivationAware(Method):
    """offset: 'half' or 'unbiased'; v0 is what it sets."""

    offset: str = "half"

    def __post_init__(self):
        super().__post_init__()
        if self.offset not in OFFSETS:
            raise InputError(f"method {self.name}: offset={self.offset!r}; expected one of {', '.join(OFFSETS)}")
        self.check_law(
            "its neuron sends one spike a step, and offset= sets v0", phi_plus=1, phi_minus=0, v0=0.5, shift=False
        )

    def fit_thresholds(self, conversion):
        conversion.fit_thresholds(self)
        if self.offset == "half":
            return
        for index, histogram in conversion.statistics().items():
            params = conversion.params[index]
            whole = histogram if self.per_channel else histogram.pooled()
            theta = params.theta.flatten()[: len(whole.maximum)]
            v0 = unbiased(whole, theta, conversion.timesteps).expand(params.theta.numel())
            conversion.params[index] = params._replace(v0=v0.reshape(params.theta.shape).contiguous())


register(
    ActivationAware(
        "aar", "the neuron of AAR, AAAI 2026, a threshold and an offset a channel; the rule that sets them is ours"
    )
)
