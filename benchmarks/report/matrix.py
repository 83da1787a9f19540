"""All tables at a glance: of every method the fewest timesteps within half a point of the ANN, and what it loses at T = 4."""

import re
from html import escape
from typing import NamedTuple

from ..running.record import ENERGY_MODEL, SPIKING
from ..text import markdown as safe
from ..text import visible
from .looks import kind_of, order
from .names import label
from .rows import groups, rows_of_table
from .within import POINTS, best_rows

AT = 4
"""Timesteps of the second matrix."""
ABOUT_FEWEST = (
    f"Fewest timesteps T within {POINTS} points of the ANN, and the share of the ANN's energy there (`{ENERGY_MODEL}`). `no`: at no T "
    "that was run; `-`: not run. T of a code in one pass is a name for its precision."
)


class Cell(NamedTuple):
    """fewest: timesteps within ``POINTS`` of the ANN, or None; share: of the ANN's energy there (``ENERGY_MODEL``);
    drop: points below the ANN at T = ``AT``, or None where that was not run."""

    fewest: int | None
    share: float | None
    drop: float | None


class Line(NamedTuple):
    """One table: its name, family, and {method: Cell}."""

    label: str
    family: str
    cells: dict


def matrix(records):
    """(methods without options that some table has, [Line])."""
    lines = []
    for group in groups(records):
        rows = [row for row in rows_of_table(group) if ":" not in row["method"]]
        near = {row["method"]: row for row in best_rows(rows)[0]}
        cells = {}
        for row in rows:
            if row["kind"] in SPIKING and row["record"] is not None and row["drop"] is not None:
                best = near.get(row["method"], {})
                at = row["drop"][0] if row["timesteps"] == AT else getattr(cells.get(row["method"]), "drop", None)
                cells[row["method"]] = Cell(best.get("timesteps"), best.get("of_ann", {}).get(ENERGY_MODEL), at)
        if cells:
            lines.append(Line(label(group, records), group[0].family, cells))
    return sorted({method for line in lines for method in line.cells}, key=order), lines


def markdown(records):
    """The two matrices as Markdown; a line leads to its table."""
    methods, lines = matrix(records)
    if not lines:
        return "No spiking row stands beside an ANN yet."
    head = ["| task | " + " | ".join(map(safe, methods)) + " |", "|---|" + "---:|" * len(methods)]
    fewest = [_line(line, [_fewest(line.cells.get(method)) for method in methods]) for line in lines]
    at = [_line(line, [_drop(line.cells.get(method)) for method in methods]) for line in lines]
    return "\n".join(
        [
            f"{ABOUT_FEWEST}\n",
            *head,
            *fewest,
            f"\nPoints below the ANN at T = {AT} (a minus: above it).\n",
            *head,
            *at,
        ]
    )


def _line(line, cells):
    return f"| [{safe(line.label)}]({page_of(line.family)}#{slug(line.label)}) | " + " | ".join(cells) + " |"


def _fewest(cell):
    if cell is None:
        return "-"
    if cell.fewest is None:
        return "no"
    return f"{cell.fewest}" + ("" if cell.share is None else f" ({cell.share:.2f})")


def _drop(cell):
    return "-" if cell is None or cell.drop is None else f"{cell.drop:.1f}"


def page_of(family):
    """Name of the page of a family's tables, beside README.md."""
    return f"{family.upper()}.md"


def slug(heading):
    """The anchor that GitHub makes of a heading.

    >>> slug("coco_yolo part: yolo-fastestv2 (110 samples)")
    'coco_yolo-part-yolo-fastestv2-110-samples'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def html(records):
    """The first matrix as a heat map in HTML, whose cells lead to a table's rows of a method; nothing without records. The
    darker a cell, the less energy; a cross: never near enough."""
    methods, lines = matrix(records)
    if not lines:
        return ""
    body = ["<tr><th scope='col'>task</th>" + "".join(_column(m) for m in methods) + "</tr>"]
    for line in lines:
        link = f"#task={_quoted(line.label)}"
        cells = [_cell(line.cells.get(method), f"{link}&amp;method={_quoted(method)}") for method in methods]
        body.append(f"<tr><th scope='row'><a href='{link}'>{escape(visible(line.label))}</a></th>{''.join(cells)}</tr>")
    return (
        f'<details class="matrix" open><summary>Fewest timesteps within {POINTS} points of the ANN, by energy ({ENERGY_MODEL}; the '
        'deeper the blue, the less; &times;: never)</summary><div class="scroll" tabindex="0" role="region" aria-label="matrix"><table>\n'
        + "\n".join(body)
        + "\n</table></div></details>"
    )


def _column(method):
    return f'<th scope="col" title="{escape(kind_of(method))}"><span>{escape(visible(method))}</span></th>'


def _cell(cell, link):
    if cell is None:
        return "<td></td>"
    if cell.fewest is None:
        return f'<td class="never"><a href="{link}" aria-label="never">&times;</a></td>'
    share = 1.0 if cell.share is None else min(cell.share, 1.0)
    said = "" if cell.share is None else f"{cell.share:.2f} of the ANN's energy"
    return f'<td style="--less:{round(40 * (1 - share))}%"><a href="{link}" title="{said}">{cell.fewest}</a></td>'


def _quoted(text):
    from urllib.parse import quote

    return quote(text, safe="")
