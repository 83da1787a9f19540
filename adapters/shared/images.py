"""Labelled pictures in files, in zip archives or in memory: ordered, checked and decoded.

``check`` reads each one that will be used, before any long work, and names the first that is
wrong. The order is by a hash of the id: the same everywhere, and every stretch of it holds all classes.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from adafire.errors import InputError

from . import pixels
from .draws import by_hash

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff")
MAX_PIXELS = 2**26  # of one picture; ImageNet's largest has 2 ** 25
MAX_BYTES = 2**28  # of one file, unpacked
THREADS = 4  # that read and decode; both leave Python's lock alone


class Picture(NamedTuple):
    """id: unique in its set; label: from 0; source: a file (Path), a Member, or uint8 pixels [H, W] or [H, W, 3]."""

    id: str
    label: int
    source: Any


class Member(NamedTuple):
    """A file in an open zip archive."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    def __str__(self):
        return f"{self.archive.filename}/{self.info.filename}"


class ImageSet(NamedTuple):
    """test: the Pictures to score; candidates: for calibration, none of them in ``test``; both ``by_hash``. set_aside:
    the candidates were taken from the same pictures. side: width and height that each must have, None for any.
    notes: sentences for the record. train: function without arguments -> the Pictures to train on, with their labels; None
    where the set has no train pictures here."""

    name: str
    classes: tuple
    test: list
    candidates: list
    set_aside: bool = False
    side: int | None = None
    notes: tuple = ()
    train: Callable | None = None


class Facts(NamedTuple):
    """sha256 of a picture's file (of shape and pixels where it has none); width and height in pixels, as shown; turned: its
    EXIF says so; values: (least, largest) where it has more than 8 bits; frames: pictures in the file."""

    sha256: str
    size: tuple
    turned: bool = False
    values: tuple | None = None
    frames: int = 1


def pictures(ids, labels, sources, classes, what):
    """[Picture] by hash; InputError if a label is not in 0 .. ``classes`` - 1. ``what``: the set, for the message."""
    for name, label in zip(ids, labels, strict=True):
        if not 0 <= label < classes:
            raise InputError(
                f"{what}: picture {name} has label {label}; expected 0 to {classes - 1}. The labels are "
                "not of this data set, or the file is damaged: copy or download it again"
            )
    found = {i: Picture(i, int(label), source) for i, label, source in zip(ids, labels, sources, strict=True)}
    return [found[i] for i in by_hash(found)]


def split_in_two(found, number, what):
    """(the first ``number``, the rest) of pictures by hash: to calibrate and to score, where there is only one set."""
    if number < 1 or len(found) <= number:
        raise InputError(
            f"{what} has {len(found)} pictures and there are no others to calibrate on, so setting "
            f"{number} aside leaves none to score; lower data=dict(set_aside=...)"
        )
    return found[:number], found[number:]


def read_picture(source):
    """(bytes of a file or Member, its PIL image, not yet decoded); ValueError if either is larger than any picture is."""
    content = _content(source)
    image = Image.open(io.BytesIO(content))
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"it has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}")
    return content, image


def _content(source):
    size = source.info.file_size if isinstance(source, Member) else source.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"it has {size:,} bytes, more than {MAX_BYTES:,}")
    return source.archive.read(source.info) if isinstance(source, Member) else source.read_bytes()


def decode(picture, bits=None):
    """The PIL image of a Picture, upright and of at most 8 bits a channel. bits: see ``pixels.shown``. Raises what Pillow
    raises; see ``check``."""
    if isinstance(picture.source, np.ndarray):
        return Image.fromarray(picture.source)
    _, image = read_picture(picture.source)
    image.load()
    return pixels.shown(image, bits)


def _facts(picture):
    """(Facts, None), or (None, what is wrong with the picture)."""
    try:
        if isinstance(picture.source, np.ndarray):
            array = picture.source
            digest = hashlib.sha256(str(array.shape).encode() + array.tobytes()).hexdigest()
            return Facts(digest, array.shape[1::-1]), None
        content, image = read_picture(picture.source)
        size, turned, frames = image.size, pixels.orientation(image) > 1, getattr(image, "n_frames", 1)
        image.draft(None, (64, 64))  # JPEG: all of the file is read, few pixels are computed
        image.load()
        if pixels.orientation(image) > 4:  # asked again: of a TIFF, Pillow itself turns picture and size
            size = size[::-1]
        return Facts(hashlib.sha256(content).hexdigest(), size, turned, pixels.values(image), frames), None
    except InputError as error:
        return None, str(error)
    except FileNotFoundError:
        return None, "is missing"
    except UnidentifiedImageError:
        return None, "is not a picture"
    except Exception as error:  # Pillow's plugins and zipfile raise what they like on damaged files
        return None, f"does not decode ({error})"


def check(found, side=None):
    """[Facts] of Pictures, each read and decoded; InputError with the first that is wrong, and how many are.

    side: width and height in pixels that each must have.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        facts = list(pool.map(_facts, found))
    bad = [(p, error) for p, (_, error) in zip(found, facts) if error]
    if side:
        bad += [
            (p, f"has {f.size[0]} x {f.size[1]} pixels, not {side} x {side}")
            for p, (f, _) in zip(found, facts)
            if f and f.size != (side, side)
        ]
    if bad:
        picture, error = bad[0]
        name = picture.id if isinstance(picture.source, np.ndarray) else str(picture.source)
        more = f" (and {len(bad) - 1} more of {len(found)} pictures)" if len(bad) > 1 else ""
        mend = (
            "" if "expected" in error else "; copy or download it again, or choose another folder with --data-root DIR"
        )
        raise InputError(f"picture '{name}' {error}{more}{mend}")
    return [f for f, _ in facts]
