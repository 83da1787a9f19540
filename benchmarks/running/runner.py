"""Run methods on one variant of a task and keep a record of each: finished keys are not run again, a run that fails is
a record too, and Ctrl-C keeps what is done.

Errors that a user can mend (unknown method, missing file, empty calibration set, ...) are raised before the first
simulation; afterwards an exception belongs to its run, and the others go on.
"""

from typing import NamedTuple

from adafire.errors import InputError
from adafire.simulation import memory

from .request import RunOptions, check_request
from .rivals import rivals_of
from .session import Session
from .store import Store
from .task import task_label
from .team import Alone
from .told import Event


class Outcome(NamedTuple):
    """Records of the ANN and of every method asked for, as far as they were reached; keys that were there before."""

    records: list
    cached: set
    interrupted: bool


def run(task, variant, methods=None, timesteps=None, options=RunOptions(), out="runs", on_progress=None, team=Alone()):
    """Outcome of ``methods`` at ``timesteps`` (default: the task's) on the variant named ``variant`` of ``task``.

    Raises AdafireError for what can be known before the first simulation. A KeyboardInterrupt after the first
    simulation began does not go through: Outcome.interrupted is set. team: the processes that share the work (team.py);
    all get the same outcome, the one that leads writes it. With several draws of calibration samples, every method is run on
    each of them, in that order.
    """
    methods, timesteps = check_request(task, methods, timesteps, options)
    tell = on_progress or (lambda event: None)
    tell(Event("loading", task_label(task.name, task.variants[variant].split), text=variant))
    done, cached, interrupted, seen = [], set(), False, set()
    draws = options.workload.draws or task.draws
    for draw in range(draws) if options.only_draw is None else [options.only_draw - 1]:
        drawn = options.workload._replace(draw=draw, draws=draws)
        with memory.told(
            "while network and data were loaded", "a smaller batch_size in the task, or more memory, helps"
        ):
            session = Session(task, variant, timesteps, options._replace(workload=drawn), Store(out), tell, team)
        calibrated_on = session.common["workload"]["calibration"]["fingerprint"]
        if calibrated_on in seen:
            raise InputError(
                f"draw {draw + 1} of {task.name!r} has the calibration samples of an earlier one: its data hold no others, or adapter "
                f"{task.adapter!r} does not heed options.draw; leave --draws out"
            )
        seen.add(calibrated_on)
        for name in methods:
            session.method(name)  # what a variant lacks is told before the first simulation
        rivals = []
        try:
            session.work([] if session.variant.alone else ["ann"])
            session.work(methods)
            rivals = rivals_of(session.records.values()) if options.rivals and not session.variant.alone else []
            session.work(rivals, [1])
        except KeyboardInterrupt:
            interrupted = True
        done += [session.records[name] for name in dict.fromkeys(("ann", *methods, *rivals)) if name in session.records]
        cached |= session.cached
        if interrupted:
            break
    return Outcome(done, cached, interrupted)


def open_session(task, variant, timesteps, options, out, tell=lambda event: None):
    """The session of ``run``, for a program that hands the runs to other processes (sweep.py)."""
    return Session(task, variant, timesteps, options, Store(out), tell)
