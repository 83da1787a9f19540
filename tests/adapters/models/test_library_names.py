"""Names of the Hub and of weights: a folder of the Hub's cache is a network with its weights and preprocessing; what cannot be had is
one sentence, at once."""

import json

import pytest
import torch

from adafire.errors import InputError
from adapters.models import build, has_own_weights, library_names, stated
from adapters.models.library_names import with_weights
from helpers.classifiers import make
from helpers.pictures import tree

NAME = "hf_hub:somebody/small-resnet"
CONFIG = {
    "architecture": "test_resnet",
    "num_classes": 3,
    "pretrained_cfg": {
        "input_size": [3, 32, 32],
        "interpolation": "bicubic",
        "crop_pct": 0.8,
        "crop_mode": "center",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
        "num_classes": 3,
        "first_conv": "conv1.0",
        "classifier": "fc",
    },
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A folder of the Hub's cache with one repository, on a machine that does not reach the Hub; the weights in it."""
    timm = pytest.importorskip("timm", reason="timm is not installed; pip install timm")
    from huggingface_hub import constants
    from safetensors.torch import save_file

    repository, revision = tmp_path / "hub" / "models--somebody--small-resnet", "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    files = repository / "snapshots" / revision
    files.mkdir(parents=True)
    torch.manual_seed(5)  # weights that no other test draws
    state = timm.create_model("test_resnet", num_classes=3).state_dict()
    save_file(state, files / "model.safetensors")
    (files / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(library_names, "getproxies", dict)
    monkeypatch.setattr(library_names.socket, "create_connection", _refused)
    return state


def _refused(*args, **kwargs):
    raise OSError("no network")


def test_a_repository_brings_network_weights_and_preprocessing(hub, tmp_path):
    network = build(NAME, own_weights=True)
    assert all(torch.equal(hub[k], v) for k, v in network.state_dict().items())
    assert not torch.equal(build(NAME).state_dict()["fc.weight"], hub["fc.weight"])  # random
    assert has_own_weights(NAME) == has_own_weights({"name": NAME}) == NAME
    root = tree(tmp_path, "val", ("a", "b", "c"), side=40)
    tree(root, "train", ("a", "b", "c"), side=40, suffix=".bmp")
    workload = make(root, model=NAME, checkpoint=None)
    described = workload.describe()
    assert described["weights"]["source"] == NAME and described["network"] == NAME
    wanted = {"mean": (0.5,) * 3, "std": (0.25,) * 3, "resize": 40, "size": 32, "interpolation": "bicubic"}
    assert described["preprocessing"] == {**wanted, "stated_by": "the Hub"}
    assert next(workload.batches()).inputs.shape[1:] == (3, 32, 32)


def test_what_is_not_in_the_cache_is_one_sentence_at_once(hub):
    with pytest.raises(
        InputError, match="models--somebody--other of another machine's Hub cache to '.*hub', or name the"
    ):
        build("hf_hub:somebody/other", own_weights=True)
    with pytest.raises(InputError, match="weights of model 'timm::resnet18' .pretrained. are not on this machine"):
        build({"name": "timm::resnet18", "pretrained": True}, own_weights=True)
    from huggingface_hub import constants

    assert not constants.HF_HUB_OFFLINE  # as it was


@pytest.mark.parametrize("name", ("hf_hub:resnet18", "hf_hub:a/b/c", "hf_hub:", "hf_hub:a/b c"))
def test_what_is_no_name_of_the_hub(name):
    with pytest.raises(InputError, match="is no name of the Hub's; expected 'hf_hub:ORG/NAME'"):
        build(name)


def test_weights_by_enum_and_by_tag(tmp_path, monkeypatch):
    dense = {"name": "torchvision::resnet50", "num_classes": 1000}
    assert with_weights(dense, "ResNet50_Weights.IMAGENET1K_V2") == ({**dense, "weights": "IMAGENET1K_V2"}, None)
    assert with_weights(dense, "DEFAULT")[0]["weights"] == "DEFAULT"
    for given in ("random", "mine.pth", "https://x/IMAGENET1K_V1.pth", None):
        assert with_weights(dense, given) == (dense, given)
    for given in ("IMAGENET1K_V3", "ResNet18_Weights.IMAGENET1K_V1"):
        with pytest.raises(InputError, match=f"resnet50 has no weights '{given}'.*It has IMAGENET1K_V1, IMAGENET1K_V2"):
            with_weights(dense, given)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DEFAULT").write_bytes(b"")  # a file of that name goes first
    assert with_weights(dense, "DEFAULT") == (dense, "DEFAULT")
    assert with_weights("adapters.models.resnet_cifar:resnet20", "IMAGENET1K_V1")[1] == "IMAGENET1K_V1"
    pytest.importorskip("timm", reason="timm is not installed; pip install timm")
    tagged = {"name": "timm::vit_small_patch16_224.augreg_in1k", "pretrained": True}
    for name in ("timm::vit_small_patch16_224", "timm::vit_small_patch16_224.dino"):
        assert with_weights(name, "augreg_in1k") == (tagged, None)
    assert with_weights("timm::resnet18", "no_such_tag") == ("timm::resnet18", "no_such_tag")


def test_timms_real_configurations_are_understood():
    """Of networks as timm builds them, not of a stand-in."""
    pytest.importorskip("timm", reason="timm is not installed; pip install timm")
    name = "timm::test_vit"
    found, library, certain = stated.stated(name, build(name))
    assert library == "timm" and certain and found["size"] == 160 and found["resize"] == round(160 / 0.95)
