"""What a GPU would see, without one: fake tensors (helpers.fake_gpu) say which device everything is made on, and where a number
is read, for which a GPU must finish all that it was given; pretended ones (helpers.pretended_gpu) have numbers, too."""

import collections
import importlib

import pytest
import torch
from torch import nn

import adafire
import adafire.methods
from adafire.graph import tensors_in
from adafire.neurons import count, gpu, kernels
from adafire.snn.summary import ran_by
from helpers.fake_gpu import Reads, fake_gpu, put_there
from helpers.pretended_gpu import pretended_gpu

LAWS = ["burst", "ours", "dcgs", "sigma-delta"]
"""What every run of the tests looks at; the other methods are in a second call (slow)."""
REST = [pytest.param(name, marks=pytest.mark.slow) for name in adafire.methods.names() if name not in LAWS]
X = torch.rand(4, 3, 8, 6, generator=torch.Generator().manual_seed(0))


def small():
    """Convolutions, max pooling of spikes, an average, a linear layer."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 3), nn.ReLU()
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)).eval()


def converted(method):
    """An SNN on the CPU that has counted: tables that laws make of their parameters alone are there."""
    snn = adafire.convert(small(), X, method=method, timesteps=4)
    snn(X, at=(2, 4))
    snn.reset()
    snn._make_own()
    snn.exit = None  # who leaves early is decided by numbers, at every step
    return snn


def read_and_moved(snn, reads, at, count=True):
    """Reads of numbers, and moves from device to device, of a simulation up to ``at`` whose plan is there."""
    x = torch.rand(X.shape, device=next(snn.parameters()).device)
    snn.plan(x)
    reads.numbers.clear()
    reads.moved.clear()
    (y,) = snn(x, at=(at,), count=count)
    assert y.device == x.device and y.shape == (len(X), 5)
    return collections.Counter(reads.numbers), len(reads.moved)


def rest_reads(snn, steps):
    """How many of ``steps`` (from 1) read a number to learn whether anything is sent any more: those from which weights are constant,
    where a simulation may end early."""
    after = [getattr(p.neuron, "constant_after", None) for p in snn.params.values()]
    return sum(step > max(after) for step in steps) if after and None not in after else 0


@pytest.mark.parametrize("method", LAWS + REST)
def test_simulation_and_counting_stay_on_the_gpu_and_read_nothing_at_a_step(method):
    snn = converted(method)
    with fake_gpu() as (mode, reads):
        put_there(snn, mode)
        read_and_moved(snn, reads, 2)  # what is made once a plan
        (two, moved), (four, moved_in_four) = (read_and_moved(snn, reads, t) for t in (2, 4))
        assert moved == moved_in_four == 0
        assert (four - two).total() == (four - two)["loop.py _step_to_rest"] == rest_reads(snn, (3, 4))
        assert four["loop.py check_finite"] == (snn.method.kind == "snn")  # once a read-out
        assert len(snn.report(4).layers) >= 3


def test_outputs_alone_cost_one_number():
    snn = converted("burst")
    with fake_gpu() as (mode, reads):
        put_there(snn, mode)
        assert read_and_moved(snn, reads, 4, count=False) == ({"loop.py check_finite": 1}, 0)


def test_a_number_that_is_read_at_every_step_is_found(monkeypatch):
    own = count.target_counts
    monkeypatch.setattr(count, "target_counts", lambda x, *given: own(x, *given) if float(x.sum()) else None)
    snn = converted("burst")
    with fake_gpu() as (mode, reads):
        put_there(snn, mode)
        (two, _), (four, _) = (read_and_moved(snn, reads, t) for t in (2, 4))
        assert sum((four - two).values()) == 2 * len(snn.sites)


def test_a_tensor_on_another_device_is_found(monkeypatch):
    own = count.initial_state
    monkeypatch.setattr(count, "initial_state", lambda like, p: own(torch.empty(like.shape), p))
    snn = converted("burst")
    with fake_gpu() as (mode, reads):
        put_there(snn, mode)
        with pytest.raises(RuntimeError, match="device"):
            read_and_moved(snn, reads, 2)


@pytest.mark.parametrize("method", ["burst", "adafire-signed", "ours", "dcgs"])
def test_kernels_are_launched_on_tensors_of_the_gpu_alone(method, monkeypatch):
    """The Triton path up to the launch: what it is given lies on the GPU, and is written over for nobody else."""
    launched = []
    monkeypatch.setattr(gpu, "available", lambda: True)
    for name in ("triton_laws", "triton_pools"):
        module = importlib.import_module(f"adafire.neurons.{name}")
        monkeypatch.setattr(
            module, "launch", lambda kernel, size, *given, **rest: launched.append((kernel.__name__, size, given))
        )
    snn = converted(method)
    with fake_gpu() as (mode, reads):
        put_there(snn, mode)
        read_and_moved(snn, reads, 4)
    names = {name for name, _, _ in launched}
    assert names == {
        "cumulate_kernel",
        "pool_kernel",
        "scan_kernel" if method in ("burst", "adafire-signed") else "differential_kernel",
    }
    for name, size, given in launched:
        assert size and {t.device.type for t in tensors_in(given)} == {"cuda"}, name
    assert snn.ran == {"1": "triton", "2": "triton", "4": "triton"} and ran_by(snn) == "Triton kernels (3)"


@pytest.mark.parametrize(
    "method",
    [
        "burst",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("ours", "dcgs", "opi", "snn-calibration", "integer")),
    ],
)
def test_conversion_on_a_gpu_gives_what_it_gives_on_the_cpu(method, monkeypatch):
    """Not of methods that go backwards through the network (adafire, snn-calibration-advanced): for that torch asks a GPU's driver."""
    monkeypatch.setattr(kernels, "enabled", False)
    here = adafire.convert(small(), X, method=method, timesteps=4)
    wanted, report = here(X), here.report()
    with pretended_gpu():
        there = adafire.convert(small().to("cuda"), X.to("cuda"), method=method, timesteps=4)
        found = there(X.to("cuda"))
        assert found.device.type == "cuda"
        assert torch.equal(found.cpu(), wanted)
    assert (there.report().spikes, there.report().synops) == (report.spikes, report.synops)


@pytest.mark.parametrize("method", ["burst", "ours"])
def test_a_simulation_with_numbers_reads_none_at_a_step(method, monkeypatch):
    """As above on the CPU, where whether a network is at rest is so or not."""
    monkeypatch.setattr(kernels, "enabled", False)
    snn = adafire.convert(small(), X, method=method, timesteps=4)
    snn(X, at=(2, 4))
    with Reads() as reads:
        (two, moved), (four, _) = (read_and_moved(snn, reads, t) for t in (2, 4))
    assert not moved and set(four - two) <= {"loop.py _step_to_rest"}
    assert sum((four - two).values()) <= rest_reads(snn, (3, 4))
