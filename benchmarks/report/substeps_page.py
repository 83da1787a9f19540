"""results/SUBSTEPS.md as a function of records: what so many sub-steps buy, for every split of them into timesteps and a limit of bursts.

Rows are those of a method with ``substeps=N``: T timesteps of bursts of up to N / T spikes. A chip whose neurons send one spike at a
time needs N steps for all of them, so they have one latency, and are compared there.
"""

import re

from ..running.record import ENERGY_MODEL
from ..text import markdown
from .columns import points, text
from .names import label
from .rows import groups, rows_of_table

ABOUT = """Rendered from `records/` by `python tools/leaderboard.py`. **N** sub-steps are **T** timesteps in which a neuron sends **at most**
N / T unit spikes; a chip that sends one spike at a time needs N steps for each split. `adafire-uniform` has one limit and thresholds of
least squared error, `adafire` allots thresholds to channels at the cost of the uniform ones. **agreement**: share of decisions
(classes, classes of positions, boxes) that are the ANN's; **divergence**: the mean of both Kullback-Leibler
divergences, in nats; **error**: of the outputs, half the mean square over their variance (benchmarks/running/fidelity.py; `-`: not measured
then). Additions and messages are for each multiply-accumulate of the ANN; energy is under `{model}`.
**draws**: choices of calibration samples that a row is the mean of.

Made by `python tools/run_bench.py TASK --methods adafire-uniform:substeps=16,adafire:substeps=16 --timesteps 1,2,4`.
"""
HEADERS = (
    *("N", "T", "at most", "method", "metric", "draws", "drop (points)", "agreement", "divergence", "error"),
    *("additions a MAC", "messages a MAC", "energy, of the ANN's"),
)
_NAME = re.compile(r"(?P<base>[^:]+):substeps=(?P<count>\d+)\Z")


def render(records):
    """Text of results/SUBSTEPS.md: the same bytes for the same records."""
    sections = ["# Sub-steps: how to split them\n", ABOUT.format(model=ENERGY_MODEL)]
    for group in groups(records):
        lines = _lines(rows_of_table(group))
        if lines:
            head = ["| " + " | ".join(HEADERS) + " |", "|" + "---:|" * 3 + "---|" + "---:|" * (len(HEADERS) - 4)]
            body = ["| " + " | ".join(map(markdown, line)) + " |" for line in lines]
            sections += [f"## {label(group, records)}\n", "\n".join([*head, *body]) + "\n"]
    if len(sections) == 2:
        sections.append("No record of a method with `substeps=` yet.\n")
    return "\n".join(sections)


def _lines(rows):
    found = []
    for row in rows:
        named = _NAME.match(row["method"])
        if named and row["record"] is not None:
            count, steps = int(named["count"]), row["timesteps"]
            found.append(((count, steps, named["base"]), _cells(row, count, steps, named["base"])))
    return [cells for _, cells in sorted(found)]


def _cells(row, count, steps, base):
    return (
        *(str(count), str(steps), str(count // steps), base),
        f"{row['value']:.4f}",
        str(len(row["draws"])) if row["draws"] else "1",
        points(row["drop"]),
        text(row["agreement"], ".3f"),
        text(row["divergence"], ".3g"),
        text(row["output_error"], ".3g"),
        text(row["synops"], ".3f", row["ann_macs"]),
        text(row["synops_graded"], ".3f", row["ann_macs"]),
        text(row["of_ann"].get(ENERGY_MODEL), ".3f"),
    )
