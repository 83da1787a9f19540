"""Codes of one pass: a value is sent once, as spikes at certain times, and a neuron begins when all of it has arrived.

A step of the simulator is one whole code, of ``duration`` sub-steps. That is exact, and not only at the end: what lies between
neurons is linear, the weight of a spike is fixed by its time, and a layer that waits for the whole code looks at the sum of what
arrived alone. So a step adds up spike times weight over its sub-steps, and counts the spikes; ``train`` shows them one by one.
In time, layer l sends in the sub-steps (l - 1) K + 1 to l K, and T codes pass through L layers in K (T + L - 1) sub-steps.

A neuron keeps nothing from one code to the next. T = 1 is the code; with a still input more steps repeat it, and with frames each
frame is coded on its own, and what is read out is the mean of the outputs. With a = f(z) the activation of a step's current z
(the bias current included) and v = |a| / theta + v0:

 - ``Digits``: v in digits of a base r, greatest weight first, at the sub-steps k = 1..K,

       d_k = min(floor(v / r^-k), r - 1),   v <- v - d_k r^-k,   sent: sign(a) theta d_k r^-k,   d_k spikes

   which for r = 2 is the FS neuron of the ReLU (Stoeckl, Maass 2021: T = h = d = theta 2^-k) and binary radix encoding;
 - ``FirstSpike``: at most one spike, at the sub-step t = 2^D - n with n = min(floor(2^D v), 2^D - 1); its value is what is left of
   the time, theta n / 2^D, and no spike is a 0.

Negative values are sent by a second neuron of the other sign (ours, as in H-MT): one of the two is silent.
"""

from typing import NamedTuple

import torch

from . import kernels as fused
from .costs import WORD, LawCosts, bits_of
from .gpu import divided


class OnePassState(NamedTuple):
    """x: cumulative input [B, ...]; n: cumulative output over theta; events: spikes of either sign; graded: codes with a
    spike."""

    x: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


class OnePass:
    """What codes of one pass share. A subclass has ``finest`` (its least value, over theta), ``most`` (spikes of a code), and
    ``steps_of(v)``: (what is sent over theta, number of spikes) for v >= 0 at one time after the other."""

    instant = True
    """What flows on is a value of this step alone: operators act on it as on the network's own values."""

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        return OnePassState(
            *(torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format) for _ in range(4))
        )

    repeats = True
    """A still input is coded alike at every step: one step stands for all."""
    watched = True
    """``fast`` takes a ``Watch`` (watch.py)."""
    of_current, table = False, None
    """table: (threshold, reset, weight) of every sub-step, where a code can be said so; of_current: they act on the current itself."""

    def fast(self, z, t, steps, params, state, site, watch=None):
        """``scan`` by the fused kernel (the same bits), or None where that does not apply. ``state`` is overwritten; None: at rest."""
        if self.table is None:
            return None
        return fused.code(z, steps, params, state, site, self.table, self.of_current, OnePassState, watch)

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``count.scan``, with values for the spikes."""
        constant, z = z.dim() == state.x.dim(), z.float()
        x, n, events, graded = state
        out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
        for k in range(steps):
            current = z if constant else z[k]
            if k == 0 or not constant:
                value, spikes = self.encode(current + params.bias, params, activation)
            x, n, events, graded = x + current, n + value, events + spikes, graded + (spikes != 0)
            out[k] = value
        return out.mul_(params.theta), OnePassState(x, n, events, graded)

    def encode(self, z, params, activation):
        """(what a code sends for the current ``z``, over theta; its number of spikes)."""
        a = activation.f(z) / params.theta
        value, spikes = self._added_up(a.abs() + params.v0)
        return value.copysign(a), spikes

    def _added_up(self, v):
        value, spikes = torch.zeros_like(v), torch.zeros_like(v)
        for sent, count in self.steps_of(v):
            value, spikes = value + sent, spikes + count
        return value, spikes

    def train(self, a):
        """What is sent at one time after the other, [K, ...], for activations ``a`` over theta (v0 = 0).

        >>> Digits(3).train(torch.tensor([0.7, -0.3])).T
        tensor([[ 0.5000,  0.0000,  0.1250],
                [-0.0000, -0.2500, -0.0000]])
        """
        return torch.stack([sent.copysign(a) for sent, _ in self.steps_of(a.abs())])

    def spikes_of(self, values, t, before=None):
        """Number of spikes of pooled ``values`` [K, ...], in units of theta, which are values of this code."""
        return self._added_up(values.abs() + self.finest / 2)[1]

    def asked(self, params, t):
        """No neuron sends more than is asked for: a code says what its own step asks for, rounded."""
        return None


class Digits(OnePass):
    """K = ``digits`` of the base ``base``, the greatest weight first; a digit d is sent as d spikes, in base - 1 sub-steps."""

    def __init__(self, digits, base=2):
        self.digits, self.base = digits, base
        self.finest, self.most = float(base) ** -digits, digits * (base - 1)
        self.table = [(2.0**-k,) * 3 for k in range(1, digits + 1)] if base == 2 else None  # a digit is a spike

    def steps_of(self, v):
        for k in range(1, self.digits + 1):
            weight = float(self.base) ** -k
            digit = divided(v, weight).floor().clamp(0, self.base - 1)
            v = v - digit * weight
            yield digit * weight, digit

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is the number that the digits spell, and a sign; a spike is its time. Kept is v."""
        values = self.base**self.digits - 1
        return LawCosts(
            message_bits=bits_of(values * (2 if activation.signed else 1)),
            spike_bits=1,
            longest_burst=self.most,
            state_bytes=WORD,
            values=values,
            duration=self.most,
            waits=True,
        )

    def words(self, params):
        """What the law is called."""
        return f"{self.digits} digits of base {self.base}"


class FirstSpike(OnePass):
    """Time to first spike, of 2^D = 2^``bits`` sub-steps."""

    def __init__(self, bits):
        self.bits, self.duration, self.finest, self.most = bits, 2**bits, 2.0**-bits, 1

    def steps_of(self, v):
        waiting = torch.ones_like(v)
        for t in range(1, self.duration + 1):
            left = 1 - t * self.finest  # of the time: the value of a spike now
            spike = waiting * (v >= left) if t < self.duration else torch.zeros_like(v)
            waiting = waiting - spike
            yield spike * left, spike

    def _added_up(self, v):
        """The same at once: the first t with v >= 1 - t / 2^D."""
        value = (v * self.duration).floor().clamp(0, self.duration - 1) * self.finest
        return value, (value > 0).to(v.dtype)

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is one of 2^D - 1 times, and a sign; a spike is its time. Kept is v."""
        values = self.duration - 1
        bits = bits_of(values * (2 if activation.signed else 1))
        return LawCosts(bits, 1, 1, WORD, values, self.duration, True)

    def words(self, params):
        """What the law is called."""
        return f"first spike ({self.duration} sub-steps)"
