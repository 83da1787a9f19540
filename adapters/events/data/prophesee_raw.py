"""Prophesee's .raw recordings in EVT 3.0, decoded by the package evt3 (optional; Rust in a wheel, no SDK).

Lines of '%' say the format and the sensor's size; then come little-endian words of 16 bits whose upper 4 say what they change: row, column,
base and mask of a run of pixels, lower and upper 12 bits of the microseconds. Source: Prophesee's documentation, "EVT 3.0 Format".
"""

import re

import numpy as np

FORMATS = (r"% *evt +(\d+)\.(\d+)", r"% *format +EVT(\d)(\d?)")
SIZES = (r"% *geometry +(\d+)x(\d+)", r"width=(\d+)", r"height=(\d+)")
LARGEST = 2048  # columns or rows that a word can name


def read(content, begin):
    """(t, x, y, p) of the events of a file's bytes; begin: where its header ends. ValueError: another format, cut off, off the sensor that
    the header names, no package evt3."""
    head = content[:begin].decode("latin-1")
    said = next((found for form in FORMATS if (found := re.search(form, head, re.IGNORECASE))), None)
    if not said or said[1] != "3":
        name = f"is in EVT {said[1]}.{said[2] or 0}" if said else "does not say its format in lines of '%'"
        raise ValueError(
            f"{name}; expected EVT 3.0. Convert it with Prophesee's tools, or save its events as .npy (fields t, x, y, p)"
        )
    if (len(content) - begin) % 2:
        raise ValueError("ends within a word of 16 bits: it was cut off; copy it again")
    try:
        import evt3
    except ImportError as error:
        raise ValueError(
            f"is in EVT 3.0, which the package evt3 reads, and that is not installed ({error}); pip install 'adafire[events]'"
        ) from error
    width, height = _size(head)
    found = evt3.decode_bytes(content[begin:], sensor_width=width, sensor_height=height)
    t, x, y, p = (np.asarray(values).astype(np.int64) for values in (found.t, found.x, found.y, found.p))
    if len(t) and (x.max() >= width or y.max() >= height):
        raise ValueError(
            f"has an event at column {x.max()}, row {y.max()}, and its header names a sensor of {width} x {height}: it is damaged; copy it again"
        )
    return t, x, y, p


def _size(head):
    """(width, height) that a header names; the largest where it names none."""
    whole, *parts = (re.search(form, head) for form in SIZES)
    if whole:
        return int(whole[1]), int(whole[2])
    return (int(parts[0][1]), int(parts[1][1])) if all(parts) else (LARGEST, LARGEST)
