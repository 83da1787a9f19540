"""DRIVE (Staal et al. 2004), retinal pictures with vessel masks and fields of view, as people have it on disk:

    <root>/test/images/01_test.tif            or .png, .jpg
    <root>/test/1st_manual/01_manual1.gif     or .png, .tif
    <root>/test/mask/01_test_mask.gif         or .png, .tif
    <root>/training/images/21_training.tif    if it is there, it calibrates; otherwise test pictures are set aside

Preparation is that of orobix's retina-unet, for whose weights it matters: grey, stretched to 0..255, CLAHE, gamma 1.2.
(Its standardisation over the set is undone by the stretching that follows, so none is done.)
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from adafire.errors import InputError

from ...shared import pixels
from ...shared.images import read_picture

SUFFIXES = (".png", ".tif", ".tiff", ".gif", ".jpg", ".ppm")
FOLDERS = ("1st_manual", "mask")


class Eye(NamedTuple):
    """id: the number in the file's name, '01'; image, vessels, view: files."""

    id: str
    image: Path
    vessels: Path
    view: Path


def read(root):
    """([Eye] of the test set by number, [path] of training pictures); InputError for what is not there."""
    root = Path(root)
    folder = root / "test"
    files = {name: _numbered(folder / name, root) for name in ("images", *FOLDERS)}
    for name in FOLDERS:
        absent = sorted(set(files["images"]) - set(files[name]))
        if absent:
            raise InputError(
                f"'{folder / name}' has no file for picture {files['images'][absent[0]].name} ({len(absent)} of "
                f"{len(files['images'])} lack one); expected one a picture, whose name begins with its number"
            )
    training = root / "training" / "images"
    extra = _numbered(training, root) if training.is_dir() else {}
    return (
        [Eye(k, files["images"][k], files["1st_manual"][k], files["mask"][k]) for k in sorted(files["images"])],
        [extra[k] for k in sorted(extra)],
    )


def _numbered(folder, root):
    """{number: file} of the pictures in a folder."""
    if not folder.is_dir():
        raise InputError(
            f"folder '{folder}' is not there; expected DRIVE's folders test/images, test/1st_manual and test/mask "
            f"below --data-root ({root})"
        )
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            other = found.setdefault(path.name.split("_")[0], path)
            if other != path:
                raise InputError(
                    f"'{folder}' has two files of picture {path.name.split('_')[0]}: {other.name} and {path.name}; "
                    "expected one, whose name begins with its number: take the other out"
                )
    if not found:
        raise InputError(f"'{folder}' holds no picture; expected DRIVE's, as {', '.join(SUFFIXES)}")
    return found


def open_image(path, mode, mask=False):
    """A picture as it is shown, as uint8 array in Pillow's ``mode``; InputError if it does not decode, or if it has more
    than 8 bits, of which the upper ones are empty. mask: whether any value above 0 is white."""
    try:
        with read_picture(path)[1] as image:
            image.load()
            deep = pixels.values(image)
            if deep and mask:
                image = pixels.shown(Image.fromarray((np.asarray(image) > 0).astype(np.uint8) * 255))
            elif deep and not 2**15 <= deep[1] < 2**16:
                raise ValueError(f"its largest value is {deep[1]}, so it does not use its 16 bits: save it in 8")
            return np.asarray(pixels.shown(image).convert(mode))
    except FileNotFoundError:
        raise InputError(f"picture '{path}' is missing") from None
    except Exception as error:  # Pillow's plugins raise what they like on damaged files
        raise InputError(f"picture '{path}' cannot be taken ({error}); copy it again, or save it otherwise") from error


def read_mask(path, shape):
    """bool [height, width] of a vessel mask or a field of view; InputError unless it is black and white and of ``shape``."""
    grey = open_image(path, "L", mask=True)
    if grey.shape != tuple(shape):
        raise InputError(
            f"mask '{path}' has {grey.shape[1]} x {grey.shape[0]} pixels, its picture {shape[1]} x {shape[0]}; "
            "expected one size"
        )
    values = np.unique(grey)
    if len(values) > 2 or len(values) == 2 and values[0] != 0:
        raise InputError(
            f"mask '{path}' has {len(values)} grey levels ({values[0]} to {values[-1]}); expected black (0) and "
            "one other: lossy compression has blurred it, or it is another picture"
        )
    return grey > 0


def prepare(rgb):
    """float32 [height, width] in 0..1 of an RGB picture uint8 [height, width, 3]."""
    import cv2

    grey = rgb.astype(np.float64) @ (0.299, 0.587, 0.114)
    low, high = grey.min(), grey.max()
    stretched = ((grey - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    equal = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(stretched)
    gamma = (np.arange(256) / 255) ** (1 / 1.2) * 255
    return gamma.astype(np.uint8)[equal].astype(np.float32) / 255
