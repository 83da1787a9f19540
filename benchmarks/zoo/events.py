"""What an MMEngine config needs to train a classifier of recordings: data set-up, data set, and batches.

A config brings it in with ``custom_imports = dict(imports=['benchmarks.zoo.events'])``; events_fashion is one. Network
and metric are those of benchmarks/zoo/classification.py.
"""

import functools
import json

import torch
from mmengine.model import BaseDataPreprocessor
from mmengine.registry import DATASETS, MODELS
from torch.utils.data import Dataset

from adafire import Frames
from adapters.base import WorkloadOptions
from adapters.events.data.event_frames import representation
from adapters.events.data.event_sets import read
from adapters.events.events import samples
from adapters.setups import data_setups
from adapters.shared.fingerprints import of_entries

from . import classification  # noqa: F401  (registers network and metric)


@functools.lru_cache(maxsize=8)
def _samples(settings):
    """[Sample] and the names of the classes, from the JSON text of ``settings``; generated or read once."""
    wanted = json.loads(settings)
    event_set = read(wanted["data"], WorkloadOptions())
    parts = {
        "train": event_set.train or (lambda: event_set.candidates[wanted["kept"] :]),
        "val": lambda: event_set.candidates[: wanted["kept"]],
        "test": lambda: event_set.test,
    }
    return samples(event_set, parts[wanted["part"]](), representation(wanted["representation"])), event_set.classes


@data_setups.register("events")
def events(config, options, data, representation, kept=500):
    """Give each phase's data set the settings of the recordings.

    data, representation: as in a task; kept: so many recordings that are not scored are left out of the training and
    watched as 'val'.
    """
    data = dict(data)
    if options.fashion_mnist:
        data["root"] = options.fashion_mnist
    description = {}
    for phase in ("train", "val", "test"):
        settings = json.dumps(
            {"data": data, "representation": dict(representation), "part": phase, "kept": kept}, sort_keys=True
        )
        found, classes = _samples(settings)
        config[f"{phase}_dataloader"].dataset.update(settings=settings)
        description[phase] = {
            "name": data["type"],
            "samples": len(found),
            "classes": len(classes),
            "fingerprint": of_entries((s.id, s.label, s.sha256) for s in found),
        }
    return description


@DATASETS.register_module()
class EventSamples(Dataset):
    """{'inputs': uint8 [bins, 2, size, size], 'labels': int} of one phase; ``settings`` comes from the set-up."""

    def __init__(self, settings):
        self.samples, self.classes = _samples(settings)
        self.metainfo = {"classes": self.classes}

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        return {"inputs": torch.from_numpy(self.samples[i].counts), "labels": self.samples[i].label}


@MODELS.register_module()
class EventBatch(BaseDataPreprocessor):
    """Counts to the network's inputs, as the adapter makes them.

    While training each batch is moved by up to ``shift`` pixels, each recording mirrored with the chance ``mirror``, and
    frames are averaged over the first k of them with a
    random k for each sample (as an SNN has seen them after k timesteps; one k a batch would mislead batch norm),
    otherwise over all.
    """

    def __init__(self, form, shift=0, mirror=0.0):
        super().__init__()
        self.form, self.shift, self.mirror = representation(form), shift, mirror

    def forward(self, data, training=False):
        data = self.cast_data(data)
        counts = data["inputs"]
        if training and self.shift:
            dx, dy = torch.randint(-self.shift, self.shift + 1, (2,)).tolist()
            counts = torch.roll(counts, (dy, dx), (-2, -1))
        if training and self.mirror:
            mirrored = torch.rand(len(counts), 1, 1, 1, 1, device=counts.device) < self.mirror
            counts = torch.where(mirrored, counts.flip(-1), counts)
        x = self.form.inputs(counts)
        if isinstance(x, Frames):
            x = self._some(x.values) if training else x.mean()
        return {**data, "inputs": x}

    @staticmethod
    def _some(values):
        """Means [B, ...] of the first k of frames [B, F, ...], with a random k for each sample."""
        batch, frames = values.shape[:2]
        k = torch.randint(1, frames + 1, (batch, 1), device=values.device)
        weights = (torch.arange(frames, device=values.device) < k) / k
        return torch.einsum("bf...,bf->b...", values, weights)
