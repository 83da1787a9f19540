"""The count-form neuron: pure functions on explicit state.

With X_t the cumulative input current, F_t = t f(X_t / t) the cumulative target, theta the threshold and N_t the net
number of unit spikes emitted so far (DESIGN 3.2; ours, equal to the step form of the burst neuron of AdaFire):

    N_t = clip( floor(F_t / theta + v0), N_{t-1} - phi_minus, N_{t-1} + phi_plus ),    spikes_t = N_t - N_{t-1}

phi_plus = 1, phi_minus = 0 is the integrate-and-fire neuron with soft reset; phi_plus > 1 fires bursts; phi_minus > 0
takes spikes back, so that an early excess does not stay.
"""

import math
from typing import Any, NamedTuple

import torch

from .costs import WORD, Asked, LawCosts, bits_of
from .gpu import divided


class NeuronParams(NamedTuple):
    """Parameters of one site; tensors broadcast against the site's shape [B, ..., C, ...].

    theta: threshold; bias: current added at every step; v0: initial potential in units of theta (1/2 rounds);
    phi_plus, phi_minus: most spikes emitted, and taken back, in one step (integers); neuron: another law than ``scan``,
    a module or object with ``initial_state(like, params)`` and ``scan(z, t, steps, params, state, activation)``, whose
    state has ``n`` (cumulative output over theta), ``events`` and ``graded``, and ``asked(params, t)`` (asked_for.py);
    ``costs(params, activation, steps)`` (costs.py) and ``words(params)`` say what it costs and what it is called.
    """

    theta: torch.Tensor
    bias: torch.Tensor
    v0: torch.Tensor
    phi_plus: int
    phi_minus: int
    neuron: Any = None


class NeuronState(NamedTuple):
    """x: cumulative input [B, ...]; n: net spike count; events: unit spikes of either sign (``n`` itself where spikes are
    never taken back); graded: steps with a spike."""

    x: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


def initial_state(like, params):
    """A state at rest for a site whose input at one step looks like ``like`` ([B, ...]); it keeps its memory layout."""
    x, n, graded = (torch.zeros_like(like, dtype=torch.float32, memory_format=torch.preserve_format) for _ in range(3))
    return NeuronState(x, n, torch.zeros_like(n) if params.phi_minus else n, graded)


def target_counts(x, t, params, activation):
    """floor(F_t / theta + v0): the count that the cumulative input ``x`` (without the bias current) asks for at step t.

    >>> from adafire.graph.activations import activation_of
    >>> p = NeuronParams(torch.tensor(2.), torch.tensor(0.), torch.tensor(0.5), 1, 0)
    >>> target_counts(torch.tensor([5., 4.9, -1.]), 1, p, activation_of("relu", None, (None,), {}))
    tensor([3., 2., 0.])
    """
    return activation.target(x + params.bias * float(t), t).div(params.theta).add_(params.v0).floor_()


def quantised(z, t, params, activation):
    """The activation of the current ``z`` [B, ...], rounded to the levels that t steps of this neuron carry, in its own dtype.

    >>> from adafire.graph.activations import activation_of
    >>> p = NeuronParams(torch.tensor(2.), torch.tensor(0.), torch.tensor(0.5), 1, 0)
    >>> quantised(torch.tensor([-1., 0.3, 1.2, 9.]), 4, p, activation_of("relu", None, (None,), {}))
    tensor([0.0000, 0.5000, 1.0000, 2.0000])
    """
    step = divided(params.theta, t)
    low = -params.phi_minus * t if activation.signed else 0
    levels = (activation.f(z.float() + params.bias) / step).round().clamp(low, params.phi_plus * t)
    return levels.mul(step).to(z.dtype)


def scan(z, t, steps, params, state, activation):
    """Run ``steps`` timesteps after step ``t``.

    z: input current, [K, B, ...], or [B, ...] when it is the same at every step. Returns (spikes [K, B, ...] in units
    of current, i.e. theta times the count, new state). Arithmetic is float32; counts are exact below 2**24.
    """
    constant = z.dim() == state.x.dim()
    x, n = state.x, state.n
    z = z.float()
    out = torch.empty_strided((steps, *x.shape), (x.numel(), *x.stride()), dtype=torch.float32, device=x.device)
    for k in range(steps):
        x = x + (z if constant else z[k])
        want = target_counts(x, t + k + 1, params, activation)
        new = torch.minimum(torch.maximum(want, n - params.phi_minus), n + params.phi_plus)
        torch.sub(new, n, out=out[k])
        n = new
    events = state.events + out.abs().sum(0) if params.phi_minus else n
    graded = state.graded + (out != 0).sum(0)
    return out.mul_(params.theta), NeuronState(x, n, events, graded)


def asked(params, t):
    """What spike counts are held against (asked_for.py): the count that the input asks for and the limit allows. Above is who took
    phi_minus spikes back in step t, and still has more than 0 where no less was asked for: it had more than phi_minus before."""
    back = float(params.phi_minus)
    above = 2 * back + 1 if params.phi_plus * (t - 1) > back else math.inf
    return Asked(most=float(params.phi_plus * t), rounded=True, least=(back, above))


def costs(params, activation, steps):
    """``LawCosts``. A message is the number of spikes of a step, with a sign where they can be taken back; its bits are those
    that tell these numbers apart. Kept is the membrane potential x - theta n alone where nothing else is asked for: a spike
    is taken back only where there is one, and t f(x / t) is no function of that difference, so that n is kept beside it."""
    alone = activation.kind == "identity" or activation.kind == "relu" and not params.phi_minus
    return LawCosts(
        message_bits=bits_of(params.phi_plus + params.phi_minus),
        spike_bits=1,
        longest_burst=max(params.phi_plus, params.phi_minus),
        state_bytes=WORD if alone else 2 * WORD,
        values=params.phi_plus * steps,
    )


def words(params):
    """What the law is called."""
    return "integrate-and-fire" if params.phi_plus == 1 else "burst"
