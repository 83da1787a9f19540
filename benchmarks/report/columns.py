"""The columns of a table of results: cells as text, the same for terminal and Markdown."""

from ..running.record import ENERGY_MODEL
from .against import cheaper_under

SECOND_METRICS = {
    "detection": ("mAP50",),
    "pointcloud": ("class_mean_accuracy", "class_miou"),
    "segmentation": ("aAcc", "AUC", "IoU"),
}
"""Shown beside the primary metric, where a record has them."""

THREE = (ENERGY_MODEL, "horowitz-45nm-int8-acc32", "lemaire-45nm")
"""The energy models of the tables: arithmetic in 32-bit floats, as papers quote it; in 8 bits; with memories."""

ABOUT = f"""\
- **T**: timesteps. **sending**: steps in which anything was sent, where that is known: a code that sends everything in its first step
  is one pass, and T a name for its precision. **sub-steps**: steps of a chip whose neurons send one spike at a time; a burst of k
  spikes in one step is not free latency, so compare methods at equal sub-steps and values too. **values**: how many values above 0
  an activation can take by what the method's neurons can send in T steps, and the bits of such a number. **burst**: the most spikes
  that a neuron may emit in one step.
- The interval is the 95 % interval of the metric before it. **draws**: how many choices of calibration samples a row is the mean of,
  and what their scores span. **place**: of the spiking methods at one T.
- **drop**: points that the metric lies below the ANN's; **below its rival**: below that of the ANN with activations rounded to the
  row's own number of values and the same bias correction (`quantised:phi_plus=VALUES`); both with the paired 95 % interval.
  `integer:phi_plus=VALUES` is that network with 8-bit weights, `integer-sparse` the same priced without the products that are 0.
- **like the ANN**: share of decisions (classes, classes of positions, boxes) that are the ANN's, where that was measured.
- **messages, additions a MAC**: events, and unit spikes, that arrive at synapses, for each multiply-accumulate of the ANN. **MACs left**:
  the share of them that are still multiplied (with an operand that is not 0). **updates**: of neurons, millions.
- **energy, of the ANN's**: under `{"`, `".join(THREE)}`, and in brackets the span over all models ([docs/energy_models.md](../docs/energy_models.md))
  and both readings of a burst; a model prices both sides, so at equal precision. `-`: the counters that a model needs were not counted
  then. **of the sparse integer network's**: the same over the network of 8-bit weights and the row's number of values that skips zeros;
  the last column names the models and readings under which the row costs less than it. All tables: [ENERGY.md](ENERGY.md).
- **over-fired**: share of neurons that emitted more spikes than their input asked for, in which share of the sites; without negative
  spikes that stays.
"""


def table(rows):
    """(headers, lines of cells): the rows of one or several records as text. The same for terminal and Markdown."""
    second = [
        name
        for name in dict.fromkeys(name for row in rows for name in SECOND_METRICS.get(row["family"], ()))
        if any(name in row["metrics"] for row in rows)
    ]
    known = lambda key: any(row.get(key) for row in rows)
    columns = {
        "task": (True, lambda row: row["task"]),
        "method": (True, lambda row: row["method"]),
        "T": (True, lambda row: text(row["timesteps"])),
        "sending": (known("active_steps"), lambda row: text(row["active_steps"], ".3g")),
        "sub-steps": (known("sub_steps"), lambda row: text(row["sub_steps"] and round(row["sub_steps"], 1), "g")),
        "values": (True, values),
        "burst": (True, lambda row: text(row["longest_burst"])),
        " / ".join(dict.fromkeys(row["metric"] for row in rows)): (True, _score),
        "draws": (known("draws"), _draws),
        "95 % interval": (True, lambda row: "-" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"),
        **{name: (True, lambda row, name=name: text(row["metrics"].get(name), ".3f")) for name in second},
        "drop (points)": (known("drop"), lambda row: points(row["drop"])),
        "below its rival": (known("lossless"), lambda row: points(row["lossless"])),
        "like the ANN": (known("agreement"), lambda row: text(row["agreement"], ".3f")),
        "messages a MAC": (True, lambda row: text(row["synops_graded"], ".3f", row["ann_macs"])),
        "additions a MAC": (True, lambda row: text(row["synops"], ".3f", row["ann_macs"])),
        "MACs left": (True, macs_left),
        "updates (M)": (known("neuron_updates"), lambda row: text(row["neuron_updates"], ".3f", 1e6)),
        "over-fired": (known("over_fired"), _over_fired),
        "energy, of the ANN's": (True, lambda row: of_three(row["of_ann"])),
        "of the sparse integer network's": (known("of_integer"), lambda row: of_three(row["of_integer"])),
        "cheaper than it under": (known("of_integer"), lambda row: cheaper_under(row["of_integer"])),
        "place": (known("place"), lambda row: text(row["place"])),
        "mean T": (known("mean_timesteps"), lambda row: text(row["mean_timesteps"], ".2f")),
        "reason": (known("reason"), lambda row: row["reason"] or ""),
    }
    shown = {header: cell for header, (wanted, cell) in columns.items() if wanted}
    return list(shown), [[cell(row) for cell in shown.values()] for row in rows]


def text(value, form="", unit=1):
    """A number in units of ``unit``; '-' where there is no number, or no unit."""
    return "-" if value is None or not unit else format(value if unit == 1 else value / unit, form)


def points(found):
    """'0.42 [0.10, 0.75]': points that a row lies below another, with the paired interval."""
    if found is None:
        return "-"
    value, low, high = found
    return f"{value + 0:.2f}" + ("" if low is None else f" [{low + 0:.2f}, {high + 0:.2f}]")


def values(row):
    """'16 (5 bits)': how many values above 0, and the bits of one of them."""
    return f"{row['levels']} ({row['bits']} bits)" if row["levels"] else "-"


def macs_left(row):
    """Share of the ANN's multiply-accumulates that are made, and of these those whose operand is not 0, where they were counted."""
    effective = row["eff_macs"] if row["eff_macs"] is not None and row["eff_macs"] != row["macs"] else None
    share = text(row["macs"], ".3f", row["ann_macs"])
    return share if effective is None else f"{share} ({text(effective, '.3f', row['ann_macs'])})"


def of_three(share):
    """'0.37, 0.42, 0.61 (0.11 to 2.10)': shares under three models, and their span under all."""
    if not share:
        return "-"
    found = ", ".join(text(share.get(name), ".2f") for name in THREE)
    return f"{found} ({min(share.values()):.2f} to {max(share.values()):.2f})"


def _score(row):
    return "failed" if row["status"] == "failed" else text(row["value"], ".3f")


def _draws(row):
    """'3: .787 to .802': how many draws of calibration samples the figures are the mean of, and what they span."""
    found = row.get("draws")
    return f"{len(found)}: {found[0]:.3f} to {found[-1]:.3f}" if found else "-"


def _over_fired(row):
    neurons, sites = row["over_fired"], row["over_fired_sites"]
    return "-" if neurons is None else f"{100 * neurons:.2f} % in {100 * sites:.0f} %"
