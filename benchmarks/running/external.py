"""Rows of spiking networks that other code makes and runs; ours counts them (adafire/external). Methods of kind 'external':

- those of other libraries' converters, each under its name, with its options: ``spikingjelly:recipe=local_threshold_balancing``;
- ``external``: a module that a variant of a task names (``snn=``), trained as a spiking network or converted elsewhere. Of several
  the first, or ``external:snn=NAME``.
"""

import inspect
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import adafire
from adafire.errors import InputError
from adafire.external import CONVERTERS
from adafire.registry import near_names
from adapters.base import Workload
from adapters.models import build, takes
from adapters.shared.checkpoints import describe_weights, load_into, load_state_dict
from adapters.shared.downloads import checkpoint_file

MODULE = "external"
OWN = {"torch", "adafire", "adapters", "benchmarks", "builtins"}
"""Packages whose versions records hold anyway."""


@dataclass(frozen=True)
class External:
    """What the runner asks of a method. options: as they stand in its name."""

    name: str
    source: str
    options: dict = field(default_factory=dict)
    kind = "external"
    anytime = True

    def check(self):
        """InputError where a package or an option is missing that can be known without data."""

    def quantiser_levels(self, timesteps, limit):
        """Values above 0 of a neuron that sends up to ``limit`` spikes a step."""
        return timesteps * limit


@dataclass(frozen=True)
class Converted(External):
    """Another library's converter on the workload's own network."""

    @classmethod
    def of(cls, base, options):
        made = CONVERTERS.get(base)
        return cls(
            _named(base, options), (inspect.getdoc(made.make) or "a plug-in's converter").split("\n")[0], options
        )

    @property
    def base(self):
        return self.name.partition(":")[0]

    @property
    def anytime(self):
        """Whether one simulation serves every T."""
        return CONVERTERS.get(self.base).anytime(self.options)

    def check(self):
        adafire.external.check(self.base, self.options)

    def parameters(self, timesteps=None):
        """Its library with its version, and all options that it names."""
        return {
            "library": adafire.external.library(self.base),
            **CONVERTERS.get(self.base).defaults(),
            **self.options,
        }

    def convert(self, workload, calibration, timesteps, seed):
        """An ExternalSNN; UnsupportedError with the library's own message."""
        snn = adafire.external.convert(
            workload.network,
            calibration.inputs,
            self.base,
            timesteps,
            _forward(workload),
            seed=seed,
            **self.options,
        )
        snn.notes.append(("" if self.anytime else f"T={timesteps}: ") + snn.made_by)
        return snn


@dataclass(frozen=True)
class Module(External):
    """A module that a variant names; ``bound`` builds it. facts: what it is, for the record."""

    module: Any = None
    facts: dict = field(default_factory=dict)

    @classmethod
    def of(cls, options):
        unknown = [key for key in options if key not in ("snn", "scale")]
        if unknown:
            raise InputError(
                f"method {MODULE} has no option {unknown[0]!r}{near_names(unknown[0], ['snn', 'scale'])} Known: snn, scale"
            )
        return cls(_named(MODULE, options), "the spiking module that a variant of the task names (snn=)", options)

    def bound(self, variant, workload):
        """This method with its module on the workload's device. InputError where the variant names none, or it cannot be built."""
        named = variant.modules()
        if not named:
            raise InputError(
                f"method {self.name}: this variant of the task names no spiking module; give it snn='package.module:function'"
            )
        key = str(self.options.get("snn", next(iter(named))))
        if key not in named:
            raise InputError(
                f"method {self.name}: the variant has no module {key!r}{near_names(key, named)} It has {', '.join(named)}"
            )
        module, facts = built(named[key], next((p.device for p in workload.network.parameters()), "cpu"))
        return Module(self.name, self.source, self.options, module, {"snn": key, **facts})

    def parameters(self, timesteps=None):
        """The module with its arguments, the hash of its weights, versions of the packages that its parts are of, and the scale of its spikes."""
        return {**self.facts, "scale": self.options.get("scale")}

    def convert(self, workload, calibration, timesteps, seed):
        """The module as an ExternalSNN; there is nothing to convert."""
        return adafire.ExternalSNN(self.module, timesteps, _forward(workload), self.options.get("scale"), seed=seed)


def built(spec, device="cpu"):
    """(module in eval mode, {'module', 'arguments', 'weights', 'libraries'}). spec: 'package.module:function', or a dict of 'name', its
    arguments, and a 'checkpoint' that the function takes itself, or that is loaded into what it gives."""
    arguments = {"name": spec} if isinstance(spec, str) else dict(spec)
    checkpoint = arguments.pop("checkpoint", None)
    file, state = checkpoint and checkpoint_file(checkpoint), None
    if file and takes(arguments["name"], "checkpoint"):
        module = build({**arguments, "checkpoint": str(file)}, own_weights=True)
    else:
        module = build(arguments)
        if file:
            state, _ = load_state_dict(file)
            load_into(module, state)
    weights = describe_weights(Path(str(checkpoint)).name if checkpoint else "the module's own", module)
    homes = {type(part).__module__.split(".")[0] for part in module.modules()} - OWN
    facts = {
        "module": arguments.pop("name"),
        "arguments": arguments,
        "weights": weights,
        "libraries": [f"{home} {version}" for home in sorted(homes) if (version := _version(home))],
    }
    return module.to(torch.device(device)).eval(), facts


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _forward(workload):
    """How the workload calls its network, where that is a way of its own."""
    return None if type(workload).forward is Workload.forward else workload.forward


def _named(base, options):
    return ":".join([base, *(f"{key}={options[key]}" for key in sorted(options))])
