"""Statistics and searches on disk: found again by content, by any process; never those of something else, never half of one."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import adafire
from adafire.calibration import kept as kept_module
from adafire.calibration.kept import digest_of_inputs
from adafire.calibration.thresholds import Histogram
from adafire.frames import Frames
from helpers.networks import build
from helpers.paths import ROOT


@pytest.fixture
def updates(monkeypatch):
    """One entry for each time that activations were measured."""
    calls, update = [], Histogram.update
    monkeypatch.setattr(Histogram, "update", lambda *args: (calls.append(1), update(*args)))
    return calls


@pytest.fixture(scope="module")
def x():
    return torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def equal(one, two):
    return (
        one.found == two.found
        and all(
            torch.equal(getattr(p, key), getattr(two.params[i], key))
            for i, p in one.params.items()
            for key in ("theta", "bias", "v0")
        )
        and all(p[3:5] == two.params[i][3:5] for i, p in one.params.items())
    )


@pytest.mark.parametrize(
    "method,searched",
    [
        ("adafire", True),
        ("adafire+ssc", True),
        ("ours", False),
        ("dcgs", False),
        ("rate-max", False),
        ("snn-calibration-advanced", False),
        ("adafire+iat", True),
    ],
)
def test_what_was_measured_is_found_again(method, searched, x, tmp_path, updates):
    alone = adafire.convert(build("Residual"), x, method=method, timesteps=3)
    updates.clear()
    first = adafire.convert(
        build("Residual"), adafire.Calibration(x, cache=tmp_path / "a" / "b"), method=method, timesteps=3
    )
    assert updates and first.spared_s == 0
    names = sorted(os.listdir(tmp_path / "a" / "b"))
    updates.clear()
    again = adafire.convert(
        build("Residual"), adafire.Calibration(x.clone(), cache=str(tmp_path / "a" / "b")), method=method, timesteps=3
    )
    assert not updates and (again.spared_s > 0) == searched and sorted(os.listdir(tmp_path / "a" / "b")) == names
    assert equal(first, alone) and equal(again, alone) and torch.equal(again(x), alone(x))


def test_methods_share_statistics_and_searches(x, tmp_path, updates):
    network = build("Residual")
    adafire.convert(network, adafire.Calibration(x, cache=tmp_path), method="adafire", timesteps=3)
    updates.clear()
    snn = adafire.convert(network, adafire.Calibration(x, cache=tmp_path), method="adafire+ssc", timesteps=3)
    assert not updates and snn.spared_s > 0
    assert (
        adafire.convert(network, adafire.Calibration(x, cache=tmp_path), method="adafire", timesteps=4).spared_s == 0
    ), "another T"
    assert not updates, "statistics do not depend on T"


class Small(nn.Module):
    def __init__(self, slope=0.1, size=2, scale=1.0):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.act, self.pool, self.scale = (
            nn.Conv2d(3, 4, 3),
            nn.Conv2d(4, 4, 3),
            nn.LeakyReLU(slope),
            nn.MaxPool2d(size, 2),
            scale,
        )
        self.table = torch.full((4, 1, 1), scale)

    def forward(self, x):
        return self.act(self.b(self.pool(self.act(self.a(x)))[:, :, : 6 if self.scale > 2 else 7] * self.table))


CHANGES = {
    "nothing": (lambda n, x: (n, x), False),
    "a weight": (lambda n, x: (n.a.bias.data.add_(1) is None or n, x), True),
    "data": (lambda n, x: (n, x + 1), True),
    "their order": (lambda n, x: (n, x.flip(0)), True),
    "fewer": (lambda n, x: (n, x[:8]), True),
    "their type": (lambda n, x: (n, Frames(x[:, None])), True),
    "batches": (lambda n, x: (n, list(x.split(6))), True),
    "a slope": (lambda n, x: (Small(slope=0.2), x), True),
    "a window": (lambda n, x: (Small(size=3), x), True),
    "a constant": (lambda n, x: (Small(scale=2.0), x), True),
    "a slice": (lambda n, x: (Small(scale=3.0), x), True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_content_is_measured_anew(name, x, tmp_path, updates):
    change, anew = CHANGES[name]
    adafire.convert(Small().eval(), adafire.Calibration(x, cache=tmp_path), method="rate-max", timesteps=2)
    updates.clear()
    network, data = change(Small(), x)
    adafire.convert(network.eval(), adafire.Calibration(data, cache=tmp_path), method="rate-max", timesteps=2)
    assert bool(updates) == anew


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:-1],
        lambda whole: b"junk" * 99,
        lambda whole: whole.replace(b'"sites":"[', b'"sites":"{'),
    ],
)
def test_damaged_files_are_measured_again(damage, x, tmp_path, updates):
    for method in ("ours", "adafire"):
        expected = adafire.convert(
            build("Residual"), adafire.Calibration(x, cache=tmp_path), method=method, timesteps=2
        )
        files = {path: path.read_bytes() for path in tmp_path.iterdir()}
        for path, whole in files.items():
            path.write_bytes(damage(whole))
        updates.clear()
        again = adafire.convert(build("Residual"), adafire.Calibration(x, cache=tmp_path), method=method, timesteps=2)
        assert updates and equal(again, expected)
        updates.clear()
        adafire.convert(build("Residual"), adafire.Calibration(x, cache=tmp_path), method=method, timesteps=2)
        assert not updates, "what was damaged is there again"


def test_a_measurement_that_is_broken_off_leaves_nothing(x, tmp_path, monkeypatch):
    monkeypatch.setattr(Histogram, "update", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        adafire.convert(build("Residual"), adafire.Calibration(x, cache=tmp_path), method="ours", timesteps=2)
    assert os.listdir(tmp_path) == []


def test_places(x, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(adafire.InputError, match="cache='.*file': .*; give a folder that can be written"):
        adafire.Calibration(x, cache=tmp_path / "file")

    def full(*_):
        raise adafire.InputError("cannot write: No space left on device")

    monkeypatch.setattr(kept_module, "write", full)
    snn = adafire.convert(build("Residual"), adafire.Calibration(x, cache=tmp_path), method="ours", timesteps=2)
    assert snn.notes == ["what was measured is not kept on disk: cannot write: No space left on device"]


@pytest.mark.slow
def test_processes_share_a_folder(x, tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests'); import torch, adafire; from helpers.networks import build\n"
        "x = torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(1))\n"
        f"snn = adafire.convert(build('Residual'), adafire.Calibration(x, cache={str(tmp_path)!r}), method='adafire', timesteps=2)\n"
        "print(snn.spared_s > 0, snn(x).double().sum().item())"
    )
    start = lambda: subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    both = [process.communicate()[0].split() for process in [start(), start()]]
    third = start().communicate()[0].split()
    assert third[0] == "True" and both[0][1] == both[1][1] == third[1]


def test_digest_of_inputs_tells_structures_apart():
    a, b = torch.zeros(2, 3), torch.zeros(2, 3)
    kinds = [
        [a],
        [a, b],
        [(a, b)],
        [{"a": a}],
        [{"b": a}],
        [Frames(a)],
        [Frames(a, "hold")],
        [a.double()],
        [a.view(3, 2)],
        [(a, 1)],
        [(a, 2)],
    ]
    assert len({digest_of_inputs(kind) for kind in kinds}) == len(kinds) and digest_of_inputs([a]) == digest_of_inputs(
        [b]
    )
