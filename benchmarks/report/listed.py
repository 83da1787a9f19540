"""What ``run_bench.py --list`` prints: all tasks, a line a variant, and all methods; of tasks that are named what each variant lacks."""

from pathlib import Path

from adafire.errors import InputError

from ..running import catalogue, methods
from ..running.at_hand import listing
from .terminal import print_table, say

OF_ONE = ("error", "description", "set", "data", "weights", "get")


def show(tasks=(), data_root=None, variant=None):
    """Print the list; (rows of the tasks, rows of the methods) as ``listing`` has them. tasks: names or files of the project's tasks
    (none: all); variant: theirs of that name alone. InputError for others."""
    rows, found, asked = listing(data_root), methods.listing(), [Path(name).stem for name in tasks]
    known = {row["task"] for row in rows}
    for given, name in zip(tasks, asked):
        if name not in known:
            catalogue.find_task(given)  # says which name is near
            raise InputError(
                f"--list shows tasks of the project, and {given!r} is another file; name one of the project's"
            )
    if asked:
        rows = [row for row in rows if row["task"] in asked]
        names = [row.get("variant") for row in rows]
        if variant is not None and variant not in names:
            raise InputError(f"{', '.join(asked)}: no variant {variant!r}. There are {', '.join(map(str, names))}")
        rows = [row for row in rows if variant in (None, row.get("variant"))]
        for row in rows:
            print(f"{row['task']} ({row.get('variant', '-')}, {row.get('split', '-')})")
            for key in OF_ONE:
                if row.get(key, "-") not in ("-", ""):
                    say(f"    {key}: {row[key]}")
        return rows, found
    keys = ("task", "variant", "split", "lacks", "description")
    lines = [
        [row["task"], row.get("variant", "-"), row.get("split", "-"), ", ".join(row.get("lacks", ())) or "-"]
        + [row.get("description", row.get("error", ""))]
        for row in rows
    ]
    print_table(list(keys), lines, spare=("description",))
    say("A variant in brackets is another task's: --split mini runs that, as no network of this kind is carried.")
    say(
        "What a task lacks, and where that comes from: python tools/run_bench.py --list TASK (it looks into --data-root DIR)"
    )
    print_table(
        list(found[0]), [list(row.values()) for row in found], spare=("twin", "from", "one simulation for all T")
    )
    return rows, found
