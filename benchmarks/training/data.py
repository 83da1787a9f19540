"""A variant's samples as MMEngine's data sets: train, held out of the train set, and test; read once a process."""

import functools
import hashlib
import json

import numpy as np
import torch
from mmengine.registry import DATASETS
from torch.utils.data import Dataset

from adapters.base import WorkloadOptions
from adapters.classification.training import training as classification
from adapters.events.training import training as events
from adapters.points.training import training as points
from adapters.shared.training import held_out

READERS = {"classification": classification, "events": events, "pointnet": points}
"""Adapter -> function (a variant's settings, WorkloadOptions) -> Training."""


MADE: dict = {}
"""Short key -> what is read; MMEngine builds data sets from text, and prints it slowly."""


def key_of(adapter, settings, data_root, held_out):
    """Key of a variant's samples for ``read``."""
    asked = {"adapter": adapter, "settings": settings, "data_root": str(data_root), "held_out": held_out}
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
    MADE[key] = asked
    return key


@functools.lru_cache(maxsize=1)
def read(wanted):
    """(Training, {'train' | 'val' | 'test': Part}) of a key that ``key_of`` gave."""
    asked = MADE[wanted]
    options = WorkloadOptions(split="full", data_root=asked["data_root"])
    found = READERS[asked["adapter"]](asked["settings"], options)
    train, val = held_out(found.train, asked["held_out"])
    return found, {"train": train, "val": val, "test": found.test}


def describe(wanted):
    """JSON-able: what the parts hold, for the recipe that is written."""
    found, parts = read(wanted)
    shown = {
        name: {"name": found.name, "samples": len(part.ids), "fingerprint": part.fingerprint()}
        for name, part in parts.items()
    }
    return {**shown, "classes": len(found.classes), "left_out_of_train_as_scored": found.left_out}


@DATASETS.register_module()
class TaskSamples(Dataset):
    """{'inputs': tensor, 'labels': int, and 'parts' where there are some} of one part; see ``read``."""

    def __init__(self, wanted, part):
        found, parts = read(wanted)
        self.part, self.metainfo = parts[part], {"classes": found.classes}

    def __len__(self):
        return len(self.part.ids)

    def __getitem__(self, i):
        own = self.part
        sample = {"inputs": torch.from_numpy(np.asarray(own.inputs[i])), "labels": int(own.labels[i])}
        return sample if own.parts is None else {**sample, "parts": torch.from_numpy(own.parts[i])}
