"""Command lines of tools/, to be called in this process."""

import importlib.util

from helpers.paths import ROOT


def program(name):
    """tools/<name>.py as a module of its own, loaded anew at every call."""
    spec = importlib.util.spec_from_file_location(f"{name}_tool", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
