"""Other libraries' converters on a network: what comes out is run by their own code and counted by ours.

A converter takes (network, inputs to calibrate with, T, options), and gives its spiking module, the step after which its read-out begins,
and a sentence on how it was made. What it refuses is an UnsupportedError with its own message. ReLUs and pooling that
are functions are made modules first (as_modules.py).
"""

import contextlib
import importlib
import io
import itertools
from importlib import metadata

import torch
from torch import nn

from ..errors import AdafireError, InputError, UnsupportedError
from ..graph import call_network, copied, normal_mode
from ..registry import Registry
from .as_modules import as_modules
from .module import ExternalSNN

CONVERTERS = Registry("converter")
_LTB_UPDATES = 391
"""Batches in SpikingJelly's example of local threshold balancing: 50000 pictures, 128 at once. Its thresholds grow with each."""


@normal_mode
def convert(network, calibration, converter="spikingjelly", timesteps=8, forward=None, verify=True, seed=0, **options):
    """A network converted by another library, as an ``ExternalSNN`` that is called and counted like an ``SNN``.

    network: in eval mode, it stays as it is. calibration: one input, or a list of them, unlabelled. converter: 'spikingjelly' or 'sinabs'
    (each a package to be installed); options: see its function here. timesteps: T, which a delayed read-out depends on. forward(network, x):
    how the network is called for raw outputs. The result has ``made_by``: library, version and options.

    Raises InputError where the package is absent, UnsupportedError with the library's own message where it refuses the network.
    """
    make = CONVERTERS.get(converter)
    _check_installed(converter)
    network = copied(network).eval()
    called = network if forward is None or forward is call_network else _Called(network, forward)
    inputs = list(calibration) if isinstance(calibration, (list, tuple)) else [calibration]
    if not inputs:
        raise InputError("calibration holds no inputs; give one input, or a list of them")
    torch.manual_seed(seed)
    called, changed = as_modules(called, inputs[0])
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # bars of progress
            module, read_from, how = make(called, inputs, timesteps, **options)
    except AdafireError:
        raise
    except Exception as error:
        said = f"{converter} {metadata.version(converter)} refuses this network: {type(error).__name__}: {error}"
        raise UnsupportedError(said) from error
    snn = ExternalSNN(module.eval(), timesteps, verify=verify, seed=seed, read_from=read_from)
    separated = f", {changed} calls made modules of their own first" if changed else ""
    snn.made_by = f"{converter} {metadata.version(converter)}, {how}{separated}"
    return snn


@CONVERTERS.register("spikingjelly")
def spikingjelly(network, inputs, timesteps, recipe="rate_coding", delay="auto", updates=None, **options):
    """SpikingJelly's ``Converter`` with its recipes and its neurons, one spike a step.

    recipe: 'rate_coding' (options: of its RateCodingRecipe; default those of its ImageNet example, 'robust': 99.9 %, a threshold a
    channel, half of it as initial potential), or 'local_threshold_balancing'. updates: batches that calibrate, again and again the same
    where there are fewer; None: all once for 'rate_coding', for the other 391, as many as its example has. delay: 'auto', what its
    estimate_delay_start returns for T, or the number of steps after which the read-out begins. Source:
    spikingjelly.activation_based.ann2snn and its example imagenet_resnet18_ltb.py.
    """
    ann2snn = importlib.import_module("spikingjelly.activation_based.ann2snn")
    robust = {"mode": "99.9%", "channel_wise": True, "pre_spike_maxpool": True, "half_threshold": True}
    recipes = {
        "rate_coding": (ann2snn.RateCodingRecipe, robust, len(inputs)),
        "local_threshold_balancing": (ann2snn.LocalThresholdBalancingRecipe, {}, _LTB_UPDATES),
    }
    if recipe not in recipes:
        raise InputError(f"recipe={recipe!r}; expected {' or '.join(map(repr, recipes))}")
    make, defaults, usual = recipes[recipe]
    chosen = {**defaults, **options} if options.get("channel_wise", True) else options
    shown = list(itertools.islice(itertools.cycle(inputs), updates or usual))
    module = ann2snn.Converter(recipe=make(dataloader=shown, **chosen)).convert(network)
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    start = ann2snn.estimate_delay_start(module, inputs, device, timesteps) if delay == "auto" else delay
    said = ", ".join([*(f"{key}={value!r}" for key, value in chosen.items()), f"{len(shown)} batches"])
    return module, start, f"recipe {recipe}({said}), read-out after step {start}"


@CONVERTERS.register("sinabs")
def sinabs(network, inputs, timesteps, **options):
    """sinabs' ``from_model``: every nn.ReLU module becomes integrate-and-fire neurons of threshold 1 that send several spikes a step.

    options: of its from_model. It converts without data. Source: sinabs.from_torch.
    """
    made = importlib.import_module("sinabs.from_torch").from_model(network, num_timesteps=1, **options)
    module = made.spiking_model
    if not any(type(part).__module__.startswith("sinabs.") for part in module.modules()):
        raise UnsupportedError(f"sinabs {metadata.version('sinabs')} replaces modules that are nn.ReLU, and found none")
    said = ", ".join(["num_timesteps=1", *(f"{key}={value!r}" for key, value in options.items())])
    return module, 0, f"from_model({said})"


class _Called(nn.Module):
    """A network that is called in a way of its own, as a module that takes its input."""

    def __init__(self, network, call):
        super().__init__()
        self.network, self.call = network, call

    def forward(self, x):
        return self.call(self.network, x)


def _check_installed(name):
    """InputError where a package is not there."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"the converter {name!r} needs the package {name} ({error}); pip install 'adafire[{name}]'"
        ) from error
    if name == "spikingjelly":  # it tells every conversion on stderr
        importlib.import_module("spikingjelly.logger").logger.disable("spikingjelly")
