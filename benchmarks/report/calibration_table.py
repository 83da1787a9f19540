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


def plot(rows):
    """Figure of matplotlib: points below the ANN against the number of calibration samples, a panel a task; None without rows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tasks = sorted({(r.task, r.variant, r.scored) for r in rows})
    if not tasks:
        return None
    figure = Figure(figsize=(4.2 * len(tasks), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (task, variant, scored) in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks):
        own = [r for r in rows if (r.task, r.variant, r.scored) == (task, variant, scored)]
        ann = next(r for r in own if r.method == "ann")
        for name, t, source in lines_of(own):
            sizes = sorted({r.samples for r in own if r.samples and at(own, name, t, source, r.samples)})
            below = [
                [100 * (ann.value - r.value) for r in at(own, name, t, source, n) if r.value is not None] for n in sizes
            ]
            shown = [(n, b) for n, b in zip(sizes, below) if b]
            its, means = look(name), [fmean(b) for _, b in shown]
            axes.errorbar(
                [n for n, _ in shown],
                means,
                yerr=[[m - min(b) for m, (_, b) in zip(means, shown)], [max(b) - m for m, (_, b) in zip(means, shown)]],
                label=f"{name}, T={t}: {source_words(source)}",
                color=its["color"],
                marker=its["marker"],
                linestyle={"own": "-", "noise": ":"}.get(source, "--"),
                elinewidth=0.6,
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(
            sorted({r.samples for r in own if r.samples}),
            labels=map(str, sorted({r.samples for r in own if r.samples})),
        )
        axes.set_yscale("symlog", linthresh=1)
        axes.set(xlabel="calibration samples", title=f"{task} ({variant}), {scored:,} scored")
        axes.legend()
    figure.axes[0].set_ylabel("points below the ANN (mean and span of draws)")
    return figure
