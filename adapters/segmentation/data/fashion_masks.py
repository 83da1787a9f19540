"""Class maps of the fashion scenes on disk: one grey PNG a scene beside the pictures, 0 background, class + 1 elsewhere.

    <root>/<split>/000001.png             the scenes, as coco_export writes them
    <root>/masks/<split>/000001.png       their class maps, complete or absent

The maps are drawn from the masks (RLE) of the scenes' COCO annotations, which are in their fingerprint.

    python -m adapters.segmentation.data.fashion_masks SPLIT [--scenes N]
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock
from PIL import Image

from adafire.errors import InputError

from ...detection.data.coco_export import ensure
from ...detection.data.fashion_scenes import BACKGROUND, SIZE, SPLITS
from ...shared.fashion_mnist import CLASSES
from ...shared.scripts import finished

NAMES = ("background", *CLASSES)
"""Class names by the maps' values."""


def ensure_masks(split, scenes=None, *source):
    """Path of a root folder with ``split`` and its class maps in it; both are made if they are absent.

    scenes, source: as ``coco_export.ensure`` takes them (workers, fashion_mnist, download).
    """
    root = ensure(split, scenes, *source)
    folder = root / "masks" / split
    try:
        with FileLock(root / f".masks-{split}.lock"):
            if not folder.is_dir():
                with tempfile.TemporaryDirectory(dir=root, prefix=f".masks-{split}-", suffix=".tmp") as work:
                    _draw(root / "annotations" / f"instances_{split}.json", Path(work) / split)
                    folder.parent.mkdir(exist_ok=True)
                    os.replace(Path(work) / split, folder)
    except OSError as error:
        raise InputError(
            f"class maps cannot be written to {root} ({error}); set ADAFIRE_CACHE to a folder with room"
        ) from error
    return root


def _draw(annotations, folder):
    """One class map for every image of a COCO file."""
    coco = json.loads(annotations.read_text())
    objects = {image["id"]: [] for image in coco["images"]}
    for entry in coco["annotations"]:
        objects[entry["image_id"]].append(entry)
    folder.mkdir()
    for image in coco["images"]:
        Image.fromarray(class_map(objects[image["id"]])).save(folder / image["file_name"], compress_level=1)


def class_map(objects):
    """uint8 [192, 192] of COCO annotations with RLE masks, which are of visible pixels and so never overlap."""
    from pycocotools import mask as rle

    made = np.full((SIZE, SIZE), BACKGROUND, np.uint8)
    for entry in objects:
        made[rle.decode(entry["segmentation"]).astype(bool)] = entry["category_id"]  # category c + 1 is class c
    return made


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m adapters.segmentation.data.fashion_masks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("split", help=", ".join(SPLITS))
    parser.add_argument("--scenes", type=int, metavar="N", help="how many (default: the split's own number)")
    options = parser.parse_args(argv)
    return finished(lambda: ensure_masks(options.split, options.scenes))


if __name__ == "__main__":
    sys.exit(main())
