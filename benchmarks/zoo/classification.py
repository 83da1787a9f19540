"""What an MMEngine config needs to train a classifier of adapters.models: data set-up, data set, network, accuracy.

A config brings it in with ``custom_imports = dict(imports=['benchmarks.zoo.classification'])``; resnet_fashion is one.
Weights end up in the checkpoint as 'network.<name>'; the adapter takes such a common prefix off.
"""

import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch.utils.data import Dataset

from adapters.models import build
from adapters.setups import data_setups
from adapters.shared.fashion_mnist import CLASSES, carried, full


@data_setups.register("fashion_mnist")
def fashion_mnist(config, options, **phases):
    """Tell each phase's data set where the full Fashion-MNIST lies: phases is {'train': {'split': name}, ...}."""
    description = {}
    for phase, wanted in phases.items():
        dataset = config[f"{phase}_dataloader"].dataset
        dataset.update(split=wanted["split"], folder=options.fashion_mnist, download=options.download)
        objects = objects_of(wanted["split"], options.fashion_mnist, options.download)
        content = objects.images.tobytes() + objects.labels.tobytes() + objects.indices.tobytes()
        description[phase] = {
            "name": "Fashion-MNIST",
            "split": wanted["split"],
            "samples": len(objects.labels),
            "fingerprint": hashlib.sha256(content).hexdigest(),
        }
    return description


def objects_of(split, folder=None, download=False):
    """Objects of 'train' (the train split's 60,000 less the 500 carried for calibration), 'calibration' or 'test'."""
    if split != "train":
        return carried(split)
    objects = full("train", folder, download)
    return objects.subset(~np.isin(objects.indices, carried("calibration").indices))


@DATASETS.register_module()
class FashionObjects(Dataset):
    """{'inputs': uint8 [1, 28, 28], 'labels': int} of a split."""

    metainfo = {"classes": CLASSES}

    def __init__(self, split, folder=None, download=False):
        objects = objects_of(split, folder, download)
        self.images = torch.from_numpy(np.array(objects.images))[:, None]
        self.labels = torch.from_numpy(objects.labels.astype(np.int64))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"inputs": self.images[i], "labels": self.labels[i]}


@MODELS.register_module()
class AugmentedBatch(BaseDataPreprocessor):
    """uint8 [B, C, H, W] -> normalised floats; while training mirrored and shifted at random, each picture by itself.

    mean, std: per channel, of pixels in 0..1. shift: in pixels. Equal to the adapter's preprocessing when not training.
    """

    def __init__(self, mean, std, mirror=0.5, shift=0):
        super().__init__()
        self.mirror, self.shift = mirror, shift
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1), persistent=False)

    def forward(self, data, training=False):
        data = self.cast_data(data)
        x = data["inputs"].float() / 255
        if training:
            x = torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < self.mirror, x.flip(-1), x)
            x = self._shifted(x)
        return {**data, "inputs": (x - self.mean) / self.std}

    def _shifted(self, x):
        batch, _, height, width = x.shape
        padded = F.pad(x, [self.shift] * 4)
        dy, dx = torch.randint(0, 2 * self.shift + 1, (2, batch, 1, 1, 1), device=x.device)
        rows = dy + torch.arange(height, device=x.device)[:, None]
        columns = dx + torch.arange(width, device=x.device)
        index = torch.arange(batch, device=x.device).view(-1, 1, 1, 1)
        channel = torch.arange(x.shape[1], device=x.device).view(1, -1, 1, 1)
        return padded[index, channel, rows, columns]


@MODELS.register_module()
class Classifier(BaseModel):
    """A network of adapters.models (``build``'s names) with the cross-entropy loss, as MMEngine's Runner trains it."""

    def __init__(self, network, data_preprocessor=None, label_smoothing=0.0):
        super().__init__(data_preprocessor=data_preprocessor)
        self.network = build(network).to(memory_format=torch.channels_last)  # half as long on a CPU
        self.label_smoothing = label_smoothing

    def logits(self, inputs):
        """[B, classes]."""
        return self.network(inputs)

    def forward(self, inputs, labels=None, mode="tensor"):
        logits = self.logits(inputs)
        if mode == "loss":
            return {"loss": F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)}
        return logits if mode == "tensor" else [{"right": bool(r)} for r in logits.argmax(1) == labels]


@METRICS.register_module()
class ShareRight(BaseMetric):
    """Accuracy in 0..1, as 'classes/accuracy'."""

    default_prefix = "classes"

    def process(self, data_batch, data_samples):
        self.results += [sample["right"] for sample in data_samples]

    def compute_metrics(self, results):
        return {"accuracy": sum(results) / len(results)}
