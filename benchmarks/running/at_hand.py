"""What ``run_bench.py --list`` shows: every variant of every task, what of it is at hand, and where the rest comes from."""

from adafire.errors import InputError

from ..training import recipes
from . import data_sources
from .catalogue import data_state, task_files, weights_state
from .task import load_task


def how_to_get(task, variant_name, variant, data_root=None):
    """What brings what a full variant lacks: the address of its data, of its weights, or whose they are; '' where all is there."""
    name, lacks = data_sources.name_of(variant), []
    if variant.split == "full" and not data_state(variant, data_root)[0] and name in data_sources.SOURCES:
        lacks.append(f"data: {data_sources.SOURCES[name].get}")
    ready, words = weights_state(variant)
    if words.startswith("download of"):
        lacks.append(f"weights: {variant.checkpoint} (by itself)")
    elif not ready:
        trained = f"python tools/train_ann.py {task} --variant {variant_name} --data-root DIR, or "
        own = trained if recipes.entry(task, variant_name) else ""
        lacks.append(f"weights: {own}your own, --checkpoint FILE")
    return "; ".join(lacks)


def lacking(variant, data_root=None):
    """What a variant lacks on this machine: [], or some of 'data', 'weights', 'a download' (of weights, which comes by itself)."""
    ready, words = weights_state(variant)
    found = [] if data_state(variant, data_root)[0] else ["data"]
    return found + ([] if ready and not words.startswith("download of") else ["a download" if ready else "weights"])


def listing(data_root=None):
    """One dict a variant of every task of the project: task, family, variant, split, description, data (what is there or
    missing), weights, lacks (a list), set (its name in data.toml), get (where what is missing comes from). A mini that is another task's has that
    task's name for its variant; a task file that cannot be read is one dict with 'error'."""
    rows = []
    for path in task_files():
        try:
            task = load_task(path)
        except InputError as error:
            rows.append({"task": path.stem, "error": str(error)})
            continue
        for name, variant in task.variants.items():
            rows.append(
                {
                    "task": task.name,
                    "family": task.family,
                    "variant": name,
                    "split": variant.split,
                    "description": variant.description or task.description,
                    "data": data_state(variant, data_root)[1],
                    "weights": weights_state(variant)[1],
                    "lacks": lacking(variant, data_root),
                    "set": data_sources.name_of(variant),
                    "get": how_to_get(task.name, name, variant, data_root),
                }
            )
        if task.mini:
            words = f"--split mini runs that of {task.mini}: no network of this kind is carried"
            own = {"task": task.name, "family": task.family, "variant": f"({task.mini})", "split": "mini"}
            rows.append({**own, "description": words, "data": "-", "weights": "-", "lacks": [], "set": "-", "get": ""})
    return rows
