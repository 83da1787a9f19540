"""A task's card: what it reads and under which terms, its variants with their weights, what was published of them, what is measured in
the committed records, and what sets a run here apart from the published use."""

import re

from ..running import data_sources
from ..running.data_terms import terms_of, weights_licence
from ..running.splits import reasons, split_of
from .task_page import network_of, published_score, weights_of

ADDRESS = re.compile(r"https?://[^\s,)]+")


def card(task, records):
    """Lines of Markdown, below the card's heading and prose. ``records``: those in which the ANN's score is looked for."""
    lines = [f"Metric: {task.metric}. Methods: {', '.join(f'`{name}`' for name in task.methods)}.", ""]
    lines += [
        "| variant | split | network | weights | their licence | published score | measured here |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, variant in task.variants.items():
        cells = [
            name,
            variant.split,
            network_of(variant),
            weights_of(task.name, name, variant),
            weights_licence(variant),
        ]
        cells += [published_score(task, variant), measured(task, name, records)]
        lines.append("| " + " | ".join(cells).replace("](reproduce.md)", "](../reproduce.md)") + " |")
    lines += [""]
    sets = {}
    for name, variant in task.variants.items():
        sets.setdefault(data_sources.name_of(variant), {})[name] = variant
    for variants in sets.values():
        lines += [*_data(next(iter(variants.values())), ", ".join(variants)), ""]
    if task.mini:
        lines += [f"Its mini is that of [{task.mini}](#{task.mini.replace('_', '-')}).", ""]
    return lines


def measured(task, name, records):
    """'0.810 (part: 3,000 of 10,000 samples)', of the ANN by the newest version of the task; '-' where no record has it."""
    own = [r for r in records if (r.task, r.variant, r.kind, r.status) == (task.name, name, "ann", "ok")]
    newest = [r for r in own if r.task_version == task.version and r.rows]
    if not newest:
        return "-"
    best = max(newest, key=lambda record: record.samples)
    why = "; ".join(reasons(best).values()) if split_of(best) == "part" else f"{best.samples:,} samples"
    return f"{best.rows[0].metrics[task.metric]:.3f} ({split_of(best)}: {why})"


def _data(variant, names):
    """Lines on the set that the variants ``names`` read."""
    name, terms = data_sources.name_of(variant), terms_of(variant)
    source = data_sources.SOURCES.get(name)
    lines = [f"* Data ({names}): {source.title if source else f'`{name}`, made by the project'}"]
    lines += [f"* Licence of the data: {terms.licence}", f"* To cite: {terms.cite}"]
    lines += ["* Where it comes from: " + ADDRESS.sub(r"<\g<0>>", source.get)] if source else []
    return [*lines, f"* Known differences: {terms.differs or 'none'}"]
