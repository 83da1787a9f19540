"""Pictures with masks by the kind of data that a variant names: those of pictures.py, and COCO's objects as class maps."""

import colorsys
from pathlib import Path

from adafire.errors import InputError

from ..detection import coco, instance_masks
from ..shared.asked import check_keys
from ..shared.draws import by_hash, set_aside
from ..shared.image_files import pictures_below
from . import pictures
from .data.object_masks import OVERLAP, masks_of
from .masks import label_table
from .pictures import Sample, Source

KEYS = ("type", "annotations", "images", "calibration_images")


def find_source(data, options, samples, cfg, config):
    """The Source that a variant's ``data`` names, for an MMSegmentation config; InputError for what is not there."""
    if isinstance(data, dict) and data.get("type") == "coco_objects":
        check_keys(data, KEYS, "key of data 'coco_objects':")
        return _coco_objects(data, options, samples)
    return pictures.find_source(data, options, samples, cfg, config)


def _coco_objects(data, options, samples):
    """COCO's images with a class map of their objects, background and 80 classes (other files: as many as they list). Calibration:
    images of train2017, without them of val2017, never scored."""
    if options.data_root is None:
        raise InputError(
            "this variant is scored on COCO: give the folder that holds annotations/instances_val2017.json and val2017/ with "
            "--data-root DIR"
        )
    root = Path(options.data_root)
    found = coco.read(
        root / data.get("annotations", "annotations/instances_val2017.json"), root / data.get("images", "val2017")
    )
    ids, elsewhere = sorted(found.images), root / data.get("calibration_images", "train2017")
    names = pictures_below(elsewhere)[0]
    aside = [elsewhere / name for name in by_hash(names)]
    if not names:
        what = f"'{found.annotation_file}' lists {len(ids)} images and there is no folder '{elsewhere}' with pictures"
        chosen, rest = set_aside(by_hash(ids, options.seed), samples, options, what)
        aside, ids = [found.path(i) for i in chosen], sorted(rest)
    test = ids[: options.limit]
    instance_masks.check(found, test)
    listed = [Sample(str(i), found.path(i), mask) for i, mask in zip(test, masks_of(found, test))]
    classes = ["background", *found.categories.values()]
    table = label_table(len(classes), ignore=[OVERLAP])
    return Source("COCO objects", listed, aside, classes, palette(len(classes)), *table, set_aside=not names)


def palette(number):
    """RGB of ``number`` classes: black for the first, then hues far from one another (ours).

    >>> palette(2)
    [[0, 0, 0], [230, 92, 92]]
    """
    hues = [(0.618034 * k % 1, 0.6 - 0.2 * (k % 2), 0.9 - 0.25 * (k // 2 % 2)) for k in range(number - 1)]
    return [[0, 0, 0], *([round(255 * v) for v in colorsys.hsv_to_rgb(*hue)] for hue in hues)]
