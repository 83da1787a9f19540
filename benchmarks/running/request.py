"""What a run is asked for, checked before any data is loaded."""

import importlib
import re
from typing import NamedTuple

import torch

from adafire.errors import InputError
from adafire.registry import near_names
from adafire.simulation.precision import PRECISIONS
from adapters.base import WorkloadOptions, adapters

from ..text import safe_name
from .methods import check, get
from .task import PROJECT, check_timesteps

ADAPTERS = PROJECT / "adapters"


class RunOptions(NamedTuple):
    """How to run. ``workload``: data, weights, device and seed, as the adapters take them; save_snn: a folder for what is
    converted (keep.py), or None; rivals: with the networks that every spiking row is compared with (rivals.py); only_draw: of
    several draws the one that is run, counted from 1."""

    workload: WorkloadOptions = WorkloadOptions()
    precision: str = "fp32"
    rerun: bool = False
    save_snn: str | None = None
    rivals: bool = False
    only_draw: int | None = None


def check_request(task, methods=None, timesteps=None, options=RunOptions()):
    """(methods without 'ann', timesteps ascending), checked; InputError for what cannot be run. Loads no data."""
    asked = list(task.methods if methods is None else methods)
    for name in asked:
        if asked.count(name) > 1:
            raise InputError(f"method {name!r} is asked for twice")
    methods = dict.fromkeys(method.name for method in map(get, asked))  # a method can have a second name
    try:
        for name in methods:
            safe_name(name)  # a record would not take it
    except ValueError as error:
        raise InputError(f"method {name!r}: expected {error}") from None
    for name in methods:
        check(get(name))
    try:
        timesteps = sorted(check_timesteps(list(task.timesteps if timesteps is None else timesteps)))
    except ValueError as error:
        raise InputError(f"timesteps: expected {error}") from None
    if options.precision not in PRECISIONS:
        raise InputError(
            f"unknown precision {options.precision!r}{near_names(options.precision, PRECISIONS)} "
            f"Known: {', '.join(PRECISIONS)}"
        )
    if options.workload.device not in ("cpu", "cuda"):
        raise InputError(f"unknown device {options.workload.device!r}; expected cpu or cuda")
    if options.workload.device == "cuda" and not torch.cuda.is_available():
        built = "sees no GPU" if torch.version.cuda else "is built without CUDA"
        raise InputError(
            f"--device cuda: this torch ({torch.__version__}) {built}; leave --device out to run on the CPU"
        )
    if options.workload.limit is not None and options.workload.limit < 1:
        raise InputError(f"limit: found {options.workload.limit}, expected 1 sample or more")
    draws = options.workload.draws or task.draws
    if options.only_draw is not None and not 1 <= options.only_draw <= draws:
        raise InputError(
            f"draw {options.only_draw} of {draws}: expected one from 1 to {draws}; for others give --draws N"
        )
    return [name for name in methods if name != "ann"], timesteps


def find_adapter(name):
    """The adapter registered under ``name``; adapters/<name>.py, or <name>.py in a family's folder, is imported if need be."""
    if name not in adapters.names() and name.isidentifier():
        for path in (*ADAPTERS.glob(f"{name}.py"), *ADAPTERS.glob(f"*/{name}.py")):
            importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    if name not in adapters.names():
        known = sorted(
            {
                *adapters.names(),
                *(
                    found
                    for path in (*ADAPTERS.glob("*.py"), *ADAPTERS.glob("*/*.py"))
                    for found in re.findall(r'^@adapters\.register\("(\w+)"\)', path.read_text(), re.MULTILINE)
                ),
            }
        )
        raise InputError(f"unknown adapter {name!r}{near_names(name, known)} Known: {', '.join(known)}")
    return adapters.get(name)
