"""Rows of running/calibration_size.py as a CSV file, as a table, and as a plot; and docs/calibration.md, whose table and plot are those
of results/measured/calibration_size.csv."""

import csv
import io
from itertools import groupby
from statistics import fmean
from typing import get_args, get_type_hints

from adafire.errors import InputError

from ..running.calibration_size import KEY, Point
from ..running.store import write_whole
from ..running.task import PROJECT
from .looks import look, order
from .rendering import between

MEASURED = PROJECT / "results" / "measured" / "calibration_size.csv"
PAGE = PROJECT / "docs" / "calibration.md"
_TYPES = get_type_hints(Point)


def key(point):
    """What determines a row, as ``calibration_size.points`` compares it."""
    return tuple(getattr(point, name) for name in KEY)


def read(path):
    """[Point] of a CSV file; [] where there is none. InputError for a file that holds something else."""
    if path is None or not path.exists():
        return []
    lines = csv.DictReader(line for line in _lines(path) if not line.startswith("#"))
    if tuple(lines.fieldnames or ()) != Point._fields:
        raise InputError(f"'{path.name}' has the columns {lines.fieldnames}; expected {', '.join(Point._fields)}")
    return [_point(line, path) for line in lines]


def _lines(path):
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path.name}' cannot be read ({error}); expected a CSV file that this tool wrote") from error


def _point(line, path):
    values = {}
    for name, text in line.items():
        kind = next((k for k in get_args(_TYPES[name]) if k is not type(None)), _TYPES[name])
        try:
            values[name] = None if text == "" and type(None) in get_args(_TYPES[name]) else kind(text)
        except (TypeError, ValueError) as error:
            raise InputError(f"'{path.name}', column {name}: found {text!r}, expected a {kind.__name__}") from error
    return Point(**values)


def write(path, rows):
    """The rows as CSV, whole or not at all; lines of remarks (#) with which the file begins stay."""
    text = io.StringIO()
    remarks = [line for line in _lines(path) if line.startswith("#")] if path.exists() else []
    text.write("".join(f"{line}\n" for line in remarks))
    out = csv.writer(text, lineterminator="\n")
    out.writerow(Point._fields)
    out.writerows([["" if value is None else _short(value) for value in row] for row in rows])
    write_whole(path, text.getvalue())


def page(rows, text):
    """``text`` of docs/calibration.md with the table between its marks."""
    return between(text, "calibration", "\n".join(table(rows)), "docs/calibration.md")


def _short(value):
    return repr(round(value, 6)) if isinstance(value, float) else value


def table(rows):
    """Lines of Markdown: a table a task, a line a method and source, a column a number of samples; mean and span over draws, in points
    below the ANN."""
    lines = []
    for (task, variant, scored), found in groupby(
        sorted(rows, key=lambda r: (r.task, r.variant, r.scored)), lambda r: (r.task, r.variant, r.scored)
    ):
        own = list(found)
        ann = next((r for r in own if r.method == "ann"), None)
        if ann is None or ann.value is None:
            continue
        sizes = sorted({r.samples for r in own if r.samples})
        lines += ["", f"{task} ({variant}), {scored:,} scored samples, {ann.metric} of the ANN {ann.value:.3f}:", ""]
        lines += [
            "| method | T | calibrated on | " + " | ".join(map(str, sizes)) + " |",
            "|---|---:|---|" + "---:|" * len(sizes),
        ]
        for name, t, source in lines_of(own):
            cells = [_cell(ann, at(own, name, t, source, size)) for size in sizes]
            lines.append(f"| {name} | {t} | {source_words(source)} | " + " | ".join(cells) + " |")
    return lines[1:]


def lines_of(rows):
    """[(method, T, source)] in the order of tables and plots."""
    rank = {"own": 0, "noise": 2}
    found = {(r.method, r.timesteps, r.source) for r in rows if r.samples}
    return sorted(found, key=lambda entry: (order(entry[0]), entry[1], rank.get(entry[2], 1), entry[2]))


def at(rows, name, timesteps, source, samples):
    """Those of one cell: its draws."""
    return [r for r in rows if (r.method, r.timesteps, r.source, r.samples) == (name, timesteps, source, samples)]


def source_words(source):
    """How a source is called in tables."""
    return {"own": "the task's own", "noise": "noise"}.get(source, f"pictures of {source}")


def _cell(ann, draws):
    if not draws:
        return "-"
    if any(r.value is None for r in draws):
        return "refused"
    below = [100 * (ann.value - r.value) for r in draws]
    return f"{fmean(below):.1f}" + (f" ({min(below):.1f} to {max(below):.1f})" if len(below) > 1 else "")


LOOKS = {"own": ("-", None), "noise": (":", "silver"), "other": ("--", "white")}
"""By source: style of the line, and what fills its markers (None: their colour)."""


def plot(rows):
    """Figure of matplotlib: points below the ANN against the number of calibration samples, a panel a task; None without rows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    tasks = sorted({(r.task, r.variant, r.scored) for r in rows})
    if not tasks:
        return None
    figure = Figure(figsize=(4.2 * len(tasks), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, place in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks):
        _panel(axes, place, [r for r in rows if (r.task, r.variant, r.scored) == place])
    figure.axes[0].set_ylabel("points below the ANN (mean and span of draws)")
    methods = sorted({(r.method, r.timesteps) for r in rows if r.samples}, key=lambda entry: order(entry[0]))
    looks = [(f"{name}, T={t}", look(name)) for name, t in methods]
    handles = [Line2D([], [], color=its["color"], marker=its["marker"], label=words) for words, its in looks]
    words = {"own": "the task's own", "other": "another task's pictures", "noise": "noise"}
    drawn = [source for source in words if any(_kind(r.source) == source for r in rows if r.samples)]
    handles += [
        Line2D(
            [],
            [],
            color="black",
            marker="o",
            linestyle=LOOKS[s][0],
            markerfacecolor=LOOKS[s][1] or "black",
            label=words[s],
        )
        for s in drawn
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _kind(source):
    return source if source in ("own", "noise") else "other"


def _panel(axes, place, own):
    ann = next(r for r in own if r.method == "ann")
    every = sorted({r.samples for r in own if r.samples})
    for name, t, source in lines_of(own):
        found = [
            (n, [100 * (ann.value - r.value) for r in at(own, name, t, source, n) if r.value is not None])
            for n in every
        ]
        shown = [(n, below) for n, below in found if below]
        its, (line, fill) = look(name), LOOKS[_kind(source)]
        means = [fmean(below) for _, below in shown]
        axes.errorbar(
            [n for n, _ in shown],
            means,
            yerr=[
                [mean - min(below) for mean, (_, below) in zip(means, shown)],
                [max(below) - mean for mean, (_, below) in zip(means, shown)],
            ],
            color=its["color"],
            marker=its["marker"],
            markerfacecolor=fill or its["color"],
            linestyle=line,
            elinewidth=0.6,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(every, labels=map(str, every))
    axes.set_yscale("symlog", linthresh=2)
    ticks = [t for t in (-2, -1, 0, 1, 2, 5, 10, 20, 50) if axes.get_ylim()[0] <= t <= axes.get_ylim()[1]]
    axes.set_yticks(ticks, labels=map(str, ticks))
    axes.set_yticks([], minor=True)
    axes.set(xlabel="calibration samples", title=f"{place[0]} ({place[1]}), {place[2]:,} scored")
