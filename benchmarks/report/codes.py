"""Which neural code wins where, from records alone: of every table the Pareto front of accuracy against energy under each energy model
and against sub-steps, and the cheapest row within so many points of the ANN.

A row is one method at one T, as in the tables. It is on a front where no other row costs as little or less and scores more, or costs less and scores
as much. What 'cheapest' says holds for the T that were run: nothing is interpolated.
"""

from collections import Counter

from ..running.record import SPIKING
from ..text import markdown
from .columns import THREE
from .energy_page import keys
from .names import label
from .rows import groups, rows_of_table

SUB_STEPS = "sub-steps"
WITHIN = (0.5, 1.0, 2.0, 5.0)
"""Points of the metric that a row may lie below the ANN."""

NOBODY = "none near enough"

CODES = {
    "rate, one spike a step": "rate-max rate-percentile rate opi snn-calibration snn-calibration-advanced threshold-balancing aar spikingjelly",
    "rate, spikes of either sign": "signed-if",
    "rate, bursts": "burst adafire-uniform adafire adafire-layers sinabs",
    "rate, bursts of either sign": "adafire-signed",
    "rate, a binary number a step": "h-mt",
    "one step of many levels": "multi-threshold",
    "weighted spikes, periods": "phase",
    "digits, one after the other": "fs radix",
    "time to first spike": "ttfs",
    "changes, as numbers": "sigma-delta",
    "differential, one spike a step": "dcgs",
    "differential, bursts": "adafire-differential",
    "differential, a signed binary number": "ours",
}
"""code -> the methods that send it."""
_CODE_OF = {method: code for code, methods in CODES.items() for method in methods.split()}


def code_of(method):
    """The code that a method sends; a method that is not known here is its own.

    >>> code_of("dcgs+bias:levels=6"), code_of("adafire+ssc+iat"), code_of("mine")
    ('differential, one spike a step', 'rate, bursts', 'mine')
    """
    base = method.partition(":")[0]
    return _CODE_OF.get(base) or _CODE_OF.get(base.partition("+")[0], base)


def tables(records):
    """[(label, spiking rows that the ANN can be compared with)] of every table that has such; 8-bit weights, which are another
    network, stay out."""
    found = []
    for group in groups(records):
        rows = [
            row
            for row in rows_of_table(group)
            if row["kind"] in SPIKING and row["drop"] is not None and "weights=int8" not in row["method"]
        ]
        if rows:
            found.append((label(group, records), rows))
    return found


def cost(row, key):
    """What a row costs under a model and reading, as a share of the ANN's energy, or its sub-steps; None where it was not counted."""
    return row["sub_steps"] if key == SUB_STEPS else row["of_ann"].get(key)


def front(rows, key):
    """The rows on the Pareto front of score against ``cost``, cheapest first; of equals the first."""
    best = []
    priced = [row for row in rows if cost(row, key) is not None]
    for row in sorted(priced, key=lambda row: (cost(row, key), -row["value"])):
        if not best or row["value"] > best[-1]["value"]:
            best.append(row)
    return best


def cheapest(rows, key, within):
    """The row of least ``cost`` that lies at most ``within`` points below the ANN; of equals the better one. None: there is none."""
    near = [row for row in rows if cost(row, key) is not None and row["drop"][0] <= within + 1e-9]
    return min(near, key=lambda row: (cost(row, key), -row["value"]), default=None)


def counted(rows, key):
    """(methods that are known by a cost, methods of the table): old rows lack counters, and cannot win where they were not counted."""
    return {row["method"] for row in rows if cost(row, key) is not None}, {row["method"] for row in rows}


def wins(found, within, costs):
    """(Counter of codes, number of cases): how often a code has the cheapest row, over tables and ``costs``; a case in which no
    row is near enough counts for none, and one in which fewer than half of the table's methods were counted is no case."""
    cases = [(rows, key) for _, rows in found for key in costs]
    cases = [(rows, key) for rows, key in cases if 2 * len(counted(rows, key)[0]) >= len(counted(rows, key)[1])]
    winners = [cheapest(rows, key, within) for rows, key in cases]
    return Counter(code_of(row["method"]) for row in winners if row), len(winners)


def priced(rows):
    """The costs that any of ``rows`` is known by: models and readings in the order of the pages, then sub-steps."""
    return [key for key in (*keys(), SUB_STEPS) if any(cost(row, key) is not None for row in rows)]


def entry(row, key):
    """'ours T=4: 0.12, 0.30 below': the row, its cost, and the points that it lies below the ANN."""
    return f"{row['method']} T={row['timesteps']}: {cost(row, key):.3g}, {row['drop'][0] + 0:.2f} below"


def summary(found):
    """(headers, lines): for each code, in how many cases it is the cheapest within each of WITHIN, under the energy models and in
    sub-steps; codes that never are have zeros. The last line counts the cases that nobody wins."""
    present = dict.fromkeys(code_of(row["method"]) for _, rows in found for row in rows)
    headers, lines, nobody = ["code"], {code: [code] for code in present}, [NOBODY]
    for words, costs in (("energy", keys()), (SUB_STEPS, [SUB_STEPS])):
        for within in WITHIN:
            counts, cases = wins(found, within, costs)
            headers.append(f"{words}, within {within:g}")
            nobody.append(str(cases - sum(counts.values())))
            for code, line in lines.items():
                line.append(str(counts[code]))
    return headers, [*sorted(lines.values(), key=lambda line: -sum(map(int, line[1:]))), nobody]


def of_table(rows, costs=None, within=WITHIN):
    """(headers, lines): costs down; the cheapest row within so many points, and the front."""
    lines = []
    for key in costs or priced(rows):
        near = [cheapest(rows, key, points) for points in within]
        cells = ["-" if row is None else entry(row, key) for row in near]
        here, methods = counted(rows, key)
        few = f" ({len(here)} of {len(methods)} methods were counted)" if len(here) < len(methods) else ""
        lines.append([key, *cells, ("; ".join(entry(row, key) for row in front(rows, key)) or "not counted") + few])
    return ["cost", *(f"cheapest within {points:g}" for points in within), "front, cheapest first"], lines


ABOUT = f"""From the committed records; the same in a terminal, for other records too: `python tools/codes.py`. Energy is a share of the ANN's under
the same model ([energy models](../energy_models.md)); *, a message*: a burst is sent once. Points are those that the score lies below the
ANN's, of the T that were run. A front holds what no other row beats in both. A method that was not run on a table cannot win there,
nor one whose rows lack the counters of a model; where fewer than half of a table's methods have them, nobody wins. Of energy a case is a
table under one model and reading, of sub-steps a table.
Shown for each table are {", ".join(THREE)} and sub-steps; the command has all models.
"""


def page(records):
    """Markdown: how often each code wins, and the tables one by one. The same for the same records."""
    found = tables(records)
    parts = [
        "# Which code wins where",
        ABOUT,
        _markdown(*summary(found)) if found else "No results yet: `make bench`.\n",
    ]
    for name, rows in found:
        costs = [key for key in priced(rows) if key in (*THREE, SUB_STEPS)]
        parts += [f"## {markdown(name)}\n", _markdown(*of_table(rows, costs))]
    return "\n".join(parts)


def _markdown(headers, lines):
    row = lambda cells: "| " + " | ".join(map(markdown, cells)) + " |"
    return "\n".join([row(headers), "|" + "---|" * len(headers), *map(row, lines)]) + "\n"
