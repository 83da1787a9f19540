"""Local threshold balancing with delayed read-out (Bu et al., CVPR 2025, arXiv 2409.03368).

Thresholds come from forward passes alone. Each channel starts at theta = 0; on every batch

    theta <- theta + 2 mean((a - theta)+),      a <- min(a, theta)

which is gradient descent on its squared clipping error, and the next layer sees the clipped values. theta does not
come to rest: for a tail that falls off exponentially it grows like the logarithm of the number of updates, which
therefore is a parameter (the code's default: 4,000, for T = 512). Neurons are integrate-and-fire with V(0) = theta / 2. The read-out
averages over the last steps only, since early outputs come from layers that are not charged yet. The steps before it
count as timesteps, and cost their energy.

Differences from the authors' code:
 - the number of updates goes with T and with the depth: T^2 a third of the sites, 2 T^2 and 32 at least, their 4,000 at most. A
   tail of scale s that n updates have clipped leaves a squared error of s^2 / n, and T levels one of theta^2 / (12 T^2); the sum is
   least where n is about T^2. But what is clipped always makes activations smaller, so that it adds up from layer to layer, and
   rounding does not. On set-aside pictures that neither calibrated nor are scored, in agreement with the ANN: networks of 6 and 9
   sites were best with 32 updates at T = 2 and 4, 128 at 8, 512 at 16; ResNet-20, of 19, with 64 at T = 2, 128 at 4, 256 to 512 at 8,
   1,024 to 2,048 at 16, 2,048 to 4,000 at 32;
 - there every update is made on a new batch of 100 training images. Here the ``updates`` are spread over ``sweeps``
   passes over the calibration set: at each visit a site makes its share of them on the histogram of the batch, then
   passes the batch on, clipped;
 - every activation is a site, also where no batch norm or linear layer comes right before it (there: an error);
 - max pooling is exact on counts; there it is moved before the neuron. A silent channel gets the median threshold;
 - there every pair of first and last read-out step is evaluated, so that the delay can be chosen on the results. Here
   it is fixed beforehand, as a share of T: the read-out averages over the second half (T = 1: over the one step). So a
   simulation serves one T; with delay=0 it serves all.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from ..calibration import Histogram, balanced
from ..errors import InputError
from .base import Method, register


@dataclass(frozen=True)
class Balancing(Method):
    """updates: of each threshold, in ``sweeps`` passes over the calibration set (0: by T and depth); delay: share of T without read-out."""

    threshold: str = "balanced"
    updates: int = 0
    sweeps: int = 4
    delay: float = 0.5
    thresholds: ClassVar[tuple] = ("balanced",)

    def __post_init__(self):
        super().__post_init__()
        self.check_whole("updates", 0)
        self.check_whole("sweeps", 1)
        if not 0 <= self.delay < 1:
            raise InputError(f"method {self.name}: delay={self.delay!r}; expected a share of T, a number in [0, 1)")

    @property
    def anytime(self):
        return self.delay == 0 and self.updates > 0 and super().anytime

    def updates_at(self, timesteps, sites):
        """Updates of each threshold for a simulation of so many steps of a network with so many sites.

        >>> [Balancing("b", "").updates_at(t, sites=6) for t in (1, 4, 8, 512)]
        [32, 32, 128, 4000]
        >>> [Balancing("b", "").updates_at(t, sites=19) for t in (1, 4, 8)]
        [32, 101, 405]
        """
        return self.updates or min(4000, max(32, timesteps**2 * max(6, sites) // 3))

    def read_from(self, timesteps):
        return int(self.delay * timesteps)

    def fit_thresholds(self, conversion):
        updates, visits = (
            self.updates_at(conversion.timesteps, len(conversion.sites)),
            self.sweeps * len(conversion.inputs),
        )
        clips, visited = {}, {}

        def clip(site, z):
            a = site.activation.f(z)
            histogram = Histogram(site.channels, a.device)
            histogram.update(a, site.channel_axis)
            conversion.check_finite(site.index, histogram.maximum)
            histogram = histogram if self.per_channel else histogram.pooled()
            present, visit = clips.get(site.index, torch.zeros_like(histogram.maximum)), visited.get(site.index, 0)
            share = -(-updates * (visit + 1) // visits) + (-updates * visit // visits)  # whole numbers that add up
            clips[site.index], visited[site.index] = balanced(histogram, present, share), visit + 1
            shape = [1] * a.dim()
            shape[site.channel_axis] = -1
            bound = clips[site.index].view(shape).to(a.dtype)
            return torch.minimum(torch.maximum(a, -bound), bound)

        for _ in range(self.sweeps):
            conversion.sweep(clip)
        conversion.set_thresholds(self, {index: theta / self.phi_plus for index, theta in clips.items()})


register(
    Balancing(
        "threshold-balancing",
        "Bu et al., CVPR 2025: thresholds from local threshold balancing, initial "
        "potential of half the threshold, delayed read-out",
    )
)
