"""Parts of a train set: nothing that is scored is trained on, and each class is held out in part."""

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.classification.training import training
from adapters.shared.training import Part, held_out, without_scored
from helpers.pictures import options, picture, tree


def part(labels, digests=None):
    ids = [f"s{k}" for k in range(len(labels))]
    return Part(ids, np.arange(len(labels))[:, None], np.array(labels), digests or ids)


def test_what_is_scored_is_not_trained_on():
    found = without_scored("set", ("a", "b"), part([0, 1, 1, 0]), part([1], ["s2"]))
    assert (
        found.train.ids == ["s0", "s1", "s3"] and found.left_out == 1 and found.train.inputs[:, 0].tolist() == [0, 1, 3]
    )
    with pytest.raises(InputError, match="set has no samples to train on of class 'b'; give the folder"):
        without_scored("set", ("a", "b"), part([0, 1]), part([1], ["s1"]))


def test_each_class_is_held_out_in_part():
    train, val = held_out(part([0] * 20 + [1] * 3), 0.1)
    assert val.ids == ["s0", "s1", "s20"] and len(train.ids) == 20 and not set(train.ids) & set(val.ids)
    with pytest.raises(InputError, match="class 1 has one sample"):
        held_out(part([0, 0, 1]), 0.1)


@pytest.mark.parametrize("packed", ["folder", "zip"])
def test_pictures_of_a_train_set_in_folders(tmp_path, packed):
    from helpers.pictures import zipped

    tree(tmp_path / "in", number=1)
    tree(tmp_path / "in", "train", number=3)
    picture(tmp_path / "in" / "train" / "cat" / "more.png", seed=5)
    root = tmp_path / "in"
    if packed == "zip":
        zipped(root, tmp_path / "all.zip")
        root = tmp_path
    found = training({"data": {"type": "cifar10"}}, options(root))
    assert found.left_out == 10, "0000.png of every class is in both sets"
    assert found.train.inputs.shape == (21, 3, 32, 32) and found.train.inputs.dtype == np.uint8
    labels = dict(zip(found.train.ids, found.train.labels))
    assert labels["train/cat/more.png"] == found.classes.index("cat")
