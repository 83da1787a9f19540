"""The page of all speed records, and the pictures in it."""

from pathlib import Path

from ..running.store import write_whole
from . import before, gpu_page, grid_page, growth_page, parts_page
from .growth import Growth
from .records import BEFORE, FOLDER, GROWTH, PAGE, REFUSED, Refusal, load_all


def write_page(out):
    """Write ``out``/SPEED.md from the records in ``out``/speed, and beside them the pictures."""
    folder = Path(out) / FOLDER
    records, growth = load_all(folder), load_all(folder / GROWTH, Growth)
    grid_page.heats(records, folder)
    growth_page.pictures(growth, folder / GROWTH)
    text = page(
        records,
        f"{Path(out).as_posix()}/{FOLDER}",
        load_all(folder / REFUSED, Refusal),
        load_all(folder / BEFORE),
        growth,
    )
    write_whole(Path(out) / PAGE, text)


def page(records, folder="results/speed", refusals=(), earlier=(), growth=()):
    """The page as text."""
    elsewhere = grid_page.of_grid(records) + parts_page.of_parts(records)
    rows = [
        "# Speed",
        "",
        f"Written by `python tools/run_speed.py --save`, from the records in `{folder}/`. A ratio is the "
        "median over rounds in which both sides ran one after the other in one process, with its quartiles; load is the "
        "machine's in the minute before (about the number of threads where nothing else ran).",
        "",
    ]
    others = [r for r in records if r not in elsewhere]
    rows += [
        "| network | measured | over | batch | T | ratio | quartiles | median | reference | rounds | timed | load |",
        "|---|---|---|---:|---:|---:|---|---:|---:|---:|---|---:|",
    ] * bool(others)
    for r in others:
        amount = (lambda v: f"{v / 1e6:.0f} MB") if r.unit == "bytes" else (lambda v: f"{v:.3f} s")
        note = f"; {r.note}" if r.note else ""
        rows.append(
            f"| {r.case} | {r.measure}{note} | {r.over} | {r.batch} | {r.timesteps} | **{r.ratio:.2f}** | {r.low:.2f} to "
            f"{r.high:.2f} | {amount(r.taken)} | {amount(r.reference)} | {r.rounds} | {r.how} | {r.load:.1f} |"
        )
    machines = sorted({f"{r.hardware['cpu']}, torch {r.versions['torch']}, {r.date}" for r in [*records, *growth]})
    sections = [
        *grid_page.table(records, refusals),
        *before.table(earlier, records),
        *parts_page.table(records),
        *growth_page.table(growth),
        *gpu_page.table(),
    ]
    return "\n".join([*rows, *[""] * bool(others), *sections, *(f"* {machine}" for machine in machines)]) + "\n"
