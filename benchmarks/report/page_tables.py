"""Tables of figures in README.md and docs/*.md, written from results/ between marks, so that no figure in a page is typed.

    <!-- scores: of=TASK/VARIANT,... T=1,4 methods=ann,ours -->      rows of results.csv: methods down; tables, or T, across
    <!-- end of scores -->
    <!-- measured: NAME -->                     results/measured/NAME.csv; <!-- measured: NAME 2 -->: its lines that begin with 2
    <!-- end of measured -->

TASK/VARIANT/SAMPLES where two tables of one variant scored different numbers of samples. A cell of ``scores`` is the metric and, of
spiking networks, energy as a share of the ANN's under the model that results.csv names. Files of results/measured/: measured.py.
"""

import csv
import io
import re

from adafire.errors import InputError

from ..running.record import SPIKING
from ..running.store import write_whole
from ..running.task import PROJECT
from . import measured
from .measured import markdown_table

RESULTS = PROJECT / "results"
ENERGY = "energy, of the ANN's"
MARK = re.compile(r"^<!-- (scores|measured): ([^\n]+?) -->\n(.*?)^<!-- end of \1 -->$", re.DOTALL | re.MULTILINE)
BEGIN = re.compile(r"^<!-- (?:scores|measured)\b", re.MULTILINE)
END = re.compile(r"^<!-- end of (?:scores|measured) -->$", re.MULTILINE)
"""A mark stands at the begin of a line: one that is spoken of, in code, is none."""


def pages(table=None, texts=()):
    """{path below the project: text as it should be} of README.md and docs/*.md. table: text of results.csv (None: the file's);
    texts: {path: text} of pages that are to be filled as they are here, not as their file is."""
    rows, found = rows_of_csv(table), dict(texts)
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))):
        found.setdefault(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8"))
    return {name: filled(text, rows, name) for name, text in found.items()}


def stale():
    """Names of the pages whose tables are not what results/ says."""
    return [name for name, text in pages().items() if (PROJECT / name).read_text(encoding="utf-8") != text]


def write():
    """Write the tables of all pages; names of the pages that changed."""
    changed = stale()
    for name, text in pages().items():
        if name in changed:
            write_whole(PROJECT / name, text)
    return changed


def rows_of_csv(table=None):
    """The lines of results.csv as dicts of text."""
    text = (RESULTS / "results.csv").read_text(encoding="utf-8") if table is None else table
    return list(csv.DictReader(io.StringIO(text)))


def filled(text, rows, name="README.md", folder=RESULTS / "measured"):
    """``text`` of a page with what belongs between its marks. rows: of ``rows_of_csv``; folder: of measured files. InputError
    where a mark has no end, or names what is not there."""
    found = list(MARK.finditer(text))
    begun, ended = len(BEGIN.findall(text)), len(END.findall(text))
    if begun != len(found):
        raise InputError(
            f"{name}: found {begun} lines <!-- scores: ... --> or <!-- measured: ... -->, and {len(found)} "
            "that have an end; put <!-- end of scores --> or <!-- end of measured --> below each"
        )
    if ended != len(found):
        raise InputError(
            f"{name}: found {ended} lines <!-- end of scores --> or <!-- end of measured -->, and {len(found)} that have a begin; "
            "put <!-- scores: of=... --> or <!-- measured: NAME --> above each"
        )

    up = "../" * name.count("/")

    def content(mark):
        kind, words, _ = mark.groups()
        try:
            table = scores(words, rows) if kind == "scores" else measured.table(words, folder, up)
        except InputError as error:
            raise InputError(f"{name}, <!-- {kind}: {words} -->: {error}") from None
        return f"<!-- {kind}: {words} -->\n{table}\n<!-- end of {kind} -->"

    return MARK.sub(content, text)


def scores(words, rows):
    """Markdown of a table of scores; words: 'of=TASK/VARIANT T=1,4 methods=ann,ours'."""
    options = dict(word.partition("=")[::2] for word in words.split())
    if sorted(options) != ["T", "methods", "of"] or not all(options.values()):
        raise InputError("expected of=TASK/VARIANT,... T=1,4 methods=ann,ours")
    tables = [of_table(place, rows) for place in options["of"].split(",")]
    times = options["T"].split(",")
    columns = [(table, t) for table in tables for t in times]
    metric = tables[0][0]["metric"]
    if len(tables) == 1:
        head = [f"{metric} ({ENERGY})", *(f"T = {t}" for t in times)]
    else:
        head = [f"score ({ENERGY})", *(f"{_name(table)}, {table[0]['metric']}, T = {t}" for table, t in columns)]
    lines = []
    for method in options["methods"].split(","):
        cells = [_cell(method, t, table) for table, t in columns]
        if set(cells) == {"-"}:
            raise InputError(f"found no row of method {method!r} at T = {options['T']}; take it out, or run it")
        lines.append([method, *cells])
    for t in times:
        if not any(row["timesteps"] == t for table in tables for row in table):
            raise InputError(f"found no row at T = {t}; expected T=1,4 with numbers of timesteps that were run")
    return markdown_table(head, lines)


def of_table(place, rows):
    """The rows of TASK/VARIANT or TASK/VARIANT/SAMPLES; InputError where there are none, or of several tables."""
    task, variant, samples = [*place.split("/"), None, None][:3]
    found = [row for row in rows if row["task"].split()[0] == task and row["variant"] == variant]
    found = [row for row in found if samples in (None, row["samples"])]
    if len({row["samples"] for row in found}) != 1:
        known = sorted({"/".join((row["task"].split()[0], row["variant"], row["samples"])) for row in rows})
        near = [name for name in known if name.startswith(f"{task}/")] or known
        raise InputError(f"found {place!r}, expected one table of results.csv, such as {', '.join(near[:6])}")
    return found


def _name(table):
    """'drive_unet part: window': as names.label has it."""
    task, variant = table[0]["task"], table[0]["variant"]
    return task if variant in ("full", "mini") else f"{task}: {variant}"


def _cell(method, t, table):
    row = next((r for r in table if r["method"] == method and (r["timesteps"] == t or r["kind"] == "ann")), None)
    if row is None:
        return "-"
    if row["status"] != "ok":
        return "failed"
    share = row["kind"] in SPIKING and row["energy_pj"] and row["ann_energy_pj"]
    return f"{float(row['value']):.3f}" + (
        f" ({float(row['energy_pj']) / float(row['ann_energy_pj']):.2f})" if share else ""
    )
