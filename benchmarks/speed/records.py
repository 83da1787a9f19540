"""Speed records: one JSON file a measurement, and what every one of them says of where it was made."""

import json
import os
import re
import time
from typing import ClassVar

import torch
from pydantic import BaseModel

from adafire.errors import InputError

from ..running import environment
from ..running.store import write_whole
from .timing import ratio

FOLDER, PAGE = "speed", "SPEED.md"
"""Of the records and of the page, in a folder of results."""
REFUSED, GROWTH, BEFORE = "refused", "growth", "before"
"""Folders in ``FOLDER``: what could not be converted, cost as work grows, and the grid of an earlier state."""


class Made(BaseModel):
    """Where and when a record was made. clock: 'wall', or 'cpu' for time of the processor (older records do not say: wall). load:
    processes that wanted to run, on average over the minute before (about ``threads`` if quiet)."""

    folder: ClassVar[str] = ""
    schema_version: int = 1
    clock: str = "wall"
    threads: int
    load: float
    date: str
    hardware: dict
    versions: dict
    git: dict

    @classmethod
    def here(cls, **given):
        """A record that is made now, in this process."""
        return cls(
            threads=torch.get_num_threads(),
            load=_load(),
            date=time.strftime("%Y-%m-%d"),
            hardware=environment.hardware(),
            versions=environment.versions(),
            git=environment.git(),
            **given,
        )

    @property
    def how(self):
        """'2 threads, by the clock'"""
        return how(self.threads, self.clock)

    @property
    def still_holds(self):
        """Whether the code that was measured is the code that is here, on this machine, as far as the history tells: a record made
        with changes that were not committed never does."""
        here = self.hardware == environment.hardware() and self.versions == environment.versions()
        return here and self.git["dirty"] is False and environment.unchanged_since(self.git["commit"], *MEASURED)


MEASURED = ("adafire", "adapters", "benchmarks/zoo", "benchmarks/speed", ":!benchmarks/speed/*page.py")
"""Folders of the code on which times depend; what writes pages does not count."""


def how(threads, clock):
    """'2 threads, by the clock'"""
    return f"{threads} thread{'s' * (threads > 1)}, " + ("by the clock" if clock == "wall" else "time of the processor")


class Refusal(Made):
    """A network that a method, or another library, could not convert, and why."""

    folder: ClassVar[str] = REFUSED
    case: str
    method: str
    why: str

    def line(self):
        """What the command line says."""
        return f"{self.case:18s} {self.method}: not converted: {self.why}"

    @property
    def filename(self):
        return slug(f"{self.case} {self.method}")


class Speed(Made):
    """seconds, reference_seconds: medians; ratio: median over paired rounds, low and high its quartiles. unit 'bytes': of
    memory, not seconds. asked: rounds that were asked for (0: not known). parts: seconds of each part of what was taken, summed
    over the rounds (parts.py); None where that was not looked at."""

    case: str
    measure: str
    over: str
    timesteps: int
    batch: int
    precision: str = "fp32"
    unit: str = "seconds"
    taken: float
    reference: float
    ratio: float
    low: float
    high: float
    rounds: int
    asked: int = 0
    note: str = ""
    parts: dict[str, float] | None = None

    @classmethod
    def of(cls, case, measure, times, reference, **given):
        """From the Times of both sides."""
        r = ratio(times, reference)
        return cls._of_case(
            case,
            measure=measure,
            taken=times.median,
            reference=reference.median,
            ratio=r.median,
            low=r.low,
            high=r.high,
            rounds=len(times.seconds),
            clock=times.clock,
            **given,
        )

    @classmethod
    def once(cls, case, measure, taken, reference, **given):
        """From one number for each side."""
        quotient = taken / reference
        return cls._of_case(
            case,
            measure=measure,
            taken=taken,
            reference=reference,
            ratio=quotient,
            low=quotient,
            high=quotient,
            rounds=1,
            **given,
        )

    @classmethod
    def _of_case(cls, case, **given):
        return cls.here(case=case.name, batch=len(case.x), **given)

    def line(self):
        """What the command line says."""
        if self.unit == "bytes":
            amounts = f"{self.taken / 1e6:.0f} MB, reference {self.reference / 1e6:.0f} MB"
        else:
            amounts = f"{self.taken:.3f} s, reference {self.reference:.3f} s"
        return (
            f"{self.case:18s} {self.measure}: ratio {self.ratio:.2f} [{self.low:.2f}, {self.high:.2f}] to {self.over} "
            f"({amounts}; batch {self.batch}, {self.how}, {self.rounds} rounds)"
            + (f"; {self.note}" if self.note else "")
        )

    @property
    def filename(self):
        return filename(self.case, self.measure, self.timesteps, self.threads, self.clock)


def filename(case, measure, timesteps, threads, clock="wall"):
    """Of the record of a measurement."""
    return slug(f"{case} {measure} t{timesteps} {threads}" + (" cpu" if clock == "cpu" else ""))


def slug(text):
    """A file name ending in .json."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()) + ".json"


def _load():
    """Processes that wanted to run, on average over the last minute; 0 where the system does not count them (Windows)."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def save(record, folder):
    """Write one record into the folder ``speed``, or into one in it; an older one of the same measurement is replaced."""
    write_whole(folder / record.folder / record.filename, json.dumps(record.model_dump(), indent=1) + "\n")


def load_all(folder, model=Speed):
    """Every record of a folder, by file name. InputError names a file that is none."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(model.model_validate_json(path.read_text(encoding="utf-8")))
        except ValueError as error:
            first = str(error).splitlines()[0]
            raise InputError(f"{path} is no record of this kind ({first}); measure again, or delete it") from error
    return found


def kept(folder, name, rounds, model=Speed):
    """The record of that file name where the code it measured is the code that is here, and it was made with as many rounds; else
    None: it is to be measured."""
    path = folder / name
    if not path.is_file():
        return None
    try:
        record = model.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return record if getattr(record, "asked", rounds) >= rounds and record.still_holds else None
