"""Held bursts: what few neurons tell is spelled for these alone, and the fused kernel does a step of a stream, with the same bits."""

import pytest
import torch
import torch.nn.functional as F

from adafire.graph.activations import activation_of
from adafire.graph.calls import Site
from adafire.neurons import DifferentialBurst, HeldBurst
from adafire.neurons import kernels as fused
from adafire.neurons.count import NeuronParams

ACTIVATIONS = {
    "relu": activation_of("relu", None, (None,), {}),
    "leaky_relu": activation_of("leaky_relu", F.leaky_relu, (None, 0.2), {}),
    "relu6": activation_of("relu6", F.relu6, (None,), {}),
}


def changes(share, levels, layout):
    """Values about the edges of what a digit rounds to, and any others, of a share of all."""
    g = torch.Generator().manual_seed(0)
    finest = 2.0 ** (1 - levels)
    edges = torch.tensor([0.5, 33 / 64, 0.5156, 0.5157, 1.5, 31 / 64, 0.4999, 2.0, 9.3, 300.0, 2000.0])
    picked = edges[torch.randint(len(edges), (2, 4, 6, 6), generator=g)] + 1e-4 * torch.randn(2, 4, 6, 6, generator=g)
    signs = torch.randint(0, 2, picked.shape, generator=g) * 2 - 1
    wanted = torch.where(torch.rand(picked.shape, generator=g) < share, picked * signs * finest, 0.0)
    return wanted.to(memory_format=layout)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [1, 3, 8])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.15, 0.5, 1.0])
@pytest.mark.parametrize("most", [1.0, 8.0, float("inf")])
def test_few_and_many_are_spelled_alike(share, levels, layout, most):
    law, wanted = DifferentialBurst(levels=levels), changes(share, levels, layout)
    for found, expected in zip(HeldBurst(law).bursts(wanted, most), law.burst(wanted, 1.0, most)):
        assert torch.equal(found, expected) and found.stride() == expected.stride() == wanted.stride()


def test_no_change_below_half_of_the_finest_level_has_a_digit():
    law = DifferentialBurst(levels=6)
    below = torch.linspace(-0.5, 0.5, 20_001) * 2.0**-5
    assert not law.burst(below, 1.0, 8.0)[1].any()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("zone", [0.0, 0.51, 2.0])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_kernel_does_what_a_step_of_the_law_does(name, zone, layout):
    """A walk of 12 calls: what flows on, what is held, spikes and messages; what it was given is left as it was."""
    if fused.library() is None:
        pytest.skip("the kernels cannot be compiled here")
    law, g, shape = HeldBurst(DifferentialBurst(levels=5), zone), torch.Generator().manual_seed(1), (2, 6, 5, 4)
    a_channel = lambda: torch.rand(1, 6, 1, 1, generator=g)
    params = NeuronParams(0.5 + a_channel(), a_channel() - 0.5, torch.zeros(1, 6, 1, 1), 8, 8, law)
    site = Site(0, 0, "a", ACTIVATIONS[name], shape, 1)
    z = torch.randn(shape, generator=g).to(memory_format=layout)
    state = law.initial_state(z, params)
    for _ in range(12):
        z = z + torch.randn(shape, generator=g) * (torch.rand(shape, generator=g) < 0.3) * 3
        before = [t.clone() for t in state]
        fast, ahead = law.fast(z[None], 0, 1, params, state, site)
        slow, after = law.scan(z[None], 0, 1, params, state, site.activation)
        assert torch.equal(fast, slow) and all(map(torch.equal, ahead, after)) and all(map(torch.equal, state, before))
        none = {k: torch.zeros_like(state.n) for k in ("x", "n", "events", "graded")}
        state = after._replace(**none)
    assert law.fast(z[None], 1, 1, params, state, site) is None and law.fast(z[None], 0, 2, params, state, site) is None
