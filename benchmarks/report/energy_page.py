"""results/ENERGY.md as a function of records: every table under every energy model, and where a row costs less than what."""

from statistics import median

from adafire.cost import ENERGY_MODELS
from adafire.cost.energy import arithmetic_models

from ..text import markdown
from .against import MESSAGE, mean_energies, shares
from .names import label
from .rows import groups, rows_of_table
from .within import POINTS, best_rows

ABOUT = """Rendered from `records/` by `python tools/leaderboard.py`. Every row is one method of one table at the fewest timesteps with
which it is within {points} points of the ANN; methods that never are within them are left out, and named. A model prices both sides: the
spiking network, and what it is compared with, so that precision is the same on both. Below 1 spiking costs less.

- **the ANN**: the network before conversion, every product made: in floats or integers, as the model's precision says.
- **the ANN without zeros**: the same, products with an activation of 0 left out.
- **the integer network without zeros**: the same with 8-bit weights and activations rounded to the row's own number of values: the
  rival of equal bits ([README.md](README.md)).
- *, a message*: the second reading, where a burst is sent once and its weight read once, for chips that can
  ([docs/energy_models.md](../docs/energy_models.md)). `loihi-1` has no MACs, which every network here keeps in its first layer, and
  so no network to compare with: it is not on this page.
- *not counted*: the records of that table are older than the counters that the model needs.
"""
AGAINST = ("of_ann", "of_sparse", "of_integer")
WORDS = {
    "of_ann": "the ANN",
    "of_sparse": "the ANN without zeros",
    "of_integer": "the integer network without zeros",
}


def render(records):
    """Text of results/ENERGY.md: the same bytes for the same records."""
    tables = _tables(records)
    sections = [f"# Energy under {len(keys())} models and readings\n", ABOUT.format(points=POINTS)]
    sections += [markdown(summary(records)) + "\n", _overview([row for _, near, _ in tables for row in near])]
    for name, near, missed in tables:
        sections.append(f"## {name}\n")
        if near:
            sections.append(_section(near))
        if missed:
            sections.append(f"Never within {POINTS} points: {markdown(', '.join(missed))}.\n")
    return "\n".join(sections)


def keys():
    """Models and readings, in the order of the page; a second reading only where it is another figure."""
    plain = arithmetic_models()
    found = []
    for name in ENERGY_MODELS.names():
        if ENERGY_MODELS.get(name).mac_pj is not None:
            found += [name] if name in plain else [name, name + MESSAGE]
    return found


def summary(records):
    """A few sentences: how many rows cost less than which rival, with arithmetic alone and with memory counted."""
    rows = [row for _, near, _ in _tables(records) for row in near]
    plain, parts = arithmetic_models(), []
    memory = [key for key in keys() if key not in plain]
    for words, wanted in (
        ("With arithmetic alone", [key for key in keys() if key in plain]),
        ("with memory counted and weights read for every spike", [key for key in memory if not key.endswith(MESSAGE)]),
        ("and with one read a message", [key for key in memory if key.endswith(MESSAGE)]),
    ):
        found = {against: [share for key in wanted for share in _shares(rows, against, key)] for against in AGAINST}
        said = [
            f"{_less(found[against])} cost less than {WORDS[against]}"
            for against in ("of_ann", "of_integer")
            if found[against]
        ]
        parts += [f"{words} {' and '.join(said)}"] if said else []
    if not parts:
        return "No record has the counters that this page needs."
    return (
        f"Rows within {POINTS} points of their ANN, times the models that they can be priced under: {'; '.join(parts)}."
    )


def _tables(records):
    """[(label, rows that are near enough, names of methods that never are)]; the rows have 'of_sparse', too."""
    found = []
    for group in groups(records):
        rows = rows_of_table(group)
        ann = next((row for row in rows if row["kind"] == "ann" and row["record"] is not None), None)
        sparse = {} if ann is None or ann["record"].eff_macs is None else mean_energies(ann, zero_skipping=True)
        near, missed = best_rows(rows)
        found.append(
            (label(group, records), [{**row, "of_sparse": shares(row["energies"], sparse)} for row in near], missed)
        )
    return found


def _share(row, against, key):
    """None where a counter is missing; a reading that is no other figure stands under the model's name alone."""
    return row[against].get(key, row[against].get(key.removesuffix(MESSAGE)))


def _shares(rows, against, key):
    found = [_share(row, against, key) for row in rows]
    return [share for share in found if share is not None]


def _less(found):
    return f"{sum(share < 1 for share in found)} of {len(found)}"


def _overview(rows):
    """One line a model: over all tables, how many rows cost less than what, and their median share."""
    lines = [
        "| model | precision | " + " | ".join(f"less than {WORDS[k]} (median)" for k in AGAINST) + " |",
        "|---|---|---:|---:|---:|",
    ]
    for key in keys():
        cells = [key, ENERGY_MODELS.get(key.removesuffix(MESSAGE)).precision]
        for against in AGAINST:
            found = _shares(rows, against, key)
            cells.append(f"{_less(found)} ({median(found):.2f})" if found else "not counted")
        lines.append("| " + " | ".join(map(markdown, cells)) + " |")
    return "\n".join(lines) + "\n"


def _section(near):
    """Models down; the methods below each of the three rivals, cheapest first, with their share of its energy."""
    named = ", ".join(f"{row['method']} (T={row['timesteps']})" for row in near)
    lines = [
        f"Within {POINTS} points: {markdown(named)}.\n",
        "| model | " + " | ".join(f"less than {WORDS[k]}" for k in AGAINST) + " |",
        "|---|---|---|---|",
    ]
    for key in keys():
        cells = [key]
        for against in AGAINST:
            found = [(_share(row, against, key), row["method"]) for row in near]
            found = sorted((share, method) for share, method in found if share is not None)
            less = [f"{method} {share:.2f}" for share, method in found if share < 1]
            most = f"none; least {found[0][1]} {found[0][0]:.2f}" if found else "not counted"
            cells.append(", ".join(less) or most)
        lines.append("| " + " | ".join(map(markdown, cells)) + " |")
    return "\n".join(lines) + "\n"
