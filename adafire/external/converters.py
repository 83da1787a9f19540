"""Other libraries' converters on a network: what comes out is run by their own code and counted by ours.

What a converter (registered.py) refuses is an UnsupportedError with its own message. ReLUs and pooling that are functions are
made modules first (as_modules.py).
"""

import contextlib
import importlib
import inspect
import io
import itertools
import re

import torch
from torch import nn

from ..errors import AdafireError, InputError, UnsupportedError
from ..graph import call_network, copied, normal_mode
from .as_modules import as_modules
from .module import ExternalSNN
from .registered import CONVERTERS, check, library, register

_ROBUST = {"mode": "99.9%", "channel_wise": True, "pre_spike_maxpool": True, "half_threshold": True}
"""Options of the rate coding recipe in SpikingJelly's ImageNet example."""
_LTB_UPDATES = 391
"""Batches in SpikingJelly's example of local threshold balancing: 50000 pictures, 128 at once. Its thresholds grow with each."""


@normal_mode
def convert(network, calibration, converter="spikingjelly", timesteps=8, forward=None, verify=True, seed=0, **options):
    """A network converted by another library, as an ``ExternalSNN`` that is called and counted like an ``SNN``.

    network: in eval mode, it stays as it is. calibration: one input, or a list of them, unlabelled. converter: 'spikingjelly', 'sinabs'
    (each a package to be installed), or a plug-in's; options: see its function here. timesteps: T, which a delayed read-out depends on.
    forward(network, x): how the network is called for raw outputs. The result has ``made_by``: library, version and options.

    Raises InputError where the package is absent, UnsupportedError with the library's own message where it refuses the network.
    """
    check(converter, options)
    made_by = library(converter)
    network = copied(network).eval()
    called = network if forward is None or forward is call_network else _Called(network, forward)
    inputs = list(calibration) if isinstance(calibration, (list, tuple)) else [calibration]
    if not inputs:
        raise InputError("calibration holds no inputs; give one input, or a list of them")
    torch.manual_seed(seed)
    called, changed = as_modules(called, inputs[0])
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # bars of progress
            module, read_from, how = CONVERTERS.get(converter).make(called, inputs, timesteps, **options)
    except AdafireError:
        raise
    except Exception as error:
        said = re.sub(r" at 0x[0-9a-f]+", "", str(error))  # where something lies in memory
        raise UnsupportedError(f"{made_by} refuses this network: {type(error).__name__}: {said}") from error
    snn = ExternalSNN(module.eval(), timesteps, verify=verify, seed=seed, read_from=read_from)
    separated = f", {changed} calls made modules of their own first" if changed else ""
    snn.made_by = f"{made_by}, {how}{separated}"
    return snn


def _options_of_recipe(options):
    """Names of what the chosen recipe of SpikingJelly takes besides the data."""
    return list(inspect.signature(_recipes()[_recipe(options.get("recipe", "rate_coding"))]).parameters)[1:]


def _recipes():
    ann2snn = importlib.import_module("spikingjelly.activation_based.ann2snn")
    return {
        "rate_coding": ann2snn.RateCodingRecipe,
        "local_threshold_balancing": ann2snn.LocalThresholdBalancingRecipe,
    }


def _recipe(name):
    if name not in _recipes():
        raise InputError(f"recipe={name!r}; expected {' or '.join(map(repr, _recipes()))}")
    return name


@register(
    "spikingjelly",
    package="spikingjelly",
    more=_options_of_recipe,
    anytime=lambda options: options.get("delay", "auto") != "auto",
)
def spikingjelly(network, inputs, timesteps, recipe="rate_coding", delay="auto", updates=None, **options):
    """SpikingJelly's ``Converter`` with its recipes and its neurons, one spike a step.

    recipe: 'rate_coding' (options: of its RateCodingRecipe; default those of its ImageNet example, 'robust': 99.9 %, a threshold a
    channel, half of it as initial potential; mode=99.5 is its '99.5%'), or 'local_threshold_balancing'. updates: batches that calibrate,
    again and again the same where there are fewer; None: all once for 'rate_coding', for the other 391, as many as its example has. delay: 'auto', what its
    estimate_delay_start returns for T, or the number of steps after which the read-out begins. Source:
    spikingjelly.activation_based.ann2snn and its example imagenet_resnet18_ltb.py.
    """
    ann2snn = importlib.import_module("spikingjelly.activation_based.ann2snn")
    importlib.import_module("spikingjelly.logger").logger.disable("spikingjelly")  # it tells every conversion on stderr
    defaults, usual = {"rate_coding": (_ROBUST, len(inputs))}.get(_recipe(recipe), ({}, _LTB_UPDATES))
    chosen = {**defaults, **options} if options.get("channel_wise", True) else options
    if isinstance(chosen.get("mode"), (int, float)) and chosen["mode"] > 1:
        chosen = {**chosen, "mode": f"{chosen['mode']}%"}
    shown = list(itertools.islice(itertools.cycle(inputs), updates or usual))
    module = ann2snn.Converter(recipe=_recipes()[recipe](dataloader=shown, **chosen)).convert(network)
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    start = ann2snn.estimate_delay_start(module, inputs, device, timesteps) if delay == "auto" else delay
    said = ", ".join([*(f"{key}={value!r}" for key, value in chosen.items()), f"{len(shown)} batches"])
    return module, start, f"recipe {recipe}({said}), read-out after step {start}"


def _options_of_from_model(options):
    """Names of what sinabs' from_model takes besides the network and the steps."""
    from_model = importlib.import_module("sinabs.from_torch").from_model
    return [name for name in inspect.signature(from_model).parameters if name not in ("model", "num_timesteps")]


@register("sinabs", package="sinabs", more=_options_of_from_model, anytime=lambda options: True)
def sinabs(network, inputs, timesteps, **options):
    """sinabs' ``from_model``: every nn.ReLU module becomes integrate-and-fire neurons of threshold 1 that send several spikes a step.

    options: of its from_model. It converts without data. Source: sinabs.from_torch.
    """
    made = importlib.import_module("sinabs.from_torch").from_model(network, num_timesteps=1, **options)
    module = made.spiking_model
    if not any(type(part).__module__.startswith("sinabs.") for part in module.modules()):
        raise UnsupportedError(f"{library('sinabs')} replaces modules that are nn.ReLU, and found none")
    said = ", ".join(["num_timesteps=1", *(f"{key}={value!r}" for key, value in options.items())])
    return module, 0, f"from_model({said})"


class _Called(nn.Module):
    """A network that is called in a way of its own, as a module that takes its input."""

    def __init__(self, network, call):
        super().__init__()
        self.network, self.call = network, call

    def forward(self, x):
        return self.call(self.network, x)
