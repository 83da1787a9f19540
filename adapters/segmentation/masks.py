"""Masks of a segmenter's pictures: read, turned into labels, and checked before any long work.

A mask is a picture of one channel (grey of 1, 8 or 16 bits, or a palette) whose values are class numbers.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import ImageOps

from adafire.errors import InputError

from ..shared.images import read_picture
from ..shared.pixels import orientation
from .miou import IGNORED

VALUES = 2**16  # that a mask can hold
MODES = ("1", "L", "P", "I", "I;16", "I;16L", "I;16B")


def label_table(classes, reduce_zero_label=False, label_map=None, ignore=(), mask_values=None):
    """(table, unknown): uint8 [65536], label by a mask's value, and bool [65536], whether it is none. ``mask_values``
    ({value: label}) come first; then as MMSegmentation loads annotations: zero is left out, and labels are renamed.

    >>> label_table(2, reduce_zero_label=True)[0][[0, 1, 2, 255]].tolist()
    [255, 0, 1, 255]
    """
    values = np.where(np.arange(VALUES) > IGNORED, -1, np.arange(VALUES))  # no label
    for value, label in (mask_values or {}).items():
        values[value] = label
    if reduce_zero_label:
        values = np.where((values == 0) | (values == IGNORED), IGNORED, values - (values > 0))
    loaded = values.copy()
    for old, new in (label_map or {}).items():
        values[loaded == old] = new
    values[list(ignore)] = IGNORED
    unknown = (values != IGNORED) & ((values < 0) | (values >= min(classes, IGNORED)))
    return values.astype(np.uint8), unknown


def _values(path):
    """A mask file as it is, uint8 or a wider integer [height, width]."""
    with read_picture(path)[1] as image:
        if image.mode not in MODES:
            raise ValueError(
                f"is a colour picture ({image.mode}), which holds no class numbers; expected a grey or palette "
                "PNG as the data set has it (a palette PNG that was read as RGB and saved has lost them)"
            )
        found = np.asarray(image)
    return (
        found.astype(np.uint8) if found.dtype == bool else found.astype(np.int64) if found.dtype.itemsize > 1 else found
    )


def read_mask(path, source):
    """Labels uint8 [height, width] of a mask file; raises ValueError in words that follow 'mask <path>'."""
    return _labels(_values(path), source)[0]


def _labels(values, source):
    """(labels, values that are present)."""
    present = np.unique(values)
    wrong = [int(v) for v in present if not 0 <= v < VALUES or source.unknown[v]]
    if wrong:
        more = f" (and {len(wrong) - 1} other such values)" if len(wrong) > 1 else ""
        raise ValueError(
            f"holds the value {wrong[0]}{more}, which is no label of the {len(source.classes)} classes "
            f"({source.classes[0]}, ..., {source.classes[-1]}); expected 0 to {len(source.classes) - 1}, or "
            f"{IGNORED} where nothing counts. Other values that count nowhere: data=dict(ignore=[...]); that mean "
            "a class: data=dict(mask_values={value: label})"
        )
    return source.table[values], present


class Fact(NamedTuple):
    """sha256 of a mask file; its values; whether its picture is turned as the EXIF orientation says."""

    sha256: str
    values: list
    turned: bool


def _fact(sample, source, pipeline, given):
    """(Fact, None), or (None, what is wrong)."""
    try:
        labels, present = _labels(_values(sample.mask), source)
        (width, height), turned = _as_loaded(sample, pipeline, given)
        if labels.shape != (height, width):
            why = " as its EXIF orientation turns it; masks must be drawn as it is shown" if turned else ""
            return None, (
                f"mask '{sample.mask}' has {labels.shape[1]} x {labels.shape[0]} pixels, its image "
                f"'{sample.image}' {width} x {height}{why}; expected one size"
            )
        return Fact(hashlib.sha256(sample.mask.read_bytes()).hexdigest(), present.tolist(), turned), None
    except FileNotFoundError:
        return None, f"mask '{sample.mask}' is missing; expected one for every image"
    except InputError as error:
        return None, str(error)
    except Exception as error:  # Pillow's plugins raise what they like on damaged files
        return None, f"mask '{sample.mask}' {error if isinstance(error, ValueError) else f'does not decode ({error})'}"


def _as_loaded(sample, pipeline, given):
    """((width, height), turned?) of a picture as the config's transforms load it: most of them heed EXIF."""
    with read_picture(sample.image)[1] as image:
        if orientation(image) == 1:
            return image.size, False
        loaded = pipeline.loaded(given(*sample[:2]))
        grey = np.asarray(loaded).astype(float)
        grey = grey.mean(2) if grey.ndim == 3 else grey
        stored, shown = (np.asarray(i.convert("RGB"), float).mean(2) for i in (image, ImageOps.exif_transpose(image)))
    distance = [np.abs(grey - other).mean() if grey.shape == other.shape else np.inf for other in (stored, shown)]
    return grey.shape[::-1], bool(distance[1] < distance[0])


def check_masks(samples, source, pipeline, given):
    """([sha256 of each mask], notes); InputError with the first that is missing, damaged, of another size than its picture
    as ``pipeline`` loads it or not of labels, and if together they hold no class, or 0 and 255 alone."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda s: _fact(s, source, pipeline, given), samples))
    bad = [words for _, words in found if words]
    if bad:
        raise InputError(bad[0] + (f". {len(bad) - 1} more masks of {len(found)} are wrong" if len(bad) > 1 else ""))
    facts = [fact for fact, _ in found]
    return [fact.sha256 for fact in facts], _about(facts, source)


def _about(facts, source):
    """Notes on what is no fault but should be known; see ``check_masks``."""
    values = {value for fact in facts for value in fact.values}
    labels = {int(source.table[value]) for value in values} - {IGNORED}
    if values == {0, 255} and source.table[255] == IGNORED and labels <= {0}:
        last = source.classes[-1]
        raise InputError(
            f"the masks of {source.name} hold 0 and 255 alone: {IGNORED} is where nothing counts, so no pixel is of "
            f"class '{last}'; expected {len(source.classes) - 1} where '{last}' is. If 255 means it: "
            f"data=dict(mask_values={{255: {len(source.classes) - 1}}})"
        )
    if not labels:
        raise InputError(
            f"the {len(facts)} masks of {source.name} hold no pixel of any class, only what counts nowhere "
            f"(values {', '.join(map(str, sorted(values)[:5]))}); expected class numbers from 0"
        )
    notes = []
    absent = [name for label, name in enumerate(source.classes) if label not in labels]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        notes.append(
            f"no mask of {source.name} holds class {', '.join(map(repr, absent[:3]))}{more}: the mean is over the "
            f"classes that occur, and over such where they are predicted, which count 0 (as in MMSegmentation)"
        )
    turned = sum(fact.turned for fact in facts)
    if turned:
        notes.append(
            f"{turned} of {len(facts)} pictures of {source.name} are turned as their EXIF orientation says; masks are "
            "taken as drawn on the pictures as they are shown"
        )
    return notes
