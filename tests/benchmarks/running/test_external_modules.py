"""Spiking modules that a variant names (snn=) as rows: built, loaded, run step by step, and what is wrong with them in one sentence."""

import importlib.util
import json
import sys
import types
from pathlib import Path

import pytest
import torch
from torch import nn

import adafire
from adafire.errors import InputError
from adapters.models import snn_small
from adapters.shared.checkpoints import fingerprint
from benchmarks.running import methods
from benchmarks.running.external import built
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task, load_task
from helpers.external_rows import TASK, Clear, Spikes, need
from helpers.paths import ROOT

ZOO = ROOT / "benchmarks" / "zoo" / "snn_fashion"


class Forgetful(Spikes):
    """Its state cannot be reset from outside."""

    reset = None


class Halving(nn.Module):
    """Spikes whose size halves with every step."""

    def __init__(self):
        super().__init__()
        self.t = 0

    def reset(self):
        self.t = 0

    def forward(self, x):
        self.t += 1
        return (x > 0.3).float() / 2**self.t


def net(neurons=None, width=12):
    return nn.Sequential(nn.Linear(6, width), neurons or Spikes(0.5), nn.Linear(width, 3))


def with_state():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 12), nn.Linear(12, 3)

        def forward(self, x, state=None):
            v = self.first(x) + (0.25 if state is None else state)
            spikes = (v >= 0.5).float() * 0.5
            return self.last(spikes), v - spikes

    return Net()


def takes_it(checkpoint, width=12):
    module = net(width=width)
    module.load_state_dict(torch.load(checkpoint, weights_only=True)["mine"])
    return module


