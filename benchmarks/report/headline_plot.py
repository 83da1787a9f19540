"""The picture of the README: score against energy of the first network of the headline, beside its integer rivals."""

from ..running.record import SPIKING
from .headline import chosen_groups
from .looks import look, order
from .names import label
from .plots import picture
from .rows import rows_of_table

PANELS = (
    ("horowitz-45nm-int8-acc32", "arithmetic alone, 8-bit integers"),
    ("lemaire-45nm", "with memories, a weight read for every spike"),
)
"""(energy model, what it counts in words): one that flatters spikes and one that does not."""
MOST = 6
"""Methods that are drawn: those that come nearest to the ANN, at their best T."""


def images(records):
    """{file name below plots/: bytes of a PNG}; nothing where ``records`` have no table of the headline."""
    found = chosen_groups(records)
    if not found:
        return {}
    group = found[0]
    rows = [row for row in rows_of_table(group) if row["value"] is not None]
    return {"headline.png": picture(lambda: _figure(rows, label(group, records), group[0].metric))}


def _figure(rows, name, metric):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    ann = next((row for row in rows if row["kind"] == "ann"), None)
    spiking = [row for row in rows if row["kind"] in SPIKING and ":" not in row["method"]]
    best = sorted({row["method"] for row in spiking}, key=lambda m: -max(_scores(spiking, m)))[:MOST]
    for axes, (model, words) in zip(figure.subplots(1, len(PANELS), sharey=True), PANELS):
        for method in sorted(best, key=order):
            own = [row for row in spiking if row["method"] == method and model in row["of_ann"]]
            its = look(method)
            points = [row["of_ann"][model] for row in own], [row["value"] for row in own]
            axes.plot(*points, color=its["color"], marker=its["marker"], linestyle=its["line"], label=method)
        for rival in ("integer", "integer-sparse"):
            own = [row for row in rows if row["method"].split(":")[0] == rival and model in row["of_ann"]]
            its = look(rival)
            points = [row["of_ann"][model] for row in own], [row["value"] for row in own]
            axes.plot(
                *points, color=its["color"], marker=its["marker"], linestyle="none", label=f"{rival}, 8-bit weights"
            )
        if ann is not None:
            axes.axhline(ann["value"], color="black", linestyle=":", label="ann")
        axes.axvline(1.0, color="black", linewidth=0.6)
        axes.set_xscale("log")
        ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
        axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()
        axes.set(title=f"{words}\n({model})", xlabel="energy, of the ANN's")
    figure.axes[0].set_ylabel(metric)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    figure.suptitle(f"{name}: a marker for each T, and for each number of values of the integer networks", fontsize=8)
    return figure


def _scores(rows, method):
    return [row["value"] for row in rows if row["method"] == method]
