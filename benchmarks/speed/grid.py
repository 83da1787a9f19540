"""How long every kind of code takes on heavy and light networks: method x network x T, over T forwards of the ANN (ours).

Beside each simulation, as `snn(x)` makes it, the same with `count=False`: what is left is the counting.
"""

import time

import adafire

from .grid_page import MEASURE, PLAIN
from .measures import ann
from .records import Speed
from .timing import interleaved

METHODS = ("burst", "snn-calibration", "adafire-signed", "dcgs", "ours", "fs")
TIMESTEPS = (1, 4, 8)
OPTIONS = {"burst": dict(phi_plus=4, phi_minus=4)}
"""Signed bursts, as in measures.py: the count-form neuron that costs most."""


def grid(case, rounds, clock=time.perf_counter, methods=METHODS, timesteps=TIMESTEPS):
    """Speed records of every method and T on a case: simulations with and without counting. Only its first sample calibrates, for
    time depends on thresholds where a code rests or leaves out what is silent: little where few neurons are above them."""
    for method in methods:
        for t in timesteps:
            snn = adafire.convert(
                case.network, case.x[:1], method=method, timesteps=t, forward=case.forward, **OPTIONS.get(method, {})
            )
            reference, folded = ann(case, t)
            times = interleaved(
                {
                    "ann": reference,
                    MEASURE: lambda snn=snn: snn(case.x),
                    PLAIN: lambda snn=snn: snn(case.x, count=False),
                },
                rounds,
                clock,
            )
            over = f"{t} ANN forwards, fp32, channels_last, {folded} batch norms folded"
            for name in (MEASURE, PLAIN):
                yield Speed.of(case, f"{name}: {method}", times[name], times["ann"], timesteps=t, over=over)
