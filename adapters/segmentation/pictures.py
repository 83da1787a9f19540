"""Pictures with masks for a segmenter: MMSegmentation's own data sets in the layouts that people have them in, and the
fashion scenes; which are scored, and which calibrate."""

import os
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adafire.errors import InputError

from ..detection import coco
from ..detection.pictures import test_loader
from ..shared.asked import check_keys
from ..shared.config_forms import with_names, without_scope
from ..shared.draws import by_hash, set_aside
from ..shared.paths import leaves
from ..shared.text_files import read_text
from .masks import VALUES, label_table

DATA = {
    "fashion_scenes": ("type",),
    "mmseg": "type dataset data_prefix ann_file img_suffix seg_map_suffix metainfo reduce_zero_label ignore mask_values name train val".split(),
}
OWN = ("type", "dataset", "ignore", "mask_values", "name", "train", "val")
"""Keys of 'mmseg' that are ours; the others are those of MMSegmentation's data sets."""


class Sample(NamedTuple):
    """id: the picture's path below its folder, without suffix; image, mask: files."""

    id: str
    image: Path
    mask: Path


class Source(NamedTuple):
    """test: Samples; candidates: files for calibration, which were taken from the test set if ``set_aside``; classes,
    palette (RGB): by label; table: uint8 [65536], label by a mask's value, IGNORED where it counts nowhere, and
    ``unknown`` (bool [65536]) where it is none; identity: what generated data is made of, else None and files are hashed."""

    name: str
    test: list
    candidates: list
    classes: list
    palette: list
    table: np.ndarray
    unknown: np.ndarray
    set_aside: bool = False
    identity: Any = None


def find_source(data, options, samples, cfg, config):
    """The Source that a variant's ``data`` names, for an MMSegmentation config; InputError for what is not there."""
    if not isinstance(data, dict) or data.get("type") not in DATA:
        raise InputError(f"data is {data!r}; expected a dict with a type of {', '.join([*DATA, 'coco_objects'])}")
    check_keys(data, DATA[data["type"]], f"key of data {data['type']!r}:")
    return _fashion_scenes(options) if data["type"] == "fashion_scenes" else _mmseg(data, options, samples, cfg, config)


def _fashion_scenes(options):
    from ..detection.data.coco_export import ensure
    from ..detection.data.coco_export import fingerprint as made_of
    from .data.fashion_masks import NAMES, ensure_masks

    if options.split == "full":
        raise InputError("fashion scenes are generated data and only ever the split 'mini', not 'full'")
    root, other = ensure_masks("test"), ensure("calibration")
    test = [Sample(p.stem, p, root / "masks" / "test" / p.name) for p in sorted((root / "test").glob("*.png"))]
    candidates = [other / "calibration" / n for n in by_hash(p.name for p in (other / "calibration").glob("*.png"))]
    return Source(
        "fashion scenes",
        test,
        candidates,
        list(NAMES),
        PALETTE,
        *label_table(len(NAMES)),
        identity=(made_of(root, "test"), made_of(other, "calibration")),
    )


