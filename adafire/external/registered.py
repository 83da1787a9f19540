"""Which converters there are, which options each takes, and whether its library is here. Packages of others add theirs by entry points."""

import importlib
import inspect
from collections.abc import Callable
from importlib import metadata
from typing import NamedTuple

from ..errors import InputError
from ..registry import Registry, near_names


class Converter(NamedTuple):
    """make(network, inputs, timesteps, **options) -> (spiking module of one timestep, the step after which its read-out begins, words
    on how it was made). package: that it needs, None: its own. more(options): names of options behind its own ``**options``.
    anytime(options): whether what it makes is the same for every T."""

    make: Callable
    package: str | None = None
    more: Callable = lambda options: ()
    anytime: Callable = lambda options: False

    def defaults(self):
        """{option: default} of those that it names itself."""
        given = list(inspect.signature(self.make).parameters.values())[3:]
        return {p.name: p.default for p in given if p.kind is not inspect.Parameter.VAR_KEYWORD}


def _of_plugin(name, entry):
    """A plug-in's entry, if it can be called as a converter."""
    entry = entry if isinstance(entry, Converter) else Converter(entry)
    if not callable(entry.make):
        raise InputError(
            f"found {type(entry.make).__name__}; expected a function (network, inputs, timesteps, **options)"
        )
    return entry


CONVERTERS = Registry("converter", "adafire.converters", _of_plugin)


def register(name, **more):
    """Decorator: add a function as the converter ``name``; more: other fields of ``Converter``."""

    def add(make):
        CONVERTERS.register(name, Converter(make, **more))
        return make

    return add


def library(name):
    """The library behind a converter with its version ('sinabs 3.1.3'). InputError where it is not installed."""
    package = CONVERTERS.get(name).package
    if package is None:
        return CONVERTERS.origin(name)
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise InputError(
            f"the converter {name!r} needs the package {package} which is not installed ({error}); pip install 'adafire[{package}]'"
        ) from error
    return f"{package} {metadata.version(package)}"


def check(name, options):
    """InputError where a converter's library is not installed, or has no such option."""
    found = CONVERTERS.get(name)
    library(name)
    known = [*found.defaults(), *found.more(options)]
    for key in options:
        if key not in known:
            raise InputError(
                f"{name} has no option {key!r}{near_names(key, known)} Known: {', '.join(known) or 'none'}"
            )
