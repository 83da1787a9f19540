"""Tables as a function of records: the cells that are printed of their rows (rows.py), and results/README.md."""

from itertools import groupby

from ..running.record import ENERGY_MODEL
from ..running.store import Store, write_whole
from ..text import markdown
from .against import cheaper_under
from .names import about, whole_sets
from .names import label as table_label
from .provenance import unknown_code
from .rows import KINDS, groups, outdated, rows_of_table
from .shown import left_out, shown
from .ties import ALPHA

SECOND_METRICS = {
    "detection": ("mAP50",),
    "pointcloud": ("class_mean_accuracy", "class_miou"),
    "segmentation": ("aAcc", "AUC", "IoU"),
}
"""Shown beside the primary metric, where a record has them."""

ABOUT = f"""Rendered from `records/` by `python tools/leaderboard.py`; change nothing here by hand. One section a family, one table
a network and data set. The same with plots, sorting and filters: [index.html](index.html) (a file; it needs no network);
as data: [results.csv](results.csv); for papers: [plots](plots).

- A task's name alone: all samples of the standard test set, in its own form. **part**: real data, but fewer samples, another form
  of file (JPEG copies of a lossless set), or no standard test set at all; the first line of a section says which. **mini**: data
  that the project carries or generates.
- **T**: timesteps. **levels**: how many values above 0 an activation can take, by what the method's neurons can send in T steps.
  **burst**: the most spikes that a neuron may emit in one step; a burst of k spikes in one step is not free latency,
  so compare methods at equal levels too.
- `ann` is the network before conversion, `quantised` the ANN with activations quantised to so many levels: the ceiling
  of what rate coding can reach.
- **SynOps**: synaptic operations, one for every unit spike at every synapse; a burst of k counts k. **Energy** after
  the model {ENERGY_MODEL} (4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate; arithmetic only, no memory traffic).
  Both are means per sample. **graded**: the same energy if a burst of any length counted as one event.
- **place**: of the spiking methods at one T; methods that a paired test on the same samples (McNemar's, or the paired
  bootstrap) does not tell apart from the best of their group (p >= {ALPHA}) share it. First places are **bold** above.
- **over-fired**: share of neurons that emitted more spikes than their input asked for, in which share of the sites;
  without negative spikes that stays.
- **draws**: how many choices of calibration samples a row is the mean of, and what their scores span.
- **drop**: points that the metric lies below the ANN's; **below its rival**: below that of the ANN with activations rounded to
  the row's own number of values (`quantised:phi_plus=VALUES`); both with the paired 95 % interval. `integer:phi_plus=VALUES` is the
  same with 8-bit weights. **sub-steps**: steps of a chip whose neurons send one spike at a time.
- The last column names the energy models and readings of a burst under which a row costs less than the integer network of its
  values when that skips zeros; under all others it costs more. Models of 8-bit weights price every row so; `--weights int8` says what
  a method reaches with them.
- The interval is the 95 % interval of the metric before it. Times are in the records; [SPEED.md](SPEED.md) has those that can be
  compared.
"""


def table(rows):
    """(headers, lines of cells): the rows of one or several records as text. The same for terminal and Markdown."""
    second = [
        name
        for name in dict.fromkeys(name for row in rows for name in SECOND_METRICS.get(row["family"], ()))
        if any(name in row["metrics"] for row in rows)
    ]
    columns = {
        "task": lambda row: row["task"],
        "method": lambda row: row["method"],
        "T": lambda row: _text(row["timesteps"]),
        "levels": lambda row: _text(row["levels"]),
        "burst": lambda row: _text(row["longest_burst"]),
        " / ".join(dict.fromkeys(row["metric"] for row in rows)): lambda row: (
            "failed" if row["status"] == "failed" else _text(row["value"], ".3f")
        ),
        **({"draws": _draws} if any(row.get("draws") for row in rows) else {}),
        "95 % interval": lambda row: "-" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}",
        **{name: lambda row, name=name: _text(row["metrics"].get(name), ".3f") for name in second},
        **({"drop (points)": lambda row: _points(row["drop"])} if any(row.get("drop") for row in rows) else {}),
        **(
            {"below its rival": lambda row: _points(row["lossless"])}
            if any(row.get("lossless") for row in rows)
            else {}
        ),
        **(
            {"sub-steps": lambda row: _text(row["sub_steps"], "g")} if any(row.get("sub_steps") for row in rows) else {}
        ),
        "firing rate": lambda row: _text(row["firing_rate"], ".4f"),
        "over-fired": _over_fired,
        "SynOps (M)": lambda row: _text(row["synops"], ".2f", 1e6),
        "MACs (M)": lambda row: _text(row["macs"], ".2f", 1e6),
        f"energy (uJ, {ENERGY_MODEL})": lambda row: _text(row["energy_pj"], ".2f", 1e6),
        "of ANN's": lambda row: _text(row["ann_energy_pj"] and row["energy_pj"], ".3f", row["ann_energy_pj"]),
        "graded": lambda row: _text(row["energy_graded_pj"], ".2f", 1e6),
        **(
            {"cheaper than the zero-skipping integer network under": lambda row: cheaper_under(row["of_integer"])}
            if any(row.get("of_integer") for row in rows)
            else {}
        ),
    }
    if any(row.get("place") for row in rows):
        columns["place"] = lambda row: _text(row["place"])
    if any(row["mean_timesteps"] for row in rows):
        columns["mean T"] = lambda row: _text(row["mean_timesteps"], ".2f")
    if any(row["reason"] for row in rows):
        columns["reason"] = lambda row: row["reason"] or ""
    return list(columns), [[cell(row) for cell in columns.values()] for row in rows]


