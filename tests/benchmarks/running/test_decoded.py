"""Test batches are read once for all methods, and the ANN is run once; not where they are too large or a network writes into them."""

import torch

import adafire
from benchmarks.running import decoded, fidelity, methods
from benchmarks.running.measure import measure
from helpers.toys import ToyWorkload


class Counting(ToyWorkload):
    """A toy that counts how often its samples are read and its network is called for them."""

    def __init__(self, limit=None):
        options = type("Options", (), {"limit": limit})
        super().__init__({"batch_size": 4}, options)
        self.read, self.forwards = 0, 0

    def batches(self):
        self.read += 1
        yield from super().batches()

    def forward(self, network, inputs):
        self.forwards += 1
        return network(inputs)


def rows(workload, names):
    calibration = adafire.Calibration(list(workload.calibration()))
    return [next(measure(workload, calibration, methods.get(name), [None if name == "ann" else 1])) for name in names]


def test_samples_are_read_once_for_all_methods():
    workload = Counting()
    first, *others = rows(workload, ["ann", "quantised", "burst", "quantised"])
    assert workload.read == 1
    assert others[0]["metrics"] == others[2]["metrics"] and others[0]["fidelity"] == others[2]["fidelity"]
    assert first["fidelity"] is None


def test_what_is_kept_is_what_was_read():
    workload = Counting()
    fresh, kept = ([b.inputs.clone() for b in decoded.batches(workload)] for _ in range(2))
    assert workload.read == 1 and all(map(torch.equal, fresh, kept))


def test_the_ann_is_run_once_on_the_test_samples(monkeypatch):
    workload, made = Counting(), []
    monkeypatch.setattr(fidelity, "convert", lambda *a, **k: made.append(a))
    rows(workload, ["ann"])
    before = workload.forwards
    outputs = [workload.reference.outputs(workload, k, b) for k, b in enumerate(decoded.batches(workload))]
    assert workload.forwards == before and not made
    with torch.no_grad():
        assert torch.allclose(torch.cat(outputs), workload.network(workload.images), atol=1e-6)


def test_large_sets_are_read_again(monkeypatch):
    monkeypatch.setattr(decoded, "ROOM", 4 * 36 * 4 + 1)  # one batch of the three
    workload = Counting()
    assert [len(b.ids) for _ in range(2) for b in decoded.batches(workload)] == [4, 4, 2] * 2
    assert workload.read == 2 and workload.decoded is None


def test_a_pass_that_is_broken_off_keeps_nothing():
    workload = Counting()
    next(decoded.batches(workload))
    assert workload.decoded is None


def test_a_network_that_writes_into_its_input_gets_it_afresh():
    workload = Counting()
    for batch in decoded.batches(workload):
        batch.inputs.zero_() if 0 in batch.ids else None
    assert workload.decoded is None
    workload.images = torch.rand(10, 1, 6, 6)
    list(decoded.batches(workload))
    assert workload.decoded is not None
    for batch in decoded.batches(workload):
        batch.inputs.zero_()
    assert workload.decoded is None
