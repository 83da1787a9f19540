"""What goes wrong at a first run on data and weights of one's own: one sentence from the command line, and nothing half-written stays."""

import hashlib
import shutil

import pytest
import torch

import layouts
from adapters.models import build
from helpers.pictures import picture, tree
from helpers.programs import program
from helpers.servers import serving
from layouts import cifar

NETWORK = "adapters.models.resnet_small:resnet_small"
TASK = """
name = "own"
version = 1
family = adapter = "classification"
metric = "accuracy"
methods = ["burst"]
timesteps = [1]
variants = dict(full=dict(split="full", model={model!r}, checkpoint={checkpoint!r}, batch_size=4,
    data=dict(type="imagefolder", test="test", set_aside=8), calibration=dict(samples=4), options=dict({options})))
"""
PREPARED = "preprocessing=dict(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with caches and lists of this test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADAFIRE_DATA", raising=False)
    monkeypatch.delenv("ADAFIRE_MIRROR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    cifar.trust(monkeypatch)
    (tmp_path / "data").mkdir()
    return tmp_path


def own(folder, classes=10, options=PREPARED, checkpoint="random", outputs=10):
    """Arguments for a task of one's own on 6 pictures a class in test/."""
    tree(folder / "data", number=6)
    for name in sorted((folder / "data" / "test").iterdir())[classes:]:
        shutil.rmtree(name)
    model = {"name": NETWORK, "num_classes": outputs, "channels": 3}
    (folder / "own.py").write_text(TASK.format(model=model, checkpoint=checkpoint, options=options))
    return ["own.py", "--trust-config", "--data-root", "data"]


def wrong_root(folder):
    layouts.make("coco", folder / "data" / "coco")
    return ["cifar10_resnet20", "--data-root", "data/coco", "--checkpoint", "random"]


def half_a_set(folder):
    cifar.cifar10(folder / "data")
    (folder / "data" / "cifar-10-batches-py" / "test_batch").unlink()
    return ["cifar10_resnet20", "--data-root", "data", "--checkpoint", "random"]


def other_classes(folder):
    return own(folder, classes=7)


def no_preprocessing(folder):
    argv = own(folder, options="")
    picture(next((folder / "data" / "test").rglob("*.png")), side=40)
    return argv


@pytest.mark.parametrize(
    "make, words",
    [
        (wrong_root, "no CIFAR-10 in 'data/coco'; expected cifar-10-batches-py, or test/<class>/<picture>"),
        (half_a_set, "'data/cifar-10-batches-py' is incomplete or damaged"),
        (other_classes, "has 10 outputs, but the data have 7 classes (airplane, automobile, bird, ...)"),
        (no_preprocessing, "have 2 sizes ((32, 32) to (40, 40) pixels); expected one, or preprocessing="),
    ],
)
def test_data_that_do_not_fit_are_one_sentence(folder, make, words, capsys):
    argv = make(folder)
    before = {path for path in folder.rglob("*")}
    assert program("run_bench").main([*argv, "--out", "out"]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2 and err[1].startswith("error: ") and words in err[1], err
    assert {path for path in folder.rglob("*") if "__pycache__" not in path.parts} == before


def test_weights_that_break_off_or_are_others_leave_nothing_half(folder, capsys):
    torch.save(build({"name": NETWORK, "num_classes": 10, "channels": 3}).state_dict(), folder / "weights.pth")
    content = (folder / "weights.pth").read_bytes()
    name, kept = f"weights-{hashlib.sha256(content).hexdigest()[:8]}.pth", folder / "hub" / "checkpoints"
    with serving(bytes(reversed(content))) as server:
        argv = [*own(folder, checkpoint=f"{server.url}/{name}"), "--limit", "2", "--no-rivals", "--out", "out"]
        assert program("run_bench").main(argv) == 2
        err = capsys.readouterr().err
        assert f"sent is not '{name}': its sha256 begins with" in err and "it was removed" in err
        assert not list(kept.iterdir()) and not (folder / "out").exists()
        server.content, server.cut = content, len(content) // 5
        assert program("run_bench").main(argv) == 2
        assert "bytes are kept, the same command goes on there" in capsys.readouterr().err
        assert [path.name for path in kept.iterdir()] == [f"{name}.part"] and not (folder / "out").exists()
        server.cut = None
        assert program("run_bench").main(argv) == 0
        assert server.asked[-1] > len(content) // 2, "it went on where it had ended"
    assert [path.name for path in kept.iterdir()] == [name] and (kept / name).read_bytes() == content
    assert "trusted on first use" in capsys.readouterr().err and list((folder / "out" / "records").rglob("*.json"))
