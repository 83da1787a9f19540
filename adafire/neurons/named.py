"""Neurons with a law of their own, to JSON and back: only laws that this library knows by name."""

import math

from ..errors import InputError
from .differential import DifferentialBurst
from .multi_threshold import MultiThreshold

_LAWS = {"multi-threshold": {"levels"}, "differential-burst": {"levels", "weights"}}


def law_terms(law):
    """A neuron's law; None for the count-form neuron. InputError for one of another project."""
    if law is None:
        return None
    if type(law) is MultiThreshold:
        return {"name": "multi-threshold", "levels": law.levels}
    if type(law) is DifferentialBurst:
        return {"name": "differential-burst", "levels": law.levels, "weights": list(law.weights)}
    raise InputError(
        f"the law {getattr(law, '__name__', type(law).__name__)} cannot be saved: a file can only name those of adafire"
    )


def law_of(terms):
    """The law that ``law_terms`` described."""
    if terms is None:
        return None
    name = terms.get("name") if isinstance(terms, dict) else None
    sound = (
        isinstance(name, str)
        and name in _LAWS
        and set(terms) == {"name", *_LAWS[name]}
        and type(terms["levels"]) is int
        and 1 <= terms["levels"] <= 64
    )
    if sound and name == "differential-burst":
        weights = terms["weights"]
        sound = (
            isinstance(weights, list)
            and 0 < len(weights) <= 64
            and all(type(w) is float and 0 < w < math.inf and math.frexp(w)[0] == 0.5 for w in weights)
            and weights == sorted(weights, reverse=True)
        )
    if not sound:
        raise InputError(f"the law of its neurons is {shown(terms)}, which it cannot be")
    return (
        MultiThreshold(terms["levels"])
        if name == "multi-threshold"
        else DifferentialBurst(terms["weights"], terms["levels"])
    )


def shown(value):
    """A value as messages show it: its repr, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
