"""Recordings of event cameras: files to sorted structured arrays of ``EVENT`` (event_camera.py), checked.

.aedat  AER-DAT 2.0 (jAER): lines of '#', then pairs of big-endian uint32: address, microseconds. How an address holds
        x, y and polarity depends on the camera: 'dvs128' (default), 'davis240', 'davis346' (CAMERAS). Or AEDAT 3.1
        (aedat3.py), whose addresses are the same for every camera.
.bin    N-MNIST and N-Caltech101: 5 bytes an event: x, y, one bit of polarity, 23 bits of microseconds; y = 240 marks
        an overflow of 2**13 us.
.npy    a structured array with fields t, x, y, p, or numbers [N, 4] in this order or the one that is told; not unpickled.
.dat    Prophesee's (N-Cars): lines of '%', two bytes of event type and size, then pairs of little-endian uint32: time,
        and 14 bits x, 14 bits y, 4 bits polarity.
.raw    Prophesee's in EVT 3.0 (prophesee_raw.py; the package evt3).
"""

import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError

from ...shared.paths import below
from ...shared.stray_files import is_stray
from . import aedat3, event_arrays, prophesee_raw
from .event_arrays import order_told
from .event_values import Polarity, events_of, scale_of

LARGEST_BYTES = 2**31  # of one recording, unpacked


class Camera(NamedTuple):
    """size: (width, height). A bit field is (shift, mask); flip: columns and rows are counted from the lower right;
    other: bits that are set in addresses of what is no event (frames, inertial sensor, external triggers)."""

    size: tuple
    x: tuple
    y: tuple
    p: tuple
    flip: bool
    other: int


CAMERAS = {
    "dvs128": Camera((128, 128), (1, 0x7F), (8, 0x7F), (0, 1), False, 0x8000),
    "davis240": Camera((240, 180), (12, 0x3FF), (22, 0x1FF), (11, 1), True, 0x80000400),
    "davis346": Camera((346, 260), (12, 0x3FF), (22, 0x1FF), (11, 1), True, 0x80000400),
}


def camera(name):
    """Camera by name; InputError for one that is not known."""
    if name not in CAMERAS:
        raise InputError(f"unknown camera {name!r}; expected one of {', '.join(CAMERAS)}")
    return CAMERAS[name]


def read(source, layout="dvs128", size=None, sort=False, unit=None, columns=None, polarity=None):
    """The events of one file: a Path, or anything with a ``name`` and ``read_bytes()``.

    layout: camera of an .aedat file. size: (width, height) that every event must lie in; None: any. sort: order by time
    what is not, where a published set is known for it. unit: of its times; columns: order of a .npy file's unnamed ones;
    polarity: the set's Polarity (event_values.py). InputError: empty, cut off, times that run backwards, events off
    the sensor, values that are none, an unknown extension; the message names the file.
    """
    suffix = Path(source.name).suffix.lower()
    if suffix not in READERS:
        raise InputError(
            f"recording '{source}' has the unknown extension {suffix or 'none'!r}; expected one of "
            f"{', '.join(READERS)}. Convert it to .npy: a structured array with fields t (us), x, y, p"
        )
    try:
        size_of_file = source.size() if isinstance(source, Zipped) else source.stat().st_size
        if size_of_file > LARGEST_BYTES:
            raise InputError(
                f"recording '{source}' has {size_of_file:,} bytes, and files of up to {LARGEST_BYTES:,} are read; "
                "cut it"
            )
        content = source.read_bytes()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"recording '{source}' cannot be read ({error}); copy it again") from error
    polarity, scale, columns = polarity or Polarity(), scale_of(unit), order_told(columns)
    try:
        if suffix == ".npy":
            t, x, y, p = event_arrays.read(content, columns, polarity.told)
        else:
            t, x, y, p = READERS[suffix](content, layout)
        if not len(t):
            raise ValueError("holds no events; record it again, or remove it")
        return events_of(t, x, y, p, polarity, source, size, sort, scale)
    except ValueError as error:
        raise InputError(f"recording '{source}' {error}") from error


def _whole(content, begin, width):
    """Bytes after ``begin`` if they are whole events of ``width`` bytes."""
    rest = (len(content) - begin) % width
    if rest:
        raise ValueError(
            f"ends within an event ({rest} bytes beyond a multiple of {width}): it was cut off; copy it again"
        )
    return memoryview(content)[begin:]


