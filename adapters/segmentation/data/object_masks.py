"""Class maps drawn from COCO's objects: 0 background, then the categories in the order of the file; 255 where objects overlap.

That is how torchvision's references draw them for semantic segmentation (references/segmentation/coco_utils.py). A grey PNG an image, in
the user's cache folder (ADAFIRE_CACHE) under the hash of the annotation file: complete or absent.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from adafire.errors import InputError

from ...shared.fashion_mnist import cache_folder

OVERLAP = 255


def drawn(objects, size, label_of):
    """uint8 [height, width]: the class map of one image's objects with polygons or run lengths; label_of: {category id: label}."""
    from pycocotools import mask

    height, width = size
    labels, covered = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    for o in objects:
        shape = o["segmentation"]
        packed = isinstance(shape, dict) and isinstance(shape["counts"], (str, bytes))
        rle = shape if packed else mask.frPyObjects(shape, height, width)
        inside = mask.decode(mask.merge(rle) if isinstance(rle, list) else rle).astype(bool)
        labels[inside] = label_of[o["category_id"]]
        covered += inside
    labels[covered > 1] = OVERLAP
    return labels


def masks_of(annotations, ids):
    """[file] of the class maps of the images ``ids`` of a CocoSet, which ``instance_masks.check`` found readable; drawn where absent.

    InputError: they cannot be written.
    """
    label_of = {category: k + 1 for k, category in enumerate(annotations.categories)}
    digest = hashlib.sha256(annotations.annotation_file.read_bytes()).hexdigest()[:16]
    folder, objects = cache_folder() / f"object-masks-v1-{digest}", {}
    for o in annotations.objects:
        objects.setdefault(o["image_id"], []).append(o)
    files = [folder / f"{i}.png" for i in ids]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for i, file in zip(ids, files):
            if not file.is_file():
                image = annotations.images[i]
                _write(Image.fromarray(drawn(objects.get(i, []), (image["height"], image["width"]), label_of)), file)
    except OSError as error:
        raise InputError(
            f"class maps cannot be written to {folder} ({error}); set ADAFIRE_CACHE to a folder with room"
        ) from error
    return files


def _write(picture, file):
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            picture.save(out, format="PNG")
        os.replace(temporary, file)
    finally:
        Path(temporary).unlink(missing_ok=True)
