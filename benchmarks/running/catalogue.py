"""Which tasks there are, which variant is meant, and whether what it needs is at hand. Opens no data or network."""

import functools
import os
import sys
from pathlib import Path

from adafire.errors import InputError
from adafire.registry import near_names
from adapters.shared.model_zoo import address

from . import data_places, data_sources
from .task import PROJECT, TASKS, load_task

DATA_VARIABLE = data_places.VARIABLE


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
    is_file = Path(given).suffix == ".py" and Path(given).parent != Path("tasks")
    raise InputError(
        f"{'there is no task file' if is_file else 'unknown task'} {str(given)!r}{near_names(stem, names)} Known: {', '.join(names)}; "
        "or give the path of a task file"
    )


def make_them(task):
    """What to say behind 'no records': the command that makes them, or, of no task here, which one was meant."""
    names = [path.stem for path in task_files()]
    near = "." if task in (*names, None) else near_names(task, names)
    return f"{near} Make them with python tools/run_bench.py {task if task in names else 'TASK'}"


@functools.cache
def own_task(name):
    """The project's task of that name; None where it has none, or where its file cannot be read."""
    path = TASKS / f"{name}.py"
    try:
        return load_task(path) if path.is_file() else None
    except InputError:
        return None


def _say(words):
    print(f"note: {words}", file=sys.stderr)


def choose_variant(task, variant=None, split="auto", data_root=None, tell=_say):
    """(task, name of its variant) meant by --variant, --split and --data-root (or $ADAFIRE_DATA); InputError when they
    contradict each other or the task has no such variant.

    Without a name, the first variant of the split; 'auto' is 'full' where a data root is given, otherwise 'mini'. Where the
    task has no mini of its own kind but names another task's (``mini``), it is that task that comes back, and ``tell`` hears
    of it in one line.
    """
    by_split = {kind: [name for name, v in task.variants.items() if v.split == kind] for kind in ("mini", "full")}
    other = task.mini and referred(task)
    others = [name for name, v in other.variants.items() if v.split == "mini"] if other else []
    known = [f"{kind}: {', '.join(names)}" for kind, names in by_split.items() if names]
    known = "; ".join(known + ([f"the mini of {task.mini}: {', '.join(others)}"] if other else []))
    has_mini = by_split["mini"] or others
    if variant is not None:
        if variant not in task.variants and variant not in others:
            raise InputError(
                f"task {task.name!r} has no variant {variant!r}{near_names(variant, [*task.variants, *others])} It has {known}"
            )
        kind = task.variants[variant].split if variant in task.variants else "mini"
        if split not in ("auto", kind):
            raise InputError(
                f"--variant {variant} is a {kind} split, but --split {split} was asked; leave one of the "
                f"two out. Task {task.name!r} has {known}"
            )
    elif split != "auto":
        kind = split
    elif data_root:
        kind = "full"
    else:  # $ADAFIRE_DATA is set for good, so a task without a full split is no contradiction to it
        kind = "full" if os.environ.get(DATA_VARIABLE) and by_split["full"] or not has_mini else "mini"
    if not (has_mini if kind == "mini" else by_split[kind]):
        raise InputError(f"task {task.name!r} has no {kind} split; it has {known}")
    if data_root and kind == "mini":
        raise InputError(
            "--data-root was given, but a mini split brings its own data; leave --data-root out, or ask "
            f"for a full split. Task {task.name!r} has {known}"
        )
    if kind == "full" or variant in task.variants or not other:
        return task, variant or by_split[kind][0]
    tell(f"{task.name} has no mini of its own: this is that of {other.name}, and its record carries that name")
    return other, variant or others[0]


def fell_to_mini(task, name, checkpoint):
    """A sentence where ``checkpoint`` is loaded into the mini network of a task that has full ones, as no data root is known; None otherwise."""
    full = [other for other, variant in task.variants.items() if variant.split == "full"]
    if task.variants[name].split == "full" or not full:
        return None
    return (
        f"{task.name}: no data root is known, so --checkpoint {checkpoint} is for the mini network ({name}), on the data that the project "
        f"brings; for the real one give --split full or --variant {full[0]}"
    )


def referred(task):
    """The task whose mini stands in for that of ``task``; InputError where it is none of the project's, or has no mini itself."""
    other = load_task(find_task(task.mini))
    if not any(v.split == "mini" for v in other.variants.values()):
        raise InputError(f"task {task.name!r}: mini = {task.mini!r}, but that task has no mini of its own")
    return other


def choose_variants(tasks, variant=None, split="auto", data_root=None):
    """([(task, name of its variant)], notes). Of several tasks those that have no variant of the split asked for are left
    out, with a note, as long as one is left; what several refer to runs once."""
    chosen, notes, seen = [], [], set()
    for task in tasks:
        try:
            found, name = choose_variant(task, variant, split, data_root, notes.append)
            if (found.name, name) not in seen:
                chosen.append((found, name))
            seen.add((found.name, name))
        except InputError as error:
            wanted = split if split != "auto" else "full"
            if (
                len(tasks) == 1
                or variant is not None
                or any(v.split == wanted for v in task.variants.values())
                or wanted == "mini"
                and task.mini
            ):
                raise
            notes.append(f"{task.name} is left out: it has no {wanted} split")
            problem = error
    if not chosen:
        raise problem
    return chosen, notes


