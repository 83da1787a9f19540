"""What is measured: each function prints nothing and returns speed records (``records.Speed``)."""

import json
import subprocess
import sys
import time

import torch

import adafire
from adafire.errors import InputError

from ..running.task import PROJECT
from .ann import best_layout
from .cases import load
from .records import Speed
from .timing import interleaved

METHOD = dict(method="burst", phi_plus=4, phi_minus=4)
"""Signed bursts: the neuron that costs most. Thresholds matter to nothing here."""


def conversion(case, timesteps, **options):
    """The SNN of a case; only its first sample calibrates."""
    return adafire.convert(case.network, case.x[:1], timesteps=timesteps, forward=case.forward, **METHOD, **options)


def ann(case, timesteps):
    """(function that runs ``timesteps`` forwards of the network in its best layout, number of batch norms folded)."""
    network, folded, x = best_layout(case.network, case.x, case.forward)

    @torch.no_grad()
    def run():
        for _ in range(timesteps):
            case.forward(network, x)

    return run, folded


def simulation(case, timesteps, rounds, precisions=("fp32",), spikingjelly=False, clock=time.perf_counter):
    """Simulations of T steps, metered and read out, over T forwards of the ANN (fp32); SpikingJelly's over ours."""
    reference, folded = ann(case, timesteps)
    functions = {"ann": reference}
    for precision in precisions:
        snn = conversion(case, timesteps, precision=precision)
        functions[precision] = lambda snn=snn: snn(case.x)
    peers = {}
    if spikingjelly:
        from .peers import spikingjelly as peer

        peers = {
            f"spikingjelly{suffix}": peer(case, timesteps, layout)
            for suffix, layout in (("", torch.contiguous_format), (" channels_last", torch.channels_last))
        }
    times = interleaved(functions | peers, rounds, clock)
    made = [
        Speed.of(
            case,
            f"simulation {p}",
            times[p],
            times["ann"],
            timesteps=timesteps,
            precision=p,
            over=f"{timesteps} ANN forwards, fp32, channels_last, {folded} batch norms folded",
        )
        for p in precisions
    ]
    made += [
        Speed.of(case, name, times[name], times["fp32"], timesteps=timesteps, over="our simulation, fp32")
        for name in peers
    ]
    return made


def curve(case, timesteps, rounds, clock=time.perf_counter):
    """One simulation read out and metered at 1, 2, 4, ... T, and at every T, over the one read out at T alone."""
    snn = conversion(case, timesteps)
    some = [1]
    while some[-1] * 2 <= timesteps:
        some.append(some[-1] * 2)
    some = (*some, *(() if some[-1] == timesteps else (timesteps,)))
    every = tuple(range(1, timesteps + 1))
    functions = {
        "one": lambda: snn(case.x, at=(timesteps,)),
        "curve": lambda: snn(case.x, at=some),
        "every": lambda: snn(case.x, at=every),
    }
    times = interleaved(functions, rounds, clock)
    return [
        Speed.of(
            case,
            f"curve at {','.join(map(str, some))}",
            times["curve"],
            times["one"],
            timesteps=timesteps,
            over=f"one simulation read out at {timesteps}",
        ),
        Speed.of(
            case,
            f"curve at every T to {timesteps}",
            times["every"],
            times["one"],
            timesteps=timesteps,
            over=f"one simulation read out at {timesteps}",
        ),
    ]


_PEAK = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import torch
from benchmarks.running.environment import PeakMemory
from benchmarks.speed.cases import load
from benchmarks.speed.measures import conversion
mark = PeakMemory()  # not getrusage: its mark begins with the parent's memory
torch.set_num_threads(int(sys.argv[3]))
case = load(sys.argv[1])
snn = conversion(case, 8)
before = mark.read_mb()
steps = int(sys.argv[2])
snn(case.x, at=(steps,))
print(json.dumps([before * 1e6, mark.read_mb() * 1e6, snn.plan(case.x).chunk(snn.memory_gb)]))
"""


def peak_bytes(name, timesteps):
    """(peak of the process before the simulation, after it, timesteps a chunk), in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, name, str(timesteps), str(torch.get_num_threads())],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"the process that measures memory failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def memory(name, few=8, many=256):
    """Peak memory of the whole process at many timesteps over that at few."""
    case = load(name)
    (_, low, chunk), (_, high, _) = peak_bytes(name, few), peak_bytes(name, many)
    return [
        Speed.once(
            case,
            f"peak memory at T={many}",
            high,
            low,
            timesteps=many,
            unit="bytes",
            over=f"peak at T={few}",
            note=f"whole process; chunks of {chunk} steps",
        )
    ]


def search(case, samples=64, timesteps=4, batch=16):
    """Time of AdaFire's whole conversion with its search for firing limits, in simulations of all samples."""
    inputs = list(torch.randn(samples, *case.x.shape[1:]).split(batch))
    plain = conversion(case, timesteps)
    start = time.perf_counter()
    for x in inputs:
        plain(x)
    single = time.perf_counter() - start
    start = time.perf_counter()
    snn = adafire.convert(case.network, inputs, method="adafire-layers", timesteps=timesteps, forward=case.forward)
    total = time.perf_counter() - start
    candidates, equivalents = snn.method.candidates, snn.found["search"]["simulations"]
    return [
        Speed.once(
            case,
            f"conversion with search, {len(candidates)} candidates, {samples} samples",
            total,
            single,
            timesteps=timesteps,
            over=f"one simulation of the {samples} samples",
            note=f"the search counts {equivalents:.1f} simulations of all samples",
        )
    ]
