"""Weights that were trained here for a variant of a task (benchmarks/training): where they lie, and what they say of themselves.

runs/weights/TASK-VARIANT.pth is what a variant without weights of its own takes, wherever a task is run from this folder.
"""

import hashlib
import json
from pathlib import Path

WEIGHTS = Path("runs") / "weights"


def weights_file(task, variant):
    """Where the weights of a variant trained here lie, relative to the current folder."""
    return WEIGHTS / f"{task}-{variant}.pth"


def recipe_file(weights):
    """Where the recipe of a file of weights lies."""
    return Path(weights).with_suffix(".recipe.json")


def _changed(made):
    """What else was done otherwise than the recipe says."""
    options = [f"{key}={value}" for key, value in made.get("cfg_options", {}).items()]
    return "".join(
        [f", {' '.join(options)}" if options else "", ", from random weights" if made.get("scratch") else ""]
    )


def notes(checkpoint):
    """[sentence] for the record on weights that were trained here: recipe, epochs, seed; none on others."""
    try:
        content = Path(checkpoint).read_bytes()
        made = json.loads(recipe_file(checkpoint).read_text())
        if made["weights"]["sha256"] != hashlib.sha256(content).hexdigest():
            return []
        said = (
            f"weights trained here, recipe {made['recipe']}: {made['epochs']} epochs{made['shortened']}{_changed(made)}, seed {made['seed']}, "
            f"chosen by {made['chosen']['by']} on samples held out of the train set"
        )
        return [said]
    except (OSError, ValueError, KeyError, TypeError):  # no recipe of this project beside it
        return []
