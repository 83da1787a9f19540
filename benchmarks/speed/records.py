"""Speed records: one JSON file a measurement, and the table that is rendered from them."""

import json
import os
import re
import time
from pathlib import Path

import torch
from pydantic import BaseModel

from ..running import environment
from ..running.store import write_whole
from . import grid_page
from .timing import ratio

FOLDER, PAGE = "speed", "SPEED.md"
"""Of the records and of the table, in a folder of results."""


class Speed(BaseModel):
    """seconds, reference_seconds: medians; ratio: median over paired rounds, low and high its quartiles. unit 'bytes': of
    memory, not seconds. load: processes that wanted to run, on average over the minute before (about ``threads`` if quiet)."""

    schema_version: int = 1
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
    note: str = ""
    threads: int
    load: float
    date: str
    hardware: dict
    versions: dict
    git: dict

    @classmethod
    def of(cls, case, measure, times, reference, **given):
        """From the Times of both sides."""
        r = ratio(times, reference)
        return cls._made(
            case,
            measure=measure,
            taken=times.median,
            reference=reference.median,
            ratio=r.median,
            low=r.low,
            high=r.high,
            rounds=len(times.seconds),
            **given,
        )

    @classmethod
    def once(cls, case, measure, taken, reference, **given):
        """From one number for each side."""
        quotient = taken / reference
        return cls._made(
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
    def _made(cls, case, **given):
        return cls(
            case=case.name,
            batch=len(case.x),
            threads=torch.get_num_threads(),
            load=_load(),
            date=time.strftime("%Y-%m-%d"),
            hardware=environment.hardware(),
            versions=environment.versions(),
            git=environment.git(),
            **given,
        )

    def line(self):
        """What the command line says."""
        if self.unit == "bytes":
            amounts = f"{self.taken / 1e6:.0f} MB, reference {self.reference / 1e6:.0f} MB"
        else:
            amounts = f"{self.taken:.3f} s, reference {self.reference:.3f} s"
        return (
            f"{self.case:18s} {self.measure}: ratio {self.ratio:.2f} [{self.low:.2f}, {self.high:.2f}] to {self.over} "
            f"({amounts}; batch {self.batch}, {self.threads} threads, {self.rounds} rounds)"
            + (f"; {self.note}" if self.note else "")
        )

    @property
    def filename(self):
        return (
            re.sub(r"[^a-z0-9]+", "-", f"{self.case} {self.measure} t{self.timesteps} {self.threads}".lower()) + ".json"
        )


def _load():
    """Processes that wanted to run, on average over the last minute; 0 where the system does not count them (Windows)."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def save(record, folder):
    """Write one record; an older one of the same measurement is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / record.filename).write_text(json.dumps(record.model_dump(), indent=1) + "\n", encoding="utf-8")


def load_all(folder):
    """Every record of a folder, by file name."""
    return [Speed.model_validate_json(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def write_page(out):
    """Write ``out``/SPEED.md from the records in ``out``/speed, and beside them the picture of the grid, if there is one."""
    records = load_all(Path(out) / FOLDER)
    grid_page.heat(records, Path(out) / FOLDER / "grid.png")
    write_whole(Path(out) / PAGE, table(records, f"{Path(out).as_posix()}/{FOLDER}"))


def table(records, folder="results/speed"):
    """The page: one row a measurement."""
    rows = [
        "# Speed",
        "",
        f"Written by `python tools/run_speed.py --save`, from the records in `{folder}/`. A ratio is the "
        "median over rounds in which both sides ran one after the other in one process, with its quartiles; load is the "
        "machine's in the minute before (about the number of threads where nothing else ran).",
        "",
        "| network | measured | over | batch | T | ratio | quartiles | median | reference | threads | load |",
        "|---|---|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    of_grid = [r for r in records if r.measure.startswith(grid_page.MEASURE)]
    for r in (r for r in records if r not in of_grid):
        amount = (lambda v: f"{v / 1e6:.0f} MB") if r.unit == "bytes" else (lambda v: f"{v:.3f} s")
        note = f"; {r.note}" if r.note else ""
        rows.append(
            f"| {r.case} | {r.measure}{note} | {r.over} | {r.batch} | {r.timesteps} | **{r.ratio:.2f}** | "
            f"{r.low:.2f} to {r.high:.2f} | {amount(r.taken)} | {amount(r.reference)} | {r.threads} | {r.load:.1f} |"
        )
    machines = sorted({f"{r.hardware['cpu']}, torch {r.versions['torch']}, {r.date}" for r in records})
    shown = ["![A simulation over T forwards, by network, method and T](speed/grid.png)", ""] if of_grid else []
    return "\n".join([*rows, "", *grid_page.table(of_grid), *shown, *machines]) + "\n"
