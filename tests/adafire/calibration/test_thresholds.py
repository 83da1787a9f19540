"""Threshold rules against direct computation on the values themselves."""

import pytest
import torch

from adafire.calibration.thresholds import Histogram, alive, maximum, mmse, percentile


def direct_mmse(values, phi, levels, offset):
    """Best of a fine grid, on the values and not on a histogram."""
    best = None
    for ratio in torch.linspace(0.005, 1.0, 400):
        step = ratio * values.max() / levels
        error = (values - (values / step + offset).floor().clamp(0, levels) * step).square().sum()
        if best is None or error < best[0]:
            best = (error, ratio * values.max() / phi)
    return best


@pytest.mark.parametrize("phi,steps", [(1, 4), (1, 32), (4, 2), (8, 8)])
@pytest.mark.parametrize("objective,offset", [("round", 0.5), ("floor", 0.0)])
def test_mmse_is_near_the_best_of_a_fine_grid(phi, steps, objective, offset):
    a = torch.randn(64, 3, 8, 8).relu() * torch.tensor([1.0, 5.0, 0.1]).view(1, 3, 1, 1)
    histogram = Histogram(3)
    for part in a.split(16):
        histogram.update(part, 1)
    theta = mmse(histogram, phi, phi * steps, objective)
    for c in range(3):
        values = a[:, c].flatten()
        error, _ = direct_mmse(values, phi, phi * steps, offset)
        step = theta[c] / steps
        mine = (values - (values / step + offset).floor().clamp(0, phi * steps) * step).square().sum()
        assert mine < 1.06 * error


def test_floor_thresholds_are_smaller_than_rounding_ones():
    histogram = Histogram(1)
    histogram.update(torch.randn(40000, 1).relu(), 1)
    assert mmse(histogram, 1, 8, "floor") < mmse(histogram, 1, 8, "round")


def test_maximum_and_percentile():
    values = torch.arange(1.0, 1001.0)
    histogram = Histogram(2)
    histogram.update(torch.stack([values, values * 10], 1), 1)
    assert maximum(histogram).tolist() == [1000.0, 10000.0]
    assert percentile(histogram, 90.0).tolist() == pytest.approx([900.0, 9000.0], rel=2e-3)
    assert percentile(histogram, 100.0).tolist() == [1000.0, 10000.0]
    assert percentile(histogram.pooled(), 100.0).tolist() == [10000.0]


def test_order_of_batches_changes_at_most_a_bin():
    a = torch.rand(30, 2) * torch.linspace(0.1, 3, 30)[:, None]
    forward, backward = Histogram(2), Histogram(2)
    for row in a.split(5):
        forward.update(row, 1)
    for row in a.flip(0).split(5):
        backward.update(row, 1)
    assert torch.equal(forward.maximum, backward.maximum)
    assert torch.allclose(percentile(forward, 50), percentile(backward, 50), atol=3 * float(a.max()) / Histogram.BINS)
    assert forward.counts.sum() == backward.counts.sum() == 60


def test_dead_channels_get_a_usable_threshold():
    theta = alive(torch.tensor([0.0, 2.0, 4.0]))
    assert theta.tolist() == [2.0, 2.0, 4.0]
    assert alive(torch.zeros(3)).tolist() == [1.0, 1.0, 1.0]


def test_channels_last_tokens():
    a = torch.rand(4, 7, 3) * torch.tensor([1.0, 2.0, 3.0])
    histogram = Histogram(3)
    histogram.update(a, 2)
    assert torch.allclose(histogram.maximum, a.amax((0, 1)))