def _text(value, form="", unit=None):
    """A number, in units of ``unit`` where one is given; '-' where there is no number."""
    if value is None:
        return "-"
    return format(value / unit if unit else value, form)


def _points(found):
    """'0.42 [0.10, 0.75]': points that a row lies below another, with the paired interval."""
    if found is None:
        return "-"
    value, low, high = found
    return f"{value + 0:.2f}" + ("" if low is None else f" [{low + 0:.2f}, {high + 0:.2f}]")


def _draws(row):
    """'3: .787 to .802': how many draws of calibration samples the figures are the mean of, and what they span."""
    found = row.get("draws")
    return f"{len(found)}: {found[0]:.3f} to {found[-1]:.3f}" if found else "-"


def _over_fired(row):
    neurons, sites = row["over_fired"], row["over_fired_sites"]
    return "-" if neurons is None else f"{100 * neurons:.2f} % in {100 * sites:.0f} %"


def render(records, unknown=()):
    """Text of results/README.md: the same bytes for the same records, in whatever order they come. unknown: commits that are not
    in the history (provenance.py)."""
    sections = [f"# Results\n\n{markdown(whole_sets(records))}\n", ABOUT]
    for family, of_family in groupby(groups(records), key=lambda group: group[0].family):
        sections.append(f"## {family.capitalize()}\n")
        sections += [_section(group, unknown) for group in of_family]
    old = len(shown(records)) - sum(map(len, groups(records)))
    if not records:
        sections.append("No results yet: `make bench`.\n")
    elif old:
        sections.append(f"{old} records of older versions of a task are not shown.\n")
    sections += [f"{line}\n" for line in left_out(records)]
    return "\n".join(sections)


def _section(records, unknown=()):
    first = records[0]
    rows = rows_of_table(records)
    label = rows[0]["task"]
    line, _, command = about(records).rpartition(" `")
    text = [f"### {table_label(records)}\n", f"{markdown(line)} `{command}\n"]
    for metric in (first.metric, *SECOND_METRICS.get(first.family, ())):
        text += _by_timesteps(rows, metric, label)
    headers, lines = table(rows)
    text.append(_markdown(headers, lines))
    said = {}
    for r in sorted(records, key=_rank):
        for note in r.notes:
            said.setdefault(note, []).append(r.method)
    text += [f"Note on {markdown(', '.join(methods))}: {markdown(note)}\n" for note, methods in said.items()]
    if unknown_code(records, unknown):
        text.append(f"{unknown_code(records, unknown)}\n")
    if outdated(records):
        text.append(f"Results of earlier definitions of {markdown(', '.join(outdated(records)))} are not shown.\n")
    return "\n".join(text)


def _rank(record):
    return KINDS.index(record.kind), record.method, record.key


def _by_timesteps(rows, metric, label):
    """A small table, methods down and T across; nothing where no record has the metric."""
    if not any(metric in row["metrics"] for row in rows):
        return []
    columns = sorted({row["timesteps"] for row in rows if row["timesteps"]})
    if not columns:
        return []
    lines = []
    for method, own in groupby(rows, key=lambda row: row["method"]):
        cells = {row["timesteps"]: _score(row, metric) for row in own}
        constant = cells.get(None)  # the ANN: one value for all T
        lines.append([label, method, *(constant or cells.get(t, "-") for t in columns)])
    return [_markdown(["task", "method", *(f"{metric}, T={t}" for t in columns)], lines)]


def _score(row, metric):
    if row["status"] == "failed":
        return "failed"
    text = _text(row["metrics"].get(metric), ".3f")
    return _Bold(f"**{text}**") if row["place"] == 1 and metric == row["metric"] else text


def _markdown(headers, lines):
    def line(cells):
        return "| " + " | ".join(_cell(cell) for cell in cells) + " |"

    words = ("task", "method", "reason")
    rule = "|".join(" --- " if header in words else " ---: " for header in headers)
    return "\n".join([line(headers), f"|{rule}|", *map(line, lines)]) + "\n"


class _Bold(str):
    """A figure in Markdown of our own, which stays as it is."""


def _cell(text):
    return text if isinstance(text, _Bold) else markdown(text)


def write_leaderboard(out):
    """Render ``out``/README.md from ``out``/records. List of problems: one line a file that is no record."""
    store = Store(out)
    with store.lock("leaderboard"):  # so the last of several runs sees, and shows, the records of all
        records, problems = store.load()
        path, text = store.out / "README.md", render(records)
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
            write_whole(path, text)
    return problems
