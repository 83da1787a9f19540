"""Cost as work grows: time and memory of simulations and conversions against one quantity, all else the same (ours).

Every point is measured in a process of its own (growth_point.py), for memory that a process held once is not seen again.
"""

import json
import math
import subprocess
import sys
import time
from typing import ClassVar, NamedTuple

from adafire.errors import InputError

from ..running.task import PROJECT
from .records import GROWTH, Made, slug

METHOD = "ours"


class Work(NamedTuple):
    """What one point does. depth: of a ResNet; side: pixels along an edge; conversion: it is converted, with ``batch`` samples, not
    simulated; memory_gb: the bound that it is given."""

    depth: int = 18
    side: int = 64
    batch: int = 2
    classes: int = 1000
    timesteps: int = 4
    memory_gb: float = 0.5
    conversion: bool = False


class Axis(NamedTuple):
    """points: ((x, Work), ...); None as x: the number of sites, which the point tells."""

    title: str
    points: tuple


def _axis(title, name, values, **given):
    return Axis(title, tuple((float(value), Work(**{**given, name: value})) for value in values))


_DEPTHS = (18, 34, 50, 101, 152)


def _sites(title, **given):
    return Axis(title, tuple((None, Work(depth=depth, **given)) for depth in _DEPTHS))


AXES = {
    "timesteps": _axis("timesteps", "timesteps", [1, 4, 16, 64, 256]),
    "batch": _axis("samples a batch", "batch", [1, 2, 8, 32]),
    "pixels": Axis("pixels", tuple((float(n * n), Work(side=n, batch=1)) for n in (32, 64, 128, 256, 448))),
    "sites": _sites("sites of neurons", batch=1),
    "classes": _axis("outputs", "classes", [10, 100, 1000, 10_000]),
    "memory": _axis("memory_gb", "memory_gb", [0.1, 0.3, 0.9], side=224, batch=8, timesteps=8),
    "conversion-samples": _axis("calibration samples", "batch", [4, 8, 16, 64], conversion=True),
    "conversion-sites": _sites("sites of neurons, conversion", batch=4, conversion=True),
}
"""What grows: ResNets (of torchvision, random weights) on 64 x 64 pixels, two samples, T = 4 unless it is that which grows."""


class Growth(Made):
    """One point. seconds: of a simulation, or a conversion (median); forward: of one forward of the ANN on the same samples, in its
    best layout; held_bytes: peak of memory over what was resident before; memory_gb: the bound that was given; chunk: timesteps at
    once (of a conversion: 0)."""

    folder: ClassVar[str] = GROWTH
    axis: str
    x: float
    method: str
    work: dict
    sites: int
    seconds: float
    forward: float
    rounds: int
    held_bytes: float
    memory_gb: float
    chunk: int

    @property
    def forwards(self):
        """Time in forwards of the ANN on the same samples, T of them for a simulation."""
        return self.seconds / self.forward / (1 if self.work["conversion"] else self.work["timesteps"])

    @property
    def filename(self):
        return _filename(self.axis, Work(**self.work), self.method, self.threads, self.clock)

    def line(self):
        """What the command line says."""
        of = "passes over the samples" if self.work["conversion"] else f"times {self.work['timesteps']} ANN forwards"
        return (
            f"{self.axis:18s} {self.x:g}: {self.seconds:.3f} s, {self.forwards:.2f} {of}, {self.held_bytes / 1e6:.0f} MB held, "
            f"bound {1e3 * self.memory_gb:.0f} MB ({self.method}, {self.how}, {self.rounds} rounds)"
        )


def _filename(axis, work, method, threads, clock):
    said = " ".join(f"{name} {value}" for name, value in work._asdict().items() if value is not False)
    return slug(f"{axis} {said} {method} {threads}" + (" cpu" if clock == "cpu" else ""))


def growth(
    axes, rounds, clock=time.perf_counter, methods=(METHOD,), have=lambda filename: False, tell=lambda text: None
):
    """Growth records of every point of the named axes. have(filename): whether a point is to be left out; tell: is given a line
    before each."""
    import torch

    kind, threads = "cpu" if clock is time.process_time else "wall", torch.get_num_threads()
    todo = [(name, x, work, method) for method in methods for name in axes for x, work in AXES[name].points]
    for number, (name, x, work, method) in enumerate(todo, 1):
        if have(_filename(name, work, method, threads, kind)):
            continue
        tell(f"[{number}/{len(todo)}] {name}, " + (f"ResNet-{work.depth}" if x is None else f"{x:g}"))
        found = point(work, method, rounds, kind, threads)
        yield Growth.here(
            clock=kind,
            axis=name,
            x=found["sites"] if x is None else x,
            method=method,
            work=work._asdict(),
            memory_gb=work.memory_gb,
            **found,
        )


def point(work, method, rounds, clock="wall", threads=1):
    """{sites, seconds, forward, rounds, held_bytes, chunk} of one point, from a process of its own. InputError where that fails."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.growth_point", json.dumps([work, method, rounds, clock, threads])],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise InputError(f"the process that measures {work} failed: {said[:300]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def fit(xs, ys):
    """(exponent, constant): y = constant * (x / smallest x) ** exponent, by least squares of logarithms; numbers above 0."""
    start = min(xs)
    us, vs = [math.log(x / start) for x in xs], [math.log(y) for y in ys]
    u, v = sum(us) / len(us), sum(vs) / len(vs)
    spread = sum((a - u) ** 2 for a in us)
    if not spread:
        raise InputError("a slope needs two different sizes")
    slope = sum((a - u) * (b - v) for a, b in zip(us, vs)) / spread
    return slope, math.exp(v - slope * u)
