"""A stream and its rivals (pricing.py) on the same frames: accuracy, agreement with the ANN, and energy of a frame."""

import time
from typing import NamedTuple

import adafire

from .families import FAMILIES
from .pricing import Seen, entries


class Now(NamedTuple):
    """After a frame. done, of: frames; fps: of all networks together; share: energy of this frame, of the ANN's, under
    horowitz-45nm; alike: mean likeness with the ANN up to here (families.py); prediction, report: of the stream, of this frame."""

    id: int
    done: int
    of: int
    fps: float
    share: float
    alike: float
    prediction: object
    report: object


def networks(workload, method, timesteps, seed=0):
    """(SNN, ANN) of a workload, on one calibration."""
    calibration = adafire.Calibration(workload.calibration())
    convert = lambda method, t: adafire.convert(
        workload.network, calibration, method=method, timesteps=t, forward=workload.forward, seed=seed
    )
    return convert(method, timesteps), convert("ann", 1)


def rivals(snn, ann, zone=0.0, batch=1):
    """(stream, stream told afresh at every call or None, stream of the ANN) at rest."""
    stream = snn.stream(batch=batch, zone=zone)
    afresh = snn.stream(batch=batch, zone=zone, refresh=1) if stream.params is not None else None
    return stream, afresh, ann.stream(batch=batch)


def measured(workload, snn, ann, film, speed=None, zone=0.0, rate=None, tell=lambda now: None):
    """Entries of the stream and its rivals on a Film (films.py). speed, rate: of the film, for the rows; tell(Now): called after
    every frame."""
    family = FAMILIES[workload.family]
    family.attach(workload, film)
    stream, afresh, plain = rivals(snn, ann, zone)
    found, expected, anew, alike, begin = {}, {}, {}, 0.0, time.perf_counter()
    for done, batch in enumerate(workload.load((i, film.path(i)) for i in film.ids), 1):
        answer = lambda network: workload.predict(network(batch.inputs), batch)[0]
        (i,) = batch.ids
        expected[i], found[i] = answer(plain), answer(stream)
        if afresh is not None:
            anew[i] = answer(afresh)
        alike += family.likeness(expected[i], found[i])
        seconds, last = time.perf_counter() - begin, stream.last()
        share = last.energy_pj("horowitz-45nm") / plain.last().energy_pj("horowitz-45nm")
        tell(Now(i, done, len(film.ids), done / seconds, share, alike / done, found[i], last))
    fps = len(found) / (time.perf_counter() - begin)
    score = lambda answers: workload.evaluate(answers).metrics[workload.metric] if film.truth else None
    seen = lambda network, answers: Seen(
        network.report(), score(answers), family.agreement(workload, expected, answers)
    )
    return entries(
        snn.method.name,
        Seen(plain.report(), score(expected)),
        seen(stream, found),
        seen(afresh, anew) if afresh is not None else None,
        fps,
        speed=speed,
        rate=rate,
        zone=zone,
    )
