"""Files of results/measured/: tables that a tool printed which leaves no records, as CSV below lines that say what, by which
command, and when, of which commit, on which machine. Pages show them (page_tables.py)."""

import csv
import io
import re
from datetime import UTC, datetime

from adafire.errors import InputError

from ..running.environment import git, hardware
from ..running.store import write_whole

HEAD = ("what", "command", "measured")
PLACES = {"--data-root": "DIR", "--checkpoint": "FILE", "--folder": "DIR", "--file": "VIDEO", "--annotations": "FILE"}
"""Options whose value is a place of one machine, and what a command says instead."""
FIGURES = re.compile(r"(?:[\d.,/() M-]|to|failed)*")
"""A cell that stands to the right."""


def write(path, what, command, headers, lines):
    """A table as such a file. command: words of the command line that printed it."""
    words = [PLACES.get(before, word) for before, word in zip(["", *command], command)]
    commit, machine = git(), hardware()
    state = f"commit {commit['commit'] or 'unknown'}{' with changes' if commit['dirty'] else ''}"
    when = f"{datetime.now(UTC):%Y-%m-%d}, {state}, {machine['cpu']}, threads: {machine['threads']}"
    out = io.StringIO()
    for word, text in zip(HEAD, (what, " ".join(words), when)):
        out.write(f"# {word}: {text}\n")
    csv.writer(out, lineterminator="\n").writerows([headers, *lines])
    write_whole(path.resolve(), out.getvalue())


def table(words, folder, up=""):
    """Markdown of the table in ``folder``/NAME.csv, and where it is. words: NAME, or NAME and the first cell of the lines that are
    wanted. up: from the page to the project's root. InputError where the file or its first lines are not there."""
    name, _, first = words.partition(" ")
    path, where = folder / f"{name}.csv", f"results/measured/{name}.csv"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.csv")))
        raise InputError(f"there is no {where}; there are {known or 'none'}")
    text = path.read_text(encoding="utf-8").splitlines()
    about = [line.removeprefix("# ").partition(":")[0] for line in text if line.startswith("#")]
    if missing := [word for word in HEAD if word not in about]:
        raise InputError(
            f"{where}: expected first lines '# what: ...', '# command: ...', '# measured: date, commit, machine'; "
            f"missing: {', '.join(missing)}"
        )
    head, *lines = csv.reader(line for line in text if not line.startswith("#"))
    if odd := next((line for line in lines if len(line) != len(head)), None):
        raise InputError(f"{where}: found {len(odd)} cells in {','.join(odd)}, expected {len(head)}")
    lines = [line for line in lines if first in ("", line[0])]
    if not lines:
        raise InputError(f"{where}: no line begins with {first!r}")
    return f"{markdown_table(head, lines)}\n\nFrom [{where}]({up}{where}), where command and date stand."


def markdown_table(head, lines):
    """A table as Markdown; columns of figures stand to the right."""
    right = [all(FIGURES.fullmatch(line[k]) for line in lines) for k in range(len(head))]
    rule = "|" + "|".join("---:" if figures else "---" for figures in right) + "|"
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)])
