"""Tables in the terminal, and as text."""

from ..text import visible

SPARE = (
    "over-fired",
    "updates (M)",
    "cheaper than it under",
    "like the ANN",
    "burst",
    "MACs left",
    "messages a MAC",
    "sending",
    "draws",
    "95 % interval",
    "additions a MAC",
    "mAP50",
    "values",
    "of the sparse integer network's",
    "below its rival",
    "sub-steps",
)
"""Columns in the order in which a narrow terminal loses them."""


def print_table(headers, lines, spare=SPARE, wide=False):
    """A table as wide as it must be in a pipe, or where ``wide``; on a terminal, without ``spare`` columns as far as it is too narrow."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    if wide or not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=1000)
    need = {
        header: max(len(text) for text in (header, *(line[k] for line in lines))) + 3
        for k, header in enumerate(headers)
    }
    wrapped = {"reason", "data", "weights", "description", "source"}  # sentences: may be broken into lines
    need.update({header: min(need[header], 23) for header in wrapped & set(need)})
    for header in spare:
        if sum(need.values()) > console.width:
            need.pop(header, None)
    view = Table(box=SIMPLE, pad_edge=False)
    for k, header in enumerate(headers):
        number = all(line[k][:1].isdigit() or line[k] in ("-", "failed") for line in lines)
        if header in need:
            view.add_column(
                header, justify="right" if number else "left", overflow="fold", no_wrap=header not in wrapped
            )
    for line in lines:
        view.add_row(*(text for header, text in zip(headers, line) if header in need))
    console.print(view)


def print_aligned(headers, lines):
    """A table as text, on stdout, with an empty line behind it."""
    print(aligned(headers, lines), end="\n\n")


def aligned(headers, lines, right=False):
    """A table as text, one line a row: columns as wide as their widest cell; ``right``: all but the first to the right."""
    widths = [max(map(len, column)) for column in zip(headers, *lines)]
    rows = []
    for cells in (headers, ["-" * width for width in widths], *lines):
        padded = [
            cell.rjust(width) if right and k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(cells, widths))
        ]
        rows.append(visible("  ".join(padded).rstrip()))
    return "\n".join(rows)
