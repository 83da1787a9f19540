"""Images for a detector: which are scored, which calibrate, and that all is there."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from adafire.errors import InputError

from ..shared.asked import check_keys
from ..shared.config_forms import with_names
from ..shared.downloads import PROJECT
from ..shared.draws import by_hash, drawn, set_aside
from ..shared.image_files import Folder, pictures_below
from ..shared.images import SUFFIXES
from . import coco, voc
from .categories import ORDERS
from .checks import SIZES
from .data.voc_annotations import find_picture

DATA = {
    "coco": ("type", "root", "annotations", "images", "calibration_images", "category_order", "sizes"),
    "fashion_scenes": ("type",),
    "voc": ("type", "root", "year", "split", "calibration_split", "sizes"),
}


def test_loader(cfg, config):
    """A config's test_dataloader, or its val_dataloader where it has none, as a dict; InputError if it is a list."""
    loader = cfg.get("test_dataloader") or cfg.get("val_dataloader") or {}
    if not isinstance(loader, dict):
        raise InputError(
            f"config '{config}': its test_dataloader is a {type(loader).__name__} of {len(loader)}; expected one "
            "dict: say which with test_dataloader = test_dataloader[0] at the config's end"
        )
    return loader


def test_dataset(cfg, config):
    """The dict of the config's test dataset that has a pipeline, inside whatever wraps it."""
    node = test_loader(cfg, config).get("dataset")
    while isinstance(node, dict) and "pipeline" not in node:
        node = node.get("dataset") or next(iter(node.get("datasets") or []), None)
    if not isinstance(node, dict):
        raise InputError(
            f"config '{config}' has no test_dataloader with a dataset and its pipeline; MMDetection's "
            "data configs (_base_/datasets/coco_detection.py) show one"
        )
    return with_names(node)


class Source(NamedTuple):
    """Test images of a CocoSet, and candidates (paths) for calibration. ``set_aside``: they were taken from the same
    set. ``identity``: what generated images are made of (theirs, the candidates'); else None, and files are hashed.
    notes: sentences on where the images come from."""

    name: str
    annotations: coco.CocoSet
    ids: list
    candidates: list
    set_aside: bool = False
    identity: Any = None
    notes: tuple = ()


def find_source(data, options, samples):
    """The Source that a variant's ``data`` names; InputError for what is not there."""
    if not isinstance(data, dict) or data.get("type") not in DATA:
        raise InputError(f"data is {data!r}; expected a dict with a type of {', '.join(DATA)}")
    check_keys(data, DATA[data["type"]], f"key of data {data['type']!r}:")
    for key, known in (("category_order", ORDERS), ("sizes", SIZES)):
        if data.get(key, known[0]) not in known:
            raise InputError(f"{key} of data {data['type']!r} is {data[key]!r}; expected one of {', '.join(known)}")
    return {"fashion_scenes": _fashion_scenes, "coco": _coco, "voc": _voc}[data["type"]](data, options, samples)


def _fashion_scenes(data, options, samples):
    from .data.coco_export import ensure
    from .data.coco_export import fingerprint as made_of  # of the pixels: PNG files differ between zlib versions

    if options.split == "full":
        raise InputError("fashion scenes are generated data and only ever the split 'mini', not 'full'")
    root, other = ensure("test"), ensure("calibration")
    annotations = coco.read(root / "annotations" / "instances_test.json", root / "test")
    candidates = [other / "calibration" / n for n in by_hash(p.name for p in (other / "calibration").glob("*.png"))]
    return Source(
        "fashion scenes",
        annotations,
        sorted(annotations.images),
        candidates,
        identity=(made_of(root, "test"), made_of(other, "calibration")),
    )


