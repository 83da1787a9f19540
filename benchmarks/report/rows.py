"""From records to the rows of tables: which records can be compared, and what a row of a table holds.

Results stand in one table only if they can be compared: same task, version, split, variant, data, samples, weights,
settings and precision. The task column says mini or part, so neither shares a table with the full benchmark.
"""

import json
from collections import OrderedDict
from itertools import groupby
from statistics import fmean
from typing import get_args

from adafire.cost.energy import ENERGY_MODELS

from ..running.record import ENERGY_MODEL, SPIKING
from ..running.splits import split_of
from ..running.task import Family, task_label
from .against import compared, with_zero_skipping
from .shown import shown
from .ties import places

KINDS = ("ann", "quantised", "snn", "external")
MEANS = tuple(
    "firing_rate mean_timesteps spikes synops synops_graded macs messages neuron_updates active_steps eff_macs over_fired "
    "over_fired_sites convert_s time_s energy_pj energy_graded_pj agreement divergence output_error".split()
)
"""Figures of a row whose mean over draws is shown; the others are the same in all of them."""


def rows_of(record):
    """One dict a T, with the keys of --json; where the run did not get to a T, status is 'failed' and figures None."""
    done = {row.timesteps: row for row in record.rows}
    return [_row(record, t, done.get(t)) for t in record.timesteps or [None]]


def _row(record, timesteps, row):
    failed = row is None
    return {
        "task": task_label(record.task, split_of(record)),
        "split": split_of(record),
        "variant": record.variant,
        "family": record.family,
        "method": record.method,
        "timesteps": timesteps,
        "metric": record.metric,
        "value": None if failed else row.metrics[record.metric],
        "low": None if failed else row.low,
        "high": None if failed else row.high,
        "metrics": {} if failed else dict(row.metrics),
        "ann": _ann(record),
        "samples": record.samples,
        **{
            name: None if failed else getattr(row, name)
            for name in (
                "firing_rate",
                "mean_timesteps",
                "synops",
                "synops_graded",
                "macs",
                "levels",
                "longest_burst",
                "spikes",
                "messages",
                "message_bits",
                "neuron_updates",
                "sub_steps",
                "active_steps",
                "eff_macs",
                "over_fired",
                "over_fired_sites",
                "convert_s",
                "time_s",
            )
        },
        **_fidelity(row),
        "bits": None if failed or not row.levels else row.levels.bit_length(),
        "ann_macs": _ann_macs(record),
        # integers are not priced as 32-bit floats
        "energy_pj": None if failed or record.parameters.get("weights") == "int8" else row.energy_pj.get(ENERGY_MODEL),
        "energy_model": ENERGY_MODEL,
        "energy_graded_pj": None if failed or record.parameters.get("weights") == "int8" else graded_energy(row),
        "ann_energy_pj": _ann_energy(record),
        "status": "failed" if failed else "ok",
        "reason": record.reason if failed else None,
    }


def _fidelity(row):
    """How like the ANN's a row's outputs are (fidelity.py); None throughout where that was not measured."""
    like = row and row.fidelity
    return {
        "agreement": like and like.agreement,
        "divergence": like and like.divergence,
        "output_error": like and like.output_error,
    }


def graded_energy(row, model=ENERGY_MODEL):
    """Energy in pJ of a record's row if a burst counted as one event; None for networks that do not spike."""
    return None if row.synops_graded is None else ENERGY_MODELS.get(model).energy_pj(row.macs, row.synops_graded)


def _ann(record):
    if record.kind == "ann":
        return record.rows[0].metrics[record.metric] if record.rows else None
    return record.ann.value if record.ann else None


def _ann_energy(record):
    source = record.rows[0] if record.kind == "ann" and record.rows else record.ann
    return source.energy_pj.get(ENERGY_MODEL) if source else None


def _ann_macs(record):
    source = record.rows[0] if record.kind == "ann" and record.rows else record.ann
    return source.macs if source else None


def groups(records):
    """Lists of records that share a table, in the order of the page; records of older versions of a task, and those that
    shown.py leaves out, are not in them."""
    newest, records = {}, shown(records)
    for record in records:
        place = (record.task, record.split, record.variant)
        newest[place] = max(newest.get(place, 0), record.task_version)
    current = [r for r in records if r.task_version == newest[r.task, r.split, r.variant]]
    ordered = sorted(current, key=lambda r: (get_args(Family).index(r.family), r.task, r.split, r.variant, setting(r)))
    return [list(group) for _, group in groupby(ordered, key=lambda r: (r.task, r.split, r.variant, setting(r)))]


