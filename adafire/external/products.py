"""Every product with weights, and every product of two streams, that a module computes in one step, seen as it happens.

Convolutions and linear layers take their weights by position; elsewhere weights are the module's parameters, and views of them.
"""

from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ..errors import InputError
from ..graph import Spec, Stream, call_name, canonical, fan_out, passed, tensors_in

_AVERAGES = set(
    "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d mean".split()
)
_BESIDE = {"addmm", "addmv", "addbmm", "baddbmm"}  # their first tensor is added, not multiplied
_CONVOLUTIONS = {f"conv{kind}{d}d" for kind in ("", "_transpose") for d in (1, 2, 3)}
_MATRICES = set("matmul mm bmm mv einsum".split()) | _BESIDE


class Operand(NamedTuple):
    """values: what meets weights, or another stream; axis: of channels, None where they have one scale in common; window: how many
    values were averaged to one; source: the values before that, as they were sent."""

    values: torch.Tensor
    axis: int | None
    window: int
    source: torch.Tensor


class Product(NamedTuple):
    """One call. operands: what may be spikes, none where the operator mixes numbers inside; reach, outputs: map over positions of
    how many synapses a spike reaches (None: one number) and its factor, for each operand; dense: multiply-accumulates; weights, biases:
    tensors that it computes with; pooled: its operands come from average pooling."""

    name: str
    op: str
    operands: tuple
    reach: torch.Tensor | None
    outputs: tuple
    dense: float
    result: Any
    weights: tuple
    biases: tuple
    pooled: bool


