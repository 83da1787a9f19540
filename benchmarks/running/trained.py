"""Weights that were trained here for a variant of a task (benchmarks/training): where they lie, and what they say of themselves.

runs/weights/TASK-VARIANT.pth is what a variant without weights of its own takes, wherever a task is run from this folder.
"""

import hashlib
import json
from pathlib import Path

from ..training import recipes

WEIGHTS = Path("runs") / "weights"


def weights_file(task, variant):
    """Where the weights of a variant trained here lie, relative to the current folder."""
    return WEIGHTS / f"{task}-{variant}.pth"


def recipe_file(weights):
    """Where the recipe of a file of weights lies."""
    return Path(weights).with_suffix(".recipe.json")


def log_file(weights):
    """Where the log of the training of a file of weights lies."""
    return Path(weights).with_suffix(".log.jsonl")


def made(weights):
    """What the recipe file beside weights that were trained here says; {} without one of this project, or of other weights."""
    try:
        content = Path(weights).read_bytes()
        said = json.loads(recipe_file(weights).read_text(encoding="utf-8"))
        return said if said["weights"]["sha256"] == hashlib.sha256(content).hexdigest() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def otherwise(said, epochs=None):
    """[words] on how a training was not as its recipe says: "1 epochs of the recipe's 200"; epochs: so many were asked for in place
    of the recipe's. said: a recipe file's content, or training.json's."""
    recipe = recipes.RECIPES.get(said.get("recipe"))
    options = [f"{key}={value}" for key, value in said.get("cfg_options", {}).items()]
    words = []
    if recipe and said.get("epochs") != (epochs or recipe.epochs):
        words.append(
            f"{said.get('epochs')} epochs" + (f", not {epochs}" if epochs else f" of the recipe's {recipe.epochs}")
        )
    batch = said.get("batch") or said.get("hyperparameters", {}).get("batch")
    if recipe and batch not in (None, recipe.batch):
        words.append(f"batches of {batch}, not {recipe.batch}")
    return words + [" ".join(options)] * bool(options) + ["from random weights"] * bool(said.get("scratch"))


def notes(checkpoint):
    """[sentence] for the record on weights that were trained here: recipe, epochs, seed; none on others."""
    said = made(checkpoint) if checkpoint else {}
    try:
        whole = recipes.RECIPES[said["recipe"]].epochs
        epochs = f"{said['epochs']} epochs" + (f" of the recipe's {whole}" if said["epochs"] != whole else "")
        words = ", ".join([epochs, *otherwise(said, said["epochs"])])
        return [
            f"weights trained here, recipe {said['recipe']}: {words}, seed {said['seed']}, on {said['data']['train']['samples']} samples, "
            f"chosen by {said['chosen']['by']} on others held out of the train set"
        ]
    except (KeyError, TypeError):  # no recipe of this project beside it
        return []
