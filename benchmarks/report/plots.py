"""PNG plots for papers as a function of records: accuracy against timesteps, against energy with the Pareto front, and
firing rates by site; one of each for every table. The same bytes for the same records and version of matplotlib.
"""

import contextlib
import io
import math

from ..running.record import SPIKING
from .looks import look, order
from .page import content

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.5,
    "axes.axisbelow": True,
    "legend.fontsize": 6.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "svg.hashsalt": "adafire",
    "text.usetex": False,
    "axes.formatter.useoffset": False,
}


def images(records):
    """{file name below plots/: bytes of a PNG}"""
    found, pages = {}, content(records)
    with _our_style():
        for table in pages["tables"]:
            stem = (
                "".join(c if c.isalnum() or c in "_-." else "-" for c in table["label"]).replace("--", "-").strip("-")
            )
            for kind, draw in (("timesteps", _timesteps), ("energy", _energy), ("rates", _rates)):
                figure = draw(table, pages["models"][0])
                if figure is not None:
                    found[f"{stem}-{kind}.png"] = _png(figure)
    return found


def picture(draw):
    """Bytes of a PNG of the figure that ``draw()`` makes, or None where it makes none."""
    with _our_style():
        figure = draw()
        return None if figure is None else _png(figure)


@contextlib.contextmanager
def _our_style():
    import matplotlib
    from matplotlib import style

    with matplotlib.rc_context(), style.context("default"):  # nobody's matplotlibrc changes a committed plot
        matplotlib.rcParams.update(STYLE)
        yield


def front(points):
    """Points (x, y) that no other beats in both, by rising x.

    >>> front([(1, 0.2), (2, 0.1), (3, 0.5), (3, 0.4)])
    [(1, 0.2), (3, 0.5)]
    """
    best = []
    for point in sorted(points, key=lambda p: (p[0], -p[1])):
        if not best or point[1] > best[-1][1]:
            best.append(point)
    return best


def _png(figure):
    """Few colours and no date: a tenth of the bytes, and the same ones each time."""
    from PIL import Image

    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", metadata={"Software": None})
    picture = Image.open(whole).convert("RGB").quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    picture.save(small, format="png", optimize=True)
    return small.getvalue()


def _axes(table, title):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(f"{_plain(table['label'])}\n{title}")
    return figure, axes


def _plain(text):
    return str(text).replace("$", r"\$")  # no mathematics in names


def _lines(axes, table, x):
    """One line a method, with its 95 % intervals; True if there was anything to draw."""
    shown = [row for row in table["rows"] if row["value"] is not None and row["timesteps"] and x(row)]
    for method in sorted({row["method"] for row in shown}, key=order):
        own, its = [row for row in shown if row["method"] == method], look(method)
        spread = [[max(0.0, r["value"] - r["low"]) for r in own], [max(0.0, r["high"] - r["value"]) for r in own]]
        axes.errorbar(
            [x(r) for r in own],
            [r["value"] for r in own],
            yerr=spread,
            label=_plain(method),
            elinewidth=0.6,
            color=its["color"],
            marker=its["marker"],
            linestyle=its["line"],
        )
    return bool(shown)


def _timesteps(table, model):
    figure, axes = _axes(table, f"{table['metric']} against timesteps")
    times = sorted({row["timesteps"] for row in table["rows"] if row["timesteps"]})
    if not _lines(axes, table, lambda row: row["timesteps"]):
        return None
    for row in table["rows"]:
        if row["kind"] == "ann" and row["value"] is not None:
            axes.axhline(row["value"], color="black", linestyle=":", label="ann")
    axes.set_xscale("log", base=2)
    axes.set_xticks(times, [str(t) for t in times])
    axes.minorticks_off()
    axes.set(xlabel="timesteps T", ylabel=table["metric"])
    figure.legend(loc="outside right upper")
    return figure


def _energy(table, model):
    def microjoules(row):
        return row["energy"][model][0] / 1e6 if row["energy"].get(model) else None

    figure, axes = _axes(table, f"{table['metric']} against energy ({model}; a burst of k counts k)")
    spiking = [row for row in table["rows"] if row["kind"] in SPIKING]
    if not _lines(axes, {**table, "rows": spiking}, microjoules):
        return None
    best = front([(microjoules(r), r["value"]) for r in spiking if r["value"] is not None and microjoules(r)])
    axes.step(*zip(*best), where="post", color="black", linewidth=1.6, label="Pareto front", zorder=1)
    for row in table["rows"]:
        if row["kind"] == "ann" and row["value"] is not None and microjoules(row):
            axes.plot(microjoules(row), row["value"], "kX", markersize=7, linestyle="none", label="ann")
    axes.set_xscale("log")
    axes.set(xlabel="energy of a sample (uJ)", ylabel=table["metric"])
    figure.legend(loc="outside right upper")
    return figure


def _rates(table, model):
    import numpy as np

    times = sorted({row["timesteps"] for row in table["rows"] if row.get("rates")})
    if not times:
        return None
    t = times[(len(times) - 1) // 2]
    at = [row for row in table["rows"] if row.get("rates") and row["timesteps"] == t]
    figure, axes = _axes(table, f"firing rate by site, T = {t} (blank: silent)")
    logs = np.array([[math.log10(v) if v else math.nan for v in row["rates"]] for row in at])
    picture = axes.imshow(logs, aspect="auto", interpolation="nearest", vmin=-3, vmax=0.5, cmap="viridis")
    axes.set_yticks(range(len(at)), [_plain(row["method"]) for row in at])
    axes.set_xlabel("site, in order of the network")
    axes.grid(False)
    bar = figure.colorbar(picture, ax=axes, ticks=[-3, -2, -1, 0])
    bar.ax.set_yticklabels(["0.001", "0.01", "0.1", "1"])
    return figure
