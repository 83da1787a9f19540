"""Weighted spikes, or phase coding (Kim, Kim, Huh, Lee, Choi: 'Deep neural networks with weighted spikes', Neurocomputing 2018).

A global clock gives the spikes of step t the weight w_t = 2^-(1 + (t - 1) mod K), with a period of K = 8 steps. A neuron fires when
its potential reaches theta w_t, sends theta w_t and subtracts it; what is left stays for the next period. Layers do not wait for
each other: what arrives late in a period is sent in the next one.

A period carries each value once, so that here, where a mean over steps is the value, weights are K times as large: with F_t the
cumulative target of count.py and all in units of theta,

    W_t = K 2^-(1 + (t - 1) mod K),    V_t = F_t - n_{t-1},    s_t = W_t [V_t >= W_t],    n_t = n_{t-1} + s_t

and the constant input of a network is a current of the same size at every step. Activations with negative values have a second
neuron of the other sign: s_t = -W_t where V_t <= -W_t.
"""

import functools

import torch

from .costs import WORD, Asked, LawCosts, bits_of
from .count import NeuronState
from .harmony import ones_in

MOST_VALUES = 2**16
"""Values of an activation beyond which they are not told apart."""


class PhasedSpikes:
    """The law, for ``NeuronParams.neuron``. period: K."""

    def __init__(self, period):
        self.period = period

    def weight(self, step):
        """W_t of step ``step`` (from 1), in units of theta.

        >>> [PhasedSpikes(4).weight(t) for t in (1, 2, 4, 5)]
        [2.0, 1.0, 0.25, 2.0]
        """
        return self.period * 2.0 ** -(1 + (step - 1) % self.period)

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        x, n, events = (
            torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format) for _ in range(3)
        )
        return NeuronState(x, n, events, events)

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``count.scan``."""
        constant, z = z.dim() == state.x.dim(), z.float()
        x, n, events = state.x, state.n, state.events
        out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
        for k in range(steps):
            now, weight = float(t + k + 1), self.weight(t + k + 1)
            x = x + (z if constant else z[k])
            v = activation.target(x + params.bias * now, now).div(params.theta).sub_(n)
            spike = (v >= weight).float()
            if params.phi_minus:
                spike = spike - (v <= -weight).float()
            out[k] = spike * weight
            n, events = n + out[k], events + spike.abs()
        return out.mul_(params.theta), NeuronState(x, n, events, events)

    def asked(self, params, t):
        """What n is held against (asked_for.py): what the input asks for, and less than a finest spike."""
        return Asked(slack=self.weight(self.period) * (1 - 2.0**-24))

    def spikes_of(self, changes, t):
        """Number of spikes for increments ``changes`` [K, ...] of a pooled result, in units of theta: the ones among its binary
        digits, the least of which is the weight of the last phase."""
        return ones_in(changes / self.weight(self.period))

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is one spike, whose weight is its time; a sign where there is a second neuron. Kept is the
        potential, and n where that is no difference (count.py)."""
        alone = activation.kind in ("identity", "relu")
        bits = bits_of(2 if params.phi_minus else 1)
        return LawCosts(bits, bits, 1, WORD if alone else 2 * WORD, values_of(self.period, steps))

    def words(self, params):
        """What the law is called."""
        return f"weighted spikes (period {self.period})"


@functools.lru_cache(maxsize=256)
def values_of(period, steps):
    """How many numbers above 0 the mean can be after ``steps`` steps of a constant input up to theta, found on a fine grid of
    inputs. Not more than ``MOST_VALUES``.

    >>> [values_of(4, steps) for steps in (1, 2, 4, 8)]
    [0, 1, 4, 11]
    """
    law, a = PhasedSpikes(period), (torch.arange(2 * MOST_VALUES, dtype=torch.float64) + 0.5) / (2 * MOST_VALUES)
    n = torch.zeros_like(a)
    for t in range(1, steps + 1):
        n = n + law.weight(t) * (a * t - n >= law.weight(t))
    return min(MOST_VALUES, int((n.unique() > 0).sum()))
