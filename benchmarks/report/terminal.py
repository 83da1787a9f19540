"""Tables and sentences in the terminal, within its width; in a pipe as wide as they must be, a row a line."""

import io
import shutil
import sys
import textwrap

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


SENTENCES = {"reason", "description", "source", "reported by others"}
SENTENCE = 43
"""Columns that are broken into lines, down to so many characters, before others are left out."""


def room():
    """Columns of the terminal that stdout is; None in a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(text, stream=None):
    """Print a sentence, on a terminal broken between words."""
    stream = stream or sys.stdout
    if stream.isatty():
        text = textwrap.fill(text, shutil.get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
    print(text, file=stream)


def fitted(columns, width):
    """Widths of ``columns`` (lists of texts) that need ``width`` together: their widest cells; where that is too much, the widest is narrowed
    first, none below its longest word, so that no word is ever cut.

    >>> fitted([["a", "bb cc dd"], ["eee"]], 8), fitted([["a", "bb cc dd"], ["eee"]], 2), fitted([["a", "b b"]], 9)
    ([5, 3], [2, 3], [3])
    """
    widths = [max(map(len, column)) for column in columns]
    words = [max((len(word) for text in column for word in text.split()), default=0) for column in columns]
    while sum(widths) > width:
        wide = [(width_of, k) for k, width_of in enumerate(widths) if width_of > words[k]]
        if not wide:
            break
        widths[max(wide)[1]] -= 1
    return widths


def print_table(headers, lines, spare=SPARE, wide=False):
    """A table as wide as it must be in a pipe, or where ``wide``; on a terminal without ``spare`` columns as far as it is too narrow, and
    then with cells in several lines."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    whole = wide or not console.is_terminal
    need = {
        header: max(len(text) for text in (header, *(line[k] for line in lines))) + 3
        for k, header in enumerate(headers)
    }
    need.update({header: min(need[header], SENTENCE) for header in SENTENCES & set(need)})
    for header in () if whole else spare:
        if sum(need.values()) > console.width:
            need.pop(header, None)
    shown = [k for k, header in enumerate(headers) if header in need]
    cells = [[headers[k], *(line[k] for line in lines)] for k in shown]
    widths = fitted(cells, 10**6 if whole else console.width - 3 * len(shown))
    view = Table(box=SIMPLE, pad_edge=False)
    for k, width in zip(shown, widths):
        number = all(line[k][:1].isdigit() or line[k] in ("-", "failed") for line in lines)
        view.add_column(
            headers[k], justify="right" if number else "left", overflow="fold", min_width=width, max_width=width
        )
    for line in lines:
        view.add_row(*(line[k] for k in shown))
    text = io.StringIO()
    least = sum(widths) + 3 * len(shown)  # where words are too long for the terminal, it breaks the lines
    page = Console(
        file=text, width=max(least, 1 if whole else console.width), highlight=False, markup=False, emoji=False
    )
    page.print(view)
    console.print("\n".join(line.rstrip() for line in text.getvalue().splitlines()), soft_wrap=True)


def print_aligned(headers, lines):
    """A table as text, on stdout, with an empty line behind it."""
    print(aligned(headers, lines), end="\n\n")


def aligned(headers, lines, right=False, width=None):
    """A table as text: columns as wide as their widest cell; ``right``: all but the first to the right. width: columns of text that there are
    (None: those of the terminal; in a pipe as many as it takes, one line a row); cells then go on in further lines."""
    width, gaps = width or room() or 10**6, 2 * (len(headers) - 1)
    widths, rows = fitted(list(map(list, zip(headers, *lines))), width - gaps), []
    for cells in (headers, ["-" * width for width in widths], *lines):
        parts = [
            textwrap.wrap(cell, size, break_long_words=False, break_on_hyphens=False) if len(cell) > size else [cell]
            for cell, size in zip(cells, widths)
        ]
        for number in range(max(map(len, parts))):
            texts = [part[number] if number < len(part) else "" for part in parts]
            padded = [
                text.rjust(size) if right and k else text.ljust(size)
                for k, (text, size) in enumerate(zip(texts, widths))
            ]
            rows.append(visible("  ".join(padded).rstrip()))
    return "\n".join(rows)
