"""How long every kind of code takes on heavy and light networks: method x network x T, over T forwards of the ANN (ours).

Beside each simulation, as `snn(x)` makes it, the same with `count=False`: what is left is the counting. As a further method
SpikingJelly's own multi-step, which counts nothing, where it converts a network.
"""

import time

import torch

import adafire
from adafire.errors import UnsupportedError

from .grid_page import MEASURE, PLAIN
from .measures import ann
from .peers import NotConverted, spikingjelly
from .records import Refusal, Speed
from .timing import interleaved

METHODS = ("burst", "snn-calibration", "adafire-signed", "dcgs", "ours", "fs")
PEER = "spikingjelly"
TIMESTEPS = (1, 4, 8)
OPTIONS = {"burst": dict(phi_plus=4, phi_minus=4)}
"""Signed bursts, as in measures.py: the count-form neuron that costs most."""
PATIENCE_S = 30.0
"""Seconds after which a cell is not measured again, if it has its fewest rounds (timing.py)."""


def grid(case, rounds, clock=time.perf_counter, methods=METHODS, timesteps=TIMESTEPS, have=lambda measure, t: False):
    """Speed records of every method and T on a case: simulations with and without counting; a Refusal for a method that does not
    convert it. Only its first sample calibrates, for time depends on thresholds where a code rests or leaves out what is silent:
    little where few neurons are above them. have(measure, t): whether a cell is to be left out."""
    for method in methods:
        for t in timesteps:
            if have(f"{MEASURE}: {method}", t):
                continue
            try:
                functions = simulations(case, method, t)
            except (NotConverted, UnsupportedError) as error:
                yield Refusal.here(case=case.name, method=method, why=str(error))
                break
            reference, folded = ann(case, t)
            times = interleaved({"ann": reference, **functions}, rounds, clock, PATIENCE_S)
            over = over_what(t, folded)
            for name in functions:
                yield Speed.of(
                    case, f"{name}: {method}", times[name], times["ann"], timesteps=t, over=over, asked=rounds
                )


def simulations(case, method, t):
    """{measure: function that simulates the case} of a method, or of SpikingJelly. NotConverted says why that cannot be."""
    if method == PEER:
        return {MEASURE: spikingjelly(case, t, torch.channels_last)}
    snn = converted(case, method, t)
    return {MEASURE: lambda: snn(case.x), PLAIN: lambda: snn(case.x, count=False)}


def converted(case, method, t):
    """The SNN of a case by a method of the grid."""
    return adafire.convert(
        case.network, case.x[:1], method=method, timesteps=t, forward=case.forward, **OPTIONS.get(method, {})
    )


def over_what(t, folded):
    """What times of the grid are divided by, in words."""
    return f"{t} ANN forwards, fp32, channels_last, {folded} batch norms folded"
