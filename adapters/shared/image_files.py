"""Image files that annotations name: found in their folder, hashed, and as large as a loader shows them."""

import hashlib
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import UnidentifiedImageError

from adafire.errors import InputError

from .images import SUFFIXES, read_picture
from .pixels import orientation


class Facts(NamedTuple):
    """sha256 of an image file; size: (width, height) in pixels as stored; orientation: EXIF's, 1 as
    stored, 2 to 4 mirrored or upside down, from 5 on turned so that width and height change places."""

    sha256: str
    size: tuple
    orientation: int

    @property
    def turned(self):
        """Whether EXIF says to turn or mirror it."""
        return self.orientation != 1


class Folder:
    """The files below a folder by the names that lists have for them; a folder is listed once, and only if need be."""

    def __init__(self, path):
        self.path, self.listed = Path(path), {}

    def find(self, name):
        """The name of the file below the folder that ``name`` means: as it is, or with backslashes as slashes, the folder's
        own name before it, other case, blanks around it or another spelling of accents; as it is if none or several fit."""
        if os.path.isfile(self.path / name):  # False, too, where no file can be called so
            return PurePosixPath(name).as_posix()
        parts = PurePosixPath(name.replace("\\", "/").strip()).parts
        for parts in (parts, parts[1:]) if parts[:1] == (self.path.name,) else (parts,):
            folder, fitting = PurePosixPath(*parts[:-1]), []
            if parts:
                fitting = self._names(folder).get(_plain(parts[-1]), [])
            if len(fitting) == 1:
                return (folder / fitting[0]).as_posix()
        return PurePosixPath(name).as_posix()

    def with_stem(self, folder, stem):
        """Names of the files in a folder below that differ from ``stem`` by a suffix only."""
        wanted = _plain(stem)
        return [
            n
            for names in self._names(PurePosixPath(folder)).values()
            for n in names
            if _plain(n.rpartition(".")[0]) == wanted
        ]

    def _names(self, folder):
        if folder not in self.listed:
            self.listed[folder] = found = {}
            place = self.path / folder
            for file in sorted(os.listdir(place)) if os.path.isdir(place) else ():
                found.setdefault(_plain(file), []).append(file)
        return self.listed[folder]


def _plain(name):
    return unicodedata.normalize("NFC", name).strip().casefold()


def pictures_below(folder):
    """(paths relative to ``folder`` of the pictures in it and in folders below, those of all other files); hidden files
    and folders are left out."""
    pictures, others = [], []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [f for f in folders if not f.startswith(".")]
        below = PurePosixPath(Path(place).relative_to(folder).as_posix())
        for file in sorted(n for n in names if not n.startswith(".")):
            (pictures if file.lower().endswith(SUFFIXES) else others).append((below / file).as_posix())
    return pictures, others


def _facts(path):
    """(Facts, None), or (None, what is wrong with the file)."""
    try:
        content, image = read_picture(path)
        with image:
            size = image.size
            turning = orientation(image)
            image.draft("L", (64, 64))  # JPEG: all of the file is read, few pixels are computed
            image.load()
        return Facts(hashlib.sha256(content).hexdigest(), size, turning), None
    except (FileNotFoundError, NotADirectoryError):
        return None, "is missing"
    except UnidentifiedImageError:
        return None, "is not an image"
    except Exception as error:  # Pillow's plugins raise what they like on damaged files
        return None, f"does not decode ({error})"


def image_facts(paths, listed_in):
    """[Facts of each image file]; InputError, with the first name and the count, if any is missing or does not decode.

    ``listed_in``: what names these files, for the message.
    """
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(_facts, paths))
    bad = [(path, error) for path, (_, error) in zip(paths, found) if error]
    if bad:
        others = Folder(bad[0][0].parent).with_stem(".", bad[0][0].stem) if bad[0][1] == "is missing" else ()
        near = f" (there is '{others[0]}'; pictures end in {', '.join(SUFFIXES)})" if others else ""
        more = f" (and {len(bad) - 1} more of {len(found)} images)" if len(bad) > 1 else ""
        raise InputError(
            f"image '{bad[0][0]}' {bad[0][1]}{near}{more}; {listed_in} lists it: copy or download it again, or "
            "choose another folder with --data-root DIR"
        )
    return [facts for facts, _ in found]


def check_images(paths, listed_in):
    """[sha256 of each image file]; see ``image_facts``."""
    return [facts.sha256 for facts in image_facts(paths, listed_in)]