def setting(record):
    """What two records must share, besides task, split and variant, to stand in one table: all but the draw of calibration
    samples."""
    identity = record.model_dump(
        mode="json", include={"workload", "settings", "precision", "limit", "device_type", "samples", "metric"}
    )
    identity["workload"]["calibration"].pop("fingerprint", None)
    identity["workload"]["weights"].pop("key", None)  # where in the file they stood; their hash says which they are
    return json.dumps(identity, sort_keys=True)


def draw_of(record):
    """Which draw of calibration samples a record is of."""
    return record.seed, record.draw


def distinct(record):
    """What else than task, split and variant tells a table from others, in brackets; or nothing."""
    words = [f"first {record.limit}"] if record.limit else []
    words += [w for w in (record.precision, record.device_type) if w not in ("fp32", "cpu")]
    return f" ({', '.join(words)})" if words else ""


_KNOWN = OrderedDict()
"""Rows of the tables that were made last, by their records' identities: a rendering asks for each table several times."""


def rows_of_table(records):
    """The rows of a table, made once for the same records: see ``_rows_of_table``. The rows are the caller's own."""
    known = tuple(map(id, records))
    if known not in _KNOWN:
        _KNOWN[known] = list(records), _rows_of_table(records)  # kept alive, so that an identity stays theirs
        if len(_KNOWN) > 64:
            _KNOWN.popitem(last=False)
    return [dict(row) for row in _KNOWN[known][1]]


def _rows_of_table(records):
    """The rows of a table: of several results for one method, T and draw the good one, of those the latest; of several draws
    the mean. Results of an earlier definition of a method (other parameters) are left out: ``outdated``. Beside what `rows_of`
    gives: 'place' among the spiking methods at this T, and 'record' with the (first draw's) record's own row, if any."""
    best = {}
    for record in sorted(current(records), key=lambda r: (r.method_version, r.date, r.key)):
        own = {row.timesteps: row for row in record.rows}
        for row in rows_of(record):
            place = (KINDS.index(record.kind), record.method, row["timesteps"] or 0)
            draws = best.setdefault(place, {})
            there = draws.get(draw_of(record))
            if there is None or row["status"] == "ok" or there["status"] == "failed":
                draws[draw_of(record)] = {
                    **row,
                    "kind": record.kind,
                    "place": None,
                    "draw": record.draw,
                    "draw_id": draw_of(record),
                    "record": own.get(row["timesteps"]),
                }
    rows = [mean_of_draws(list(best[place].values())) for place in sorted(best)]
    for t in sorted({row["timesteps"] or 0 for row in rows}):
        at = {row["method"]: row for row in rows if row["kind"] in SPIKING and row["timesteps"] == t and row["record"]}
        metric = records[0].metric
        for method, place in places({name: row["record"] for name, row in at.items()}, metric).items():
            at[method]["place"] = place
    return with_zero_skipping(compared(rows, records[0].metric))


def current(records):
    """Those of ``records`` whose parameters are those of the latest good record of their method."""
    latest = {}
    for record in sorted(records, key=lambda r: (r.status == "ok", r.method_version, r.date, r.key)):
        latest[record.method] = record.parameters
    return [record for record in records if record.parameters == latest[record.method]]


def outdated(records):
    """Names of methods of which records of an earlier definition are left out of the table."""
    kept = {record.key for record in current(records)}
    return sorted({record.method for record in records if record.key not in kept})


def mean_of_draws(rows):
    """One row of several draws: means of figures, the span of the primary metric in 'draws'; the row itself where there is one."""
    rows = sorted(rows, key=lambda row: (row["status"] != "ok", row["draw"]))
    good = [row for row in rows if row["status"] == "ok"]
    records = {row["draw_id"]: row["record"] for row in good}
    if len(good) < 2:
        return {**rows[0], "draws": None, "records": records}
    first, made = good[0], {}
    for key, value in first.items():
        figures = [row[key] for row in good]
        if key in ("value", "low", "high") or key in MEANS and all(f is not None for f in figures):
            made[key] = fmean(figures)
        elif key == "metrics":
            made[key] = {name: fmean(f[name] for f in figures) for name in value if all(name in f for f in figures)}
        else:
            made[key] = value
    return {**made, "draws": sorted(row["value"] for row in good), "records": records}


def rows_of_run(records):
    """The rows of what one run gave, in its order: as in a table."""
    order = {method: k for k, method in enumerate(dict.fromkeys(record.method for record in records))}
    place = lambda row: order[row["method"].replace("integer-sparse", "integer", 1)]
    return sorted(rows_of_table(records), key=lambda row: (place(row), row["timesteps"] or 0))
