"""What tools print, as JSON for programs: written whole or not at all."""

import json
from dataclasses import asdict, is_dataclass

from .running.store import write_whole


def write(path, data):
    """``data`` as JSON in the file ``path``. Records of dataclasses and named tuples become objects, numbers of numpy plain ones; what is
    no number becomes null."""
    write_whole(path.resolve(), json.dumps(plain(data), indent=1, allow_nan=False) + "\n")


def plain(data):
    """The same of dicts, lists, texts, finite numbers and None.

    >>> import numpy, collections
    >>> Point = collections.namedtuple("Point", "x y")
    >>> plain({"p": Point(1, float("nan")), 3: [numpy.float64(0.5), (True, None)]})
    {'p': {'x': 1, 'y': None}, '3': [0.5, [True, None]]}
    """
    if is_dataclass(data):
        data = asdict(data)
    if hasattr(data, "_asdict"):
        data = data._asdict()
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if hasattr(data, "item"):
        data = data.item()
    if isinstance(data, float) and (data != data or data in (float("inf"), -float("inf"))):
        return None
    return data if data is None or isinstance(data, (bool, int, float, str)) else str(data)
