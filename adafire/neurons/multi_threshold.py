"""The multi-threshold neuron with differential coding (DCGS: Huang et al., ICML 2025).

A receiver keeps a running mean m of what a neuron has told it; silence means 'as before', a spike s at step t moves
the mean by s / t. What flows on at step t is therefore y_t = m_{t-1} + s_t, and the mean of y over t steps is m_t:
everything linear behind the neuron acts on y step by step, exactly, while only s_t is ever sent. With the cumulative
target F_t = t f(X_t / t) of count.py, the membrane potential before the spike is

    V_t = F_t + v0 theta - t m_{t-1}

and the neuron sends one spike of the largest level theta / 2^k, k < levels, that fits: s_t = +level where
V_t >= 3/4 level; s_t = -level where V_t <= -3/4 level and, for an f without negative values, t m_{t-1} >= level, so
that m stays positive.

That is the published neuron (its e_in, e_out are running means of x and y, its step 0 sends the bias): there V charges
with X_t and here with F_t, which for ReLU gives the same spikes, since a negative X_t asks for the largest level that m
allows either way; with F_t other activations are encoded too.
"""

import functools
from typing import NamedTuple

import torch

from . import kernels as fused
from .costs import WORD, Asked, LawCosts, bits_of
from .gpu import divided
from .pool_kernels import Sent

_SLACK = 1 / 1024  # of the finest level: rounding of t m must not keep the last spike from being taken back


class MultiThresholdState(NamedTuple):
    """x: cumulative input [B, ...]; mean: m / theta; n: t m / theta, the cumulative output over theta; events: spikes
    of either sign and any level, one each; graded: the same."""

    x: torch.Tensor
    mean: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


class MultiThreshold:
    """The law, for ``NeuronParams.neuron``. levels: number of thresholds, theta, theta / 2, theta / 4, ..."""

    differential = True
    """What flows on repeats the running mean: a pooled result sends only where its own running mean changes."""
    watched = True
    """``fast`` takes a ``Watch`` (watch.py)."""

    def __init__(self, levels):
        self.levels = levels

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        zeros = lambda: torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format)
        x, mean, n, events = (zeros() for _ in range(4))
        return MultiThresholdState(x, mean, n, events, events)

    def fast(self, z, t, steps, params, state, site, watch=None):
        """``scan`` by the fused kernel (the same bits), or None where that does not apply. ``state`` is overwritten; None: at rest."""
        return fused.differential(z, t, steps, params, state, site, kind=MultiThresholdState, watch=watch)

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``neuron.scan``, with y for the spikes."""
        constant, z = z.dim() == state.x.dim(), z.float()
        x, mean, events = state.x, state.mean, state.events
        out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
        for k in range(steps):
            now = float(t + k + 1)
            x = x + (z if constant else z[k])
            target = activation.target(x + params.bias * now, now).div(params.theta)
            total = mean * now
            spike = self.spikes(target + params.v0 - total, None if activation.signed else total)
            torch.add(mean, spike, out=out[k])
            mean = mean + divided(spike, now)
            events = events + (spike != 0)
        return out.mul_(params.theta), MultiThresholdState(x, mean, mean * float(t + steps), events, events)

    def asked(self, params, t):
        """What n is held against (asked_for.py): the sum that the input asks for, and a finest level."""
        return Asked(slack=2.0 ** (1 - self.levels))

    def sent_by_pooling(self, theta, t, steps):
        """``Sent`` (pool_kernels.py) of the steps after step ``t``."""
        return Sent(theta, "changes", t=t)

    def spikes_of(self, changes, t):
        """One event for each change of a pooled mean."""
        return (changes != 0).float()

    def spikes(self, v, most=None):
        """Spikes for membrane potentials ``v``, in units of theta; ``most``: most that may be taken back (None: any).

        >>> v, most = torch.tensor([9.0, 0.75, 0.74, 0.18, -0.6, -0.6]), torch.tensor([0, 0, 0, 0, 1, 0.3])
        >>> MultiThreshold(3).spikes(v, most)
        tensor([ 1.0000,  1.0000,  0.5000,  0.0000, -0.5000, -0.2500])
        """
        reach, finest = divided(v.abs(), 0.75), 2.0 ** (1 - self.levels)
        if most is not None:
            reach = torch.where(v < 0, torch.minimum(reach, most + _SLACK * finest), reach)
        exponent = torch.frexp(reach).exponent - 1  # 2^exponent <= reach < 2^(exponent + 1), exactly
        level = torch.ldexp(torch.ones_like(v), exponent.clamp(max=0))
        return torch.where(reach >= finest, level.copysign(v), 0.0)

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is one spike, a sign and one of ``levels`` sizes. Kept are x and the mean."""
        bits = bits_of(2 * self.levels)
        return LawCosts(bits, bits, 1, 2 * WORD, values_of(self.levels, steps))

    def words(self, params):
        """What the law is called."""
        return f"multi-threshold ({self.levels} levels)"


MOST_VALUES = 2**16
"""Values of an activation beyond which they are not told apart."""


@functools.lru_cache(maxsize=256)
def values_of(levels, steps):
    """How many numbers above 0 the mean can be after ``steps`` steps of a constant input up to theta: the steps of that
    staircase, found by cutting the inputs where the next spike becomes another one. Not more than ``MOST_VALUES``.

    >>> [values_of(4, steps) for steps in (1, 2, 4)]
    [4, 14, 41]
    """
    law, sizes = MultiThreshold(levels), 0.75 * 2.0 ** -torch.arange(levels, dtype=torch.float64)
    low, high, mean = (torch.tensor([value], dtype=torch.float64) for value in (0.0, 1.0, 0.0))
    for now in range(1, steps + 1):
        cuts = mean[:, None] + torch.cat([sizes, -sizes]) / now
        cuts = torch.minimum(torch.maximum(cuts, low[:, None]), high[:, None])
        edges = torch.cat([low[:, None], cuts, high[:, None]], 1).sort(1).values
        low, high = edges[:, :-1].flatten(), edges[:, 1:].flatten()
        mean, wide = mean.repeat_interleave(2 * levels + 1), high - low > 1e-9
        low, high, mean = low[wide], high[wide], mean[wide]
        mean = mean + law.spikes(now * ((low + high) / 2 - mean), now * mean) / now
        if len(mean) > MOST_VALUES:
            return MOST_VALUES
    return min(MOST_VALUES, int((mean.mul(1e9).round().unique() > 0).sum()))
