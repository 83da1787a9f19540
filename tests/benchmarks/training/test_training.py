"""A training from beginning to end at toy size: resumed, found by a run, and said in its record."""

import hashlib
import json
import shutil
import time

import pytest
from PIL import Image

from adafire.errors import InputError
from benchmarks.running import catalogue, trained
from benchmarks.running.task import load_task
from benchmarks.training import clock, session
from helpers import toy_sets
from helpers.pictures import tree


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with a small train set and test set of ten classes."""
    monkeypatch.chdir(tmp_path)
    tree(tmp_path / "data", number=1)
    tree(tmp_path / "data", "train", number=4)
    return tmp_path


def wanted(**more):
    return session.Wanted("data", **{"epochs": 2, "batch": 10, **more})


@pytest.mark.slow
def test_a_training_is_interrupted_resumed_and_found(here, monkeypatch):
    from mmengine.runner import EpochBasedTrainLoop

    task, variant = session.choose("cifar100_resnet20")
    model = {"name": "adapters.models.resnet_small:resnet_small", "channels": 3}
    toy = task.variants[variant].model_copy(update={"model": model, "data": {"type": "cifar10"}})
    task = task.model_copy(update={"variants": {variant: toy}})
    run_epoch, begun = EpochBasedTrainLoop.run_epoch, []

    def interrupted(loop):
        begun.append(loop._epoch)
        time.sleep(1)
        if loop._epoch == 1 and len(begun) == 2:
            raise KeyboardInterrupt
        run_epoch(loop)

    monkeypatch.setattr(EpochBasedTrainLoop, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.train(task, variant, wanted())
    out = trained.weights_file(task.name, variant)
    assert session.begun(task.name, variant) and not out.exists()
    with pytest.raises(InputError, match="holds an earlier training; go on with it .--resume"):
        session.train(task, variant, wanted())
    with pytest.raises(InputError, match="was begun with epochs 2, not 3"):
        session.train(task, variant, wanted(epochs=3, resume=True))
    other = shutil.copytree(here / "data", here / "other")
    picture = next((other / "train").rglob("*.png"))
    Image.new("RGB", Image.open(picture).size, (9, 200, 40)).save(picture)
    with pytest.raises(InputError, match="was begun with data"):
        session.train(task, variant, wanted(resume=True)._replace(data_root="other"))
    found, metrics, _ = session.train(task, variant, wanted(resume=True))
    assert begun == [0, 1, 1] and found == out, "the first epoch is not trained again"
    made = json.loads(trained.recipe_file(out).read_text())
    seconds = clock.calls(session.work_folder(task.name, variant))
    assert min(seconds) > 1 and seconds[0] > 2 and made["wall_time_s"] == round(sum(seconds)) and made["calls"] == 2
    assert made["resumed"] and made["data"]["val"]["samples"] == 10 and made["metrics"] == metrics
    assert [json.loads(line)["epoch"] for line in out.with_suffix(".log.jsonl").read_text().splitlines()] == [1, 2]
    with pytest.raises(InputError, match="holds weights already; write others with --out FILE"):
        session.train(task, variant, wanted(work_dir="elsewhere", seed=3))
    (said,) = trained.notes(out)
    assert "trained here, recipe cifar-resnet: 2 epochs of the recipe's 200" in said
    assert load_task(catalogue.find_task(task.name)).variants[variant].checkpoint == str(out)
    out.write_bytes(out.read_bytes() + b" ")
    assert trained.notes(out) == [], "other weights under the same name"


def test_weights_that_were_trained_here_stand_behind_published_ones(here):
    for name in ("cifar10_resnet20", "cifar10_vgg16"):
        path = trained.weights_file(name, "full")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        checkpoint = load_task(catalogue.find_task(name)).variants["full"].checkpoint
        assert (checkpoint == str(path)) == (name == "cifar10_vgg16")
    assert load_task(catalogue.find_task("cifar10_vgg16")).variants["mini"].checkpoint.endswith("vgg_fashion.pth")
    assert trained.notes("https://x.org/y.pth") == trained.notes(None) == []


def test_a_wrong_option_is_told_before_any_work(here):
    with pytest.raises(InputError, match="--cfg-options cannot be used"):
        session.train(*session.choose("cifar10_vgg16"), wanted(cfg_options={"train_dataloader.batch_size.x": 1}))
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"out": "data"}, "--out data is a folder; expected a file name"),
        ({"out": "file/weights.pth"}, "file cannot be a folder to write in"),
        ({"work_dir": "file"}, "file cannot be a folder to write in"),
    ],
)
def test_places_that_cannot_be_written_are_told_before_any_work(here, options, message):
    (here / "file").write_text("")
    before = sorted(here.rglob("*"))
    with pytest.raises(InputError, match=message):
        session.train(*session.choose("cifar10_vgg16"), wanted(**options))
    assert sorted(here.rglob("*")) == before


def test_a_record_says_what_was_done_otherwise_than_the_recipe(tmp_path):
    made = {
        "recipe": "cifar-vgg",
        "epochs": 1,
        "seed": 0,
        "chosen": {"by": "accuracy"},
        "data": {"train": {"samples": 95}},
    }
    made |= {"cfg_options": {"optim_wrapper.optimizer.lr": 0.001}, "scratch": True}
    weights = tmp_path / "x.pth"
    weights.write_bytes(b"weights")
    made["weights"] = {"sha256": hashlib.sha256(b"weights").hexdigest()}
    trained.recipe_file(weights).write_text(json.dumps(made))
    (said,) = trained.notes(weights)
    words = "1 epochs of the recipe's 200, optim_wrapper.optimizer.lr=0.001, from random weights, seed 0, on 95 samples"
    assert words in said


def test_data_that_cannot_be_trained_on_are_told(here):
    task = session.choose("cifar10_vgg16")
    with pytest.raises(InputError, match="no such folder"):
        session.train(*task, wanted()._replace(data_root="nowhere"))
    (here / "other").mkdir()
    (here / "data" / "test").rename(here / "other" / "test")
    of_test = toy_sets.shrunk(*task, data={"type": "cifar10", "set_aside": 3})
    with pytest.raises(InputError, match="no train pictures in 'other'"):
        session.train(of_test, task[1], wanted()._replace(data_root="other"))
