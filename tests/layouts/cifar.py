"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) as pickled batches, and Fashion-MNIST (Xiao et al., 2017) as IDX files."""

import gzip
import os
import pickle
import struct

import numpy as np

from adapters.classification.data.image_sets import CIFAR10, CIFAR100
from adapters.shared import fashion_mnist

from .registry import layout


def _pictures(seed, number):
    return np.random.default_rng(seed).integers(0, 256, (number, 3 * 32 * 32), dtype=np.uint8)


@layout("cifar10")
def cifar10(folder, train=20):
    """cifar-10-batches-py: 5 train batches of ``train`` pictures each and a test batch of 20, as many of every class."""
    place = folder / "cifar-10-batches-py"
    place.mkdir()
    for k, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        number = 20 if name == "test_batch" else train
        labels = [i % 10 for i in range(number)]
        names = [f"{name}_{i:06d}.png" for i in range(number)]
        _dump(place / name, {"batch_label": name, "labels": labels, "data": _pictures(k, number), "filenames": names})
    _dump(place / "batches.meta", {"num_cases_per_batch": 20, "label_names": list(CIFAR10), "num_vis": 3072})
    return folder


@layout("cifar100")
def cifar100(folder):
    """cifar-100-python: train and test of 100 pictures each, one a class, with fine and coarse labels."""
    place = folder / "cifar-100-python"
    place.mkdir()
    for k, name in enumerate(("train", "test")):
        fine = list(range(100))
        _dump(place / name, {"fine_labels": fine, "coarse_labels": [i // 5 for i in fine], "data": _pictures(k, 100)})
    _dump(place / "meta", {"fine_label_names": list(CIFAR100), "coarse_label_names": [f"group {k}" for k in range(20)]})
    return folder


def _dump(path, content):
    path.write_bytes(pickle.dumps(content, protocol=2))


def trust(monkeypatch):
    """Let torchvision take these files for the published ones, whose checksums it knows and whose pickles alone it opens."""
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda path, md5=None: os.path.isfile(path))


def trust_in_processes(monkeypatch, folder):
    """The same in processes that are started from here: what Python runs as it starts."""
    place = folder / "sitecustomize.py"
    place.write_text(
        "import os, torchvision.datasets.cifar as c\nc.check_integrity = lambda path, md5=None: os.path.isfile(path)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))


@layout("fashion_mnist")
def fashion(folder):
    """The test split's two IDX files: 10,000 pictures, of which those that the project carries are the real ones."""
    ours = fashion_mnist.carried("test")
    images, labels = np.zeros((10000, 28, 28), np.uint8), np.zeros(10000, np.uint8)
    images[:, 0, 0] = np.arange(10000) % 251  # no two neighbours are alike
    images[ours.indices], labels[ours.indices] = ours.images, ours.labels
    for name, head, content in (
        ("t10k-images-idx3-ubyte.gz", (0x803, 10000, 28, 28), images),
        ("t10k-labels-idx1-ubyte.gz", (0x801, 10000), labels),
    ):
        (folder / name).write_bytes(gzip.compress(struct.pack(f">{len(head)}I", *head) + content.tobytes(), 1))
    return folder