def _coco(data, options, samples):
    root = options.data_root or (PROJECT / data["root"] if data.get("root") else None)
    if root is None:
        raise InputError(
            "this variant is scored on COCO: give the folder that holds "
            "annotations/instances_val2017.json and val2017/ with --data-root DIR"
        )
    root = Path(root)
    found = coco.read(
        root / data.get("annotations", "annotations/instances_val2017.json"), root / data.get("images", "val2017")
    )
    ids = sorted(found.images)
    elsewhere = root / data.get("calibration_images", "train2017")
    names, others = pictures_below(elsewhere)
    if names:
        return Source("coco", found, ids, [elsewhere / n for n in by_hash(names)])
    if others:
        raise InputError(
            f"calibration folder '{elsewhere}' holds no picture ({', '.join(SUFFIXES)}); its {len(others)} files: "
            f"{', '.join(others[:5])}{', ...' if len(others) > 5 else ''}. Put pictures there, or remove the folder "
            "to calibrate on test images that are then not scored"
        )
    if "calibration_images" in data:
        raise InputError(
            f"there is no picture in the calibration folder '{elsewhere}' that the task names "
            "(calibration_images); expected a folder of pictures below --data-root DIR"
        )
    return _set_aside("coco", found, ids, samples, f"there is no folder '{elsewhere}' with pictures", options)


def _voc(data, options, samples):
    root = options.data_root or (PROJECT / data["root"] if data.get("root") else None)
    if root is None:
        raise InputError(
            "this variant is scored on PASCAL VOC: give the folder that holds VOCdevkit/ with --data-root DIR"
        )
    year = data.get("year", 2007)
    split = data.get("split", "test" if year == 2007 else "val")
    found = voc.read(voc.find_folder(root, year, split), split)
    name, ids = f"VOC{year} {split}", sorted(found.images)
    other = data.get("calibration_split", "trainval" if year == 2007 else "train")
    try:  # its archive may be another one, unpacked beside the first or into it
        folder = voc.find_folder(root, year, other)
    except InputError:
        if "calibration_split" in data:
            raise
        return _set_aside(name, found, ids, samples, f"'{root}' has no list '{other}'", options)
    pictures = Folder(folder / "JPEGImages")
    candidates = [folder / find_picture(pictures, n) for n in by_hash(voc.read_list(folder, other))]
    there = [path for path in candidates if os.path.isfile(path)]
    if there:
        return Source(name, found, ids, there)
    seen = [near for path in candidates[:200] for near in pictures.with_stem(".", path.stem)]
    if seen:
        raise InputError(
            f"of the {len(candidates)} calibration images that the list '{other}' names, '{pictures.path}' has "
            f"none as a picture ({', '.join(SUFFIXES)}); it has {', '.join(seen[:5])}"
        )
    return _set_aside(name, found, ids, samples, f"'{root}' has no images of the list '{other}'", options)


def _set_aside(name, found, ids, samples, why, options):
    """A Source whose calibration images are taken out of the test set."""
    names = [found.images[i]["file_name"] for i in ids]
    aside, rest = set_aside(
        by_hash(names, options.seed), samples, options, f"'{found.annotation_file}' lists {len(ids)} images and {why}"
    )
    rest = set(rest)
    return Source(
        name,
        found,
        [i for i in ids if found.images[i]["file_name"] in rest],
        [found.folder / file for file in aside],
        set_aside=True,
        notes=(f"{why}, so {len(ids) - len(rest)} of the {len(ids)} test images calibrate and are not scored",),
    )


def calibration_images(source, samples, scored, listed_in, options):
    """[(path, sha256)] of the ``samples`` candidates of this draw whose content is not among ``scored`` (sha256 of each)."""
    candidates = source.candidates
    if not source.set_aside:
        candidates = drawn(candidates, samples, options, listed_in, name=lambda path: Path(path).name)
    chosen = []
    for start in range(0, len(candidates), samples):
        part = candidates[start : start + samples]
        chosen += [(p, h) for p, h in zip(part, coco.check_images(part, listed_in)) if h not in scored]
        if len(chosen) >= samples:
            break
    if not chosen:
        raise InputError(
            f"no calibration images: {listed_in} has {len(candidates)}, none that is not scored as well; "
            "give images that are not in the test set"
        )
    return chosen[:samples]