@pytest.fixture
def somewhere(monkeypatch, tmp_path):
    """A package of somebody's with functions that give spiking modules."""
    package = types.ModuleType("somebodys_nets")
    package.net, package.with_state, package.takes_it = net, with_state, takes_it
    package.forgetful = lambda: net(Forgetful(0.5))
    package.halving = lambda: net(Halving())
    package.number = lambda: 3
    package.needs_more = lambda size: net()
    package.fewer = lambda: nn.Sequential(nn.Linear(6, 12), Spikes(0.5), nn.Linear(12, 2))
    monkeypatch.setitem(sys.modules, "somebodys_nets", package)
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "raises_on_import.py").write_text("raise RuntimeError('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path / "path"))


def ran(tmp_path, snn, names=("external",), timesteps=(2, 4), **changes):
    variant = {**TASK["variants"]["mini"], "snn": snn}
    task = parse(Task, {**TASK, "variants": {"mini": variant}, **changes}, "task")
    return {r.method: r for r in run(task, "mini", list(names), list(timesteps), out=tmp_path).records}


def test_a_module_is_a_row_with_its_weights_in_the_record(somewhere, tmp_path):
    snn = {"name": "somebodys_nets:net", "width": 8}
    record = ran(tmp_path, snn)["external"]
    assert record.status == "ok" and record.kind == "external" and record.anytime
    module, facts = built(snn)
    assert record.parameters == {"snn": "snn", "scale": None, **facts}
    assert facts["arguments"] == {"width": 8} and facts["module"] == "somebodys_nets:net"
    assert facts["weights"]["sha256"] == fingerprint(module)
    counted = adafire.count(module, Clear({"batch_size": 4}, Options()).inputs, 4).report
    assert record.rows[1].synops == pytest.approx(counted.synops) and counted.synops > 0
    assert record.rows[1].macs == 6 * 8 and 0 <= record.rows[1].metrics["accuracy"] <= 1


class Options:
    limit = None


def test_no_other_row_depends_on_the_module(somewhere, tmp_path):
    one = ran(tmp_path / "one", "somebodys_nets:net", ["burst"])
    two = ran(tmp_path / "two", {"lif": "somebodys_nets:net", "other": {"name": "somebodys_nets:net"}}, ["burst"])
    none = ran(tmp_path / "none", None, ["burst"])
    assert len({records["burst"].key for records in (one, two, none)}) == 1
    width = [ran(tmp_path / str(w), {"name": "somebodys_nets:net", "width": w})["external"].key for w in (8, 9)]
    assert len(set(width)) == 2


def test_several_modules_are_told_apart_by_name(somewhere, tmp_path):
    snn = {"wide": {"name": "somebodys_nets:net", "width": 20}, "stated": "somebodys_nets:with_state"}
    records = ran(tmp_path, snn, ["external", "external:snn=stated", "external:snn=wide"])
    assert records["external"].parameters == records["external:snn=wide"].parameters
    assert records["external"].rows[0].synops == records["external:snn=wide"].rows[0].synops > 0
    assert records["external:snn=stated"].rows[1].synops > 0  # (x, state) -> (y, state)


def test_weights_of_a_file_are_loaded_or_left_to_the_function(somewhere, tmp_path):
    torch.manual_seed(3)
    module = net(width=7)
    torch.save({"state_dict": module.state_dict()}, tmp_path / "a.pth")
    torch.save({"mine": module.state_dict()}, tmp_path / "b.pth")
    loaded, one = built({"name": "somebodys_nets:net", "width": 7, "checkpoint": str(tmp_path / "a.pth")})
    given, two = built({"name": "somebodys_nets:takes_it", "width": 7, "checkpoint": str(tmp_path / "b.pth")})
    for made in (loaded, given):
        assert all(torch.equal(made.state_dict()[k], v) for k, v in module.state_dict().items())
        assert not made.training
    assert one["weights"]["source"] == "a.pth" and two["weights"]["source"] == "b.pth"
    assert one["weights"]["sha256"] == two["weights"]["sha256"] and "checkpoint" not in two["arguments"]
    with pytest.raises(InputError, match="width|another shape"):
        built({"name": "somebodys_nets:net", "width": 8, "checkpoint": str(tmp_path / "a.pth")})


@pytest.mark.parametrize(
    "snn, words",
    [
        (None, "names no spiking module; give it snn='package.module:function'"),
        ("somebodys_nets:nets", "somebodys_nets has no function 'nets'"),
        ("nowhere_at_all:net", "cannot import nowhere_at_all"),
        ("raises_on_import:net", r"cannot import raises_on_import \(RuntimeError: no licence\)"),
        ("somebodys_nets:number", "gives int, not a torch.nn.Module"),
        ("somebodys_nets:needs_more", "cannot be built with no arguments: TypeError"),
        ({"name": "somebodys_nets:net", "widht": 3}, "cannot be built with {'widht': 3}: TypeError"),
        ({"name": "somebodys_nets:net", "checkpoint": "absent.pth"}, "absent.pth"),
        ({"name": 3}, "expected 'package.module:function'|not {'name': 3}|not 3"),
        ({"A b": "somebodys_nets:net"}, "names of lower-case letters"),
    ],
)
def test_what_cannot_be_built_is_told_before_the_first_simulation(somewhere, tmp_path, snn, words):
    with pytest.raises(InputError, match=words):
        ran(tmp_path, snn)
    assert not list(tmp_path.rglob("*.json"))


def test_an_unknown_module_of_several(somewhere, tmp_path):
    with pytest.raises(InputError, match="no module 'lfi'; did you mean 'lif'. It has lif, other"):
        ran(tmp_path, {"lif": "somebodys_nets:net", "other": "somebodys_nets:net"}, ["external:snn=lfi"])


@pytest.mark.parametrize(
    "function, words",
    [
        ("forgetful", "the module keeps state between samples; give it a method reset()"),
        (
            "halving",
            "spikes of changing scale: of 0.5 in step 1, of 0.25 in step 2; count each step's by its own scale with",
        ),
    ],
)
def test_a_module_that_cannot_be_counted_is_a_failed_row_that_says_why(somewhere, tmp_path, function, words):
    records = ran(tmp_path, f"somebodys_nets:{function}", ["external", "burst"])
    assert records["external"].status == "failed" and words in records["external"].reason
    assert records["burst"].status == "ok"


def test_spikes_of_changing_scale_can_be_counted_by_the_step(somewhere, tmp_path):
    record = ran(tmp_path, "somebodys_nets:halving", ["external:scale=step"])["external:scale=step"]
    assert record.status == "ok" and record.parameters["scale"] == "step"
    assert record.rows[1].synops == pytest.approx(3 * record.rows[1].spikes) and record.rows[1].spikes > 0


def test_a_wrong_scale_is_a_sentence(somewhere, tmp_path):
    record = ran(tmp_path, "somebodys_nets:net", ["external:scale=mine"])["external:scale=mine"]
    assert record.status == "failed" and "scale='mine'; expected" in record.reason


def test_paths_of_weights_are_those_of_the_project():
    task = load_task(ROOT / "tasks" / "fashion_resnet.py")
    named = task.variants["mini"].modules()
    assert list(named) == ["by_hand", "spikingjelly"] == list(task.variants["full"].modules())
    for spec in named.values():
        assert Path(spec["checkpoint"]) == ZOO / "snn_fashion.pth"
    assert "snn" not in task.variants["mini"].settings()


def pictures(count=6):
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(4))


