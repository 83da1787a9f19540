"""Every method that the suite runs, by name: those of the library, and the networks that other code makes (external.py)."""

import logging
from importlib.util import find_spec

import adafire
import adafire.methods
from adafire.errors import InputError
from adafire.external import CONVERTERS
from adafire.methods.base import TWIN
from adafire.registry import near_names

from .external import MODULE, Converted, External, Module

_LOG = logging.getLogger(__name__)


def get(name):
    """The method called ``name`` (with options, as in ``adafire.methods.get``). Where a library's method and a converter have one
    name, it is the library's."""
    base, options = adafire.methods.parts(name)
    ours, others, plain = adafire.methods.names(), externals(), base.removesuffix(TWIN)
    if base in others and base not in ours:
        return Module.of(options) if base == MODULE else Converted.of(base, options)
    if plain in others and plain not in ours:
        raise InputError(f"there is no method {base}: {plain} is made by other code; leave {TWIN} out")
    try:
        return adafire.methods.get(name)
    except InputError as error:
        near = near_names(base, others)
        if not str(error).startswith("unknown ") or near == "." or near_names(base, ours) != ".":
            raise
        raise InputError(f"unknown method {name!r}{near} Made by other code: {', '.join(others)}") from None


def externals():
    """Names of all methods of kind 'external'."""
    return [*CONVERTERS.names(), MODULE]


def names():
    """All names; of what exists twice, a warning in the log says which is left out."""
    ours = adafire.methods.names()
    for name in set(ours).intersection(externals()):
        _LOG.warning("method %r exists twice: the converter of %s is left out; rename it", name, origin(name, True))
    return [*ours, *(name for name in externals() if name not in ours)]


def origin(name, converter=False):
    """Where a method came from: 'adafire', or the installed package that brings it, with its version."""
    base = str(name).partition(":")[0]
    if base == MODULE:
        return "adafire"
    if converter or base not in adafire.methods.names() and base in externals():
        return CONVERTERS.origin(base)
    return adafire.methods.origin(name)


def listing():
    """One dict a method: its name, kind, where it came from, the name of its twin with corrected biases, and its source."""
    twins, rows = adafire.methods.methods.twins(), []
    for name in names():
        method, home = get(name), origin(name)
        rows.append(
            {
                "method": name,
                "kind": method.kind,
                "one simulation for all T": "yes" if method.anytime else "no",
                "from": "built in" if home == "adafire" else home,
                "twin": name + TWIN if name + TWIN in twins else "-",
                "source": (method.source if method.name == name else f"the same as {method.name}") + lacks(method),
            }
        )
    return rows


def lacks(method):
    """What to install for a method, as the end of a line about it."""
    package = CONVERTERS.get(method.base).package if isinstance(method, Converted) else None
    return "" if package is None or find_spec(package) else f" (not installed: pip install 'adafire[{package}]')"


def check(method):
    """InputError where what a method needs is not installed, or it has no such option."""
    if isinstance(method, External):
        method.check()


def bound(method, variant, workload):
    """``method`` for one variant of a task: with its module, where it is one that the variant names."""
    return method.bound(variant, workload) if isinstance(method, Module) else method


def convert(method, workload, calibration, timesteps, precision="fp32", seed=0):
    """The workload's network converted by ``method``: an ``adafire.SNN`` or ``adafire.ExternalSNN``."""
    if isinstance(method, External):
        if precision != "fp32":
            raise InputError(
                f"method {method.name}: precision={precision!r}, but other code runs it; leave --precision out"
            )
        return method.convert(workload, calibration, timesteps, seed)
    return adafire.convert(
        workload.network,
        calibration,
        method=method.name,
        timesteps=timesteps,
        forward=workload.forward,
        precision=precision,
        seed=seed,
        exit_judge=workload.exit_judge,
    )
