"""Where the time of a simulation goes: layers, neurons, pooling, structure, counting, read-out, and what is left, Python (ours).

The functions of the library in which a part is done are replaced by ones that also look at the clock; the library itself knows
nothing of it. A part within another belongs to the outer one, except counting, which is told apart everywhere. What kernels count
while they simulate neurons is part of the neurons.
"""

import functools
import time
from contextlib import contextmanager

from adafire.cost import Meter
from adafire.errors import InputError
from adafire.graph import RECURRENT, weighs
from adafire.simulation import loop, planned, steps
from adafire.simulation.plan import Plan
from adafire.simulation.state import Run
from adafire.simulation.steps import StepPass

PARTS = ("layers", "neurons", "pooling", "structure", "counting", "read-out", "Python")
"""pooling: all operators that act on running means (normalisations and attention, too); structure: additions, concatenations and
whatever else has no weights; Python: what no other part has, overhead of torch's dispatcher included."""


def part_of(call):
    """Of a call that is computed as it is."""
    return "layers" if weighs(call) or call.op.startswith("conv") or call.op in RECURRENT else "structure"


HOOKS = (
    (Plan, "compute", None),
    (StepPass, "_over_time", None),
    (StepPass, "_rate", "pooling"),
    (StepPass, "_count", "counting"),
    (Run, "fire", "neurons"),
    (Run, "peak", "neurons"),
    (Run, "graded", "neurons"),
    (steps, "nonzero", "counting"),
    (planned, "nonzero", "counting"),
    (Meter, "add", "counting"),
    (loop, "read_out", "read-out"),
)
"""(class or module, name, part); None: ``part_of`` the call that is the first argument."""


class Clocked:
    """Seconds of every part; ``within(part)`` is entered where it begins."""

    def __init__(self, clock=time.perf_counter):
        self.clock, self.seconds, self.inside, self.since = clock, dict.fromkeys(PARTS, 0.0), ["Python"], clock()

    @contextmanager
    def within(self, part):
        """What runs inside belongs to ``part``, or to the part that it is in already."""
        outer = self.inside[-1]
        stays = outer == "counting" or outer not in ("Python", "layers", "structure") and part != "counting"
        self._turn()
        self.inside.append(outer if stays else part)
        try:
            yield
        finally:
            self._turn()
            self.inside.pop()

    def _turn(self):
        now = self.clock()
        self.seconds[self.inside[-1]] += now - self.since
        self.since = now

    def stop(self):
        """{part: seconds} since it was made."""
        self._turn()
        return self.seconds


@contextmanager
def watched(clock=time.perf_counter):
    """A Clocked that sees what simulations spend while inside."""
    clocked, before = Clocked(clock), []
    try:
        for owner, name, part in HOOKS:
            function = vars(owner).get(name)
            if function is None:
                raise InputError(
                    f"{getattr(owner, '__name__', owner)}.{name} is where {part or 'a call'} was timed, and is no more; say in "
                    "benchmarks/speed/parts.py what took its place"
                )
            before.append((owner, name, function))
            setattr(owner, name, _timed(function, part, clocked))
        yield clocked
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def _timed(function, part, clocked):
    @functools.wraps(function)
    def timed(*args, **kwargs):
        with clocked.within(part or part_of(args[1])):
            return function(*args, **kwargs)

    return timed


def apart(function, clock, seen):
    """A function that does what ``function`` does, and adds {part: seconds} to the list ``seen``."""

    def watch():
        with watched(clock) as clocked:
            function()
            seen.append(clocked.stop())

    return watch


def summed(seen):
    """{part: seconds} of several simulations together."""
    return {part: sum(each[part] for each in seen) for part in PARTS}