def of_the_zoo(function):
    return built({"name": f"adapters.models.snn_small:{function}", "checkpoint": str(ZOO / "snn_fashion.pth")})


def test_the_neurons_written_by_hand_are_spikingjellys():
    need("spikingjelly")
    (ours, one), (theirs, two) = of_the_zoo("by_hand"), of_the_zoo("of_spikingjelly")
    x = pictures()
    mine, other = (adafire.count(module, x, 5, per_step=True) for module in (ours, theirs))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(mine.steps, other.steps))
    assert mine.report.synops == other.report.synops > 0 and mine.report.macs == other.report.macs
    assert one["weights"] == two["weights"]
    assert one["libraries"] == [] and two["libraries"][0].startswith("spikingjelly ")


def test_the_neurons_written_by_hand_step_by_step():
    lif, x, potential = snn_small.LIF(), torch.rand(3, 5) * 2, torch.zeros(3, 5)
    for _ in range(6):
        potential = potential * 0.5 + x
        fired = potential >= 1
        potential = torch.where(fired, potential - 1, potential)
        assert torch.equal(lif(x), fired.float())
    lif.reset()
    assert torch.equal(lif(x), (x >= 1).float())


def test_without_spikingjelly_its_neurons_are_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "spikingjelly", None)
    monkeypatch.setitem(sys.modules, "spikingjelly.activation_based", None)
    with pytest.raises(
        InputError, match=r"SpikingJelly's, which is not installed .*pip install 'adafire\[spikingjelly\]'"
    ) as caught:
        built("adapters.models.snn_small:of_spikingjelly")
    assert "\n" not in str(caught.value)


def test_the_zoo_says_how_it_was_trained_and_not_on_what_is_scored():
    recipe = json.loads((ZOO / "recipe.json").read_text())
    assert recipe["data"]["train"]["samples"] == 59500 and recipe["data"]["train"]["split"] == "train"
    assert (ZOO / "snn_fashion.pth").stat().st_size < 300_000
    need("mmengine")
    from mmengine.config import Config

    if importlib.util.find_spec("spikingjelly"):
        config = Config.fromfile(ZOO / "config.py")
        assert config.model.type == "SpikingClassifier" and config.train_cfg.max_epochs == recipe["epochs"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["external", "external:snn=spikingjelly"])
def test_the_trained_network_stands_in_the_table_of_its_pictures(name, tmp_path):
    if "spikingjelly" in name:
        need("spikingjelly")
    from adapters.base import WorkloadOptions
    from benchmarks.running.request import RunOptions

    task = load_task(ROOT / "tasks" / "fashion_resnet.py")
    options = RunOptions(WorkloadOptions(limit=100))
    records = {r.method: r for r in run(task, "mini", [name, "burst"], [4], options, tmp_path).records}
    row = records[name].rows[0]
    assert row.metrics["accuracy"] > 0.75 and 0 < row.synops < 3e6 and records[name].ann == records["burst"].ann
    assert methods.get(name).kind == "external"
