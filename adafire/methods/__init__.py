"""Conversion methods: one file a method, a small declared composition of thresholds, neuron and calibration."""

import ast
import importlib
import pkgutil
from dataclasses import replace

from ..errors import InputError
from .base import Method, methods, register

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")

names = methods.names

__all__ = ["Method", "methods", "register", "get", "names", "origin", "parts"]


def get(name):
    """The method registered under ``name``; ``name:option=value:option=value`` is it with other parameters, under that name.

    >>> get("burst:phi_plus=8").phi_plus, get("dcgs:relays=True").name
    (8, 'dcgs:relays=True')
    """
    base, options = parts(name)
    method = methods.get(base)
    if not options:
        return method
    changed = method.with_options(**options)
    for key, value in options.items():
        expected = type(getattr(method, key))
        if type(value) is not expected and (expected, type(value)) != (float, int):
            raise InputError(
                f"method {base}: {key}={value!r}; expected {expected.__name__}, such as {getattr(method, key)!r}"
            )
    return replace(changed, name=":".join([method.name, *(f"{k}={options[k]}" for k in sorted(options))]))


def parts(name):
    """(name of the method, {option: value}) of ``name:option=value:option=value``.

    >>> parts("burst:phi_plus=8:threshold=max")
    ('burst', {'phi_plus': 8, 'threshold': 'max'})
    """
    base, *changes = str(name).split(":")
    options = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not text or key in options:
            raise InputError(
                f"method {name!r}: found {change!r}, expected option=value, each once, as in {base}:phi_plus=8"
            )
        options[key] = _value(text)
    return base, options


def origin(name):
    """Where a method came from: 'adafire', or the distribution that brings it ('their-methods 1.2').

    >>> origin("burst:phi_plus=8")
    'adafire'
    """
    return methods.origin(str(name).partition(":")[0])


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
