"""How pictures are prepared for weights that torchvision or timm bring: as these libraries state, unless the task says."""

import sys
import types

import pytest
import torch
from torch import nn

from adafire.errors import InputError
from adapters.classification.preprocessing import IMAGENET, completed
from adapters.models import build, stated
from helpers.classifiers import SMALL, make
from helpers.pictures import tree

BIT = {
    "input_size": (3, 16, 16),
    "mean": (0.5, 0.5, 0.5),
    "std": (0.25, 0.5, 0.5),
    "crop_pct": 0.875,
    "crop_mode": "center",
    "interpolation": "bicubic",
}
STATED = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.5, 0.5), "resize": 18, "size": 16, "interpolation": "bicubic"}


@pytest.fixture
def timm(monkeypatch):
    """A stand-in for timm: its functions that are called, and a network that states ``cfg``."""
    package, data = types.ModuleType("timm"), types.ModuleType("timm.data")
    package.is_model, package.list_models, package.data = ["small"].__contains__, lambda: ["small"], data

    def create_model(name, **arguments):
        network = build(SMALL, seed=3)
        network.pretrained_cfg = dict(package.cfg)
        return network

    package.cfg, package.create_model = BIT, create_model
    data.resolve_data_config = lambda args, model: model.pretrained_cfg
    monkeypatch.setitem(sys.modules, "timm", package)
    monkeypatch.setitem(sys.modules, "timm.data", data)
    return package


@pytest.fixture
def root(tmp_path):
    return tree(tree(tmp_path, "val", ("a", "b", "c"), side=20), "train", ("a", "b", "c"), side=20, suffix=".bmp")


def said(workload):
    """The notes without the one on the order of classes."""
    return [note for note in workload.notes if "classes are numbered" not in note]


OWN = {"model": {"name": "timm::small", "pretrained": True}, "checkpoint": None}


def test_timms_own_weights_bring_their_preprocessing(timm, root):
    workload = make(root, **OWN)
    assert workload.prepare._asdict() == {**STATED, "bits": None} and not said(workload)
    assert workload.describe()["preprocessing"] == {**STATED, "stated_by": "timm"}
    assert next(workload.batches()).inputs.shape[1:] == (3, 16, 16)


def test_what_the_task_sets_otherwise_is_used_and_noted(timm, root):
    workload = make(root, **OWN, preprocessing={**IMAGENET, "resize": 18})
    assert workload.prepare.mean == IMAGENET["mean"] and workload.prepare.size == 16  # the rest is as stated
    assert (
        "mean (0.485, 0.456, 0.406) for (0.5, 0.5, 0.5), std" in said(workload)[0] and "resize" not in said(workload)[0]
    )
    assert "stated_by" not in workload.describe()["preprocessing"]
    assert not said(make(root, **OWN, preprocessing={"mean": [0.5, 0.5, 0.5], "size": 16}))


def test_weights_from_a_file_are_prepared_as_stated_with_a_note_unless_the_task_says_anything(timm, root, tmp_path):
    torch.save(build(SMALL, seed=4).state_dict(), tmp_path / "w.pth")
    file = {"model": "timm::small", "checkpoint": str(tmp_path / "w.pth")}
    workload = make(root, **file)
    assert (
        workload.prepare._asdict() == {**STATED, "bits": None}
        and "as timm states for its own weights" in said(workload)[0]
    )
    workload = make(root, **file, preprocessing={"mean": [0.1, 0.1, 0.1]})
    assert workload.prepare.size is None and workload.prepare.std == IMAGENET["std"] and not said(workload)


@pytest.mark.parametrize("change", [{"input_size": (3, 16, 20)}, {"crop_mode": "squash"}, {"interpolation": "lanczos"}])
def test_what_cannot_be_done_as_stated_is_refused(timm, root, change):
    timm.cfg = {**BIT, **change}
    with pytest.raises(
        InputError, match="timm::small.*states a preprocessing that is not done here.*preprocessing=dict"
    ):
        make(root, **OWN)


def test_torchvisions_own_weights_bring_theirs():
    first = {**IMAGENET, "resize": 256, "size": 224, "interpolation": "bilinear"}
    for given, expected in (
        ("IMAGENET1K_V1", first),
        ("ResNet50_Weights.IMAGENET1K_V2", {**first, "resize": 232}),
        ("DEFAULT", {**first, "resize": 232}),
    ):
        model = {"name": "torchvision::resnet50", "weights": given}
        kind = "IMAGENET1K_V1" if expected == first else "IMAGENET1K_V2"
        assert stated.stated(model, nn.Identity()) == (expected, f"torchvision {kind}", True)
        assert stated.stated(model, nn.Identity(), "mine.pth") == (expected, f"torchvision {kind}", False)  # a guess
    file = "https://download.pytorch.org/models/resnet50-0676ba61.pth"  # named as torchvision's own
    for named in (model, "torchvision::resnet50"):
        assert stated.stated(named, nn.Identity(), file) == (first, "torchvision IMAGENET1K_V1", True)
    assert stated.stated("torchvision::resnet50", nn.Identity(), "mine.pth")[0] is None
    bicubic = stated.stated({"name": "torchvision::efficientnet_b0", "pretrained": True}, nn.Identity())[0]
    assert bicubic == {**first, "interpolation": "bicubic"}
    assert stated.stated("torchvision::resnet18", nn.Identity())[0] is None
    assert stated.stated(SMALL, nn.Identity())[0] is None


def test_nothing_stated_leaves_the_task_as_it_is():
    assert completed({"size": 8}, None, "", False)[0]._asdict() == {
        **IMAGENET,
        "resize": None,
        "size": 8,
        "interpolation": "bilinear",
        "bits": None,
    }


def test_a_users_own_torchvision_network_and_weights(root, tmp_path):
    model = {"name": "torchvision::squeezenet1_1", "num_classes": 3}
    state = build(model, seed=6).state_dict()
    torch.save({"model": {f"_orig_mod.{k}": v for k, v in state.items()}}, tmp_path / "w.pth")
    workload = make(root, model=model, checkpoint=str(tmp_path / "w.pth"), preprocessing={"size": 40})
    assert all(torch.equal(state[k], v) for k, v in workload.network.state_dict().items()) and not said(workload)
    assert workload.describe()["weights"]["key"] == "model"
