"""Figures that others published of conversions, as data (published.csv), to stand beside ours: nothing of them was measured here.

They are as quoted where ``quoted_in`` says, often not the work's own table; what is not stated there is empty, and unknown.
Other weights, data forms and energy models stand behind them, so they are read beside each work's own ANN.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from ..running.splits import split_of

FILE = Path(__file__).with_suffix(".csv")
UNKNOWN = "unknown"


class Published(NamedTuple):
    """table: one of reproduction.TABLES; counterpart: our method of that work, task: ours with that network and data ('' where
    there is none); percent: the metric's value, ann_percent: of the work's own ANN; energy_share: of its ANN's, under its own model;
    source: the work; quoted_in: where the figure was read. All text as it stands in the file, timesteps aside."""

    table: str
    method: str
    counterpart: str
    network: str
    task: str
    data: str
    timesteps: int
    metric: str
    percent: str
    ann_percent: str
    energy_share: str
    source: str
    quoted_in: str


def published(table):
    """The Published rows of one table."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [Published(**{**row, "timesteps": int(row["timesteps"])}) for row in csv.DictReader(file)]
    return [row for row in rows if row.table == table]


def beside(table, records):
    """(headers, cells): the published rows of one table, and what ``records`` have of the same method on the same task at that T,
    in percent; '-' where the method or network is none of ours, 'not run' where it is."""
    headers = ["method", "network", "data", "T", "metric", "published, %", "its ANN, %", "energy, of its ANN's"]
    headers += ["ours, %", "our ANN, %", "work", "as quoted in"]
    return headers, [
        [
            row.method,
            row.network,
            row.data or UNKNOWN,
            str(row.timesteps),
            row.metric,
            row.percent,
            row.ann_percent or UNKNOWN,
            row.energy_share or UNKNOWN,
            *_ours(row, records),
            row.source or UNKNOWN,
            row.quoted_in,
        ]
        for row in published(table)
    ]


def _ours(row, records):
    """(value, ANN) in percent, of the most samples; of part of the data it says so."""
    if not row.counterpart or not row.task:
        return "-", "-"
    found = [
        (record, own)
        for record in records
        if (record.method, record.task, record.metric) == (row.counterpart, row.task, row.metric)
        and split_of(record) != "mini"
        for own in record.rows
        if own.timesteps == row.timesteps
    ]
    if not found:
        return "not run", "-"
    record, own = max(found, key=lambda pair: (split_of(pair[0]) == "full", pair[0].samples, pair[0].date))
    part = "" if split_of(record) == "full" else " (part)"
    ann = f"{100 * record.ann.value:.2f}{part}" if record.ann else UNKNOWN
    return f"{100 * own.metrics[row.metric]:.2f}{part}", ann
