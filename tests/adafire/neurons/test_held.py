"""Held bursts: what few neurons tell is spelled for these alone, with the same bits."""

import pytest
import torch

from adafire.neurons import DifferentialBurst, HeldBurst


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
