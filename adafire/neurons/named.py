"""Neurons with a law of their own, to JSON and back: only laws that this library knows by name."""

import math

from ..errors import InputError
from .differential import DifferentialBurst
from .few_spikes import MOST_OCTAVES, FewSpikes
from .few_spikes_tables import TABLES
from .harmony import Harmony
from .multi_threshold import MultiThreshold
from .one_pass import Digits, FirstSpike
from .phased import PhasedSpikes
from .sigma_delta import SigmaDelta


def _whole(low, high):
    return lambda value: type(value) is int and low <= value <= high


def _weights(values):
    return (
        isinstance(values, list)
        and 0 < len(values) <= 64
        and all(type(w) is float and 0 < w < math.inf and math.frexp(w)[0] == 0.5 for w in values)
        and values == sorted(values, reverse=True)
    )


LAWS = {
    "multi-threshold": (MultiThreshold, {"levels": _whole(1, 64)}),
    "differential-burst": (DifferentialBurst, {"levels": _whole(1, 64), "weights": _weights}),
    "harmony": (Harmony, {"levels": _whole(1, 16)}),
    "phased-spikes": (PhasedSpikes, {"period": _whole(1, 24)}),
    "digits": (Digits, {"digits": _whole(1, 24), "base": _whole(2, 16)}),
    "first-spike": (FirstSpike, {"bits": _whole(1, 16)}),
    "few-spikes": (
        FewSpikes,
        {"kind": lambda value: isinstance(value, str) and value in TABLES, "octaves": _whole(0, MOST_OCTAVES)},
    ),
    "sigma-delta": (
        SigmaDelta,
        {"bits": _whole(1, 22), "vth": lambda value: type(value) is float and 0.5 <= value < 2**22},
    ),
}
"""name -> (class, what its arguments can be); each is an attribute of the same name."""


def law_terms(law):
    """A neuron's law; None for the count-form neuron. InputError for one of another project."""
    if law is None:
        return None
    for name, (kind, arguments) in LAWS.items():
        if type(law) is kind:
            values = {key: getattr(law, key) for key in arguments}
            return {"name": name, **{key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}}
    raise InputError(
        f"the law {getattr(law, '__name__', type(law).__name__)} cannot be saved: a file can only name those of adafire"
    )


def law_of(terms):
    """The law that ``law_terms`` described."""
    if terms is None:
        return None
    name = terms.get("name") if isinstance(terms, dict) else None
    kind, arguments = LAWS.get(name, (None, {})) if isinstance(name, str) else (None, {})
    if kind is None or set(terms) != {"name", *arguments} or not all(arguments[k](terms[k]) for k in arguments):
        raise InputError(f"the law of its neurons is {shown(terms)}, which it cannot be")
    return kind(**{key: terms[key] for key in arguments})


def shown(value):
    """A value as messages show it: its repr, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
