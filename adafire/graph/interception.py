"""One eager pass of an unchanged network, seen call by call.

``CallPass`` is a ``TorchFunctionMode``: every torch function that the network calls goes through it, in order. It
removes two difficulties for its subclasses: in-place operators are replaced by their functional twins (a later use of
the written tensor is given the new value), and functions that return no tensor (shapes, dtypes) are not calls.
"""

import functools
import inspect

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_flatten, tree_map

from . import support as ops

FACTORIES = set(
    "zeros_like ones_like empty_like full_like new_zeros new_ones new_empty new_full new_tensor zeros ones "
    "empty full arange eye shape_as_tensor".split()
)
"""Give tensors whose values do not depend on those of their first argument."""

MUTATIONS = set("setitem copy fill zero index_put index_fill index_copy index_add masked_fill_ scatter".split())
_IN_PLACE_ONLY = MUTATIONS | ops.DRAWS  # torch.normal(x) is no twin of x.normal_()

_LIKE = {
    torch.Tensor.expand_as: lambda x, other: (torch.Tensor.expand, (x, other.shape)),
    torch.Tensor.reshape_as: lambda x, other: (torch.Tensor.reshape, (x, other.shape)),
    torch.Tensor.view_as: lambda x, other: (torch.Tensor.reshape, (x, other.shape)),
    torch.Tensor.type_as: lambda x, other: (torch.Tensor.to, (x, other.dtype)),
}
"""Take the shape or the type of their second argument, and none of its values: the same without it."""


_PLAIN = (bool, int, float, str, type(None))


def tensors_in(tree):
    """All tensors in a nested structure, in order."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    if type(tree) in (tuple, list):  # most arguments, without torch's general walk: a tenth of the time
        return [tensor for part in tree if not isinstance(part, _PLAIN) for tensor in tensors_in(part)]
    return [leaf for leaf in tree_flatten(tree)[0] if isinstance(leaf, torch.Tensor)]


def map_tensors(fn, tree):
    """``tree`` with ``fn`` applied to its tensors."""
    return tree_map(lambda leaf: fn(leaf) if isinstance(leaf, torch.Tensor) else leaf, tree)


def x_batch(x):
    """Number of samples in an input."""
    return tensors_in(x)[0].shape[0]


def split_samples(inputs, count):
    """A list of inputs cut after its first ``count`` samples: two lists of inputs."""
    first, rest = [], []
    for x in inputs:
        batch = x_batch(x)
        take = min(batch, max(0, count))
        count -= take
        for part, rows in ((first, slice(0, take)), (rest, slice(take, batch))):
            if rows.stop > rows.start:
                part.append(map_tensors(lambda t: t[rows] if t.shape[:1] == (batch,) else t, x))
    return first, rest


def _viewed(x, *shape, **options):
    """``x.view``, whatever the order of ``x`` in memory: layers keep channels last here, where the network's own do not."""
    if "dtype" in options or shape and isinstance(shape[0], torch.dtype):
        return x.view(*shape, **options)
    return x.reshape(*shape, *options.values())


def _strided(x, *args, **kwargs):
    return x.contiguous().as_strided(*args, **kwargs)


_ANY_LAYOUT = {torch.Tensor.view: _viewed, torch.Tensor.as_strided: _strided, torch.as_strided: _strided}


@functools.cache
def _identity(func):
    """(full name, row name, in place, functional twin or None, position of an ``inplace`` argument or None)."""
    full = resolve_name(func) or getattr(func, "__qualname__", None) or str(func)
    name, in_place = ops.canonical(func)
    twin = None
    if in_place:
        for home in (torch.Tensor, torch, torch.nn.functional):
            twin = getattr(home, name, None)
            if callable(twin):
                break
            twin = None
    position = None
    if not in_place and name in ops.RULES:
        try:
            names = list(inspect.signature(func).parameters)
            position = names.index("inplace") if "inplace" in names else None
        except (TypeError, ValueError):
            position = None
    return full, name, in_place, twin, position


class Identity:
    """What one intercepted function is, after in-place spellings are undone."""

    __slots__ = ("full", "name", "func", "args", "kwargs", "written", "mutates")

    def __init__(self, func, args, kwargs):
        self.full, self.name, in_place, twin, position = _identity(func)
        self.func, self.args, self.kwargs = _ANY_LAYOUT.get(func, func), args, kwargs
        self.written, self.mutates = None, False
        if func in _LIKE:
            (self.func, self.args), self.kwargs = _LIKE[func](*args, **kwargs), {}
        elif func is torch.Tensor.to and len(args) > 1 and isinstance(args[1], torch.Tensor):
            self.args = (args[0], args[1].device, args[1].dtype, *args[2:])
        if in_place and twin is not None and self.name not in _IN_PLACE_ONLY:
            self.func, self.written = twin, args[0]
        elif in_place:  # x.scatter(...) and others of the kind give a new tensor
            self.mutates = True
        elif kwargs.get("inplace") or (position is not None and len(args) > position and args[position]):
            self.written = args[0] if args else kwargs.get("input")
            if kwargs.get("inplace"):
                self.kwargs = {**kwargs, "inplace": False}
            else:
                self.args = (*args[:position], False, *args[position + 1 :])


class CallPass(TorchFunctionMode):
    """Base of every pass over a network. Subclasses implement ``on_call(identity)``."""

    def __init__(self):
        super().__init__()
        self._alias = {}

    def _current(self, tensor):
        while id(tensor) in self._alias:
            tensor = self._alias[id(tensor)][1]
        return tensor

    def _stale(self, tree):
        """Whether a tensor that has been written to stands somewhere in nested arguments."""
        values = tree.values() if isinstance(tree, dict) else tree
        return any(id(v) in self._alias or (isinstance(v, (list, tuple, dict)) and self._stale(v)) for v in values)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._alias and self._stale((args, kwargs)):
            args, kwargs = map_tensors(self._current, args), map_tensors(self._current, kwargs)
        identity = Identity(func, args, kwargs)
        out = self.on_call(identity)
        written = identity.written
        if written is not None and out is not written:
            self._alias[id(written)] = (written, out)  # both kept alive, so that ids stay unique during the pass
        return out

    def on_call(self, identity):
        raise NotImplementedError
