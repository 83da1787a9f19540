"""results/README.md and the page of each family as a function of records: sections and tables of their rows (rows.py, columns.py)."""

from itertools import groupby

from ..running.store import Store, write_whole
from ..text import markdown
from . import matrix
from .columns import ABOUT as COLUMNS
from .columns import SECOND_METRICS, table
from .columns import text as number
from .headline import chosen, headline
from .matrix import page_of
from .names import about, whole_sets
from .names import label as table_label
from .provenance import earlier_definitions, unknown_code
from .rows import KINDS, current, groups, outdated, rows_of_table
from .shown import left_out, shown
from .ties import ALPHA

ELSEWHERE = """Rendered from `records/` by `python tools/leaderboard.py`; change nothing here by hand. The same with plots, sorting,
filters and every energy model: [index.html](index.html) (a file; it needs no network); as data: [results.csv](results.csv); for papers:
`plots/`.
"""
ABOUT = f"""- A task's name alone: all samples of the standard test set, in its own form. **part**: real data, but fewer samples, another form
  of file (JPEG copies of a lossless set), or no standard test set at all; the first line of a section says which. **mini**: data
  that the project carries or generates.
- `ann` is the network before conversion, `quantised` the ANN with activations quantised to so many values: the ceiling
  of what rate coding can reach.
{COLUMNS}- Methods that a paired test on the same samples (McNemar's, or the paired bootstrap) does not tell apart from the best of their
  group (p >= {ALPHA}) share its place. First places are **bold** above. All figures are means per sample. Times are in the records;
  [SPEED.md](SPEED.md) has those that can be compared.
"""


def pages(records, unknown=()):
    """{file name: text} of results/README.md and of a page for every family: the same bytes for the same records, in whatever
    order they come. unknown: commits that are not in the history (provenance.py)."""
    found, families = {}, groupby(groups(records), key=lambda group: group[0].family)
    for family, of_family in families:
        tables = [_section(group, unknown, records) for group in of_family]
        head = f"# {family.capitalize()}: results\n\nHow to read the columns: [README.md](README.md#how-to-read-a-table).\n"
        found[page_of(family)] = "\n".join([head, *tables])
    old = len(shown(records)) - sum(map(len, groups(records)))
    front = [f"# Results\n\n{markdown(whole_sets(records))}\n"]
    if found:
        links = ", ".join(f"[{name.removesuffix('.md').lower()}]({name})" for name in found)
        front += [
            f"All tables, a page a family: {links}. {ELSEWHERE}",
            f"## At a glance\n\n{matrix.markdown(records)}\n",
        ]
    else:
        front.append("No results yet: `make bench`.\n")
    if chosen(records):
        front.append(f"## Headline\n\n{headline(records)}\n")
    front += [f"## How to read a table\n\n{ABOUT}"]
    if old:
        front.append(f"{old} records of older versions of a task are not shown.\n")
    front += [f"{line}\n" for line in left_out(records)]
    return {"README.md": "\n".join(front), **found}


def _section(records, unknown, among):
    first = records[0]
    rows = rows_of_table(records)
    label = rows[0]["task"]
    line, _, command = about(records).rpartition(" `")
    text = [f"### {table_label(records, among)}\n", f"{markdown(line)} `{command}\n"]
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
    if earlier_definitions(current(records)):
        text.append(f"{markdown(earlier_definitions(current(records)))}\n")
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
    scored = [row for row in rows if not row.get("derived")]
    for method, own in groupby(scored, key=lambda row: row["method"]):
        cells = {row["timesteps"]: _score(row, metric) for row in own}
        constant = cells.get(None)  # the ANN: one value for all T
        lines.append([label, method, *(constant or cells.get(t, "-") for t in columns)])
    return [_markdown(["task", "method", *(f"{metric}, T={t}" for t in columns)], lines)]


def _score(row, metric):
    if row["status"] == "failed":
        return "failed"
    text = number(row["metrics"].get(metric), ".3f")
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
    """Render ``out``/README.md and the pages beside it from ``out``/records. List of problems: one line a file that is no record."""
    store = Store(out)
    with store.lock("leaderboard"):  # so the last of several runs sees, and shows, the records of all
        records, problems = store.load()
        for name, text in pages(records).items():
            path = store.out / name
            if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
                write_whole(path, text)
    return problems