def data_folder(variant, data_root=None):
    """Folder that ``variant.needs`` is relative to; None for a full split when no data root is known: neither --data-root, nor
    $ADAFIRE_DATA, nor a line of the set in data.toml (data_places.py)."""
    if variant.split == "mini":
        return PROJECT
    found = data_root or os.environ.get(DATA_VARIABLE)
    return Path(found) if found else data_places.place(data_sources.name_of(variant))


def data_state(variant, data_root=None):
    """(ready, words): is the data of a variant at hand? Looks at names of files only; the adapter says what is wrong inside."""
    if variant.split == "mini" and not variant.needs:
        return True, "made by the project"
    folder, name = data_folder(variant, data_root), data_sources.name_of(variant)
    own = variant.split == "full" and folder is None and variant.data.get("root")
    folder = PROJECT / own if own else folder
    if variant.data["type"] == "fashion_mnist" and not variant.needs:  # the one set that packages of a system bring
        from adapters.shared.fashion_mnist import is_there

        there = is_there("test", folder)
        return there, "there" if there else "wants --data-root DIR, or the package dataset-fashion-mnist"
    if folder is None:
        of = f" with {', '.join(variant.needs)}" if variant.needs else f" of {_title(name)}"
        return False, f"wants --data-root DIR{of}, {data_places.hint(name)}"
    missing = [need for need in variant.needs if not (folder / need).exists()]
    if missing:
        return False, f"{missing[0]} is missing"
    if variant.split == "full" and not variant.needs and name in data_sources.SOURCES:
        return data_sources.state(data_sources.SOURCES[name], folder)
    known = "there" if variant.needs or variant.split == "mini" else f"{folder} is there, not yet looked into"
    return folder.exists(), known if folder.exists() else f"{folder} is missing"


def _title(name):
    return data_sources.SOURCES[name].title if name in data_sources.SOURCES else name


def weights_state(variant, checkpoint=None):
    """(ready, words): are the weights of a variant at hand? A URL, or the name of a framework's own checkpoint, counts as ready: it is
    downloaded."""
    given = checkpoint or variant.checkpoint
    if given is None:
        if variant.alone:
            return True, "the spiking module's"
        own = variant.model and _own_weights(variant.model)
        if own:
            return True, f"the model's own ({own})"
        return (False, "wants --checkpoint FILE") if variant.split == "full" else (True, "none needed")
    name = given.rsplit("/", 1)[-1]
    if given == "random":
        return True, "random"
    if variant.model and not Path(given).is_file() and "/" not in given and _names_weights(variant.model, given):
        return True, f"the library's own ({given})"
    if "://" in given or not Path(given).is_file() and address(given):
        home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
        cached = (Path(home).expanduser() / "hub" / "checkpoints" / name).is_file()
        return True, "there (downloaded before)" if cached else f"download of {name}"
    return (True, "there") if Path(given).is_file() else (False, f"{name} is missing")


def _own_weights(model):
    from adapters.models import has_own_weights  # imports torch

    return has_own_weights(model)


def _names_weights(model, given):
    from adapters.models.library_names import with_weights

    return with_weights(model, given)[1] is None


def check_ready(task, name, data_root=None, checkpoint=None):
    """InputError that names the first file which variant ``name`` needs and which is not there."""
    variant = task.variants[name]
    label = f"task {task.name!r}, variant {name!r}"
    if data_root and not Path(data_root).is_dir():
        raise InputError(f"--data-root {data_root}: no such folder")
    folder = data_folder(variant, data_root) if variant.split == "full" else None
    if folder and not folder.exists():
        raise InputError(f"{label}: the data folder {folder} is missing; it is that of {data_places.origin(variant)}")
    if variant.config and "::" not in variant.config and not Path(variant.config).is_file():
        raise InputError(f"{label}: config file {variant.config} is missing")
    ready, words = data_state(variant, data_root)
    if not ready and variant.needs:
        where = f" in {folder}, the folder of {data_places.origin(variant, data_root)}" if folder else ""
        mini = task.mini or any(v.split == "mini" for v in task.variants.values())
        way_out = "; without the data, --split mini runs" if variant.split == "full" and mini else ""
        raise InputError(f"{label}: {words}{where}; it needs {', '.join(variant.needs)}{way_out}")
    ready, words = weights_state(variant, checkpoint)
    given = checkpoint or variant.checkpoint
    if not ready and not given and (variant.model or variant.config):  # without either, the adapter knows its network
        raise InputError(f"{label}: no weights come with it; give the file of yours with --checkpoint FILE")
    if not ready and given:
        raise InputError(f"{label}: checkpoint {given} is missing; give another with --checkpoint FILE")
