"""Arrays on disk by name: complete or absent, in the user's cache folder (ADAFIRE_CACHE)."""

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from adafire.errors import InputError

from .fashion_mnist import cache_folder


def cached(name, make):
    """dict of arrays kept under ``name``, made by ``make()`` if they are not there (or are damaged).

    Whoever writes at the same time writes the same: the name says all that determines the content.
    """
    path = cache_folder() / "points" / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {key: kept[key] for key in kept.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        pass
    arrays = make()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"point clouds cannot be kept in {path.parent} ({error.strerror or error}); set ADAFIRE_CACHE to "
            "a folder with room"
        ) from error
    return arrays
