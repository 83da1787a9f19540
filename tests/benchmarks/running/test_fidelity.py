"""How like the ANN's outputs are: by hand, whatever the batches, and in a record."""

import math

import torch

from adafire.simulation.exit import ExitJudge
from adapters.shared.dense_exit import DENSE
from benchmarks.running import fidelity
from benchmarks.running.row import Fidelity


def by_hand(outputs, reference):
    """Loops over samples [N, K]."""
    same = divergence = 0.0
    for a, b in zip(outputs.tolist(), reference.tolist()):
        same += a.index(max(a)) == b.index(max(b))
        p, q = ([math.exp(v) / sum(map(math.exp, row)) for v in row] for row in (a, b))
        divergence += 0.5 * sum((x - y) * math.log(x / y) for x, y in zip(p, q))
    return same / len(outputs), divergence / len(outputs)


def test_figures_of_class_scores_by_hand_and_whatever_the_batches():
    torch.manual_seed(0)
    reference = torch.randn(12, 5)
    outputs = reference + 0.7 * torch.randn(12, 5)
    same, divergence = by_hand(outputs, reference)
    assert 0 < same < 1
    for size in (12, 4, 3):
        parts = [
            fidelity.compared(a, b, None, len(a))
            for a, b in zip(outputs.split(size), reference.split(size), strict=True)
        ]
        found = fidelity.total(parts, 12)
        assert math.isclose(found["agreement"], same)
        assert math.isclose(found["divergence"], divergence, rel_tol=1e-5)
        Fidelity(**found)


def test_the_error_is_over_the_variance_of_all_samples_whatever_the_batches():
    torch.manual_seed(1)
    reference = [torch.randn(12, 4) * torch.arange(1.0, 13)[:, None], torch.randn(12, 2, 3) + 5]
    outputs = [y + 0.1 * torch.randn(y.shape) for y in reference]
    by_hand = sum(float((a - b).square().mean() / b.var(correction=0) / 2) for a, b in zip(outputs, reference)) / len(
        reference
    )
    for size in (12, 4, 3):
        batches = zip(*(y.split(size) for y in outputs)), zip(*(y.split(size) for y in reference))
        parts = [fidelity.compared(a, b, None, size) for a, b in zip(*batches)]
        found = fidelity.total(parts, 12)
        assert math.isclose(found["output_error"], by_hand, rel_tol=1e-5) and found["agreement"] is None
        Fidelity(**found)


def test_the_judge_of_a_family_says_what_share_agrees():
    reference = torch.zeros(2, 3, 4, 5)
    reference[:, 0] = 1
    outputs = reference.clone()
    outputs[1, 2, 0] = 2  # 5 of the second sample's 20 positions
    found = fidelity.total([fidelity.compared(outputs, reference, DENSE, 2)], 2)
    assert math.isclose(found["agreement"], 1 - 5 / 40) and found["divergence"] is None
    plain = ExitJudge(lambda y: y[:, 0], lambda a, b: (a != b).flatten(1).any(1))  # says only whether anything changed
    assert fidelity.total([fidelity.compared(outputs, reference, plain, 2)], 2)["agreement"] == 0.5
    assert fidelity.total([fidelity.compared(outputs, reference, None, 2)], 2)["agreement"] is None


def test_outputs_of_other_shapes_are_not_compared():
    one, other = torch.randn(2, 5), torch.randn(2, 4)
    assert fidelity.compared(one, other, None, 2) is None
    assert fidelity.compared([one, one], one, None, 2) is None
    assert fidelity.total([fidelity.compared(one, one, None, 2), None], 4) is None


def test_infinite_outputs_have_no_error_and_end_no_run():
    reference = torch.ones(2, 3)
    reference[1, 0] = float("inf")
    found = fidelity.total([fidelity.compared(torch.ones(2, 3), reference, None, 2)], 2)
    assert found["output_error"] is None and found["divergence"] is None and found["agreement"] is not None
    one = torch.ones(1, 1, 1)  # a single value has no variance
    assert fidelity.total([fidelity.compared(one, one, None, 1)], 1)["output_error"] == 0


class Counted:
    """A workload of two batches; calls of the ANN are counted."""

    def __init__(self):
        self.calls = 0

    def simulate(self, network, batch, at):
        self.calls += 1
        return [batch.clone()]


class Network:
    def reset(self):
        pass


def test_the_ann_runs_once_a_batch_and_nobody_can_write_into_what_is_kept(monkeypatch):
    workload, reference, batch = Counted(), fidelity.Reference(Network()), torch.ones(2, 3)
    for _ in range(2):
        found = reference.outputs(workload, 0, batch)
        assert torch.equal(found, batch)
        found.zero_()
    assert workload.calls == 1
    reference = fidelity.Reference(Network())
    reference.room = 10.0  # bytes: too few
    assert torch.equal(reference.outputs(workload, 0, batch), reference.outputs(workload, 0, batch))
    assert workload.calls == 3
