"""Networks by name: torchvision's, timm's, and small ones of the project's own (one file an architecture).

build("torchvision::resnet18"); build("timm::resnet18d"); build("hf_hub:timm/resnet18.a1_in1k", own_weights=True)
build({"name": "adapters.models.resnet_small:resnet_small", "num_classes": 20})
"""

import importlib
import inspect
import pkgutil
from contextlib import nullcontext

import torch
from torch import nn

from adafire.errors import InputError
from adafire.registry import near_names

from .library_names import not_there, on_hub, quick_refusal, timm_package

FORMS = "'torchvision::resnet18', 'timm::resnet18d', 'hf_hub:ORG/NAME' or 'adapters.models.resnet_cifar:resnet20'"


OWN_WEIGHTS = ("weights", "pretrained")  # arguments of torchvision's and timm's functions that bring weights
DOWNLOADERS = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "huggingface_hub",
)  # packages that timm downloads by, whose errors are not all OSErrors
BACKBONE = (
    "weights_backbone",
    "pretrained_backbone",
)  # and those of parts, which torchvision downloads unless told not to


class OwnWeights(dict):
    """'name' and arguments of a function whose network brings its weights with it. source: what these are called."""

    source = "the module's own"


def has_own_weights(model):
    """What weights a model's own arguments name ('IMAGENET1K_V1', 'pretrained'), or it brings; None without any."""
    if isinstance(model, OwnWeights):
        return model.source
    name = model.get("name") if isinstance(model, dict) else model
    if isinstance(name, str) and on_hub(name):
        return name
    given = [(key, model[key]) for key in OWN_WEIGHTS if model.get(key)] if isinstance(model, dict) else []
    return next((str(value) if value is not True else key for key, value in given), None)


def build(model, seed=0, own_weights=False):
    """A network in eval mode on the CPU, with random weights (of ``seed``).

    model: a name, or a dict of 'name' and the arguments of the function behind it (num_classes, ...). own_weights:
    with the weights that these arguments name; the library downloads them. Otherwise nothing is downloaded.
    InputError: unknown name, arguments that it does not take, no network, no weights.
    """
    arguments = dict(model) if isinstance(model, dict) else {"name": model}
    name = arguments.pop("name", None)
    if not own_weights:
        arguments = {key: value for key, value in arguments.items() if key not in (*OWN_WEIGHTS, *BACKBONE)}
    if not isinstance(name, str):
        raise InputError(f"model is {model!r}; expected a name, as {FORMS}, or a dict with 'name' and its arguments")
    make, hub = _function(name), on_hub(name)
    if hub:
        arguments["pretrained"] = own_weights
    try:
        with torch.random.fork_rng(devices=[]), quick_refusal() if hub or _by_hub(name, arguments) else nullcontext():
            torch.manual_seed(seed)
            network = make(**arguments)
    except InputError:
        raise
    except Exception as error:  # whatever a network's constructor raises
        if hub and _is_of_downloads(error):
            raise not_there(name, error) from error
        if _is_of_downloads(error):
            raise InputError(
                f"the weights of model '{name}' ({has_own_weights(model)}) are not on this machine and cannot "
                f"be downloaded ({error}); give a file with --checkpoint FILE"
            ) from error
        raise InputError(
            f"model '{name}' cannot be built with {arguments or 'no arguments'}: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(f"model '{name}' gives {type(network).__name__}, not a torch.nn.Module")
    return network.eval()


def _is_of_downloads(error):
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in DOWNLOADERS


def _by_hub(name, arguments):
    """Whether timm would ask the Hub for weights."""
    return name.startswith("timm::") and bool(arguments.get("pretrained"))


def takes(name, argument):
    """Whether the function that makes the network called ``name`` has such a parameter."""
    return argument in inspect.signature(_function(name)).parameters


def _function(name):
    """The function that makes the network called ``name``."""
    library, _, own = name.rpartition("::")
    if library == "torchvision":
        from torchvision import models

        if own not in models.list_models():
            raise InputError(
                f"torchvision has no model '{own}'{near_names(own, models.list_models())} "
                "torchvision.models.list_models() lists them"
            )
        return lambda **arguments: models.get_model(own, **{"weights": None, **_quick(own, models), **arguments})
    if library == "timm":
        timm = timm_package(name)
        if not timm.is_model(own):
            raise InputError(
                f"timm has no model '{own}'{near_names(own, timm.list_models())} timm.list_models() lists them"
            )
        return lambda **arguments: timm.create_model(own, **{"pretrained": False, **arguments})
    if on_hub(name):
        timm = timm_package(name)
        return lambda **arguments: timm.create_model(name, **arguments)
    module, _, own = name.partition(":")
    if library or not own:
        raise InputError(f"model '{name}' is not understood; expected {FORMS}")
    try:
        found = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises
        said = error if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        known = [f"{__name__}.{m.name}" for m in pkgutil.iter_modules(__path__)]
        raise InputError(
            f"model '{name}': cannot import {module} ({said}){near_names(module, known)} "
            f"The project's own are in {', '.join(known)}"
        ) from error
    if not callable(getattr(found, own, None)):
        known = [n for n, f in vars(found).items() if callable(f) and getattr(f, "__module__", "") == module]
        raise InputError(
            f"model '{name}': {module} has no function '{own}'{near_names(own, known)} It has {', '.join(known)}"
        )
    return getattr(found, own)


def _quick(name, models):
    """Arguments of torchvision's networks that spare a download of parts, and a minute of drawing initial weights."""
    known = inspect.signature(models.get_model_builder(name)).parameters
    return {
        **({"init_weights": False} if name in ("googlenet", "inception_v3") else {}),
        **{key: None for key in BACKBONE if key in known},
    }
