"""A variant whose only network is a spiking module (``snn=..., model='snn'``): nothing is converted there, and there is no ANN to
compare with. Only the rows of its modules are run; what a table has of the ANN stays empty."""

from pathlib import Path

from adafire.errors import InputError
from adapters.models import OwnWeights, takes

from .external import MODULE


def settings_of(variant):
    """What the adapter gets: the variant's own settings; of one that is alone, its first module as the network, which says what shape
    outputs have, and whose weights the records name."""
    if not variant.alone:
        return variant.settings()
    spec = next(iter(variant.modules().values()))
    arguments = OwnWeights({"name": spec} if isinstance(spec, str) else spec)
    checkpoint = arguments.get("checkpoint")
    if checkpoint and not takes(arguments["name"], "checkpoint"):
        del arguments["checkpoint"]
        return {**variant.settings(), "model": dict(arguments), "checkpoint": checkpoint}
    if checkpoint:
        arguments.source = Path(str(checkpoint)).name
    return {**variant.settings(), "model": arguments}


def check(task, variant, method):
    """InputError for a method that would convert a network where the variant named ``variant`` has none."""
    if task.variants[variant].alone and str(method).partition(":")[0] != MODULE:
        raise InputError(
            f"variant {variant!r} of task {task.name!r} has a spiking module and no network to convert: expected method {MODULE}, found "
            f"{method}; give it a model= (or config=) of its own for the others"
        )
