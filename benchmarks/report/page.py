"""results/index.html as a function of records: one file that carries its data, its table and plotting libraries (Tabulator,
plotly.js; benchmarks/report/vendor) and asks nothing of a network (its content security policy forbids it).
"""

import json
import re
from pathlib import Path

from adafire.cost import ENERGY_MODELS
from adafire.cost.energy import arithmetic_models

from ..running.record import SPIKING
from . import matrix
from .against import MESSAGE
from .headline import html
from .looks import look
from .names import about, label
from .provenance import earlier_definitions, unknown_code
from .rows import current, graded_energy, groups, rows_of_table
from .ties import ALPHA

HERE = Path(__file__).resolve().parent
PARTS = (
    "vendor/tabulator.min.css",
    "page/style.css",
    "vendor/tabulator.min.js",
    "vendor/plotly-cartesian.min.js",
    "page/page.js",
)
COPIED = (
    "method",
    "kind",
    "timesteps",
    "place",
    "value",
    "low",
    "high",
    "synops",
    "synops_graded",
    "macs",
    "firing_rate",
    "levels",
    "longest_burst",
    "mean_timesteps",
    "over_fired",
    "convert_s",
    "time_s",
    "samples",
    "status",
    "reason",
)


def page(records, unknown=()):
    """Text of index.html: the same bytes for the same records. unknown: commits that are not in the history (provenance.py)."""
    parts = {Path(name).name: (HERE / name).read_text(encoding="utf-8") for name in PARTS}
    parts["ALPHA"], parts["HEADLINE"], parts["MATRIX"] = str(ALPHA), html(records), matrix.html(records)
    data = json.dumps(content(records, unknown), sort_keys=True, separators=(",", ":"), allow_nan=False)
    parts["DATA"] = data.replace("<", "\\u003c")  # a reason can hold anything, '</script>' too
    template = (HERE / "page" / "template.html").read_text(encoding="utf-8")
    return re.sub("@@([^@]+)@@", lambda found: parts[found[1]], template)


def content(records, unknown=()):
    """What the page's script reads: {'tables': one a group of comparable records, 'looks' of methods, 'models'}."""
    tables = [_table(group, unknown, records) for group in groups(records)]
    return {
        "tables": tables,
        "looks": {name: look(name) for name in sorted({row["method"] for table in tables for row in table["rows"]})},
        "models": [name for name in ENERGY_MODELS.names() if ENERGY_MODELS.get(name).mac_pj is not None],
    }


def _table(group, unknown, among):
    first, rows = group[0], rows_of_table(group)
    sites = next((_sites(row["record"]) for row in rows if row["kind"] == "snn" and row["record"]), [])
    return {
        "family": first.family,
        "label": label(group, among),
        "metric": first.metric,
        "about": " ".join(
            words
            for words in (about(group), unknown_code(group, unknown), earlier_definitions(current(group)))
            if words
        ),
        "sites": sites,
        "rows": [_row(row, sites) for row in rows],
    }


def _sites(row):
    return [str(site.get("site")) for site in row.sites]


def _row(row, sites):
    own = row["record"]
    found = {name: _short(row[name]) for name in COPIED}
    found["energy"] = _energy(row)
    found["ann_energy"] = {row["energy_model"]: row["ann_energy_pj"]} if row["ann_energy_pj"] else {}
    if own and row["kind"] == "snn" and sites and _sites(own) == sites:
        found["rates"] = [_short(site.get("firing_rate")) for site in own.sites]
    return found


def _energy(row):
    """{model: [pJ, pJ if a burst counts as one message]} of a row under the models that its counters suffice for; of 8-bit weights
    under those of integers alone. Models of arithmetic charge one addition for a message then, as papers do."""
    found, own = {}, row["record"]
    for name, pj in row["energies"].items():
        whole = (
            own.parameters.get("weights") != "int8"
            or "integer" in ENERGY_MODELS.get(name.removesuffix(MESSAGE)).precision
        )
        if name.endswith(MESSAGE) or not whole:
            continue
        other = graded_energy(own, name) if name in arithmetic_models() and row["kind"] in SPIKING else None
        found[name] = [_short(pj), _short(row["energies"].get(name + MESSAGE, pj) if other is None else other)]
    return found


def _short(value):
    """Six digits: more than is shown, and a third of the bytes."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
