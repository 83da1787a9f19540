"""PCD, the Point Cloud Library's format (0.7): ascii, binary and binary_compressed; all its points, or an error."""

import struct

import numpy as np


def read(content):
    """float64 [N, 3] of a file's bytes; ValueError names both counts where it is shorter than its header."""
    head, begin = _header(content)
    try:
        names, extent = head["FIELDS"], int(head["WIDTH"][0]) * int(head["HEIGHT"][0])
        count = int(head["POINTS"][0]) if "POINTS" in head else extent
        many = [int(n) for n in head.get("COUNT", ["1"] * len(names))]
        kinds = [
            {"F": "<f", "I": "<i", "U": "<u"}[kind] + size
            for kind, size in zip(head["TYPE"], head["SIZE"], strict=True)
        ]
        fields = [(f"{k} {name}", kind, (n,)) for k, (name, kind, n) in enumerate(zip(names, kinds, many, strict=True))]
        row = np.dtype(fields)
        form = head["DATA"][0]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise ValueError(
            f"has a PCD header that cannot be understood ({type(error).__name__}: {str(error)[:60]})"
        ) from error
    if count < 0 or not {"x", "y", "z"} <= set(names):
        raise ValueError(f"has the fields {', '.join(names)} and {count} points; expected x, y, z among the fields")
    place = {name: k for k, name in reversed(list(enumerate(names)))}
    axes = [fields[place[axis]][0] for axis in "xyz"]
    if form == "ascii":
        return _ascii(content[begin:], count, [sum(many[: place[axis]]) for axis in "xyz"], sum(many))
    if form == "binary":
        if len(content) - begin < row.itemsize * count:
            raise _short((len(content) - begin) // row.itemsize, count)
        found = np.frombuffer(content, row, count, begin)
        return np.stack([found[axis][:, 0].astype(np.float64) for axis in axes], 1)
    if form == "binary_compressed":
        return _compressed(content, begin, row, count, axes)
    raise ValueError(f"has data of the kind {form[:40]!r}; expected ascii, binary or binary_compressed")


def _short(there, count):
    return ValueError(
        f"ends after {there:,} of the {count:,} points that its header tells of: it was cut off; copy or export it "
        "again"
    )


def _header(content):
    """({word: its values}, where the data begin)."""
    head, begin = {}, 0
    while "DATA" not in head:
        end = content.find(b"\n", begin)
        if end < 0 or begin > 10000:
            raise ValueError("has no whole PCD header ('VERSION' to 'DATA'): it was cut off, or is of another kind")
        words = content[begin:end].decode("ascii", "replace").split("#")[0].split()
        begin = end + 1
        if words:
            head[words[0].upper()] = words[1:]
    return head, begin


def _ascii(content, count, columns, width):
    rows = [line.split() for line in content.decode("ascii", "replace").splitlines() if line.strip()]
    whole = next((k for k, row in enumerate(rows) if len(row) != width), len(rows))
    if whole < min(count, len(rows)) - 1:
        raise ValueError(f"has {len(rows[whole])} numbers in the line of point {whole}; expected {width}")
    if whole < count:
        raise _short(whole, count)
    if len(rows) > count:
        raise ValueError(f"has {len(rows):,} lines of points, but its header tells of {count:,}; export it again")
    try:
        return np.array([[row[c] for c in columns] for row in rows], np.float64).reshape(-1, 3)
    except ValueError as error:
        raise ValueError(f"holds what is no number ({str(error)[:80]})") from error


def _compressed(content, begin, row, count, axes):
    """Each field of all points in turn, packed by LZF behind the two sizes."""
    if len(content) < begin + 8:
        raise _short(0, count)
    packed, whole = struct.unpack_from("<II", content, begin)
    data = content[begin + 8 : begin + 8 + packed]
    if len(data) < packed:
        raise ValueError(
            f"has {len(data):,} of the {packed:,} bytes of packed points that its header tells of (its {count:,} points): "
            "it was cut off; copy or export it again"
        )
    if whole != row.itemsize * count:
        raise ValueError(
            f"packs {whole:,} bytes, and {count:,} points of {row.itemsize} bytes are expected: it is damaged"
        )
    data = unpacked(data, whole)
    found, place = {}, 0
    for name in row.names:
        kind = row[name]
        found[name] = np.frombuffer(data, kind.base, count * kind.shape[0], place)[:: kind.shape[0]].astype(np.float64)
        place += kind.itemsize * count
    return np.stack([found[axis] for axis in axes], 1)


def unpacked(data, size):
    """``size`` bytes packed by LZF (Lehmann, liblzf): runs of up to 32 bytes as they are, and copies of what came before."""
    out, k = bytearray(), 0
    try:
        while k < len(data):
            control = data[k]
            k += 1
            if control < 32:
                out += data[k : k + control + 1]
                k += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[k]
                k += 1
            start = len(out) - ((control & 31) << 8) - data[k] - 1
            k += 1
            length += 2
            if start < 0:
                raise IndexError
            piece = out[start : start + length]  # which may overlap what it makes
            out += (piece * (length // len(piece) + 1))[:length]
    except IndexError as error:
        raise ValueError("has packed points that do not unpack: it is damaged; copy or export it again") from error
    if len(out) != size:
        raise ValueError(
            f"unpacks to {len(out):,} bytes, and its header tells of {size:,}: it is damaged; copy or export it again"
        )
    return bytes(out)
