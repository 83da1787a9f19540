"""Where memory runs out: fewer timesteps at once and the same counts, or an error that says how much was wanted."""

import gc
import importlib
import weakref

import pytest
import torch
from torch import nn

import adafire
from adafire.errors import AdafireError
from adafire.simulation.memory import OutOfMemory, ran_out, told, words
from adafire.simulation.state import Run
from helpers.networks import build

convert_module = importlib.import_module("adafire.snn.network")
CPU = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 540000000 bytes. Error code 12 (Cannot allocate memory)"
)
GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79 GiB")


def test_errors_of_memory_are_known_and_told_with_their_figure(monkeypatch):
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3e9)
    assert all(map(ran_out, (CPU, GPU, MemoryError(), RuntimeError("std::bad_alloc"))))
    assert not any(map(ran_out, (RuntimeError("shape mismatch"), ValueError("cannot allocate memory"), KeyError(3))))
    assert words(CPU).startswith("0.54 GB more were wanted; the process held up to ")
    assert words(GPU) == "2.15 GB more were wanted on the GPU; torch held 3 GB there"
    with pytest.raises(OutOfMemory, match="ran out here: 0.54 GB more were wanted.*; buy some"):
        with told("here", "buy some"):
            raise CPU
    with pytest.raises(ZeroDivisionError):
        with told("here", "buy some"):
            1 / 0
    assert issubclass(OutOfMemory, AdafireError)


@pytest.mark.parametrize("least, noted", [(8, []), (3, ["8", "4"]), (1, ["8", "4", "2"])])
def test_fewer_timesteps_at_once_give_the_same_counts(monkeypatch, least, noted):
    """A simulator that runs out of memory, after it has begun, with more than ``least`` timesteps at once."""
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    ).eval()
    x = torch.rand(4, 1, 8, 8)

    def simulated():
        snn = adafire.convert(network, x, method="burst", timesteps=8)
        return snn(x, at=(2, 8)), snn

    wanted, whole = simulated()
    real = convert_module.simulate

    def hungry(run, at, chunk, **options):
        for t, output in real(run, at, chunk, **options):
            yield t, output
            if chunk > least:
                raise CPU

    monkeypatch.setattr(convert_module, "simulate", hungry)
    found, snn = simulated()
    assert all(map(torch.equal, found, wanted))
    assert snn.report(at=8).as_dict() == whole.report(at=8).as_dict() and snn.report(at=2).samples == 4
    assert [note.split()[4] for note in snn.notes] == noted and all(
        "0.54 GB more were wanted" in note for note in snn.notes
    )
    assert snn.most_at_once == {8: 8, 3: 2, 1: 1}[least]


def test_too_little_for_one_timestep_is_an_error(monkeypatch):
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    snn = adafire.convert(network, torch.rand(4, 4), method="adafire-uniform", timesteps=8)

    def starving(run, at, chunk, **options):
        raise CPU
        yield

    monkeypatch.setattr(convert_module, "simulate", starving)
    with pytest.raises(RuntimeError, match="540000000 bytes"):
        snn(torch.rand(4, 4))
    assert len(snn.notes) == 3


@pytest.mark.parametrize(
    "name", ["snn-calibration", "snn-calibration-advanced", "threshold-balancing", "dcgs", "adafire+ssc+iat", "ours"]
)
def test_states_are_freed_at_once(name, monkeypatch):
    """What a simulation held is gone with its last use: without the garbage collector, which may come gigabytes later."""
    network, x, made, alive = build("Residual"), torch.randn(6, 3, 16, 16), [], []
    begin = Run.__init__

    def begun(run, *arguments):
        alive.append(sum(ref() is not None for ref in made))
        made.append(weakref.ref(run))
        begin(run, *arguments)

    monkeypatch.setattr(Run, "__init__", begun)
    gc.collect()
    gc.disable()
    try:
        snn = adafire.convert(network, list(x.split(2)), method=name, timesteps=2)
        snn(x)
        assert snn.report().synops > 0 and made
        assert sum(ref() is not None for ref in made) == 0 and max(alive) <= 2, "two where a search compares"
    finally:
        gc.enable()
