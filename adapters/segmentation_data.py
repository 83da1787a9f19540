"""Pictures with masks for a segmenter: MMSegmentation's own data sets in the layouts that people have them in, and the
fashion scenes; which are scored, which calibrate, and that every mask fits its picture and the network's classes."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adafire.errors import InputError

from . import coco
from .data.images import read_picture
from .detection_data import by_hash, check_keys
from .miou import IGNORED
from .paths import leaves

DATA = {"fashion_scenes": ("type",),
        "mmseg": ("type", "dataset", "data_prefix", "ann_file", "img_suffix", "seg_map_suffix", "metainfo",
                  "reduce_zero_label", "ignore", "name")}
OWN = ("type", "dataset", "ignore", "name")  # the other keys of 'mmseg' are those of MMSegmentation's data sets


class Sample(NamedTuple):
    """id: the picture's path below its folder, without suffix; image, mask: files."""

    id: str
    image: Path
    mask: Path


class Source(NamedTuple):
    """test: Samples; candidates: files for calibration, which were taken from the test set if ``set_aside``; classes,
    palette (RGB): by label; table: uint8 [256], label by a mask's value, IGNORED where it counts nowhere, and
    ``unknown`` (bool [256]) where it is none; identity: what generated data is made of, else None and files are hashed."""

    name: str
    test: list
    candidates: list
    classes: list
    palette: list
    table: np.ndarray
    unknown: np.ndarray
    set_aside: bool = False
    identity: Any = None


def label_table(classes, reduce_zero_label=False, label_map=None, ignore=()):
    """(table, unknown) of a Source, as MMSegmentation loads annotations: zero is left out, then labels are renamed.

    >>> label_table(2, reduce_zero_label=True)[0][[0, 1, 2, 255]].tolist()
    [255, 0, 1, 255]
    """
    values = np.arange(256)
    if reduce_zero_label:
        values = np.where((values == 0) | (values == 255), IGNORED, values - 1)
    if label_map:
        values = np.array([label_map.get(v, v) for v in values.tolist()])
    values[list(ignore)] = IGNORED
    return values.astype(np.uint8), (values >= classes) & (values != IGNORED)


def read_mask(path, source):
    """Labels uint8 [height, width] of a mask file; raises ValueError in words that follow 'mask <path>'."""
    with read_picture(path)[1] as image:
        if image.mode not in ("L", "P", "I", "I;16", "1"):
            raise ValueError(f"is a colour picture ({image.mode}), which holds no class numbers; expected a grey or palette "
                             "PNG as the data set has it (a palette PNG that was read as RGB and saved has lost them)")
        values = np.asarray(image)
    present = np.unique(values)
    wrong = [int(v) for v in present if v > 255 or v < 0 or source.unknown[v]]
    if wrong:
        more = f" (and {len(wrong) - 1} other such values)" if len(wrong) > 1 else ""
        raise ValueError(f"holds the value {wrong[0]}{more}, which is no label of the {len(source.classes)} classes "
                         f"({source.classes[0]}, ..., {source.classes[-1]}); expected 0 to {len(source.classes) - 1}, or "
                         f"{IGNORED} where nothing counts. Other values that count nowhere: data=dict(ignore=[...])")
    return source.table[values.astype(np.uint8)]


def _fact(sample, source):
    """(sha256 of the mask file, None), or (None, what is wrong)."""
    try:
        labels = read_mask(sample.mask, source)
        with read_picture(sample.image)[1] as image:
            width, height = image.size
        if labels.shape != (height, width):
            return None, (f"mask '{sample.mask}' has {labels.shape[1]} x {labels.shape[0]} pixels, its image "
                          f"'{sample.image}' {width} x {height}; expected one size")
        return hashlib.sha256(sample.mask.read_bytes()).hexdigest(), None
    except FileNotFoundError:
        return None, f"mask '{sample.mask}' is missing; expected one for every image"
    except Exception as error:  # Pillow's plugins raise what they like on damaged files
        return None, f"mask '{sample.mask}' {error if isinstance(error, ValueError) else f'does not decode ({error})'}"


def check_masks(samples, source):
    """[sha256 of each mask]; InputError with the first that is missing, damaged, of another size or not of labels."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda s: _fact(s, source), samples))
    bad = [words for _, words in found if words]
    if bad:
        raise InputError(bad[0] + (f". {len(bad) - 1} more masks of {len(found)} are wrong" if len(bad) > 1 else ""))
    return [digest for digest, _ in found]


def find_source(data, options, samples, cfg, config):
    """The Source that a variant's ``data`` names, for an MMSegmentation config; InputError for what is not there."""
    if not isinstance(data, dict) or data.get("type") not in DATA:
        raise InputError(f"data is {data!r}; expected a dict with a type of {', '.join(DATA)}")
    check_keys(data, DATA[data["type"]], f"key of data {data['type']!r}:")
    return _fashion_scenes(options) if data["type"] == "fashion_scenes" else _mmseg(data, options, samples, cfg, config)


def _fashion_scenes(options):
    from .data.coco_export import ensure
    from .data.coco_export import fingerprint as made_of
    from .data.fashion_masks import NAMES, ensure_masks
    if options.split == "full":
        raise InputError("fashion scenes are generated data and only ever the split 'mini', not 'full'")
    root, other = ensure_masks("test"), ensure("calibration")
    test = [Sample(p.stem, p, root / "masks" / "test" / p.name) for p in sorted((root / "test").glob("*.png"))]
    candidates = [other / "calibration" / n for n in by_hash(p.name for p in (other / "calibration").glob("*.png"))]
    return Source("fashion scenes", test, candidates, list(NAMES), PALETTE, *label_table(len(NAMES)),
                  identity=(made_of(root, "test"), made_of(other, "calibration")))


