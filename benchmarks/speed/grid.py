"""How long every kind of code takes on heavy and light networks: method x network x T, over T forwards of the ANN (ours).

Beside each simulation, as `snn(x)` makes it, the same with `count=False`: what is left is the counting; and where asked for, where
the time goes (parts.py). As a further method SpikingJelly's own multi-step, which counts nothing, where it converts a network.
"""

import time

import torch

import adafire
from adafire.errors import UnsupportedError

from .grid_page import MEASURE, PLAIN
from .measures import ann
from .parts import apart, summed
from .parts_page import MEASURE as PARTS
from .peers import NotConverted, spikingjelly
from .records import Refusal, Speed
from .timing import interleaved

METHODS = ("burst", "snn-calibration", "adafire-signed", "dcgs", "ours", "fs")
PEER = "spikingjelly"
TIMESTEPS = (1, 4, 8)
OPTIONS = {"burst": dict(phi_plus=4, phi_minus=4)}
"""Signed bursts, as in measures.py: the count-form neuron that costs most."""
CALIBRATION = 16
PATIENCE_S = 30.0
"""Seconds after which a cell is not measured again, if it has its fewest rounds (timing.py)."""


def grid(
    case,
    rounds,
    clock=time.perf_counter,
    methods=METHODS,
    timesteps=TIMESTEPS,
    wanted=(MEASURE,),
    have=lambda measure, t: False,
):
    """Speed records of every method and T on a case: simulations with and without counting, and, where ``wanted`` has 'parts', with
    the seconds of their parts, all in turns; a Refusal for a method that does not convert it. Other samples of the same kind calibrate,
    for a code that rests takes as long as there are values beyond its thresholds: those of what it was not calibrated on.
    have(measure, t): whether a cell is to be left out."""
    for method in methods:
        for t in timesteps:
            measures = [name for name in wanted if not have(f"{name}: {method}", t)]
            seen = []
            try:
                functions = _functions(case, method, t, measures, clock, seen)
            except (NotConverted, UnsupportedError) as error:
                yield Refusal.here(case=case.name, method=method, why=str(error))
                break
            if functions:
                yield from _measured(case, method, t, functions, rounds, clock, seen)


def _functions(case, method, t, measures, clock, seen):
    """{measure: function that simulates the case} of a method, or of SpikingJelly. NotConverted says why that cannot be."""
    if method == PEER:
        return {MEASURE: spikingjelly(case, t, torch.channels_last)} if MEASURE in measures else {}
    if not measures:
        return {}
    snn = converted(case, method, t)
    simulate = lambda: snn(case.x)
    of_grid = {MEASURE: simulate, PLAIN: lambda: snn(case.x, count=False)} if MEASURE in measures else {}
    return of_grid | ({PARTS: apart(simulate, clock, seen)} if PARTS in measures else {})


def _measured(case, method, t, functions, rounds, clock, seen):
    reference, folded = ann(case, t)
    times = interleaved({"ann": reference, **functions}, rounds, clock, PATIENCE_S)
    for name in functions:
        counted = seen[-len(times[name].seconds) :]  # without those that warmed up
        yield Speed.of(
            case,
            f"{name}: {method}",
            times[name],
            times["ann"],
            timesteps=t,
            over=f"{t} ANN forwards, fp32, channels_last, {folded} batch norms folded",
            asked=rounds,
            parts=summed(counted) if name == PARTS else None,
        )


def converted(case, method, t):
    """The SNN of a case by a method of the grid, calibrated on ``CALIBRATION`` other samples."""
    shape, generator = (CALIBRATION, *case.x.shape[1:]), torch.Generator().manual_seed(1)
    others = list(torch.randn(shape, generator=generator).split(len(case.x)))
    return adafire.convert(
        case.network, others, method=method, timesteps=t, forward=case.forward, **OPTIONS.get(method, {})
    )