def _header(content, mark):
    """Where the lines that begin with ``mark`` end."""
    begin = 0
    while content[begin : begin + 1] == mark:
        end = content.find(b"\n", begin)
        if end < 0:
            raise ValueError("ends within its header: it was cut off; copy it again")
        begin = end + 1
    return begin


def _aedat(content, layout):
    if content and not content.startswith(b"#"):
        raise ValueError("does not begin with '#!AER-DAT2.0': it is no .aedat file")
    version = content[9:12].decode(errors="replace") if content.startswith(b"#!AER-DAT") else "1.0"
    if version == "3.1":
        return aedat3.read(content)
    if content and version != "2.0":
        raise ValueError(
            f"is of AER-DAT version {version}; expected 2.0 or 3.1. Convert it with jAER or dv-processing, or save "
            "its events as .npy"
        )
    begin, form = _header(content, b"#"), camera(layout)
    named = re.search(r"chip\S*[ :=]\S*?(dvs128|davis240|davis346)", content[:begin].decode("latin-1").lower())
    if named and named[1] != layout:
        raise ValueError(
            f"names the camera {named[1]} in its header, and is read as one of {layout}; say data=dict(layout="
            f"{named[1]!r})"
        )
    pairs = np.frombuffer(_whole(content, begin, 8), ">u4").reshape(-1, 2)
    if layout == "dvs128" and (pairs[:, 0] >> 16).any():
        raise ValueError(
            "has addresses of more than 16 bits, as no dvs128 has; say its camera: data=dict(layout='davis240') or "
            "'davis346'"
        )
    if layout != "dvs128" and len(pairs) > 1 and not (pairs[:, 0] >> 16).any():
        raise ValueError(
            f"has addresses of 16 bits, as a dvs128 has, and is read as one of {layout}; say data=dict(layout='dvs128')"
        )
    address, t = pairs[pairs[:, 0] & form.other == 0].T.astype(np.int64)
    x, y, p = ((address >> shift) & mask for shift, mask in (form.x, form.y, form.p))
    return (t, form.size[0] - 1 - x, form.size[1] - 1 - y, p) if form.flip else (t, x, y, p)


def _bin(content, layout):
    data = np.frombuffer(_whole(content, 0, 5), np.uint8).reshape(-1, 5).astype(np.int64)
    overflow = data[:, 1] == 240
    t = ((data[:, 2] & 127) << 16 | data[:, 3] << 8 | data[:, 4]) + (overflow.cumsum() << 13)
    kept = data[~overflow]
    return t[~overflow], kept[:, 0], kept[:, 1], kept[:, 2] >> 7


def _dat(content, layout):
    begin = _header(content, b"%") + 2  # two bytes after the header: type and size of events
    if len(content) < begin:
        raise ValueError("ends within its header: it was cut off; copy it again")
    t, value = np.frombuffer(_whole(content, begin, 8), "<u4").reshape(-1, 2).T.astype(np.int64)
    return t, value & 0x3FFF, (value >> 14) & 0x3FFF, (value >> 28) > 0


def _raw(content, layout):
    return prophesee_raw.read(content, _header(content, b"%"))


READERS = {".aedat": _aedat, ".bin": _bin, ".npy": event_arrays.read, ".dat": _dat, ".raw": _raw}


class Zipped(NamedTuple):
    """A file in a zip archive, opened anew for each read."""

    archive: Path
    member: str

    @property
    def name(self):
        return Path(self.member).name

    def size(self):
        """Bytes when unpacked."""
        with zipfile.ZipFile(self.archive) as archive:
            return archive.getinfo(self.member).file_size

    def read_bytes(self):
        with zipfile.ZipFile(self.archive) as archive:
            return archive.read(self.member)

    def __str__(self):
        return f"{self.archive}/{self.member}"


def files_below(place):
    """{relative path: source} of all files in a folder or a zip archive, but hidden and stray ones; sorted."""
    place = Path(place)
    if place.is_dir():
        found = {p.relative_to(place).as_posix(): p for p in place.rglob("*") if p.is_file()}
    else:
        try:
            with zipfile.ZipFile(place) as archive:
                found = {name: Zipped(place, name) for name in archive.namelist() if not name.endswith("/")}
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"'{place}' is neither a folder nor a zip archive that can be read ({error}); copy it again"
            ) from error
    for name in found:
        below(place, name, f"'{place}'")
    return {path: found[path] for path in sorted(found) if not is_stray(path)}
