"""One point of growth.py, measured in this process: ``python -m benchmarks.speed.growth_point '[WORK, METHOD, ROUNDS, CLOCK, THREADS]'``."""

import ctypes
import json
import sys
import time
import warnings

PATIENCE_S = 4.0
"""Seconds after which a point has rounds enough (timing.FEWEST at least)."""


def measure(work, method, rounds, clock):
    """{sites, seconds, forward, rounds, held_bytes, chunk} of a ``growth.Work``."""
    import torch
    from torchvision.models import get_model

    import adafire

    from .cases import Case, call
    from .measures import ann
    from .timing import interleaved

    torch.manual_seed(0)
    network = get_model(f"resnet{work.depth}", weights=None, num_classes=work.classes).eval()
    case = Case(f"resnet{work.depth}", network, torch.randn(work.batch, 3, work.side, work.side), call)
    convert = lambda data: adafire.convert(
        network, data, method=method, timesteps=work.timesteps, forward=call, memory_gb=work.memory_gb
    )
    forward, _ = ann(case, 1)
    if work.conversion:
        data = list(case.x.split(16))
        forward()
        times = interleaved({"ann": forward}, rounds, clock, PATIENCE_S)
        held, (snn, seconds) = held_during(lambda: _timed(convert, data, clock))
        done, chunk = 1, 0
    else:
        snn = convert(case.x[:1])
        chunk = snn.plan(case.x).chunk(work.memory_gb)
        held, _ = held_during(lambda: snn(case.x))
        times = interleaved({"ann": forward, "snn": lambda: snn(case.x)}, rounds, clock, PATIENCE_S)
        seconds, done = times["snn"].median, len(times["snn"].seconds)
    return {
        "sites": len(snn.sites),
        "seconds": seconds,
        "forward": times["ann"].median,
        "rounds": done,
        "held_bytes": held,
        "chunk": chunk,
    }


def _timed(convert, data, clock):
    start = clock()
    snn = convert(data)
    return snn, clock() - start


def held_during(function):
    """(most bytes resident while ``function()`` ran, over those before, its result)."""
    from ..running.environment import PeakMemory

    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # what is free already would be used first, and not be seen
    except (OSError, AttributeError):
        pass
    mark = PeakMemory()
    if not mark.known:
        raise OSError("this system does not tell a process its peak memory (/proc/self/clear_refs)")
    before = mark.read_mb()
    result = function()
    return (mark.read_mb() - before) * 1e6, result


def main():
    """Print what one point gave, as JSON, on the last line."""
    warnings.filterwarnings("ignore")
    import torch

    from .growth import Work

    work, method, rounds, clock, threads = json.loads(sys.argv[1])
    torch.set_num_threads(threads)
    found = measure(Work(*work), method, rounds, time.process_time if clock == "cpu" else time.perf_counter)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