class Products(TorchFunctionMode):
    """While it is active, ``see(product)`` is told of every product. stack: of ``graph.module_stack``.

    flops: of all that was told (twice their multiplications), so that what went past can be noticed. known: what is found out about
    functions and shapes, a dict that may serve again.
    """

    def __init__(self, module, stack, see, known):
        super().__init__()
        self.stack, self.see, self.known = stack, see, known
        self.weights = {_storage(p) for p in module.parameters() if p.numel()}
        self.without = known.setdefault(None, set())
        self.begin()

    def begin(self):
        """Before each step."""
        self.calls, self.averaged, self.flops = {}, [], 0.0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in self.without or isinstance(
            func, torch._ops.OpOverload
        ):  # an OpOverload: of a counter of flops itself
            return func(*args, **kwargs)
        name, _ = canonical(func)
        if name in _AVERAGES:
            out, source = func(*args, **kwargs), args[0] if args else kwargs["input"]
            self.averaged.append(
                (out, self._windows(name, func, args, kwargs, out), source)
            )  # kept: memory stays its own
            return out
        key = (func, tuple(_described(leaf) for leaf in tree_leaves((args, kwargs))))
        if key in self.known:
            out = func(*args, **kwargs)
        else:
            with FlopCounterMode(display=False) as counter:
                out = func(*args, **kwargs)
            flops = float(counter.get_total_flops())
            if not flops and name not in _MATRICES | _CONVOLUTIONS:
                self.without.add(func)
                return out
            with FlopCounterMode(display=False) as own:
                self.known[key] = flops, self._reach(name, func, args, kwargs)
            self.flops += own.get_total_flops()  # not the module's
        flops, (reach, outputs, dense) = self.known[key]
        self.flops += flops
        operands = tuple(self._operands(name, args, kwargs))
        if not flops and name != "einsum" and operands:  # of a vector, which that counter leaves out
            flops = 2.0 * max(t.numel() for t in tensors_in((args, kwargs)))
        if flops and (operands or not self._constant(args, kwargs)):
            dense = dense or flops / 2
            factors = (outputs,) if reach is not None else tuple(dense / o.values.numel() for o in operands)
            pooled = all(o.source is not o.values for o in operands)
            product = call_name(self.stack, name, self.calls), name, operands, reach, factors, dense, out
            self.see(Product(*product, *self._parameters(name, args, kwargs), pooled))
        return out

    def _windows(self, name, func, args, kwargs, out):
        """What averages divided by: one number, or a tensor [like out] where windows differ (borders, adaptive pooling)."""
        x = args[0] if args else kwargs["input"]
        if name == "mean" or not args:
            return x.numel() / max(1, out.numel())
        key = (func, tuple(_described(leaf) for leaf in tree_leaves((args, kwargs))))
        if key not in self.known:
            ones, spec = torch.ones(x.shape), Spec(tuple(out.shape), out.dtype, out.device)
            streams = (func, (Stream(0, tuple(ones.shape)), *args[1:]), kwargs)
            call = SimpleNamespace(op=name, rule=SimpleNamespace(treatment="linear"), template=spec, arguments=streams)
            this = SimpleNamespace(func=func, args=(ones, *args[1:]), kwargs=kwargs)
            divisors = (passed(call, this) / func(ones, *args[1:], **kwargs)).round()
            same = not divisors.numel() or bool((divisors == divisors.flatten()[0]).all())
            self.known[key] = float(divisors.max()) if same and divisors.numel() else divisors
        return self.known[key]

    def _operand(self, x, axis):
        """An operand, as sums in place of averages where these were over windows of several sizes."""
        values, entry = x.detach(), self._entry(x)
        if entry is None:
            return Operand(values, axis, 1, values)
        out, window, source = entry
        if not isinstance(window, float) and x.shape == out.shape:
            values = values * window.to(x.device)
        count, above = _largest(window), self._entry(source)
        while above is not None and not shares(above[2], [source]):  # an average of averages
            count, source = count * _largest(above[1]), above[2]
            above = self._entry(source)
        return Operand(values, axis, count, source.detach())

    def _entry(self, x):
        """The averaging in this step whose result a tensor shows, or None."""
        return next((entry for entry in self.averaged if shares(x, [entry[0]])), None)

    def _parameters(self, name, args, kwargs):
        """(weights, biases) of a call."""
        if name in _CONVOLUTIONS or name == "linear":
            given = dict(zip(("input", "weight", "bias"), args)) | kwargs
            return (given["weight"],), () if given.get("bias") is None else (given["bias"],)
        own = [t for t in tensors_in((args, kwargs)) if self._is_weight(t)]
        return tuple(t for t in own if t.dim() > 1), tuple(t for t in own if t.dim() == 1)

    def _reach(self, name, func, args, kwargs):
        if name not in _CONVOLUTIONS:
            return None, None, None
        x, weight = (kwargs[k] if k in kwargs else args[i] for i, k in enumerate(("input", "weight")))
        if x.dim() < weight.dim():
            raise InputError(
                f"a convolution sees one sample of shape {list(x.shape)} without a batch; give a batch, such as x[None]"
            )
        reach, outputs = fan_out(SimpleNamespace(op=name, arguments=(func, args, kwargs)))
        return reach, outputs, float(reach.sum()) * outputs * x.shape[:2].numel()

    def _operands(self, name, args, kwargs):
        """Those that may be spikes."""
        if name in _CONVOLUTIONS or name == "linear":
            x = kwargs["input"] if "input" in kwargs else args[0]
            if not self._is_weight(x):
                yield self._operand(x, 1 if name in _CONVOLUTIONS else -1 if x.dim() > 1 else None)
        elif name in _MATRICES:
            streams = [t for t in tensors_in((args, kwargs)) if t.is_floating_point()][1 if name in _BESIDE else 0 :]
            yield from (self._operand(t, None) for t in streams if not self._is_weight(t))

    def _constant(self, args, kwargs):
        return all(self._is_weight(t) for t in tensors_in((args, kwargs)))

    def _is_weight(self, tensor):
        return tensor.numel() > 0 and _storage(tensor) in self.weights


def shares(tensor, others):
    """Whether a tensor shows memory of one of others, all of which are kept."""
    return tensor.numel() > 0 and any(_storage(tensor) == _storage(t) for t in others if t.numel())


def _largest(window):
    return max(1, round(window if isinstance(window, float) else float(window.max())))


def _storage(tensor):
    return tensor.untyped_storage().data_ptr() if tensor.layout == torch.strided else id(tensor)


def _described(leaf):
    return (tuple(leaf.shape), leaf.dtype) if isinstance(leaf, torch.Tensor) else repr(leaf)
