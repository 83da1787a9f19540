"""How much memory a timestep takes, and running out of it: told apart from other errors, and said with the figure that was wanted."""

import math
import re
from contextlib import contextmanager

import torch

from ..errors import AdafireError
from ..graph import specs_in


class OutOfMemory(AdafireError):
    """Memory ran out; the message says how much more was wanted, and how much there was."""


_WANTED = re.compile(r"tried to allocate ([\d.]+) ?(bytes|[KMG]iB)?", re.IGNORECASE)
_OTHERS = (
    "cannot allocate memory",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "can't start new thread",
    "could not create a primitive",
    "could not create a memory",
)  # the last two: oneDNN's
_UNITS = {"bytes": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def ran_out(error):
    """Whether an exception means that there was no memory: Python's, torch's of the CPU or a GPU, the C library's."""
    text = str(error).lower()
    return (
        isinstance(error, (MemoryError, OutOfMemory, torch.OutOfMemoryError))
        or isinstance(error, (RuntimeError, OSError))
        and any(words in text for words in _OTHERS)
    )


def words(error):
    """'0.54 GB more were wanted; the process held 3.40 GB of the 4.29 GB that it may have', as far as it is known."""
    found = _WANTED.search(str(error))
    more = (
        f"{float(found[1]) * _UNITS[(found[2] or 'bytes').lower()] / 1e9:.3g} GB more were wanted"
        if found
        else str(error)[:200] or "more was wanted than there is"
    )
    if isinstance(error, torch.OutOfMemoryError):
        return f"{more} on the GPU; torch held {torch.cuda.max_memory_allocated() / 1e9:.3g} GB there"
    try:
        import resource
    except ImportError:  # not on Windows
        return more
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    limits = [resource.getrlimit(which)[0] for which in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    limits = [limit / 1e9 for limit in limits if limit != resource.RLIM_INFINITY]
    bound = f", and may have {min(limits):.3g} GB, libraries included" if limits else ""
    return f"{more}; the process held up to {held:.3g} GB{bound}"


@contextmanager
def told(what, way_out):
    """An error of memory goes on as OutOfMemory: ``what`` needed it, the figures, and the ``way_out``."""
    try:
        yield
    except Exception as error:
        if not ran_out(error) or isinstance(error, OutOfMemory):
            raise
        raise OutOfMemory(f"memory ran out {what}: {words(error)}; {way_out}") from error


def bytes_of_a_step(plan):
    """Bytes that one timestep of a ``Plan`` holds at its fullest (``step_bytes``)."""
    calls = plan.trace.calls
    last = {c.index: max(c.consumers, default=c.index) for c in calls}
    shared = plan.owned | set(plan.joined) | plan.skipped
    for call in reversed(calls):
        if call.index in shared and call.index not in plan.peaked:
            for source in call.inputs:
                last[source] = max(last.get(source, 0), last[call.index])
    live = peak = 0
    ending = {}
    for call in calls:
        if call.region == "steps" and call.index not in shared | plan.peaked:
            size = sum(math.prod(s.shape) * s.dtype.itemsize for s in specs_in(call.template))
            live += size
            ending[last[call.index]] = ending.get(last[call.index], 0) + size
        peak = max(peak, live)
        live -= ending.pop(call.index, 0)
    return max(peak, 1)
