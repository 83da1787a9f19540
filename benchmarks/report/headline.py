"""The table at the top of the README and of the results: two real networks and one mini, every method at its best T."""

from html import escape

from ..running.record import SPIKING
from ..text import markdown, visible
from .columns import of_three, points, text, values
from .names import label
from .rows import groups, rows_of_table
from .within import POINTS, best_rows

TABLES = (("coco_yolo", "yolo-fastestv2"), ("cifar10_resnet20", "full"), ("coco_yolo", "mini"))
"""(task, variant): a detector with its authors' weights, a thin classifier that conversions lose accuracy on, the first run's mini."""
COLUMNS = {
    "data": lambda row: row["label"],
    "method": lambda row: row["method"],
    "T": lambda row: text(row["timesteps"] if row["kind"] in SPIKING else None),
    "values": values,
    "sub-steps": lambda row: text(row["sub_steps"] and round(row["sub_steps"], 1), "g"),
    "score": lambda row: (
        f"{row['metric']} {row['value']:.3f}"
        + (f" ({len(row['draws'])} draws)" if row["draws"] and row["kind"] in SPIKING else "")
    ),
    "drop (points)": lambda row: points(row["drop"]),
    "below its rival": lambda row: points(row["lossless"]),
    "messages a MAC": lambda row: text(row["synops_graded"], ".2f", row["ann_macs"]),
    "additions a MAC": lambda row: text(row["synops"], ".2f", row["ann_macs"]),
    "energy, of the ANN's": lambda row: of_three(row["of_ann"]),
    "of the sparse integer network's": lambda row: of_three(row["of_integer"]),
}


def chosen(records, most=None):
    """[(label, rows, methods that are never near enough)] of the tables of the headline that ``records`` have, of each the
    one that was run last. most: so many methods a table, the cheapest."""
    found = []
    for group in chosen_groups(records):
        rows = rows_of_table(group)
        near, missed = best_rows(rows)
        used = {row["levels"] for row in near if row["method"] == "ours"} or {row["levels"] for row in near}
        rivals = [row for row in rows if row["kind"] == "quantised" and row["record"] and row["levels"] in used]
        rivals = [row for row in rivals if row["method"].endswith(f"phi_plus={row['levels']}")]
        ann = [row for row in rows if row["kind"] == "ann" and row["record"]]
        near = sorted(near, key=lambda row: row["of_ann"].get("horowitz-45nm", 9))[:most]
        found.append((label(group, records), [*ann, *near, *rivals], missed))
    return found


def chosen_groups(records):
    """The records of each table of the headline; of several of one task and variant, of the one that was run last."""
    found = []
    for task, variant in TABLES:
        of_task = [g for g in groups(records) if (g[0].task, g[0].variant) == (task, variant)]
        found += [max(of_task, key=lambda g: max(record.date for record in g))] if of_task else []
    return found


def headline(records, most=None):
    """Markdown: the table, and what is not in it. most: see ``chosen``."""
    tables = chosen(records, most)
    if not tables:
        return "No results yet: `make bench`."
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "|".join("---" if k < 2 else "---:" for k in range(len(COLUMNS))) + "|",
    ]
    for name, rows, _ in tables:
        for row in rows:
            cells = [cell({**row, "label": name}) for cell in COLUMNS.values()]
            lines.append("| " + " | ".join(map(markdown, cells)) + " |")
    missed = [f"{name}: {', '.join(methods)}" for name, _, methods in tables if methods]
    said = [
        f"\nA method stands at the fewest timesteps with which it is within {POINTS} points of the ANN, cheapest first."
    ]
    if most:
        said += [
            f"The {most} cheapest; the others, and those that are never within them: [results/README.md](results/README.md)."
        ]
    elif missed:
        said += [f"Never within them, at the timesteps that were run: {markdown('; '.join(missed))}."]
    return "\n".join([*lines, " ".join(said), "\n" + markdown(loses(tables))])


def html(records):
    """The same as a table in HTML; nothing where ``records`` have none of its tables."""
    tables = chosen(records)
    if not tables:
        return ""
    row = lambda tag, cells: f"<tr>{''.join(f'<{tag}>{escape(visible(cell))}</{tag}>' for cell in cells)}</tr>"
    lines = [[cell({**each, "label": name}) for cell in COLUMNS.values()] for name, rows, _ in tables for each in rows]
    body = "\n".join([row("th", COLUMNS), *(row("td", line) for line in lines)])
    return (
        f'<div class="headline" tabindex="0" role="region" aria-label="table, scrolls"><table>\n{body}\n</table></div>\n'
        f'<p class="about">{escape(visible(loses(tables)))}</p>'
    )


def loses(tables):
    """One sentence: where spiking costs more than the integer network of the same number of values that skips zeros."""
    priced = [row for _, rows, _ in tables for row in rows if row["of_integer"]]
    if not priced:
        return "Where spiking loses is not known of these rows: no integer network was run beside them."
    keys = list(dict.fromkeys(key for row in priced for key in row["of_integer"]))
    lost = [key for key in keys if all(row["of_integer"].get(key, 2) >= 1 for row in priced)]
    won = [key for key in keys if any(row["of_integer"].get(key, 2) < 1 for row in priced)]
    return (
        f"Where spiking loses: of {len(keys)} energy models and readings, there are {len(lost)} under which no row above costs less than the "
        "integer network of its own number of values that skips zeros"
        + (f"; it does for some row under {', '.join(won)}." if won else ".")
    )