PALETTE = [[0, 0, 0], [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
           [204, 121, 167], [153, 153, 153], [120, 60, 20], [170, 240, 90]]
"""Of the fashion scenes: Okabe and Ito's colours, and three more."""


def inner(node):
    """The dict of a data set that lists files, inside whatever wraps it; None if there is none."""
    while isinstance(node, dict) and "data_prefix" not in node and (node.get("dataset") or node.get("datasets")):
        node = node.get("dataset") or node["datasets"][0]
    return node if isinstance(node, dict) else None


def _mmseg(data, options, samples, cfg, config):
    if options.data_root is None:
        raise InputError("this variant is scored on a data set of your own machine: give its folder with --data-root DIR")
    own = {k: v for k, v in data.items() if k not in OWN}
    if data.get("dataset"):
        own["type"] = data["dataset"]
    test = inner((cfg.get("test_dataloader") or cfg.get("val_dataloader") or {}).get("dataset"))
    if test is None:
        raise InputError(f"config '{config}' has no test_dataloader with a dataset; MMSegmentation's data configs "
                         "(_base_/datasets/pascal_voc12.py) show one")
    made, listed = _listed({**test, **own}, options.data_root)
    train = inner((cfg.get("train_dataloader") or {}).get("dataset"))
    found = []
    if train is not None and not {"data_prefix", "ann_file"} & set(own):
        try:
            found = [s.image for s in _listed(train, options.data_root)[1]]
        except InputError:  # people who only evaluate have no training pictures
            found = []
    classes, name = list(made.metainfo["classes"]), data.get("name") or str(test["type"]).removesuffix("Dataset")
    table = label_table(len(classes), made.reduce_zero_label, made.label_map, data.get("ignore", ()))
    palette = [list(map(int, colour)) for colour in made.metainfo["palette"]]
    if found:
        order = {str(path): path for path in found}
        return Source(name, listed, [order[p] for p in by_hash(order)], classes, palette, *table)
    if len(listed) <= samples:
        raise InputError(f"'{options.data_root}' has {len(listed)} pictures with masks and no training pictures, so "
                         f"{samples} calibration pictures leave none to score; lower calibration=dict(samples=...)")
    aside = set(by_hash(s.id for s in listed)[:samples])
    return Source(name, [s for s in listed if s.id not in aside], [s.image for s in listed if s.id in aside], classes,
                  palette, *table, set_aside=True)


def _listed(settings, root):
    """(MMSegmentation's data set, its Samples) from a config's dict with the folder ``root`` in place of its own."""
    from mmengine.registry import DefaultScope
    from mmseg.registry import DATASETS
    root = Path(root)
    prefix = {key: root / value for key, value in (settings.get("data_prefix") or {}).items() if value is not None}
    if settings.get("ann_file") and not (root / settings["ann_file"]).is_file():
        raise InputError(f"split file '{root / settings['ann_file']}' is not there; it names the pictures of the set and is "
                         f"expected below --data-root ({root}), as the data set is distributed")
    for key, folder in prefix.items():
        if not folder.is_dir():
            raise InputError(f"folder '{folder}' ({key}) is not there; expected below --data-root ({root}), as "
                             "MMSegmentation's docs/en/user_guides/2_dataset_prepare.md lays the data out")
    kind = DATASETS.get(settings["type"]) if isinstance(settings["type"], str) else settings["type"]
    settings = {k: v for k, v in settings.items() if k not in ("pipeline", "indices", "type")}
    try:
        with DefaultScope.overwrite_default_scope("mmseg"):
            made = kind(**{**settings, "data_root": str(root), "lazy_init": True, "test_mode": True})
        listed = made.load_data_list()
    except Exception as error:  # data sets of any author
        raise InputError(f"the data set in '{root}' cannot be listed ({type(error).__name__}: {error})") from error
    if not listed:
        raise InputError(f"'{prefix.get('img_path', root)}' holds no picture that ends in '{made.img_suffix}'; expected the "
                         "data set's pictures there")
    if not listed[0].get("seg_map_path"):
        raise InputError(f"data set {kind.__name__} names no masks; expected data_prefix=dict(img_path=..., seg_map_path=...)")
    top = prefix.get("img_path", root)
    named = []
    for entry in listed:
        for path, folder in ((entry["img_path"], top), (entry["seg_map_path"], prefix.get("seg_map_path", root))):
            if leaves(os.path.relpath(path, folder)) and leaves(os.path.relpath(path, root)):
                raise InputError(f"the data set in '{root}' names {str(path)[-80:]!r}, which leaves its folder; expected files "
                                 "below it: look at the split file")
        image = Path(entry["img_path"])
        name = image.relative_to(top) if top in image.parents else Path(image.name)
        named.append(Sample(name.as_posix().removesuffix(made.img_suffix), image, Path(entry["seg_map_path"])))
    return made, named


def check_pictures(samples, listed_in):
    """[sha256 of each picture]; see ``coco.check_images``."""
    return coco.check_images([s.image for s in samples], listed_in)


