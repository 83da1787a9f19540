"""The count-form neuron: pure functions on explicit state.

With X_t the cumulative input current, F_t = t f(X_t / t) the cumulative target, theta the threshold and N_t the net
number of unit spikes emitted so far (DESIGN 3.2; ours, equal to the step form of the burst neuron of AdaFire):

    N_t = clip( floor(F_t / theta + v0), N_{t-1} - phi_minus, N_{t-1} + phi_plus ),    spikes_t = N_t - N_{t-1}

phi_plus = 1, phi_minus = 0 is the integrate-and-fire neuron with soft reset; phi_plus > 1 fires bursts; phi_minus > 0
takes spikes back, so that an early excess does not stay.
"""

from typing import NamedTuple

import torch


class NeuronParams(NamedTuple):
    """Parameters of one site; tensors broadcast against the site's shape [B, ..., C, ...].

    theta: threshold; bias: current added at every step; v0: initial potential in units of theta (1/2 rounds);
    phi_plus, phi_minus: most spikes emitted, and taken back, in one step (integers).
    """

    theta: torch.Tensor
    bias: torch.Tensor
    v0: torch.Tensor
    phi_plus: int
    phi_minus: int


class NeuronState(NamedTuple):
    """x: cumulative input [B, ...]; n: net spike count; events: unit spikes of either sign; graded: steps with a spike.

    ``events`` is ``n`` itself where spikes are never taken back.
    """

    x: torch.Tensor
    n: torch.Tensor
    events: torch.Tensor
    graded: torch.Tensor


def initial_state(like):
    """A state at rest for a site whose input at one step looks like ``like`` ([B, ...])."""
    zeros = torch.zeros_like(like, dtype=torch.float32)
    return NeuronState(zeros, zeros.clone(), zeros.clone(), zeros.clone())


def counts(x, n, t, params, activation):
    """N_t from the cumulative input ``x`` and N_{t-1} = ``n``: the equation above.

    >>> from .activations import activation_of
    >>> p = NeuronParams(torch.tensor(2.), torch.tensor(0.), torch.tensor(0.), 1, 0)
    >>> relu = activation_of("relu", None, (None,), {})
    >>> counts(torch.tensor([5., -1., 1.]), torch.tensor([0., 0., 0.]), 1, p, relu)
    tensor([1., 0., 0.])
    """
    target = activation.target(x, t).div(params.theta).add_(params.v0).floor_()
    return torch.minimum(torch.maximum(target, n - params.phi_minus), n + params.phi_plus)


def scan(z, t, steps, params, state, activation):
    """Run ``steps`` timesteps after step ``t``.

    z: input current, [K, B, ...], or [B, ...] when it is the same at every step. Returns (spikes [K, B, ...] in units
    of current, i.e. theta times the count, new state). Arithmetic is float32; counts are exact below 2**24.
    """
    constant = z.dim() == state.x.dim()
    x, n, events, graded = state
    z = z.float()
    shape = (steps, *x.shape)
    out = torch.empty(shape, dtype=torch.float32, device=x.device) if x.is_contiguous() else _like(x, steps)
    for k in range(steps):
        x = x + (z if constant else z[k])
        new = counts(x + params.bias * (t + k + 1), n, t + k + 1, params, activation)
        torch.sub(new, n, out=out[k])
        n = new
    size = out.abs() if params.phi_minus else out
    events = events + size.sum(0)
    graded = graded + (out != 0).sum(0)
    return out.mul_(params.theta), NeuronState(x, n, events, graded)


def _like(x, steps):
    """[steps, *x.shape] with the memory layout of ``x`` at every step (channels_last survives folding time)."""
    order = sorted(range(x.dim()), key=lambda d: -x.stride(d))
    base = torch.empty((steps, *(x.shape[d] for d in order)), dtype=torch.float32, device=x.device)
    inverse = [0] * x.dim()
    for position, d in enumerate(order):
        inverse[d] = position + 1
    return base.permute(0, *inverse)
