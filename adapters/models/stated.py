"""The preprocessing that torchvision and timm state for the weights of their networks."""

import math

from adafire.errors import InputError

from . import has_own_weights, timm_package

FORM = "give it as preprocessing=dict(mean=..., std=..., resize=..., size=..., interpolation=...)"


def stated(model, network, other_weights=False):
    """(settings of preprocessing or None, name of the library, whether they are certain) for a network that ``build`` made of
    ``model``. other_weights: it has weights from a file, which may be trained otherwise; torchvision then states nothing.

    InputError: weights whose pictures are prepared in a way that the settings cannot say.
    """
    name = model.get("name") if isinstance(model, dict) else model
    library, _, own = name.rpartition("::")
    if library == "timm":
        return _of_timm(name, network), library, not other_weights
    if library == "torchvision" and has_own_weights(model) and not other_weights:
        return _of_torchvision(own, model), library, True
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
        return None  # of a network that is no classifier
    return {
        "mean": tuple(found.mean),
        "std": tuple(found.std),
        "resize": found.resize_size[0],
        "size": found.crop_size[0],
        "interpolation": found.interpolation.value,
    }
