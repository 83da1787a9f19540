"""The table of recipes fits the tasks, and what it says of others has a source."""

import pytest

from adafire.errors import InputError
from benchmarks.running import catalogue
from benchmarks.running.task import load_task
from benchmarks.training import recipes, session
from benchmarks.training.data import READERS


def test_every_entry_is_of_a_full_variant_and_has_a_recipe():
    entries = recipes.table()
    assert len({(e.task, e.variant) for e in entries}) == len(entries)
    assert {e.recipe for e in entries} == set(recipes.RECIPES), "no recipe without a task"
    for e in entries:
        task = load_task(catalogue.find_task(e.task))
        assert task.variants[e.variant].split == "full" and 0 < e.hours < 200
        assert task.adapter in (*READERS, *session.FRAMEWORKS), e
        assert bool(e.percent) == bool(e.source) == bool(e.network) and (
            not e.percent or 10 < float(e.percent) < 100
        ), e


def test_figures_of_others_are_shown_with_their_source():
    found, recipe = recipes.find("cifar10_resnet20", "full")
    assert found.literature.startswith("92.60 % accuracy (ResNet-20; README of chenyaofo") and recipe.epochs == 200
    assert found._replace(percent="").literature == "unknown"


@pytest.mark.parametrize(
    "task, variant, words",
    [
        ("coco_ssd", None, "no recipe to train task 'coco_ssd'. There is for"),
        ("cifar10_vgg16", "mini", "is a mini: its network was trained by a config of benchmarks/zoo"),
        ("cifar10_vgg16", "ful", "no variant 'ful'; did you mean 'full'"),
        ("cifar10_vgg", None, "did you mean"),
        ("modelnet40_pointnet", "sweethome3d", "no recipe to train variant 'sweethome3d'"),
    ],
)
def test_what_cannot_be_trained_is_told(task, variant, words):
    with pytest.raises(InputError, match=words):
        session.choose(task, variant)
