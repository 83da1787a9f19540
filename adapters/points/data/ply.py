"""PLY (Turk, 1994), ascii and binary of either byte order: vertices and faces, all that the header tells of, or an error.

A file that is shorter than its header is refused, with the element that it ends in and both counts.
"""

from typing import NamedTuple

import numpy as np

TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
    "double": "f8",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
FORMATS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
FACES = ("vertex_indices", "vertex_index")


class Property(NamedTuple):
    """kind: numpy's name of its type; length: that of its count, for a list."""

    name: str
    kind: str
    length: str | None = None


class Element(NamedTuple):
    name: str
    count: int
    properties: list


def read(content):
    """(vertices float64 [V, 3], faces: int64 [F, k] or a list of index arrays) of a file's bytes; ValueError."""
    order, elements, begin = _header(content)
    source = _Bytes(content[begin:], order) if order else _Words(content[begin:])
    found = {}
    for element in elements:
        found.setdefault(element.name, _columns(source, element))
    if not order and source.place < len(source.words):
        raise ValueError(
            f"goes on for {len(source.words) - source.place:,} numbers behind what its header tells of; export it again"
        )
    vertex = found.get("vertex", {})
    if not all(axis in vertex for axis in "xyz"):
        raise ValueError(f"has vertices with {', '.join(vertex) or 'nothing'}; expected the properties x, y, z")
    faces = next((found["face"][name] for name in FACES if name in found.get("face", {})), np.zeros((0, 3), np.int64))
    return np.stack([np.asarray(vertex[axis], np.float64) for axis in "xyz"], 1), faces


def _header(content):
    """(byte order, '' for ascii; elements; where the data begin)."""
    end = content.find(b"end_header")
    begin = end + 11 + (content[end + 10 : end + 12] == b"\r\n")
    lines = [line.split() for line in content[: max(end, 0)].decode("ascii", "replace").splitlines()]
    if not lines or lines[0] != ["ply"] or end < 0:
        raise ValueError("has no whole PLY header ('ply' to 'end_header'): it was cut off, or is of another kind")
    order, elements = None, []
    try:
        for words in lines[1:]:
            if words[:1] == ["format"]:
                order = FORMATS[words[1]]
            elif words[:1] == ["element"]:
                elements.append(Element(words[1], int(words[2]), []))
            elif words[:2] == ["property", "list"]:
                elements[-1].properties.append(Property(words[4], TYPES[words[3]], TYPES[words[2]]))
            elif words[:1] == ["property"]:
                elements[-1].properties.append(Property(words[2], TYPES[words[1]]))
        if order is None or min((e.count for e in elements), default=0) < 0:
            raise ValueError
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"has a PLY header that cannot be understood ({' '.join(words)[:60]!r})") from error
    return order, elements, begin


class _Words:
    """Numbers in ascii; ``place``: of the next one."""

    def __init__(self, content):
        self.words, self.place = content.split(), 0

    def left(self, row):
        """How many rows of the shape ``row``, [(name, kind, how many)], are left."""
        return (len(self.words) - self.place) // sum(many for _, _, many in row)

    def rows(self, row, count):
        """{name: [count, how many]}, and on."""
        width = sum(many for _, _, many in row)
        self.place += width * count
        try:
            cells = np.array(self.words[self.place - width * count : self.place], "S").astype(np.float64)
        except ValueError as error:
            raise ValueError(f"holds what is no number ({str(error)[:80]})") from error
        columns = np.split(cells.reshape(count, width), np.cumsum([many for _, _, many in row])[:-1], axis=1)
        return {name: column for (name, _, _), column in zip(row, columns)}


class _Bytes:
    """The same in binary; order: '<' or '>'."""

    def __init__(self, content, order):
        self.data, self.place, self.order = memoryview(content), 0, order

    def _type(self, row):
        return np.dtype([(name, self.order + kind, (many,)) for name, kind, many in row])

    def left(self, row):
        return (len(self.data) - self.place) // self._type(row).itemsize

    def rows(self, row, count):
        found = np.frombuffer(self.data, self._type(row), count, self.place)
        self.place += found.nbytes
        return {name: found[name] for name in found.dtype.names}


def _columns(source, element):
    """{property: [count]}; of a list int64 [count, k] where all are of one length, else a list of arrays."""
    begin, lists = source.place, [p.name for p in element.properties if p.length]
    if not element.count or not element.properties:
        return {p.name: np.zeros((0, 3) if p.length else 0) for p in element.properties}
    row = []
    for p in element.properties:  # the shape of the first row, which mostly is that of all
        many = _list_length(source, p, element, 0) if p.length else 1
        row += [(f"length of {p.name}", p.length, 1), (p.name, p.kind, many)] if p.length else [(p.name, p.kind, 1)]
        _need(source, [(p.name, p.kind, many)], element, 0)
        source.rows([(p.name, p.kind, many)], 1)
    source.place = begin
    if not lists:
        _need(source, row, element, 0, element.count)
    if source.left(row) >= element.count:
        found = source.rows(row, element.count)
        if all((found[f"length of {name}"] == found[name].shape[1]).all() for name in lists):
            return {
                p.name: found[p.name].astype(np.int64) if p.length else found[p.name][:, 0] for p in element.properties
            }
        source.place = begin
    return _row_by_row(source, element)


def _row_by_row(source, element):
    columns = {p.name: [] for p in element.properties}
    for number in range(element.count):
        for p in element.properties:
            row = [(p.name, p.kind, _list_length(source, p, element, number) if p.length else 1)]
            _need(source, row, element, number)
            values = source.rows(row, 1)[p.name][0]
            columns[p.name].append(values.astype(np.int64) if p.length else values[0])
    return columns


def _list_length(source, p, element, number):
    row = [(p.name, p.length, 1)]
    _need(source, row, element, number)
    many = float(source.rows(row, 1)[p.name][0, 0])
    if not 0 <= many < 2**24 or many % 1:
        raise ValueError(f"has a list of length {many:g} in {element.name} {number}: it is damaged")
    return int(many)


def _need(source, row, element, there, rows=1):
    """ValueError unless so many rows are left; ``there``: entries of the element that were read."""
    left = source.left(row) if sum(many for _, _, many in row) else rows
    if left < rows:
        raise ValueError(
            f"ends after {there + left:,} of the {element.count:,} {element.name} entries that its header "
            "tells of: it was cut off; copy or export it again"
        )
