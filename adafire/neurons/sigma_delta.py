"""The sigma-delta neuron (Lava's ``sdn`` processes, as of Loihi 2): what is sent are changes, and receivers add them up.

    sigma_t = sigma_{t-1} + input,   a_t = f(sigma_t + bias),   delta = a_t - a_{t-1} + residue_{t-1}
    sent_t = delta where |delta| reaches the threshold, else 0,   residue_t = delta - sent_t

Inputs are what the neurons before sent. Since receivers add up, sigma_t is the current that all values as they were last told
give: what flows on here at step t is the value h_t = sum of sent that a receiver holds, its current is sigma_t, and delta is
a_t - h_{t-1}. A message is a number. Here it is a multiple of theta, as a chip has it: theta round(delta / theta), sent where |delta| >=
``vth`` theta, and values end at (2^bits - 1) theta; there deltas are 24-bit integers. The weight meets each 1 of its payload in a
synaptic operation, shifted; the whole message is one event.

A value is that of its step: with frames a network works on each frame, and pays for what changed. On a still input all is sent in
the first step; then the network is silent.
"""

from typing import NamedTuple

import torch

from .costs import WORD, LawCosts, bits_of
from .harmony import ones_in


class SigmaDeltaState(NamedTuple):
    """x: cumulative current [B, ...]; mean: h, the value that receivers hold, over theta; n: its sum over the steps; events:
    ones in the payloads; graded: messages."""

    x: torch.Tensor
    mean: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


class SigmaDelta:
    """The law, for ``NeuronParams.neuron``. bits: of a value; vth: least change that is sent, over theta, from 1/2."""

    instant = True
    """What flows on is a value of this step alone: operators act on it as on the network's own values."""
    constant_after = 0
    """A silent network stays silent from the first step on."""

    def __init__(self, bits, vth=0.5):
        self.bits, self.vth = bits, vth

    def initial_state(self, like, params):
        """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
        return SigmaDeltaState(
            *(torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format) for _ in range(5))
        )

    def scan(self, z, t, steps, params, state, activation):
        """Run ``steps`` timesteps after step ``t``; z and the result as in ``count.scan``, with h for the spikes."""
        constant, z = z.dim() == state.x.dim(), z.float()
        x, held, n, events, graded = state
        out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
        for k in range(steps):
            sigma = z if constant else z[k]
            change, spikes = self.told(activation.f(sigma + params.bias).div(params.theta), held, params.phi_plus)
            x, held = x + sigma, held + change
            n, events, graded = n + held, events + spikes, graded + (spikes != 0)
            out[k] = held
        return out.mul_(params.theta), SigmaDeltaState(x, held, n, events, graded)

    def told(self, a, held, most):
        """(change of what receivers hold, spikes that tell it) where they hold ``held``, for activations ``a``, all over theta."""
        payload = self.payload(a, held)
        return payload, ones_in(payload)

    def payload(self, a, held):
        """What is sent where receivers hold ``held``, for activations ``a``, all in units of theta.

        >>> a, held = torch.tensor([0.4, 0.6, 2.2, 99.0]), torch.tensor([0.0, 0.0, 4.0, 1.0])
        >>> SigmaDelta(3).payload(a, held), SigmaDelta(3, vth=2.0).payload(a, held)
        (tensor([ 0.,  1., -2.,  6.]), tensor([0., 0., 0., 6.]))
        """
        most = 2.0**self.bits - 1
        delta = a.clamp(-most, most) - held
        return torch.where(delta.abs() >= self.vth, delta.round(), 0.0)

    def spikes_of(self, values, t, before=None):
        """Ones in the payloads that tell receivers pooled ``values`` [K, ...], in units of theta, after the value ``before``."""
        before = torch.zeros_like(values[:1]) if before is None else before[None]
        return ones_in(torch.diff(values, dim=0, prepend=before).clamp(-(2.0**24), 2.0**24))

    def asked(self, params, t):
        """No neuron sends more than is asked for: it holds the value of its own step, rounded."""
        return None

    def costs(self, params, activation, steps):
        """``LawCosts``: a message is a payload, of either sign and up to the whole range of values; a spike is one of its ones.
        Kept are sigma and h."""
        values = 2**self.bits - 1
        span, ones = (2 * values, self.bits + 1) if activation.signed else (values, self.bits)
        return LawCosts(bits_of(2 * span), bits_of(2 * ones), self.bits, 2 * WORD, values)

    def words(self, params):
        """What the law is called."""
        return f"sigma-delta ({self.bits} bits)"
