"""Burst spikes with a fixed limit for every neuron (Li and Zeng, IJCAI 2022; code: Brain-Cog-Lab/Conversion_Burst).

Theirs: the neuron, bursts of at most gamma = 5 spikes, V(0) = 0, one threshold a site, and the rule it is measured by. Their
hook stands behind every layer (convolution, batch norm, linear layer, ReLU, pooling) while calibration data pass; it divides
what is above 1 by gamma, in place, so that later layers see the divided values, and takes the 99.9th percentile of what
then arrives at an activation. That makes thresholds 0.1 to 0.55 of the plain percentile on ResNet-20, so that a burst
reaches it: 'published'.

Ours: max pooling is exact on counts, whatever its kernel; an activation behind a sum, which their network does not have, is
measured behind its own hook; all calibration samples are seen, there one batch of 200. ``fair=True`` says the same without a scale
of 1 in it: the 99.9th percentile over gamma ('share'), so that a burst just reaches it, and V(0) = theta / 2.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from ..calibration import Histogram, percentile
from ..errors import InputError
from ..frames import show
from ..graph import map_tensors, placeholders
from ..simulation import PlainPass
from .base import Method, register

LAYERS = ("conv", "linear", "batch_norm", "max_pool", "avg_pool", "adaptive_max_pool", "adaptive_avg_pool")
"""What names of operators begin with that are layers of their own in the authors' networks."""


class _Hooked(PlainPass):
    """The network itself, with what a layer gives above 1 divided by ``gamma``; ``see(site, a)`` gets activations as the layer
    before them leaves them, or, behind a sum, as the hook of the activation itself does."""

    def __init__(self, plan, gamma, see):
        super().__init__(plan, None)
        self.gamma, self.see = gamma, see

    def prefix(self, call, this):
        if call.rule.treatment == "skipped":
            return placeholders(call)
        if call.site is None:
            out = this.func(*this.args, **this.kwargs)  # not folded: batch norms have hooks of their own
            return map_tensors(self._divided, out) if call.op.startswith(LAYERS) else out
        z = this.func(*this.args, **this.kwargs) if call.site.relay else self.current(call, this)
        a = call.site.activation.f(z)
        behind = call.inputs[0] if len(call.inputs) == 1 and not call.site.relay else -1
        hooked = behind >= 0 and self.plan.trace.calls[behind].op.startswith(LAYERS)
        self.see(call.site, a if hooked else self._divided(a))
        return a if call.site.relay else self._divided(a)

    steps = readout = prefix

    def _divided(self, a):
        return torch.where(a > 1, a / self.gamma, a) if a.is_floating_point() else a


@dataclass(frozen=True)
class Burst(Method):
    """threshold: 'published', 'share' (the percentile over phi_plus), or one of the base's; fair: 'share' and v0 = 1/2."""

    threshold: str = "published"
    per_channel: bool = False
    phi_plus: int = 5
    v0: float = 0.0
    fair: bool = False
    thresholds: ClassVar[tuple] = ("published", "share", "max", "percentile", "mmse")

    def __post_init__(self):
        if not isinstance(self.fair, bool):
            raise InputError(f"method {self.name}: fair={self.fair!r}; expected True or False")
        if self.fair:
            object.__setattr__(self, "threshold", "share")  # the one switch sets both
            object.__setattr__(self, "v0", 0.5)
        super().__post_init__()

    def fit_thresholds(self, conversion):
        if self.threshold not in ("published", "share"):
            return conversion.fit_thresholds(self)
        histograms = self._hooked(conversion) if self.threshold == "published" else conversion.statistics()
        share, found = 1 if self.threshold == "published" else self.phi_plus, {}
        for index, histogram in histograms.items():
            conversion.check_finite(index, histogram.maximum)
            found[index] = percentile(histogram if self.per_channel else histogram.pooled(), self.percentile) / share
        conversion.set_thresholds(self, found)

    def _hooked(self, conversion):
        """site index -> Histogram of the activations that the authors' hook sees."""
        histograms = {}

        def see(site, a):
            if site.index not in histograms:
                histograms[site.index] = Histogram(site.channels, a.device)
            histograms[site.index].update(a, site.channel_axis)

        for x in conversion.inputs:
            shown = show(x, lambda frames: frames.mean(conversion.timesteps))
            with torch.no_grad(), _Hooked(conversion.ann_plan(x), self.phi_plus, see):
                conversion.forward(conversion.network, shown)
        return histograms


register(Burst("burst", "Li and Zeng, IJCAI 2022: bursts of at most 5 spikes, thresholds by the authors' rule"))
