"""The ``data_setup`` line of a training config: brings the data into being and tells the config where it lies.

    data_setup = dict(type='fashion_scenes', train=dict(split='train', scenes=16000), val=dict(split='val'), ...)

A set-up is a function (config, options, **settings) -> description: it changes the MMEngine config in place and returns
a JSON-able description of the data for the recipe. ``options`` is a SetupOptions. Register one per kind of data.
"""

from typing import NamedTuple

from adafire.registry import Registry

from .detection.data.coco_export import ensure, fingerprint
from .segmentation.data.fashion_masks import ensure_masks

data_setups = Registry("data set-up")


class SetupOptions(NamedTuple):
    """What the command line says: processes that generate, and where the full Fashion-MNIST lies."""

    workers: int = 1
    fashion_mnist: str | None = None
    download: bool = False


def set_up(config, options=SetupOptions()):
    """Run the set-up that ``config.data_setup`` names, if any; returns its description ({} without one)."""
    settings = dict(config.get("data_setup") or {})
    return data_setups.get(settings.pop("type", None))(config, options, **settings) if settings else {}


@data_setups.register("fashion_scenes")
def fashion_scenes(config, options, **phases):
    """Generate the splits that ``phases`` name: {'train' | 'val' | 'test': {'split': name, 'scenes': number}}.

    Each phase's dataset gets the cache folder of its split as ``data_root``, its COCO metric the annotation file there.
    """
    description = {}
    for phase, wanted in phases.items():
        root = ensure(wanted["split"], wanted.get("scenes"), *options)
        config[f"{phase}_dataloader"].dataset.data_root = f"{root}/"
        evaluator = config.get(f"{phase}_evaluator")
        if evaluator:
            evaluator.ann_file = str(root / "annotations" / f"instances_{wanted['split']}.json")
        description[phase] = {"name": "fashion scenes", **fingerprint(root, wanted["split"])}
    return description


@data_setups.register("fashion_masks")
def fashion_masks(config, options, **phases):
    """The same scenes with class maps, for MMSegmentation: each phase's dataset gets the cache folder of its split."""
    description = {}
    for phase, wanted in phases.items():
        root = ensure_masks(wanted["split"], wanted.get("scenes"), *options)
        config[f"{phase}_dataloader"].dataset.data_root = f"{root}/"
        description[phase] = {"name": "fashion scenes", **fingerprint(root, wanted["split"])}
    return description
