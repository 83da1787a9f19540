"""The grid beside the grid of an earlier state of the code: two folders of records, matched cell by cell."""

import shutil

from adafire.errors import InputError

from .grid_page import MEASURE, PLAIN, groups, method_of, of_grid
from .records import BEFORE, how, load_all


def pairs(before, after):
    """[(record before, record after)] of the cells of the grid that both have, measured with the same batch, threads and clock."""
    key = lambda r: (r.case, r.measure, r.timesteps, r.batch, r.threads, r.clock)
    earlier = {key(r): r for r in of_grid(before)}
    return [(earlier[key(r)], r) for r in of_grid(after) if key(r) in earlier]


def table(before, after):
    """Markdown lines: ratio before -> after, and the later over the earlier, of every cell that both have; nothing where there is
    none."""
    found = pairs(before, after)
    if not found:
        return []
    rows = [
        "## Before and after",
        "",
        "Ratios of the grid before -> after, and in brackets the later over the earlier; a row of outputs only is without counting.",
        f"Before: {_where([b for b, _ in found])}. After: {_where([a for _, a in found])}.",
        "",
    ]
    for key, group in groups([a for _, a in found]).items():
        cells = {(a.case, a.measure, a.timesteps): (b, a) for b, a in found if (a.threads, a.clock) == key}
        steps = sorted({t for _, _, t in cells})
        rows += [
            f"### Before and after, {how(*key)}",
            "",
            "| network | method | counting | " + " | ".join(f"T = {t}" for t in steps) + " |",
            "|---|---|---|" + "---:|" * len(steps),
        ]
        for case, method in dict.fromkeys((a.case, method_of(a)) for a in group):
            for name, said in ((MEASURE, "yes"), (PLAIN, "no")):
                mine = [cells.get((case, f"{name}: {method}", t)) for t in steps]
                if any(mine):
                    rows.append(f"| {case} | {method} | {said} | {' | '.join(map(_cell, mine))} |")
        rows.append("")
    return rows


def _cell(pair):
    if pair is None:
        return "-"
    before, after = pair
    return f"{before.ratio:.2f} -> {after.ratio:.2f} ({after.ratio / before.ratio:.2f})"


def _where(records):
    """'commit 0123456789 (2026-01-31, AMD EPYC, torch 2.0)' of every state that records come from."""
    of = lambda r: (
        f"commit {(r.git['commit'] or 'unknown')[:10]}{' with changes' if r.git['dirty'] else ''} "
        f"({r.date}, {r.hardware['cpu']}, torch {r.versions['torch']})"
    )
    return ", ".join(sorted({of(r) for r in records}))


def earlier(folder):
    """Records of the grid in a folder of records. InputError where there is none."""
    if not folder.is_dir():
        raise InputError(
            f"--against {folder}: no such folder; give one of records, such as runs/speed of an earlier state"
        )
    found = of_grid(load_all(folder))
    if not found:
        raise InputError(
            f"--against {folder}: no records of the grid are in it; python tools/run_speed.py --only grid --save writes some"
        )
    return found


def keep(folder, speed):
    """Copy the records of the grid in ``folder`` into ``speed``/before, as they are; what was there goes."""
    inner = speed / BEFORE
    names = [r.filename for r in earlier(folder)]
    if inner.resolve() == folder.resolve():
        return
    shutil.rmtree(inner, ignore_errors=True)
    inner.mkdir(parents=True)
    for path in folder.glob("*.json"):
        if path.name in names:
            shutil.copyfile(path, inner / path.name)
