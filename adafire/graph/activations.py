"""Elementwise activations as functions f with what the neuron needs to know of them.

The neuron encodes t f(X_t / t) (DESIGN 3.2): for a positively homogeneous f (ReLU, leaky ReLU) that is f(X_t).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from ..neurons import divided

NON_NEGATIVE = {"relu", "relu6", "sigmoid", "hardsigmoid", "softplus"}
HOMOGENEOUS = {"relu", "leaky_relu", "prelu"}
SPELLINGS = (
    "relu, leaky_relu, prelu, relu6, hardtanh, silu, gelu, hardswish, mish, elu, selu, celu, tanh, sigmoid, hardsigmoid, "
    "softplus, softsign, threshold, the shrinks, clamp(x, 0), clamp(x, 0, c), maximum(x, 0), x * sigmoid(x), x * (x > 0), "
    "where(x > 0, x, 0), (x + |x|) / 2"
)
"""What is taken as an activation, for messages."""


@dataclass(frozen=True)
class Activation:
    """``kind``: row name in the support table; ``f``: the function; ``signed``: it takes negative values;
    ``homogeneous``: f(a x) = a f(x) for a > 0; ``code``: (kind, a, b) for the fused kernel, where it knows f;
    ``shaped``: f has tensors of its own (PReLU's slopes), so that it cannot be given some of the elements."""

    kind: str
    f: Callable[[Any], Any]
    signed: bool
    homogeneous: bool
    code: tuple | None = None
    shaped: bool = False

    def target(self, x, t):
        """t f(x / t): the cumulative target at step ``t`` for the cumulative input ``x``."""
        return self.f(x) if self.homogeneous or t == 1 else self.f(divided(x, t)) * t


def activation_of(op, func, args, kwargs):
    """The Activation of a recorded call: its first argument is the input, the others are constants.

    >>> activation_of("relu", F.relu, (None,), {}).signed
    False
    """
    if op == "relu" or op == "threshold" and _numbers(args, kwargs, "threshold", "value") == (0, 0):
        return relu()
    bounds = bounds_of(op, args, kwargs)
    if bounds is not None:
        return _bounded(*bounds)
    rest, kwargs = tuple(args[1:]), {k: v for k, v in kwargs.items() if k != "input"}
    signed = op not in NON_NEGATIVE
    if op == "hardtanh":
        low = rest[0] if rest else kwargs.get("min_val", -1.0)
        signed = low < 0
    shaped = any(hasattr(value, "shape") for value in (*rest, *kwargs.values()))
    return Activation(
        op, lambda x: func(x, *rest, **kwargs), signed, op in HOMOGENEOUS, _code(op, rest, kwargs), shaped
    )


def _code(op, rest, kwargs):
    if op == "leaky_relu":
        return 1, float(rest[0] if rest else kwargs.get("negative_slope", 0.01)), 0.0
    if op == "relu6":
        return 2, 0.0, 6.0
    if op == "hardtanh":
        return (
            2,
            float(rest[0] if rest else kwargs.get("min_val", -1.0)),
            float(rest[1] if len(rest) > 1 else kwargs.get("max_val", 1.0)),
        )
    return None


def relu():
    """max(x, 0), which the fused kernel knows, however it is spelled."""
    return Activation("relu", F.relu, False, True, (0, 0.0, 0.0))


def silu():
    """x * sigmoid(x), recognised when it is spelled out."""
    return Activation("silu", F.silu, True, False)


def identity():
    """No activation: relay neurons repeat their input, of either sign."""
    return Activation("identity", lambda x: x.view_as(x), True, True, (1, 1.0, 0.0))  # leaky ReLU of slope 1


def bounds_of(op, args, kwargs):
    """(position of the input among ``args``, upper bound or None) of a recorded call that is max(x, 0), or min of that and a
    constant, spelled as a clamp or a maximum; else None. The bound is a number or a constant tensor."""
    if op in ("clamp", "clip", "clamp_min"):
        low, high = ((args[k] if len(args) > k else kwargs.get(name)) for k, name in ((1, "min"), (2, "max")))
        return (0, _number(high)) if _is_zero(low) and _constant(high) else None
    if op in ("maximum", "max"):
        zeros = [k for k, value in enumerate(args) if torch.is_tensor(value) and _is_zero(value)]
        return (
            (1 - zeros[0], None)
            if len(args) == 2 and len(zeros) == 1 and not torch.is_tensor(args[1 - zeros[0]])
            else None
        )
    return None


def _bounded(_, high):
    if high is None:
        return relu()
    if isinstance(high, torch.Tensor):
        return Activation("hardtanh", lambda x: torch.minimum(F.relu(x), high.to(x.dtype)), False, False, shaped=True)
    return Activation("hardtanh", lambda x: x.clamp(0.0, high), False, False, (2, 0.0, high))


def _is_zero(value):
    """Whether a constant is zero everywhere."""
    return (
        isinstance(value, (int, float, torch.Tensor))
        and not isinstance(value, bool)
        and not bool(torch.as_tensor(value).any())
    )


def _constant(value):
    return value is None or isinstance(value, (int, float)) or torch.is_tensor(value)


def _number(value):
    """A bound as a number, where it is one; learned ones of several values stay tensors."""
    return value if value is None or torch.is_tensor(value) and value.numel() != 1 else float(value)


def _numbers(args, kwargs, *names):
    return tuple(args[k] if len(args) > k else kwargs.get(name) for k, name in enumerate(names, 1))
