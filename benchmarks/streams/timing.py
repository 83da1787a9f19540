"""How fast a stream is on this machine, without rivals beside it: never mixed with energy, which is counted and not timed."""

import statistics
import time
from typing import NamedTuple

import torch

from .families import FAMILIES


class Times(NamedTuple):
    """Medians in ms over the frames after the first: stream, of a call with its counting; answer, of reading boxes or masks out
    of its outputs; network, of the network itself on the same frame. first: of the stream's first call after its plan was made;
    frames; threads that torch had."""

    stream: float
    answer: float
    network: float
    first: float
    frames: int
    threads: int


def timed(workload, snn, film, zone=0.0):
    """Times on a Film. Frames are read and prepared between the measurements, and one is run before them."""
    FAMILIES[workload.family].attach(workload, film)
    found, first = {"stream": [], "answer": [], "network": []}, None
    with snn.stream(zone=zone) as stream, torch.no_grad():
        for batch in workload.load((i, film.path(i)) for i in film.ids):
            if first is None:
                stream(batch.inputs)  # the plan for this size, and its proof
                workload.forward(workload.network, batch.inputs)
                stream.reset()
            outputs, ms = _ms(lambda: stream(batch.inputs))
            first = ms if first is None else first
            found["stream"].append(ms)
            found["answer"].append(_ms(lambda: workload.predict(outputs, batch))[1])
            found["network"].append(_ms(lambda: workload.forward(workload.network, batch.inputs))[1])
    middle = {name: statistics.median(values[1:]) for name, values in found.items()}
    return Times(**middle, first=first, frames=len(found["stream"]), threads=torch.get_num_threads())


def _ms(work):
    begin = time.perf_counter()
    result = work()
    return result, 1000 * (time.perf_counter() - begin)


def table(rows):
    """(headers, lines) of (speed, dead zone, Times)."""
    headers = [
        "speed",
        "zone",
        "frames",
        "threads",
        "stream, ms",
        "frames a second",
        "with answers",
        "first, ms",
        "network, ms",
    ]
    return headers, [
        [
            "-" if speed is None else f"{speed:g}",
            f"{zone:g}",
            *map(str, (t.frames, t.threads)),
            f"{t.stream:.1f}",
            f"{1000 / t.stream:.1f}",
            f"{1000 / (t.stream + t.answer):.1f}",
            *(f"{v:.1f}" for v in (t.first, t.network)),
        ]
        for speed, zone, t in rows
    ]
