"""Shares of a simulation's parts (parts.py), as a table; and of the cells of the grid that cost most."""

from .grid_page import MEASURE as GRID
from .grid_page import groups, method_of
from .records import how

MEASURE = "parts"
"""Name of the measure, before the method's (parts.py)."""


def of_parts(records):
    """Those records that have parts."""
    return [r for r in records if r.parts is not None]


def percents(parts):
    """{part: whole percent} of {part: seconds}, which add up to 100: the largest remainders are rounded up.

    >>> percents({"a": 1.0, "b": 1.0, "c": 1.0})
    {'a': 34, 'b': 33, 'c': 33}
    """
    total = sum(parts.values())
    exact = {part: 100 * seconds / total for part, seconds in parts.items()}
    down = {part: int(value) for part, value in exact.items()}
    short = 100 - sum(down.values())
    up = sorted(exact, key=lambda part: down[part] - exact[part])[:short]
    return {part: value + (part in up) for part, value in down.items()}


def worst(records, n=3):
    """[(cell of the grid, record of its parts or None)] of the ``n`` cells with the largest ratio, of every number of threads and
    clock."""
    parts = {(r.case, method_of(r), r.timesteps, r.threads, r.clock): r for r in of_parts(records)}
    found = []
    for group in groups([r for r in records if r.measure.startswith(f"{GRID}: ")]).values():
        cells = sorted((r for r in group if method_of(r) != "spikingjelly"), key=lambda r: -r.ratio)[:n]
        found += [(r, parts.get((r.case, method_of(r), r.timesteps, r.threads, r.clock))) for r in cells]
    return found


def table(records, n=3):
    """Markdown lines: percent of a simulation's time by part, a row a cell, the worst cells in words; nothing without records."""
    mine = of_parts(records)
    if not mine:
        return []
    rows = [
        "## Where the time goes",
        "",
        "`python tools/run_speed.py --only parts`: percent of the time of a simulation that counts and is read out, by what it is spent",
        "on. Pooling: every operator on running means, normalisations and attention included; structure: additions, concatenations",
        "and what else has no weights; what kernels count while they simulate is the neurons'; Python: the rest.",
        "",
    ]
    for (threads, clock), group in groups(mine).items():
        names = list(dict.fromkeys(name for r in group for name in r.parts))
        rows += [
            f"### Parts, {how(threads, clock)}",
            "",
            "| network | method | T | over T forwards | " + " | ".join(names) + " | rounds | load |",
            "|---|---|---:|---:|" + "---:|" * len(names) + "---:|---:|",
        ]
        for r in sorted(group, key=lambda r: (r.case, method_of(r), r.timesteps)):
            shares = percents(r.parts)
            cells = " | ".join(str(shares.get(name, "-")) for name in names)
            rows.append(
                f"| {r.case} | {method_of(r)} | {r.timesteps} | {r.ratio:.2f} | {cells} | {r.rounds} | {r.load:.1f} |"
            )
        rows.append("")
    found = worst(records, n)
    if found:
        rows += ["Cells of the grid that cost most:", ""]
    for cell, parts in found:
        shares = percents(parts.parts) if parts else {}
        said = ", ".join(f"{name} {share} %" for name, share in sorted(shares.items(), key=lambda s: -s[1]) if share)
        rows.append(
            f"* {cell.case}, {method_of(cell)}, T = {cell.timesteps}, {cell.how}: {cell.ratio:.2f}; "
            f"{said or 'its parts are not measured'}"
        )
    return [*rows, ""] if found else rows
