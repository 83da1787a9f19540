"""Elementwise activations as functions f with what the neuron needs to know of them.

The neuron encodes t f(X_t / t) (DESIGN 3.2): for a positively homogeneous f (ReLU, leaky ReLU) that is f(X_t).
"""

from dataclasses import dataclass
from typing import Any, Callable

import torch.nn.functional as F

NON_NEGATIVE = {"relu", "relu6", "sigmoid", "hardsigmoid", "softplus"}
HOMOGENEOUS = {"relu", "leaky_relu", "prelu"}


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
        return self.f(x) if self.homogeneous else self.f(x / t) * t


def activation_of(op, func, args, kwargs):
    """The Activation of a recorded call: its first argument is the input, the others are constants.

    >>> activation_of("relu", F.relu, (None,), {}).signed
    False
    """
    rest, kwargs = tuple(args[1:]), {k: v for k, v in kwargs.items() if k != "input"}
    signed = op not in NON_NEGATIVE
    if op == "hardtanh":
        low = rest[0] if rest else kwargs.get("min_val", -1.0)
        signed = low < 0
    if op == "relu" or is_relu_clamp(op, args, kwargs):
        return Activation("relu", F.relu, False, True, (0, 0.0, 0.0))
    shaped = any(hasattr(value, "shape") for value in (*rest, *kwargs.values()))
    return Activation(op, lambda x: func(x, *rest, **kwargs), signed, op in HOMOGENEOUS, _code(op, rest, kwargs), shaped)


def _code(op, rest, kwargs):
    if op == "leaky_relu":
        return 1, float(rest[0] if rest else kwargs.get("negative_slope", 0.01)), 0.0
    if op == "relu6":
        return 2, 0.0, 6.0
    if op == "hardtanh":
        return (2, float(rest[0] if rest else kwargs.get("min_val", -1.0)),
                float(rest[1] if len(rest) > 1 else kwargs.get("max_val", 1.0)))
    return None


def silu():
    """x * sigmoid(x), recognised when it is spelled out."""
    return Activation("silu", F.silu, True, False)


def identity():
    """No activation: relay neurons repeat their input, of either sign."""
    return Activation("identity", lambda x: x.view_as(x), True, True, (1, 1.0, 0.0))  # leaky ReLU of slope 1


def is_relu_clamp(op, args, kwargs):
    """Whether a recorded call is max(x, 0) spelled as a clamp."""
    if op not in ("clamp", "clip", "clamp_min"):
        return False
    low = args[1] if len(args) > 1 else kwargs.get("min")
    high = args[2] if len(args) > 2 else kwargs.get("max")
    return isinstance(low, (int, float)) and low == 0 and high is None
