"""Labels as files hold them: whole numbers of any type, or names of classes."""

import numpy as np

from adafire.errors import InputError
from adafire.registry import near_names


def whole_numbers(values, what):
    """int64 of an array whose values are whole numbers, whatever its type; InputError names ``what`` and the first that is not."""
    values = np.asarray(values)
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind != "f":
        raise InputError(f"{what} are of type {values.dtype}; expected whole numbers")
    wrong = np.flatnonzero((values.ravel() % 1 != 0) | ~np.isfinite(values.ravel()))
    if len(wrong):
        raise InputError(f"{what} hold {values.ravel()[wrong[0]]:g} (entry {wrong[0]}); expected whole numbers")
    return values.astype(np.int64)


def checked(labels, classes, what):
    """int64 [n] of labels in ``what``: numbers from 0 to one less than ``classes``, or names of classes; InputError."""
    labels = np.asarray(labels)
    if labels.dtype.kind in "US":
        names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in labels.ravel()]
        for name in names:
            if name not in classes:
                raise InputError(
                    f"the labels of '{what}' hold {name!r}, which is none of the {len(classes)} classes"
                    f"{near_names(name, classes)}"
                )
        return np.array([classes.index(name) for name in names], np.int64)
    labels = whole_numbers(labels, f"the labels of '{what}'").reshape(-1)
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        raise InputError(
            f"the labels of '{what}' are from {labels.min()} to {labels.max()}; expected whole numbers from 0 to "
            f"{len(classes) - 1} ({len(classes)} classes)"
        )
    return labels
