"""Weights that were trained here otherwise than their recipe says are told, refused, taken or replaced; never taken for the recipe's."""

import hashlib
import json

import pytest

from adafire.errors import InputError
from benchmarks.running import trained
from benchmarks.training import plan, session, shortened

NAME, VARIANT = "cifar10_vgg16", "full"
AS_THE_RECIPE = {
    "recipe": "cifar-vgg",
    "epochs": 200,
    "hyperparameters": {"batch": 128},
    "cfg_options": {},
    "scratch": False,
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that leaves weights with a recipe beside them, and the folder of their training."""
    monkeypatch.chdir(tmp_path)

    def put(content=b"weights", **said):
        weights = trained.weights_file(NAME, VARIANT)
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.write_bytes(content)
        made = AS_THE_RECIPE | {"weights": {"sha256": hashlib.sha256(b"weights").hexdigest()}} | said
        trained.recipe_file(weights).write_text(json.dumps(made))
        folder = session.work_folder(NAME, VARIANT)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "last_checkpoint").write_text("epoch_1.pth")
        (folder / "training.json").write_text(
            json.dumps({key: made[key] for key in ("recipe", "epochs")} | {"batch": 128})
        )
        return weights

    return put


def job():
    return plan.jobs([NAME], False, {NAME: "."})[0]


@pytest.mark.parametrize(
    "said, words",
    [
        ({"epochs": 1}, "1 epochs of the recipe's 200"),
        ({"hyperparameters": {"batch": 2}}, "batches of 2, not 128"),
        ({"cfg_options": {"a.b": 3}}, "a.b=3"),
        ({"scratch": True}, "from random weights"),
        ({"epochs": 2, "scratch": True}, "2 epochs of the recipe's 200; from random weights"),
        ({}, ""),
    ],
)
def test_what_was_otherwise_is_told_and_refused(write, said, words):
    write(**said)
    assert shortened.of_weights(NAME, VARIANT) == words
    if not words:
        assert plan.needed([job()], True) == []
        return
    for train in (True, False):
        with pytest.raises(
            InputError, match="add --if-shortened retrain to train anew .* or --if-shortened take to measure"
        ) as told:
            plan.needed([job()], train)
        assert words in str(told.value) and NAME in str(told.value)
    assert plan.needed([job()], True, None, "take") == [] and plan.needed([job()], True, None, "retrain") == [job()]
    with pytest.raises(InputError, match="add --train"):
        plan.needed([job()], False, None, "retrain")


def test_epochs_that_are_asked_for_are_no_fault_and_others_are(write):
    write(epochs=1)
    assert plan.needed([job()], True, 1) == []
    with pytest.raises(InputError, match=r"not what --epochs says \(1 epochs, not 3\)"):
        plan.needed([job()], True, 3)


def test_weights_of_others_are_nobodys_shortened_ones(write):
    write(b"brought from elsewhere", epochs=1)
    assert shortened.of_weights(NAME, VARIANT) == "" and plan.needed([job()], True) == []


def test_a_training_that_was_begun_otherwise_is_refused(write):
    write(epochs=3).unlink()
    with pytest.raises(
        InputError, match=r"a training was begun that is not .*\(3 epochs of the recipe's 200\).* give the --epochs"
    ):
        plan.needed([job()], True)
    assert plan.needed([job()], True, 3) == [job()]


def test_what_is_set_aside_is_kept_under_another_name(write):
    for k in (1, 2):
        weights = write(epochs=1)
        moved = shortened.set_aside(NAME, VARIANT)
        assert [path.name for path in moved] == [
            f"{weights.name}.before{k}",
            f"{weights.stem}.recipe.json.before{k}",
            f"{NAME}-{VARIANT}.before{k}",
        ]
        assert moved[0].read_bytes() == b"weights" and not weights.exists() and not session.begun(NAME, VARIANT)
    assert shortened.of_weights(NAME, VARIANT) == shortened.of_training(NAME, VARIANT) == ""
