"""The structure of an input without its values, as JSON: enough for a dry run of the network on made-up ones.

{"tensor": [16, 3, 32, 32], "dtype": "float32"}         a tensor
{"frames": [16, 8, 2, 32, 32], "dtype": ..., "after": "repeat"}    Frames
{"tuple": [...]}, {"list": [...]}, {"dict": {...}}      of such
{"value": 3}                                            a number, a text, a truth value or None
"""

import math

import torch

from ..errors import InputError
from ..frames import AFTER, Frames

MOST = 2**28
"""Numbers in all tensors of an input beyond which none is made up."""
_DTYPES = {
    name: getattr(torch, name) for name in "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool".split()
}


def describe(x):
    """The structure of ``x``, or None where JSON cannot say it (a class of one's own), or where it is larger than MOST."""
    try:
        found = _describe(x)
        _check(found, [MOST])
    except (InputError, _Unsayable):
        return None
    return found


class _Unsayable(Exception):
    pass


def _describe(x):
    kind = type(x)
    if isinstance(x, torch.Tensor):
        return {"tensor": list(x.shape), "dtype": _name(x)}
    if kind is Frames:
        return {"frames": list(x.values.shape), "dtype": _name(x.values), "after": x.after}
    if kind in (tuple, list):
        return {kind.__name__: [_describe(part) for part in x]}
    if kind is dict and all(type(key) is str for key in x):
        return {"dict": {key: _describe(part) for key, part in x.items()}}
    if x is None or kind in (bool, int, str) or kind is float and math.isfinite(x):
        return {"value": x}
    raise _Unsayable


def _name(tensor):
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in _DTYPES:
        raise _Unsayable
    return name


def make(described, device="cpu"):
    """An input of the structure ``described``: normally distributed numbers, the same ones each time; integers are 0.
    InputError where it describes none.

    >>> [part.shape for part in make({"tuple": [{"tensor": [2, 3], "dtype": "float32"}]})]
    [torch.Size([2, 3])]
    """
    generator = torch.Generator().manual_seed(0)

    def values(shape, dtype):
        if not dtype.is_floating_point:
            return torch.zeros(shape, dtype=dtype, device=device)
        return torch.randn(shape, generator=generator).to(dtype).to(device)

    try:
        _check(described, [MOST])
    except RecursionError:
        raise InputError("the description of the input is nested too deeply") from None
    return _made(described, values)


def _check(described, left):
    kind = _kind(described) if isinstance(described, dict) else None
    content = described[kind] if kind is not None else None
    if kind in ("tensor", "frames"):
        more = {"dtype"} if kind == "tensor" else {"dtype", "after"}
        sound = (
            set(described) == {kind, *more}
            and isinstance(content, list)
            and all(type(n) is int and n >= 0 for n in content)
            and isinstance(described["dtype"], str)
            and described["dtype"] in _DTYPES
            and len(content) <= 64
            and (kind == "tensor" or described["after"] in AFTER and len(content) > 1 and content[1] > 0)
        )
        left[0] -= math.prod(content) if sound else 0
        if left[0] < 0:
            raise InputError(f"the description of the input asks for more than {MOST} numbers")
    elif kind in ("tuple", "list", "dict"):
        sound = len(described) == 1 and isinstance(content, dict if kind == "dict" else list)
        for part in (content.values() if kind == "dict" else content) if sound else ():
            _check(part, left)
    else:
        sound = (
            kind == "value" and len(described) == 1 and (content is None or type(content) in (bool, int, float, str))
        )
    if not sound:
        raise InputError(f"the description of the input has a part that is none: {str(described)[:80]}")


def _kind(described):
    return next((kind for kind in ("tensor", "frames", "tuple", "list", "dict", "value") if kind in described), None)


def _made(described, values):
    kind = _kind(described)
    content = described[kind]
    if kind in ("tensor", "frames"):
        made = values(content, _DTYPES[described["dtype"]])
        return made if kind == "tensor" else Frames(made, described["after"])
    if kind == "dict":
        return {key: _made(part, values) for key, part in content.items()}
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(_made(part, values) for part in content)
    return content
