"""Configs and checkpoints of MMDetection and MMSegmentation found by name, and their networks built quietly."""

import logging
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import AdafireError, InputError
from adafire.registry import near_names

from . import checksums
from .config_forms import names
from .downloads import PROJECT, checkpoint_file
from .model_zoo import FRAMEWORKS, address, zoo


def find_config(config, package="mmdet"):
    """Path of a config: a file (relative to here or to the project), or 'mmdet::folder/name' of the installed package;
    'mmdet::name' alone where one folder has it."""
    framework, example = FRAMEWORKS[package]
    if not str(config).startswith(f"{package}::"):
        for path in (Path(config), PROJECT / config):
            if path.is_file():
                return path
        raise InputError(
            f"config file '{config}' is not there; expected a file, or '{package}::folder/name.py' for one of "
            f"{framework}'s own"
        )
    folder = zoo(package)
    name = config.removeprefix(f"{package}::").removesuffix(".py")
    if (folder / f"{name}.py").is_file():
        return folder / f"{name}.py"
    names = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.py") if "_base_" not in p.parts}
    same = sorted(n for n in names if n.rpartition("/")[2] == name.rpartition("/")[2])
    if "/" not in name and len(same) == 1:
        return folder / f"{same[0]}.py"
    near = f"; did you mean '{package}::{same[0]}'?" if same else near_names(name, sorted(names))
    raise InputError(
        f"{framework} has no config '{name}'{near} It has {len(names)}, by folder as in '{package}::{example}'"
    )


def find_checkpoint(checkpoint, package="mmdet"):
    """Path of a checkpoint: a file (relative to here or to the project), a URL, or the file name of one of the
    framework's own; what is not on this machine is downloaded once, to torch's cache."""
    name = Path(urlparse(str(checkpoint)).path).name
    hub, url = Path(torch.hub.get_dir()), address(checkpoint, (package,)) or checkpoint
    for path in (Path(checkpoint), PROJECT / checkpoint):
        if path.is_file():
            return path
    for folder in (hub, hub.parent):  # the latter is where MMEngine keeps its downloads
        path = folder / "checkpoints" / name
        if path.is_file():
            checksums.check(path, str(url))
            return path
    return checkpoint_file(url)


@contextmanager
def building(package, config, seed):
    """In which a network is built from ``config``: in the package's scope, with random numbers of ``seed`` alone, and without the
    story of every single weight. What goes wrong is an InputError that names the config."""
    from mmengine.logging import MMLogger
    from mmengine.registry import DefaultScope

    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with torch.random.fork_rng(devices=[]), DefaultScope.overwrite_default_scope(package):
            torch.manual_seed(seed)
            yield
    except AdafireError:
        raise
    except Exception as error:
        raise InputError(f"config '{config}' builds no network: {type(error).__name__}: {error}") from error
    finally:
        logger.setLevel(level)


def known_classes(meta):
    """{'classes': names or None, ...}: what a checkpoint's ``meta`` says of the data, as MMDetection 3 or 2 writes it."""
    found = dict(meta.get("dataset_meta") or {key.lower(): meta.get(key) for key in ("CLASSES", "PALETTE")})
    classes = found.get("classes")
    return {**found, "classes": names(classes) if isinstance(classes, str) else classes}
