"""A name of no network that is known here: which kinds of names there are, and which known ones look like it."""

import difflib
from pathlib import Path

from adafire.errors import InputError
from adapters.shared.model_zoo import FRAMEWORKS, zoo

from .catalogue import task_files

LIBRARIES = ("torchvision::", "timm::", "hf_hub:", "mmdet::", "mmseg::")
KINDS = (
    "a config file, a task (tools/run_bench.py --list), torchvision::NAME, timm::NAME, hf_hub:ORG/NAME, mmdet::FOLDER/NAME, "
    "mmseg::FOLDER/NAME, or package.module:function"
)


def is_of_a_library(name):
    """Whether a name begins as one of a library does."""
    return name.startswith(LIBRARIES)


def unknown(name):
    """The InputError for a name of nothing: no task, no file, of no library."""
    near = nearest(name)
    meant = f"; did you mean {' or '.join(near)}?" if near else "."
    what = f"config file '{name}' is not there" if name.endswith(".py") else f"there is no network '{name}' here"
    file, own, function = name.rpartition(".py:")
    if own and Path(f"{file}.py").is_file():
        module = Path(file)
        meant = f"; a function in a file of yours is '{module.name}:{function}', with PYTHONPATH={module.parent}."
    return InputError(f"{what}{meant} Expected {KINDS}")


def nearest(name, most=3):
    """Up to ``most`` known names that look like ``name``, the likest first; a library's with what it begins with."""
    start = next((mark for mark in ("::", ":") if mark in name), None)
    if start:
        library, _, own = name.partition(start)
        known = {one.rstrip(":"): one for one in LIBRARIES}
        return [f"{known[one]}{own}" for one in difflib.get_close_matches(library, known, 1, 0.6)]
    known = {path.stem: f"{package}::{path.parent.name}/{path.stem}" for package, path in _configs_of_frameworks()}
    known |= {one: f"torchvision::{one}" for one in _of_torchvision()}
    known |= {path.stem: path.stem for path in task_files()}
    stem = Path(name).name.removesuffix(".py")
    if stem in known:
        return [known[stem]]
    return [known[one] for one in difflib.get_close_matches(stem, known, most, 0.6)]


def _of_torchvision():
    from torchvision import models

    return models.list_models()


def _configs_of_frameworks():
    """(package, path) of the configs of the frameworks that are installed."""
    for package in FRAMEWORKS:
        try:
            folder = zoo(package)
        except InputError:
            continue
        yield from ((package, path) for path in sorted(folder.glob("*/*.py")) if "_base_" not in path.parts)
