"""Which tasks there are, which variant is meant, and whether what it needs is at hand. Opens no data or network."""

import os
from pathlib import Path

from adafire.errors import InputError
from adafire.registry import near_names
from adapters.model_zoo import address

from .task import PROJECT, TASKS, load_task

DATA_VARIABLE = "ADAFIRE_DATA"


def task_files():
    """Task files of the project, sorted by name."""
    return sorted(path for path in TASKS.glob("*.py") if not path.name.startswith("_"))


def find_task(given):
    """Path of a task given as a path (from here, or from the project) or by its bare name."""
    for path in (Path(given), PROJECT / given):
        if path.is_file():
            return path
    names = [path.stem for path in task_files()]
    stem = Path(given).stem
    if stem in names and Path(given).parent in (Path("."), Path("tasks")):
        return TASKS / f"{stem}.py"
    raise InputError(f"unknown task {str(given)!r}{near_names(stem, names)} Known: {', '.join(names)}; "
                     "or give the path of a task file")


def choose_variant(task, variant=None, split="auto", data_root=None):
    """Name of the variant meant by --variant, --split and --data-root (or $ADAFIRE_DATA); InputError when they
    contradict each other or the task has no such variant.

    Without a name, the first variant of the split; 'auto' is 'full' where a data root is given, otherwise 'mini'.
    """
    by_split = {kind: [name for name, v in task.variants.items() if v.split == kind] for kind in ("mini", "full")}
    known = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in by_split.items() if names)
    if variant is not None:
        if variant not in task.variants:
            raise InputError(f"task {task.name!r} has no variant {variant!r}{near_names(variant, task.variants)} "
                             f"It has {known}")
        kind = task.variants[variant].split
        if split not in ("auto", kind):
            raise InputError(f"--variant {variant} is a {kind} split, but --split {split} was asked; leave one of the "
                             f"two out. Task {task.name!r} has {known}")
    elif split != "auto":
        kind = split
    elif data_root:
        kind = "full"
    else:  # $ADAFIRE_DATA is set for good, so a task without a full split is no contradiction to it
        kind = "full" if os.environ.get(DATA_VARIABLE) and by_split["full"] or not by_split["mini"] else "mini"
    if not by_split[kind]:
        raise InputError(f"task {task.name!r} has no {kind} split; it has {known}")
    if data_root and kind == "mini":
        raise InputError("--data-root was given, but a mini split brings its own data; leave --data-root out, or ask "
                         f"for a full split. Task {task.name!r} has {known}")
    return variant or by_split[kind][0]


def data_folder(variant, data_root=None):
    """Folder that ``variant.needs`` is relative to; None for a full split when no data root is known."""
    if variant.split == "mini":
        return PROJECT
    found = data_root or os.environ.get(DATA_VARIABLE)
    return Path(found) if found else None


def data_state(variant, data_root=None):
    """(ready, words): is the data of a variant at hand?"""
    if not variant.needs:
        return True, "made or fetched by the task"
    folder = data_folder(variant, data_root)
    if folder is None:
        return False, f"wants --data-root DIR with {', '.join(variant.needs)}"
    missing = [need for need in variant.needs if not (folder / need).exists()]
    return (not missing, f"{missing[0]} is missing" if missing else "there")


def weights_state(variant, checkpoint=None):
    """(ready, words): are the weights of a variant at hand? A URL, or the name of a framework's own checkpoint, counts as ready: it is
    downloaded."""
    given = checkpoint or variant.checkpoint
    if given in (None, "random"):
        return True, "random" if given else "none needed"
    name = given.rsplit("/", 1)[-1]
    if "://" in given or not Path(given).is_file() and address(given):
        home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
        cached = (Path(home).expanduser() / "hub" / "checkpoints" / name).is_file()
        return True, "there (downloaded before)" if cached else f"download of {name}"
    return (True, "there") if Path(given).is_file() else (False, f"{name} is missing")


def check_ready(task, name, data_root=None, checkpoint=None):
    """InputError that names the first file which variant ``name`` needs and which is not there."""
    variant = task.variants[name]
    label = f"task {task.name!r}, variant {name!r}"
    if data_root and not Path(data_root).is_dir():
        raise InputError(f"--data-root {data_root}: no such folder")
    if variant.config and "::" not in variant.config and not Path(variant.config).is_file():
        raise InputError(f"{label}: config file {variant.config} is missing")
    ready, words = data_state(variant, data_root)
    if not ready:
        where = f" in {data_folder(variant, data_root)}" if data_folder(variant, data_root) else ""
        mini = [other for other, v in task.variants.items() if v.split == "mini"]
        way_out = f"; without the data, --variant {mini[0]} runs" if variant.split == "full" and mini else ""
        raise InputError(f"{label}: {words}{where}; it needs {', '.join(variant.needs)}{way_out}")
    ready, words = weights_state(variant, checkpoint)
    if not ready:
        raise InputError(f"{label}: checkpoint {checkpoint or variant.checkpoint} is missing; "
                         "give another with --checkpoint FILE")


def listing(data_root=None):
    """One dict a variant of every task of the project: task, family, variant, split, description, data, weights. A
    task file that cannot be read is one dict with 'error'."""
    rows = []
    for path in task_files():
        try:
            task = load_task(path)
        except InputError as error:
            rows.append({"task": path.stem, "error": str(error)})
            continue
        for name, variant in task.variants.items():
            rows.append({"task": task.name, "family": task.family, "variant": name, "split": variant.split,
                         "description": variant.description or task.description,
                         "data": data_state(variant, data_root)[1], "weights": weights_state(variant)[1]})
    return rows
