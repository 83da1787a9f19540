"""Conversion methods: one file a method, a small declared composition of thresholds, neuron and calibration."""

import importlib
import pkgutil

from .base import Method, methods

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")

get, names = methods.get, methods.names

__all__ = ["Method", "methods", "get", "names"]
