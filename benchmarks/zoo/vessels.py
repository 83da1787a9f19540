"""What an MMEngine config needs to train a U-Net on the generated retinas: data set-up, data set, network, F1.

A config brings it in with ``custom_imports = dict(imports=['benchmarks.zoo.vessels'])``; unet_retinas is one.
"""

import functools
import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch.utils.data import Dataset

from adapters.models import build
from adapters.segmentation import vessel_scores
from adapters.segmentation.data import drive
from adapters.segmentation.data.retinas import SPLITS, retina
from adapters.setups import data_setups


@functools.lru_cache(maxsize=3)
def _drawn(split, number):
    """(pictures float32 [number, 1, H, W] as the adapter prepares them, vessels, views: bool [number, H, W])."""
    made = [retina(split, k) for k in range(number)]
    return (
        np.stack([drive.prepare(r.rgb)[None] for r in made]),
        np.stack([r.vessels for r in made]),
        np.stack([r.view for r in made]),
    )


@data_setups.register("retinas")
def retinas(config, options, **phases):
    """Draw the splits that ``phases`` name: {'train': {'split': name, 'number': retinas}, ...}."""
    description = {}
    for phase, wanted in phases.items():
        settings = {"split": wanted["split"], "number": wanted.get("number") or SPLITS[wanted["split"]]}
        config[f"{phase}_dataloader"].dataset.update(settings)
        content = hashlib.sha256(b"".join(array.tobytes() for array in _drawn(**settings)))
        description[phase] = {
            "name": "generated retinas",
            "split": settings["split"],
            "samples": settings["number"],
            "fingerprint": content.hexdigest(),
        }
    return description


@DATASETS.register_module()
class Retinas(Dataset):
    """{'inputs': float32 [1, H, W], 'vessels': int64 [H, W], 'view': bool [H, W]} of a split."""

    metainfo = {"classes": ("background", "vessel")}

    def __init__(self, split, number):
        self.pictures, self.vessels, self.views = map(torch.from_numpy, _drawn(split, number))

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        return {"inputs": self.pictures[i], "vessels": self.vessels[i].long(), "view": self.views[i]}


@MODELS.register_module()
class TurnedSquares(BaseDataPreprocessor):
    """While training one square of ``side`` pixels of every picture of the batch, turned and mirrored at random."""

    def __init__(self, side):
        super().__init__()
        self.side = side

    def forward(self, data, training=False):
        data = self.cast_data(data)
        if not training:
            return data
        height, width = data["view"].shape[-2:]
        top, left, turns = (int(torch.randint(n, ())) for n in (height - self.side + 1, width - self.side + 1, 4))
        mirrored = bool(torch.randint(2, ()))

        def square(x):
            x = torch.rot90(x[..., top : top + self.side, left : left + self.side], turns, (-2, -1))
            return x.flip(-1) if mirrored else x

        return {key: square(value) for key, value in data.items()}


@MODELS.register_module()
class VesselSegmenter(BaseModel):
    """A two-class network of adapters.models with the cross-entropy loss inside the field of view."""

    def __init__(self, network, data_preprocessor=None):
        super().__init__(data_preprocessor=data_preprocessor)
        self.network = build(network).to(memory_format=torch.channels_last)

    def forward(self, inputs, vessels=None, view=None, mode="tensor"):
        scores = self.network(inputs)
        if mode == "loss":
            losses = F.cross_entropy(scores, vessels, reduction="none")
            return {"loss": (losses * view).sum() / view.sum()}
        if mode == "tensor":
            return scores
        return [
            {"counts": vessel_scores.measure(p, own.bool(), seen.numpy())}
            for p, own, seen in zip(scores.softmax(1)[:, 1].numpy(), vessels, view)
        ]


@METRICS.register_module()
class VesselF1(BaseMetric):
    """F1, AUC and IoU inside the fields of view, as 'vessels/F1', ..."""

    default_prefix = "vessels"

    def process(self, data_batch, data_samples):
        self.results += [sample["counts"] for sample in data_samples]

    def compute_metrics(self, results):
        return vessel_scores.scores(np.sum(results, 0))
