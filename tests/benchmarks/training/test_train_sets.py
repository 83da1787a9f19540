"""The train set of every recipe's data is read from a fake in its official layout: its classes, and nothing that is scored."""

from types import SimpleNamespace

import pytest

import layouts
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.shared import mmcv_ops
from benchmarks.running import catalogue
from benchmarks.running.task import load_task
from benchmarks.training import recipes
from benchmarks.training.data import READERS
from layouts import cifar, smaller


def variants():
    """{key of a fake: (task, variant)} of all recipes, the first of each."""
    found = {}
    for e in recipes.table():
        task = load_task(catalogue.find_task(e.task))
        found.setdefault(layouts.key(task.variants[e.variant]), (task, task.variants[e.variant]))
    return found


@pytest.mark.parametrize("key", sorted(variants()))
def test_a_train_set_is_read(key, tmp_path, monkeypatch):
    cifar.trust(monkeypatch)
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path / "cache"))
    task, variant = variants()[key]
    root = layouts.make(key, tmp_path / "fake")
    small, own = smaller.changes(variant).get("options", {}), variant.settings()
    settings = {**own, **{k: {**own[k], **v} if isinstance(v, dict) else v for k, v in small.items() if k in own}}
    options = WorkloadOptions(split="full", data_root=str(root))
    if task.adapter in READERS:
        found = READERS[task.adapter](settings, options)
        train, test = found.train, found.test
        assert set(train.labels) == set(range(len(found.classes))) and len(train.inputs) == len(train.ids)
        assert not set(train.digests) & set(test.digests) and train.inputs.shape[1:] == test.inputs.shape[1:]
        return
    train, val, test = _files(task.adapter, settings, options)
    assert len(train) >= 2 and val and test and not (set(train) | set(val)) & set(test) and not set(train) & set(val)


def _files(adapter, settings, options):
    """Digests of the pictures to train on, to choose by and to score."""
    if adapter == "mmdetection":
        from adapters.detection.training import training

        found = training(settings, options, 0.1)
        return [[digest for *_, digest in part] for part in (found.train, found.val, found.test)]
    pytest.importorskip("mmseg", reason="mmsegmentation is not installed (pip install -e '.[suite]')")
    mmcv_ops.register()
    from adapters.segmentation.training import training
    from benchmarks.training.mm_configs import config_of

    return training(settings, options, config_of(settings, "mmseg"), 0.1).digests


def test_other_data_than_voc_are_refused():
    from adapters.detection.training import training

    with pytest.raises(InputError, match="data of type 'coco' are not trained on here; expected 'voc'"):
        training({"data": {"type": "coco"}}, SimpleNamespace(data_root="x"), 0.1)
