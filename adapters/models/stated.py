"""The preprocessing that torchvision and timm state for the weights of their networks."""

import math

from adafire.errors import InputError

from . import has_own_weights
from .library_names import member_of_file, on_hub, timm_package

FORM = "give it as preprocessing=dict(mean=..., std=..., resize=..., size=..., interpolation=...)"


def stated(model, network, checkpoint=None):
    """(settings of preprocessing or None, who states them: 'torchvision IMAGENET1K_V1', whether they are certain) for a network that
    ``build`` made of ``model``.

    checkpoint: the file that its weights come from, None for the library's own. A file by the name of one of torchvision's is taken
    for that; another may be trained otherwise, and what the library states for the weights that the model's arguments name, or timm
    for the network, is then a guess. InputError: weights whose pictures are prepared in a way that the settings cannot say.
    """
    name = model.get("name") if isinstance(model, dict) else model
    library, _, own = name.rpartition("::")
    if library == "timm" or on_hub(name):
        return _of_timm(name, network), library or "the Hub", not checkpoint
    if library == "torchvision":
        member = member_of_file(own, checkpoint) if checkpoint else None
        given = model if not member else {"name": name, "weights": member}
        if has_own_weights(given):
            found, named = _of_torchvision(own, given)
            return found, f"{library} {named}", not checkpoint or bool(member)
    return None, library, False


def _of_timm(name, network):
    """As timm resolves a network's ``pretrained_cfg`` for validation."""
    timm_package(name)
    from timm.data import resolve_data_config

    found = resolve_data_config({}, model=network)
    (_, height, width), mode = found["input_size"], found.get("crop_mode") or "center"
    if height != width or mode != "center" or found["interpolation"] not in ("bilinear", "bicubic", "nearest"):
        raise InputError(
            f"model '{name}': timm states a preprocessing that is not done here (input {height} x {width}, crop "
            f"{mode}, {found['interpolation']}); expected a central square by bilinear, bicubic or nearest; {FORM}"
        )
    return {
        "mean": tuple(found["mean"]),
        "std": tuple(found["std"]),
        "resize": math.floor(height / found["crop_pct"]),
        "size": height,
        "interpolation": found["interpolation"],
    }


def _of_torchvision(name, model):
    """(settings or None, name of the weights)"""
    from torchvision import models

    known = models.get_model_weights(name)
    first = (
        "IMAGENET1K_V1" if "IMAGENET1K_V1" in known.__members__ else "DEFAULT"
    )  # what the older 'pretrained' stands for
    given = model.get("weights") or first
    weights = models.get_weight(given) if isinstance(given, str) and "." in given else given
    weights = known[weights] if isinstance(weights, str) else weights
    found = weights.transforms()
    if not all(hasattr(found, key) for key in ("crop_size", "resize_size", "mean", "std", "interpolation")):
        return None, weights.name  # of a network that is no classifier
    return {
        "mean": tuple(found.mean),
        "std": tuple(found.std),
        "resize": found.resize_size[0],
        "size": found.crop_size[0],
        "interpolation": found.interpolation.value,
    }, weights.name
