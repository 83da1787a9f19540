"""DVS128 Gesture (Amir et al., CVPR 2017) as its authors publish it: trials_to_{train,test}.txt, and for each of the recordings that
they name a file user<n>_<light>.aedat (AEDAT 3.1) and a table user<n>_<light>_labels.csv: class (1 to 11), startTime_usec,
endTime_usec. A sample is the time between the two.
"""

import csv
import functools

import numpy as np

from adafire.errors import InputError

from ...shared.draws import by_hash
from ...shared.paths import below
from ...shared.text_files import read_text
from . import recordings
from .event_sets import EventSet, Recording

CLASSES = (
    "Hand clapping",
    "Right hand wave",
    "Left hand wave",
    "Right arm cw",
    "Right arm ccw",
    "Left arm cw",
    "Left arm ccw",
    "Arm roll",
    "Air drums",
    "Air guitar",
    "Other gestures",
)
"""In the order of the numbers in the tables, from 1; names as tonic has them."""
COLUMNS = ("class", "startTime_usec", "endTime_usec")


def read(root):
    """EventSet of the folder that holds the lists. InputError: a list, a recording or a table is missing or is none."""
    opened = functools.lru_cache(8)(lambda path: recordings.read(path, size=(128, 128), sort=True))

    def load(chosen):
        for r in chosen:
            events = opened(r.source)
            events = events[slice(*np.searchsorted(events["t"], [r.begin_us, r.end_us]))]
            if not len(events):
                raise InputError(
                    f"recording '{r.source}' has no events from {r.begin_us} to {r.end_us} us, where its table has a "
                    f"gesture ({CLASSES[r.label]}); copy both again"
                )
            yield events

    test, train = _listed(root, "test"), _listed(root, "train")
    return EventSet("DVS128 Gesture", CLASSES, (128, 128), test, train, load)


def _listed(root, part):
    """Recordings of all gestures in the files that a list names."""
    file = root / f"trials_to_{part}.txt"
    found = {}
    for line in read_text(file, "list of recordings", "expected DVS128 Gesture's, unpacked").split():
        path = below(root, line, f"'{file}'")
        if not path.is_file():
            raise InputError(f"'{file}' names '{line}', which is not beside it; copy or unpack the whole set again")
        for k, (label, begin, end) in enumerate(_labels(path.with_name(f"{path.stem}_labels.csv"))):
            key = f"{part}/{path.stem}/{k:02d}"
            found[key] = Recording(key, label, path, begin, end)
    if not found:
        raise InputError(f"'{file}' names no recording with gestures; unpack the set again")
    return [found[key] for key in by_hash(found)]


def _labels(path):
    """[(class from 0, begin, end)] of a table."""
    text = read_text(path, "table of gestures", "it belongs to the recording of its name; unpack the set again")
    try:
        rows = [tuple(int(row[key]) for key in COLUMNS) for row in csv.DictReader(text.splitlines())]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"'{path}' is no table of gestures ({error}); expected the columns {','.join(COLUMNS)}"
        ) from error
    for label, begin, end in rows:
        if not 1 <= label <= len(CLASSES) or end <= begin:
            raise InputError(
                f"'{path}' has class {label} from {begin} to {end} us; expected a class of 1 to {len(CLASSES)}, and a begin "
                "before its end"
            )
    return [(label - 1, begin, end) for label, begin, end in rows]
