"""What an MMEngine config needs to train a PointNet on the generated shapes: data set, augmentation, networks, part
IoU.

A config brings it in with ``custom_imports = dict(imports=['benchmarks.zoo.pointcloud'])``; classes are trained with
``Classifier`` and ``ShareRight`` of benchmarks/zoo/classification.py.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch.utils.data import Dataset

from adapters.models import build
from adapters.points import part_metrics
from adapters.points.data.shapes import CLASSES, PARTS, PARTS_OF, clouds, fingerprint
from adapters.setups import data_setups

from . import classification  # noqa: F401  registers Classifier and ShareRight


@data_setups.register("shapes")
def shapes(config, options, **phases):
    """Generate the splits that ``phases`` name: {'train': {'split': name, 'number': clouds}, ...}."""
    description = {}
    for phase, wanted in phases.items():
        found = clouds(wanted["split"], wanted.get("number"))
        config[f"{phase}_dataloader"].dataset.update(split=wanted["split"], number=wanted.get("number"))
        description[phase] = {
            "name": "generated shapes",
            "split": wanted["split"],
            "samples": len(found.labels),
            "fingerprint": fingerprint(found),
        }
    return description


@DATASETS.register_module()
class Shapes(Dataset):
    """{'inputs': float32 [3, N], 'labels': class, 'parts': int64 [N]} of a split."""

    metainfo = {"classes": CLASSES}

    def __init__(self, split, number=None):
        found = clouds(split, number)
        self.points = torch.from_numpy(found.points).transpose(1, 2).contiguous()
        self.labels, self.parts = torch.from_numpy(found.labels), torch.from_numpy(found.parts.astype(np.int64))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"inputs": self.points[i], "labels": self.labels[i], "parts": self.parts[i]}


@MODELS.register_module()
class AugmentedClouds(BaseDataPreprocessor):
    """While training: ``points`` of the points (PointNet takes any number), each cloud turned about the vertical
    by up to ``turn`` degrees, scaled by up to ``scale`` and jittered by ``noise``, at random. Otherwise the clouds as they
    are. keep: other keys to pass on.
    """

    def __init__(self, points=256, scale=0.2, noise=0.01, keep=("labels",), turn=180.0):
        super().__init__()
        self.points, self.scale, self.noise, self.keep, self.turn = points, scale, noise, tuple(keep), turn

    def forward(self, data, training=False):
        data = {key: value for key, value in self.cast_data(data).items() if key == "inputs" or key in self.keep}
        if not training:
            return data
        x = data["inputs"]
        chosen = torch.randperm(x.shape[-1], device=x.device)[: self.points]
        x = x[..., chosen]
        if "parts" in data:
            data["parts"] = data["parts"][..., chosen]
        angle = 2 * math.radians(self.turn) * (torch.rand(len(x), device=x.device) - (self.turn < 180) / 2)
        cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
        turn = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], 1).view(-1, 3, 3)
        x = torch.bmm(turn, x) * (1 + self.scale * (2 * torch.rand(len(x), 1, 1, device=x.device) - 1))
        return {**data, "inputs": x + self.noise * torch.randn_like(x)}


@MODELS.register_module()
class PartSegmenter(BaseModel):
    """A part segmentation network of adapters.models with the cross-entropy loss over all parts of all classes. parts_of: indices
    of the parts of each class. A network that is told the class gets it one-hot."""

    def __init__(self, network, data_preprocessor=None, parts_of=tuple(PARTS_OF[c] for c in CLASSES)):
        super().__init__(data_preprocessor=data_preprocessor)
        self.network, self.parts_of = build(network), parts_of

    def forward(self, inputs, labels=None, parts=None, mode="tensor"):
        categories = getattr(self.network, "categories", 0)
        told = (F.one_hot(labels, categories).to(inputs.dtype),) if categories else ()
        scores = self.network(inputs, *told)
        if mode == "loss":
            return {"loss": F.cross_entropy(scores, parts)}
        if mode == "tensor":
            return scores
        rows = part_metrics.predictions(scores.cpu().numpy(), labels.tolist(), parts.cpu().numpy(), self.parts_of)
        return [{"row": row} for row in rows]


@METRICS.register_module()
class PartIoU(BaseMetric):
    """Mean IoU over instances and over classes, as 'parts/instance_miou' and 'parts/class_miou'. classes, parts: their names."""

    default_prefix = "parts"

    def __init__(self, classes=CLASSES, parts=PARTS, **more):
        super().__init__(**more)
        self.classes, self.parts = tuple(classes), tuple(parts)

    def process(self, data_batch, data_samples):
        self.results += [sample["row"] for sample in data_samples]

    def compute_metrics(self, results):
        rows = {
            k: part_metrics.PartPrediction(*row) for k, row in enumerate(results)
        }  # mmengine makes them plain tuples
        metrics = part_metrics.evaluate(rows, self.classes, self.parts, replicates=2).metrics
        return {name: metrics[name] for name in ("instance_miou", "class_miou", "point_accuracy")}
