"""Half precision: spikes and counts exact, membranes float32, outputs near float32."""

import pytest
import torch

import adafire
from adafire.neurons import kernels as fused
from adafire.neurons import pool_kernels
from adafire.simulation.precision import PRECISIONS, exact_theta
from adafire.simulation.state import Run
from helpers.networks import build, relative_error


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 8, 15, 16])
def test_every_count_times_theta_is_exact(precision, most):
    theta = torch.rand(1000) * 3 + 1e-3
    exact, dtype = exact_theta(theta, most, precision), PRECISIONS[precision][0]
    for count in range(1, most + 1):
        assert torch.equal((exact * count).to(dtype).float(), exact * count)
    bits = PRECISIONS[precision][1] - (0 if most < 3 else ((most - 1) | 1).bit_length())
    assert ((exact - theta).abs() / theta).max() <= 2.0**-bits


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("method", ["adafire-uniform", "adafire-signed", "dcgs"])
def test_spikes_are_whole_counts_and_outputs_near_fp32(precision, method, monkeypatch):
    network, x = build("Residual"), torch.randn(4, 3, 16, 16)
    expected = adafire.convert(network, x, method=method, timesteps=8)(x)
    snn, spikes = adafire.convert(network, x, method=method, timesteps=8, precision=precision), []
    fire = Run.fire

    def watched(self, site, z, steps, *more, **rest):
        out = fire(self, site, z, steps, *more, **rest)
        spikes.append((out.float() / self.params[site.index].theta).flatten())
        assert out.dtype == PRECISIONS[precision][0]
        return out

    monkeypatch.setattr(Run, "fire", watched)
    y = snn(x)
    if method != "dcgs":
        counts = torch.cat(spikes)
        assert torch.equal(counts, counts.round()) and counts.abs().max() > 1
    assert y.dtype == torch.float32 and relative_error(y, expected) < 0.1
    assert next(network.parameters()).dtype == torch.float32


@pytest.mark.parametrize("threads", [1, 4])
def test_fused_pooling_in_bf16_gives_the_same_spikes(threads):
    if fused.library() is None:
        pytest.skip("no C compiler on this machine: the reference is used everywhere")
    x = torch.randint(0, 4, (5, 2, 8, 11, 12)).float() * 0.375
    s = x.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    window, found, before = ((3, 3), (2, 2), (1, 1)), [], torch.get_num_threads()
    theta = torch.full((2, 6, 6, 8), 0.375)
    torch.set_num_threads(threads)  # one image at a time, or rows of one step
    try:
        for dtype in (torch.float32, torch.bfloat16):
            found.append(pool_kernels.pool(s.to(dtype), window, (6, 6), None, 1e-5, pool_kernels.Sent(theta)))
    finally:
        torch.set_num_threads(before)
    (full, state), (half, other) = found
    assert half.dtype == torch.bfloat16 and torch.equal(full, half.float())
    assert all(torch.equal(a, b) for a, b in zip(state, other))


def test_unknown_precision_is_one_clear_error():
    with pytest.raises(adafire.InputError, match="bf61.*did you mean 'bf16'"):
        adafire.convert(build("Residual"), torch.randn(1, 3, 16, 16), precision="bf61")


@pytest.mark.parametrize("method,said", [("ours", True), ("dcgs", True), ("adafire-signed", False)])
def test_what_is_not_exact_is_said(method, said):
    snn = adafire.convert(build("Residual"), torch.randn(2, 3, 16, 16), method=method, timesteps=2, precision="bf16")
    assert any("is rounded" in note for note in snn.notes) == said
