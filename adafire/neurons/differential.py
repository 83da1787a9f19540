"""The differential burst neuron (ours): AdaFire's signed bursts in the differential code of DCGS.

As in multi_threshold.py, receivers keep a running mean m of what a neuron has told them, silence means 'as before', and
what flows on at step t is y_t = t m_t - (t-1) m_{t-1}. Here a spike moves the mean by an amount that the clock fixes,
the same for all neurons, and a neuron sends as many spikes in a step as it takes to bring the mean to where it belongs.
With a_t = F_t / (t theta) the mean that the input asks for (F_t of count.py) and w_t the weight of step t,

    v_0 = a_t - m_{t-1},    l_j = w_t / 2^j,    k_j = sign(v_j) floor(|v_j| / l_j + r_j),    v_{j+1} = v_j - k_j l_j

for j = 0 .. levels - 1, with r_j = 31/64 for the last level (it rounds, and a value half-way between two levels stays
where it is: it would be sent to and fro at every step otherwise) and 1/3 before it; then

    m_t = m_{t-1} + sum_j k_j l_j,    spikes of the step: sum_j |k_j| <= phi

levels = 1 is a burst of k_0 equal unit spikes. With more levels the burst is a signed binary number: k_0 spikes of
weight w_t and at most one of each smaller weight. 1/3 makes the digits nearly those of the non-adjacent form, which has
the fewest non-zero digits: a rest is left to the next level where that takes no more spikes than overshooting would.

Where phi does not bind, m_t is a_t rounded to the finest level of step t, whatever the inputs did before: a network of
such neurons repeats, at every t, the ANN with activations so rounded. It pays for a once, and afterwards only for
corrections.
"""

from typing import NamedTuple

import torch

from . import kernels as fused
from .costs import WORD, Asked, LawCosts, bits_of
from .gpu import divided
from .pool_kernels import Sent

_LAST = 31 / 64


class DifferentialState(NamedTuple):
    """x: cumulative input [B, ...]; mean: m; n: t m, the cumulative output over theta; events: spikes of either sign
    and any level, one each; graded: steps with a spike."""

    x: torch.Tensor
    mean: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


class DifferentialBurst:
    """The law, for ``NeuronParams.neuron``; a step sends at most ``phi_plus`` spikes of either sign.

    weights: w_1, w_2, ... (the last one holds for all later steps), each a power of two so that means are exact, and
    none larger than the one before; levels: spike sizes of a step.
    """

    differential = True
    """What flows on repeats the running mean: a pooled result sends only where its own running mean changes."""
    watched = True
    """``fast`` takes a ``Watch`` (watch.py)."""

    def __init__(self, weights=(1.0,), levels=1):
        self.weights, self.levels = tuple(weights), levels

    @property
    def constant_after(self):
        """Steps after which weights do not change: a silent network then stays silent."""
        return len(self.weights) - 1

    def weight(self, step):
        """w_t of step ``step`` (from 1), in units of theta."""
        return self.weights[min(step, len(self.weights)) - 1]

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        return DifferentialState(
            *(torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format) for _ in range(5))
        )

    def fast(self, z, t, steps, params, state, site, watch=None):
        """``scan`` by the fused kernel (the same bits), or None where that does not apply. ``state`` is overwritten; None: at rest."""
        weights = [self.weight(t + k + 1) for k in range(steps)]
        after = self.weight(t + steps + 1) * 2.0 ** (1 - self.levels)
        return fused.differential(
            z, t, steps, params, state, site, weights, kind=DifferentialState, watch=watch, after=after
        )

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``neuron.scan``, with y for the spikes."""
        constant, z = z.dim() == state.x.dim(), z.float()
        x, mean, events, graded = state.x, state.mean, state.events, state.graded
        out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
        for k in range(steps):
            now, weight = float(t + k + 1), self.weight(t + k + 1)
            x = x + (z if constant else z[k])
            target = divided(activation.target(x + params.bias * now, now).div(params.theta), now)
            change, spikes = self.burst(target - mean, weight, float(params.phi_plus))
            out[k] = mean + change * now
            mean = mean + change
            events = events + spikes
            graded = graded + (spikes != 0)
        return out.mul_(params.theta), DifferentialState(x, mean, mean * float(t + steps), events, graded)

    def asked(self, params, t):
        """What m is held against (asked_for.py): the mean that the input asks for, and a finest level."""
        return Asked("mean", per=float(t), slack=self.weight(t) * 2.0 ** (1 - self.levels))

    def spikes_of(self, changes, t):
        """Number of spikes for ``changes`` [K, ...] of a pooled mean, in units of theta, in the steps after step t."""
        return torch.stack(
            [self.burst(change, self.weight(t + k + 1), float("inf"))[1] for k, change in enumerate(changes)]
        )

    def sent_by_pooling(self, theta, t, steps):
        """``Sent`` (pool_kernels.py) of the steps after step ``t``."""
        return Sent(theta, "bursts", self.levels, tuple(self.weight(t + k + 1) for k in range(steps)), t)

    def burst(self, v, weight, most):
        """(change of the mean, number of spikes) for the change ``v`` that is wanted, in units of theta.

        >>> DifferentialBurst(levels=3).burst(torch.tensor([5.0, 0.8, -0.6, 0.1]), weight=1.0, most=4.0)
        (tensor([ 4.0000,  0.7500, -0.5000,  0.0000]), tensor([4., 2., 1., 0.]))
        """
        left, total = v, torch.zeros_like(v)
        spikes = torch.zeros_like(v)
        for j in range(self.levels):
            level = weight * 2.0**-j
            count = (left.abs() / level + (_LAST if j == self.levels - 1 else 1 / 3)).floor_()
            count = torch.minimum(count, most - spikes)
            step = count.copysign(left) * level
            left, total, spikes = left - step, total + step, spikes + count
        return total, spikes

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is the number that a burst spells in units of its finest level, up to ``phi_plus`` spikes of
        the largest weight, of either sign; one spike of it is a sign and a level. The clock fixes the weight of a step, so it
        is not sent. Kept are x and the mean. values: up to the largest weight of a spike where levels are several (thresholds
        are fitted so that it is the clip value), of a whole burst where they are one."""
        spelled = params.phi_plus * 2 ** (self.levels - 1)
        finest = self.weight(steps) * 2.0 ** (1 - self.levels)
        return LawCosts(
            message_bits=bits_of(2 * spelled),
            spike_bits=bits_of(2 * self.levels),
            longest_burst=params.phi_plus,
            state_bytes=2 * WORD,
            values=round(self.weight(1) * (params.phi_plus if self.levels == 1 else 1) / finest),
        )

    def words(self, params):
        """What the law is called."""
        return f"differential burst ({self.levels} levels)"
