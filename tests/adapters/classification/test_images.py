"""Pictures as they lie on people's disks: layouts, order, what is set aside, and what a damaged one is told."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.classification.data import class_folders, image_sets
from adapters.shared import fashion_mnist, images
from helpers.pictures import TEN, options, picture, tree, zipped


def cifar(root, **data):
    return image_sets.read({"type": "cifar10", "set_aside": 5, **data}, options(root))


def error_of(call, *arguments, **more):
    with pytest.raises(InputError) as caught:
        call(*arguments, **more)
    message = str(caught.value)
    assert "\n" not in message
    return message


# Class folders and zip files


def test_folder_and_zip_hold_the_same(tmp_path):
    source = tree(tmp_path / "a")
    (source / "test" / "cat" / ".hidden.png").write_bytes(b"")
    (source / "test" / "cat" / "notes.txt").write_text("no picture")
    (tmp_path / "b").mkdir()
    zipped(source, tmp_path / "b" / "one.zip")
    (tmp_path / "c").mkdir()
    zipped(source, tmp_path / "c" / "two.zip", top="CIFAR-10-images-master/")
    found = [cifar(tmp_path / name) for name in "abc"]
    for one in found:
        assert len(one.test) == 25 and len(one.candidates) == 5 and one.set_aside and one.classes == TEN
        assert [(p.id, p.label) for p in one.test] == [(p.id, p.label) for p in found[0].test]
        assert images.check(one.test, 32) == images.check(found[0].test, 32)
    assert not {p.id for p in found[0].test} & {p.id for p in found[0].candidates}
    for p in found[1].test[:5]:
        name, file = p.id.split("/")
        assert p.label == TEN.index(name)
        assert np.array_equal(np.asarray(images.decode(p)), np.asarray(Image.open(source / "test" / name / file)))


def test_set_aside_does_not_depend_on_what_is_asked_for(tmp_path):
    root = tree(tmp_path, number=4)
    assert cifar(root) == cifar(root)
    order = [p.id for p in cifar(root, set_aside=1).candidates + cifar(root, set_aside=1).test]
    assert order == sorted(order, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert len({p.label for p in cifar(root).test[:12]}) >= 5  # any stretch of it holds many classes
    message = error_of(cifar, root, set_aside=40)
    assert "40 pictures" in message and "data=dict(set_aside=...)" in message


def test_train_set_calibrates_where_there_is_one(tmp_path):
    root = tree(tree(tmp_path), "train", suffix=".jpg", number=2)
    found = cifar(root)
    assert len(found.test) == 30 and len(found.candidates) == 20 and not found.set_aside
    assert all(p.id.startswith("train/") for p in found.candidates)


def test_imagefolder(tmp_path):
    tree(tmp_path, "val", ("n01", "n02", "n10"), side=40)
    picture(tmp_path / "val" / "n02" / "below" / "x.JPEG", format="JPEG")
    found = image_sets.read({"type": "imagefolder", "set_aside": 2, "name": "mine"}, options(tmp_path))
    assert found.name == "mine" and found.classes == ("n01", "n02", "n10")
    assert len(found.test) == 8 and found.side is None
    assert "n02/below/x.JPEG" in {p.id for p in found.test + found.candidates}
    tree(tmp_path, "numbers", ("0", "2", "10", "1"), number=1)
    found = image_sets.read({"type": "imagefolder", "test": "numbers", "set_aside": 1}, options(tmp_path))
    assert found.classes == ("0", "1", "2", "10")  # as numbers
    tree(tmp_path, "train", ("n01", "n99"), number=3)  # labels of calibration pictures do not count
    many = image_sets.read({"type": "imagefolder"}, options(tmp_path))
    assert len(many.candidates) == 6 and len(many.test) == 10
    assert len(class_folders.class_folders(tmp_path, "train", 2)["n99"]) == 2


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda root: root / "none", ["is not there", "--data-root DIR"]),
        (lambda root: root, ["no CIFAR-10 in", "cifar-10-batches-py"]),
        (lambda root: (root / "test").mkdir() or root, ["no class folders", "test/<class>/<picture>"]),
        (lambda root: (tree(root) / "test" / "zebra").mkdir() or root, ["class 'zebra'", "is empty"]),
        (lambda root: tree(root, classes=TEN[:9]), ["'truck' is missing"]),
        (lambda root: tree(root, classes=(*TEN, "zebra")), ["'zebra' is unknown", "airplane, automobile"]),
        (lambda root: (root / "x.zip").write_bytes(b"PK no zip") and root, ["cannot be read as a zip archive"]),
    ],
)
def test_wrong_layout_is_one_clear_error(tmp_path, build, words):
    message = error_of(cifar, build(tmp_path))
    assert all(word in message for word in words), message


def test_imagefolder_errors(tmp_path):
    kind = {"type": "imagefolder"}
    assert "wants data of yours" in error_of(image_sets.read, kind, options())
    assert "has no folder 'val'" in error_of(image_sets.read, kind, options(tmp_path))
    picture(tmp_path / "val" / "ILSVRC2012_val_00000001.JPEG", format="JPEG")  # as the archive unpacks
    assert "nothing tells their classes" in error_of(image_sets.read, kind, options(tmp_path))
    assert "unknown image set" in error_of(image_sets.read, {"type": "svhn"}, options(tmp_path))
    assert "expected a dict with a type" in error_of(image_sets.read, None, options(tmp_path))


# Damaged pictures


def test_damaged_picture_is_named(tmp_path):
    root = tree(tmp_path, suffix=".jpg")
    found = cifar(root).test
    whole = found[3].source.read_bytes()
    for content, words in (
        (b"", "is not a picture"),
        (whole[: len(whole) // 2], "does not decode"),
        (b"GIF89a nothing", "is not a picture"),
    ):
        found[3].source.write_bytes(content)
        message = error_of(images.check, found, 32)
        assert str(found[3].source) in message and words in message and "more of" not in message
    found[4].source.unlink()
    message = error_of(images.check, found, 32)
    assert str(found[3].source) in message and "(and 1 more of 25 pictures)" in message
    assert "is missing" in error_of(images.check, found[4:])


def test_damaged_picture_in_a_zip_is_named(tmp_path):
    file = zipped(tree(tmp_path / "a"), tmp_path / "x.zip")
    content = bytearray(file.read_bytes())
    at = content.find(b"IDAT") + 100  # within the first picture
    content[at : at + 4] = b"oops"
    file.write_bytes(content)
    found = cifar(tmp_path)
    message = error_of(images.check, found.test + found.candidates, 32)
    assert "x.zip/test/airplane/0000.png" in message and "does not decode" in message


def test_size_is_bounded_and_checked(tmp_path, monkeypatch):
    root = tree(tmp_path)
    found = cifar(root).test
    Image.new("RGB", (33, 32)).save(found[2].source)
    assert "has 33 x 32 pixels, not 32 x 32" in error_of(images.check, found, 32)
    monkeypatch.setattr(images, "MAX_PIXELS", 32 * 32)
    assert "33 x 32 pixels, more than 1,024" in error_of(images.check, found)
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    assert "bytes, more than 100" in error_of(images.check, found)


def test_labels_out_of_range():
    message = error_of(images.pictures, ["a", "b"], [0, 10], [None, None], 10, "the set")
    assert message.startswith("the set: picture b has label 10; expected 0 to 9")
    assert "label -1" in error_of(images.pictures, ["a"], [-1], [None], 10, "the set")


def test_pictures_of_different_sizes_need_one_size(tmp_path):
    from adapters.classification import classification

    tree(tmp_path, "val", ("a", "b", "c"), side=20)
    picture(tmp_path / "val" / "a" / "wide.png", side=24)
    settings = {
        "model": {"name": "adapters.models.resnet_small:resnet_small", "num_classes": 3, "channels": 3},
        "checkpoint": "random",
        "data": {"type": "imagefolder", "set_aside": 2},
        "calibration": {"samples": 1},
    }
    assert "have 2 sizes" in error_of(classification.workload, settings, options(tmp_path))
    workload = classification.workload({**settings, "preprocessing": {"size": 16}}, options(tmp_path))
    assert [b.inputs.shape[1:] for b in workload.batches()] == [torch.Size([3, 16, 16])]


def test_same_content_is_not_calibrated_on(tmp_path):
    from adapters.classification import classification

    tree(tmp_path, "val", ("a", "b", "c"), number=2)
    tree(tmp_path, "train", ("a", "b", "c"), number=2)
    for i in range(2):  # four more, of which two are copies of test pictures
        (tmp_path / "train" / "a" / f"copy{i}.png").write_bytes((tmp_path / "val" / "b" / f"{i:04d}.png").read_bytes())
        picture(tmp_path / "train" / "b" / f"new{i}.png")
    settings = {
        "model": {"name": "adapters.models.resnet_small:resnet_small", "num_classes": 3, "channels": 3},
        "checkpoint": "random",
        "data": {"type": "imagefolder"},
    }
    # the two trees' pictures are the same by their making, so only the two new ones may calibrate
    workload = classification.workload({**settings, "calibration": {"samples": 2}}, options(tmp_path))
    assert {p.id for p in workload.calibration_pictures} == {"train/b/new0.png", "train/b/new1.png"}
    assert workload.describe()["calibration"]["overlap"] == 0
    message = error_of(classification.workload, {**settings, "calibration": {"samples": 3}}, options(tmp_path))
    assert "has 2 that are not scored as well (of 10)" in message


# torchvision's layout, and Fashion-MNIST


@pytest.fixture
def batches(tmp_path, monkeypatch):
    """A cifar-10-batches-py of 10 pictures a file, with its checksums told to torchvision."""
    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    rng, sums = np.random.default_rng(0), {}
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch", "batches.meta"]:
        content = (
            {"label_names": list(TEN)}
            if name == "batches.meta"
            else {"data": rng.integers(0, 256, (10, 3072), dtype=np.uint8), "labels": rng.permutation(10).tolist()}
        )
        (folder / name).write_bytes(pickle.dumps(content))
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{k}", sums[f"data_batch_{k}"]] for k in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums["batches.meta"]})
    return folder


def test_torchvisions_layout(batches):
    for root in (batches, batches.parent):
        found = cifar(root)
        assert len(found.test) == 10 and len(found.candidates) == 50 and not found.set_aside
    content = pickle.loads((batches / "test_batch").read_bytes())
    for p in found.test:
        i = int(p.id.removeprefix("test/"))
        assert p.label == content["labels"][i]
        assert np.array_equal(np.asarray(images.decode(p)), content["data"][i].reshape(3, 32, 32).transpose(1, 2, 0))
    assert images.check(found.test, 32)[0].size == (32, 32)
    with open(batches / "test_batch", "ab") as file:
        file.write(b"x")
    message = error_of(cifar, batches.parent)
    assert "is incomplete or damaged" in message and "cifar-10-python.tar.gz" in message


def test_carried_fashion_mnist():
    found = image_sets.read({"type": "fashion_mnist"}, options(split="mini"))
    assert len(found.test) == 2500 and len(found.candidates) == 500 and not found.set_aside
    objects = fashion_mnist.carried("test")
    by_index = dict(zip(objects.indices.tolist(), range(2500)))
    for p in found.test[:20]:
        k = by_index[int(p.id.removeprefix("test/"))]
        assert p.label == objects.labels[k] and np.array_equal(p.source, objects.images[k])
    assert all(p.id.startswith("train/") for p in found.candidates)
    facts = {f.sha256 for f in images.check(found.test, 28)}
    assert not facts & {f.sha256 for f in images.check(found.candidates, 28)}


def test_full_fashion_mnist(tmp_path):
    message = error_of(image_sets.read, {"type": "fashion_mnist"}, options(tmp_path))
    assert "t10k-images-idx3-ubyte.gz is not in" in message and message.count("--data-root DIR") == 1
    if not fashion_mnist.SYSTEM_FOLDER.is_dir():
        pytest.skip("the full Fashion-MNIST (Debian package dataset-fashion-mnist) is not installed")
    found = image_sets.read({"type": "fashion_mnist"}, options(fashion_mnist.SYSTEM_FOLDER))
    assert len(found.test) == 10000 and len(found.candidates) == 500
