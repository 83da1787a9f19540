"""The network of a task, without its data or weights: what its file says of the network and of the input that it takes."""

from pathlib import Path

from adafire.errors import InputError

from .catalogue import find_task, task_files
from .task import load_task


def is_task(given):
    """Whether a text names a task of the project, or is a Python file that is one (it says ``variants``), not a framework's config."""
    if given in {path.stem for path in task_files()}:
        return True
    path = Path(given)
    return path.suffix == ".py" and path.is_file() and "variants" in path.read_text(encoding="utf-8", errors="replace")


def settings_of(given, variant=None, trust_config=False):
    """What the adapter of a task's variant is given (``Variant.settings``); the first full one, or the first, without a name.

    InputError: no such task or variant; a variant without a network of its own (a spiking module, weights that bring it).
    """
    task = load_task(find_task(given), trust_config)
    full = [name for name, found in task.variants.items() if found.split == "full"]
    name = variant or (full or list(task.variants))[0]
    if name not in task.variants:
        raise InputError(f"task {task.name!r} has no variant {name!r}; it has {', '.join(task.variants)}")
    found = task.variants[name]
    if found.alone or not (found.model or found.config):
        raise InputError(
            f"task {task.name!r}, variant {name!r}, names no network of its own: its weights bring it; expected a variant with "
            f"model= or config=. It has {', '.join(task.variants)}"
        )
    return found.settings()


def channels_of(settings):
    """Channels of the input: of an event representation, of the mean of pictures, 3 of points; None where nothing tells."""
    model = settings.get("model")
    if isinstance(model, dict) and isinstance(model.get("channels"), int):
        return model["channels"]
    mean = settings.get("preprocessing", {}).get("mean")
    return len(mean) if mean else 3 if "points" in settings else None


def sides_of(settings):
    """[sides of the input] beyond samples and channels: a square, or a number of points; None where nothing tells."""
    if "points" in settings:
        return [(settings["points"],)]
    size = settings.get("representation", {}).get("size") or settings.get("preprocessing", {}).get("size")
    if not size:  # sets of one size
        size = {"cifar10": 32, "cifar100": 32, "fashion_mnist": 28}.get((settings.get("data") or {}).get("type"))
    return [(size, size)] if size else None
