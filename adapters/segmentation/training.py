"""The pictures and masks that a segmentation variant's network is trained on, as lists of files."""

from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError

from ..detection.pictures import test_loader
from ..shared.draws import by_hash
from .pictures import OWN, Source, _listed, check_pictures, find_source, inner


class Masks(NamedTuple):
    """source: the test set (its table tells labels of values); train, val, test: lists of Sample; left_out: train pictures that
    are scored as well; digests: sha256 of train, val and test pictures."""

    source: Source
    train: list
    val: list
    test: list
    left_out: int
    digests: tuple


def training(settings, options, cfg, held_out):
    """Masks of a variant's ``settings``, for the MMSegmentation config ``cfg`` of its network. The train set is what the task's
    data names under ``train`` (folders as in data_prefix); the val set is what it names under ``val``, where that is there, else
    ``held_out`` of the train pictures.

    InputError: no train pictures, fewer than two, pictures or masks that cannot be read.
    """
    data = dict(settings.get("data"))
    prefixes = {part: data.pop(part, None) for part in ("train", "val")}
    source = find_source(data, options, 1, cfg, settings["config"])
    if not prefixes["train"]:
        raise InputError(
            "the task's data name no train pictures; expected data=dict(train=dict(img_path=..., seg_map_path=...))"
        )
    root = Path(options.data_root)
    train = _listed_in(data, options.data_root, cfg, settings["config"], prefixes["train"])
    there = prefixes["val"] and all((root / folder).is_dir() for folder in prefixes["val"].values())
    val = _listed_in(data, options.data_root, cfg, settings["config"], prefixes["val"]) if there else None
    test = _listed_in(data, options.data_root, cfg, settings["config"], data["data_prefix"])  # all, none is set aside
    scored = tuple(check_pictures(test, source.name))
    kept = [(s, d) for s, d in zip(train, check_pictures(train, source.name)) if d not in set(scored)]
    left_out, by_id = len(train) - len(kept), {s.id: (s, d) for s, d in kept}
    order = [by_id[name] for name in by_hash(by_id)]
    if val is None:
        number = max(1, round(held_out * len(order)))
        chosen, order = order[:number], order[number:]
    else:
        chosen = list(zip(val, check_pictures(val, source.name)))
    if len(order) < 2 or not chosen:
        raise InputError(
            f"{source.name} has {len(order)} pictures to train on and {len(chosen)} to choose by in '{options.data_root}'; expected "
            "2 or more and 1 or more"
        )
    parts = [[s for s, _ in part] for part in (order, chosen)]
    digests = (*(tuple(d for _, d in part) for part in (order, chosen)), scored)
    return Masks(source, *parts, test, left_out, digests)


def _listed_in(data, root, cfg, config, prefix):
    """[Sample] of pictures that lie as the test set's do, in the folders ``prefix`` (img_path, seg_map_path) below ``root``."""
    test = inner(test_loader(cfg, config).get("dataset")) or {}
    own = {k: v for k, v in data.items() if k not in OWN} | ({"type": data["dataset"]} if data.get("dataset") else {})
    return _listed({**test, **own, "data_prefix": prefix}, root)[1]
