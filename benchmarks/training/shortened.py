"""Trainings of a variant that were otherwise than its recipe says: what of them is there, and how they are put out of the way."""

from pathlib import Path

from ..running import trained
from . import session


def of_weights(task, variant, epochs=None):
    """Words on how the weights that were trained here differ from those that ``epochs`` (None: the recipe's) would give: "1 epochs of
    the recipe's 200"; '' where they do not, where there are none, or where they were made elsewhere."""
    return "; ".join(trained.otherwise(trained.made(trained.weights_file(task, variant)), epochs))


def of_training(task, variant, epochs=None):
    """The same of a training that was begun, and that --resume would go on with."""
    if not session.begun(task, variant):
        return ""
    return "; ".join(trained.otherwise(session.identity_of(session.work_folder(task, variant)), epochs))


def set_aside(task, variant):
    """Rename the weights, what is beside them, and the folder of their training, so that another training can begin: [new Path]."""
    weights = trained.weights_file(task, variant)
    beside = [weights, trained.recipe_file(weights), trained.log_file(weights), session.work_folder(task, variant)]
    moved = []
    for path in filter(Path.exists, beside):
        k = next(k for k in range(1, 10**6) if not path.with_name(f"{path.name}.before{k}").exists())
        moved.append(path.rename(path.with_name(f"{path.name}.before{k}")))
    return moved
