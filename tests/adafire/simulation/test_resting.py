"""Samples at rest: what one does, and what it costs, is the same whatever the others of its batch do."""

import pytest
import torch

import adafire
from adafire.graph import tensors_in
from adafire.neurons import kernels
from adafire.simulation import loop
from adafire.simulation import resting as resting_module
from helpers.networks import build


def snn_of(kind, method, x, timesteps=8):
    return adafire.convert(build(kind), x, method=method, timesteps=timesteps)


def counted(snn, x, at=None):
    snn.reset()
    outputs = snn(x, at=at)
    return outputs, {t: snn.report(at=t).as_dict() for t in (at or (snn.timesteps,))}


@pytest.mark.parametrize("method", ["ours", "adafire-differential", "sigma-delta"])
@pytest.mark.parametrize("kind", ["Residual", "Pyramid", "Shuffle"])
def test_a_batch_does_what_its_samples_do_alone(kind, method):
    """Samples with values far above those of the calibration go on for steps; the others rest at once."""
    snn = snn_of(kind, method, torch.randn(16, 3, 16, 16))
    x = torch.randn(7, 3, 16, 16) * torch.tensor([1.0, 0.0, 30.0, 1.0, 5.0, 0.1, 1.0]).view(-1, 1, 1, 1)
    together, whole = counted(snn, x, at=(1, 3, 8))
    alone = [counted(snn, x[i : i + 1], at=(1, 3, 8)) for i in range(7)]
    for k, t in enumerate((1, 3, 8)):
        for i, (outputs, _) in enumerate(alone):
            for mine, own in zip(tensors_in(together[k]), tensors_in(outputs[k])):
                assert torch.allclose(mine[i], own[0], atol=1e-4, rtol=1e-4), (t, i)
        for key in ("spikes", "synops", "synops_graded", "messages", "macs", "eff_macs", "over_fired", "active_steps"):
            mean = sum(reports[t][key] for _, reports in alone) / 7
            assert whole[t][key] == pytest.approx(mean, rel=1e-3, abs=1e-3), (t, key)


class Turned(torch.nn.Module):
    """Of some neurons the rows do not follow each other in memory, where kernels tell nothing of rows; of one sample alone they do."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Conv2d(3, 8, 3), torch.nn.Linear(8, 4)

    def forward(self, x):
        turned = self.first(x).relu().flatten(2).permute(2, 0, 1).contiguous().permute(1, 2, 0)
        return self.second(torch.relu(turned - 0.2).mean(2))


def test_rows_that_are_apart_in_memory_rest_alike():
    torch.manual_seed(0)
    snn = adafire.convert(Turned().eval(), torch.randn(16, 3, 9, 9), method="ours", timesteps=6)
    x = torch.randn(5, 3, 9, 9) * torch.tensor([1.0, 0.0, 60.0, 1.0, 9.0]).view(-1, 1, 1, 1)
    together, whole = counted(snn, x)
    alone = [counted(snn, x[i : i + 1]) for i in range(5)]
    assert torch.allclose(together, torch.cat([outputs for outputs, _ in alone]), atol=1e-4, rtol=1e-4)
    for key in ("spikes", "messages", "synops", "macs", "active_steps"):
        assert whole[6][key] == pytest.approx(sum(report[6][key] for _, report in alone) / 5, rel=1e-3), key


def test_those_that_rest_are_not_simulated(monkeypatch):
    snn, sizes = snn_of("Residual", "ours", torch.randn(16, 3, 16, 16)), []
    real = resting_module.part
    monkeypatch.setattr(
        resting_module, "part", lambda run, rows, plans: sizes.append(len(rows)) or real(run, rows, plans)
    )
    x = torch.randn(8, 3, 16, 16)
    x[5] *= 1000
    snn(x)
    assert sizes and sizes[-1] == 1 and all(size & (size - 1) == 0 for size in sizes)


def test_a_batch_that_rests_together_is_not_taken_apart(monkeypatch):
    snn = snn_of("Residual", "ours", torch.randn(16, 3, 16, 16))
    monkeypatch.setattr(resting_module, "part", lambda *_: pytest.fail("taken apart"))
    snn(torch.zeros(8, 3, 16, 16))


def test_rest_is_known_from_what_is_left_to_send(monkeypatch):
    """Kernels tell after a step who has more to send; elsewhere a silent step does: the same outputs and counts."""
    snn = snn_of("Residual", "ours", torch.randn(16, 3, 16, 16))
    x = torch.randn(6, 3, 16, 16) * torch.tensor([1.0, 0.0, 30.0, 1.0, 5.0, 0.1]).view(-1, 1, 1, 1)
    outputs, report = counted(snn, x)
    monkeypatch.setattr(kernels, "enabled", False)
    others, reference = counted(snn, x)
    assert torch.allclose(outputs, others, atol=1e-4)
    for key in ("spikes", "synops", "messages", "macs", "active_steps"):
        assert report[8][key] == pytest.approx(reference[8][key], rel=1e-3), key


@pytest.mark.parametrize("method", ["fs", "radix"])
def test_a_code_of_one_pass_is_simulated_once_and_counted_at_every_step(method, monkeypatch):
    snn = snn_of("Residual", method, torch.randn(16, 3, 16, 16), timesteps=4)
    x, steps = torch.randn(3, 3, 16, 16), []
    real = loop.advance_chunk
    monkeypatch.setattr(loop, "advance_chunk", lambda run, length: steps.append(length) or real(run, length))
    outputs, reports = counted(snn, x, at=(1, 4))
    assert steps == [1] and torch.allclose(*outputs, atol=1e-5)
    for key in ("spikes", "messages", "synops", "synops_graded"):
        assert reports[4][key] == pytest.approx(4 * reports[1][key], rel=1e-6), key
        assert (
            [site[key] for site in reports[4]["sites"]]
            == pytest.approx([4 * site[key] for site in reports[1]["sites"]])
            if key in reports[1]["sites"][0]
            else True
        )
    _, four = counted(snn, x)
    assert four[4]["messages"] == pytest.approx(reports[4]["messages"]) and four[4]["spikes"] == pytest.approx(
        reports[4]["spikes"]
    )