# fmt: off
PALETTE = [[0, 0, 0], [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
           [204, 121, 167], [153, 153, 153], [120, 60, 20], [170, 240, 90]]
# fmt: on
"""Of the fashion scenes: Okabe and Ito's colours, and three more."""


def inner(node):
    """The dict of a data set that lists files, inside whatever wraps it; None if there is none."""
    while isinstance(node, dict) and "data_prefix" not in node and (node.get("dataset") or node.get("datasets")):
        node = node.get("dataset") or node["datasets"][0]
    return node if isinstance(node, dict) else None


def _mmseg(data, options, samples, cfg, config):
    if options.data_root is None:
        raise InputError(
            "this variant is scored on a data set of your own machine: give its folder with --data-root DIR"
        )
    own = {k: v for k, v in data.items() if k not in OWN}
    if data.get("dataset"):
        own["type"] = data["dataset"]
    test = inner(test_loader(cfg, config).get("dataset"))
    if test is None:
        raise InputError(
            f"config '{config}' has no test_dataloader with a dataset; MMSegmentation's data configs "
            "(_base_/datasets/pascal_voc12.py) show one"
        )
    made, listed = _listed({**test, **own}, options.data_root)
    _check_once(listed, options.data_root, {**test, **own}.get("ann_file"))
    loader = cfg.get("train_dataloader")
    train = inner(loader.get("dataset")) if isinstance(loader, dict) else None
    found = []
    if train is not None and not {"data_prefix", "ann_file"} & set(own):
        try:
            found = [s.image for s in _listed(train, options.data_root)[1]]
        except InputError:  # people who only evaluate have no training pictures
            found = []
    classes, name = list(made.metainfo["classes"]), data.get("name") or str(test["type"]).removesuffix("Dataset")
    table = label_table(len(classes), made.reduce_zero_label, made.label_map, *_renamed(data, len(classes)))
    palette = [list(map(int, colour)) for colour in made.metainfo["palette"]]
    if found:
        order = {str(path): path for path in found}
        return Source(name, listed, [order[p] for p in by_hash(order)], classes, palette, *table)
    what = f"'{options.data_root}' has {len(listed)} pictures with masks and no training pictures"
    aside, rest = map(set, set_aside(by_hash((s.id for s in listed), options.seed), samples, options, what))
    return Source(
        name,
        [s for s in listed if s.id in rest],
        [s.image for s in listed if s.id in aside],
        classes,
        palette,
        *table,
        set_aside=True,
    )


def _check_once(listed, root, split_file):
    """InputError if a picture is listed more than once: it would count so often."""
    counts = Counter(os.path.normpath(sample.image) for sample in listed)
    twice = [sample for sample in listed if counts[os.path.normpath(sample.image)] > 1]
    if twice:
        where = f"split file '{Path(root) / split_file}'" if split_file else f"the data set in '{root}'"
        number = len({os.path.normpath(sample.image) for sample in twice})
        raise InputError(
            f"{where} names picture '{twice[0].id}' {counts[os.path.normpath(twice[0].image)]} times ({number} of "
            f"{len(counts)} pictures more than once); expected each once: take the other lines out"
        )


def _renamed(data, classes):
    """(ignore, mask_values) of a variant's ``data``; InputError unless they are values of masks, and labels."""
    ignore, renamed = data.get("ignore", ()), data.get("mask_values", {})
    whole = (
        [v for v in [*ignore, *renamed] if isinstance(v, bool) or not isinstance(v, int) or not 0 <= v < VALUES]
        if isinstance(ignore, (list, tuple)) and isinstance(renamed, dict)
        else [(ignore, renamed)]
    )
    if whole or not all(isinstance(v, int) and 0 <= v < classes for v in renamed.values()):
        raise InputError(
            f"data has ignore={ignore!r} and mask_values={renamed!r}; expected a list of values of the masks (0 to "
            f"{VALUES - 1}), and a dict from such to labels (0 to {classes - 1}), as {{255: 1}}"
        )
    return ignore, renamed


@contextmanager
def _plain_list(dataset):
    """A list of names as MMSegmentation reads it, while the data set reads it: UTF-8 without a byte order mark, no empty lines."""
    file = getattr(dataset, "ann_file", None)
    if not file or not str(file).endswith(".txt") or not Path(file).is_file():
        yield
        return
    lines = [
        line
        for line in read_text(file, "split file", "expected the name of one picture a line").splitlines()
        if line.strip()
    ]
    with tempfile.TemporaryDirectory() as folder:
        dataset.ann_file = os.path.join(folder, Path(file).name)
        Path(dataset.ann_file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        try:
            yield
        finally:
            dataset.ann_file = file


def _listed(settings, root):
    """(MMSegmentation's data set, its Samples) from a config's dict with the folder ``root`` in place of its own."""
    from mmengine.registry import DefaultScope
    from mmseg.registry import DATASETS

    root, settings = Path(root), with_names(without_scope(settings))
    prefix = {key: root / value for key, value in (settings.get("data_prefix") or {}).items() if value is not None}
    if settings.get("ann_file") and not (root / settings["ann_file"]).is_file():
        raise InputError(
            f"split file '{root / settings['ann_file']}' is not there; it names the pictures of the set and is "
            f"expected below --data-root ({root}), as the data set is distributed"
        )
    for key, folder in prefix.items():
        if not folder.is_dir():
            raise InputError(
                f"folder '{folder}' ({key}) is not there; expected below --data-root ({root}), as "
                "MMSegmentation's docs/en/user_guides/2_dataset_prepare.md lays the data out"
            )
    kind = DATASETS.get(settings["type"]) if isinstance(settings["type"], str) else settings["type"]
    settings = {k: v for k, v in settings.items() if k not in ("pipeline", "indices", "type")}
    try:
        with DefaultScope.overwrite_default_scope("mmseg"):
            made = kind(**{**settings, "data_root": str(root), "lazy_init": True, "test_mode": True})
        with _plain_list(made):
            listed = made.load_data_list()
    except InputError:
        raise
    except Exception as error:  # data sets of any author
        raise InputError(f"the data set in '{root}' cannot be listed ({type(error).__name__}: {error})") from error
    if not listed:
        raise InputError(
            f"'{prefix.get('img_path', root)}' holds no picture that ends in '{made.img_suffix}'; expected the "
            "data set's pictures there"
        )
    if not listed[0].get("seg_map_path"):
        raise InputError(
            f"data set {kind.__name__} names no masks; expected data_prefix=dict(img_path=..., seg_map_path=...)"
        )
    top = prefix.get("img_path", root)
    named = []
    for entry in listed:
        for path, folder in ((entry["img_path"], top), (entry["seg_map_path"], prefix.get("seg_map_path", root))):
            if leaves(os.path.relpath(path, folder)) and leaves(os.path.relpath(path, root)):
                raise InputError(
                    f"the data set in '{root}' names {str(path)[-80:]!r}, which leaves its folder; expected files "
                    "below it: look at the split file"
                )
        image = Path(entry["img_path"])
        name = image.relative_to(top) if top in image.parents else Path(image.name)
        named.append(Sample(name.as_posix().removesuffix(made.img_suffix), image, Path(entry["seg_map_path"])))
    return made, named


def check_pictures(samples, listed_in):
    """[sha256 of each picture]; see ``coco.check_images``."""
    return coco.check_images([s.image for s in samples], listed_in)
