"""The rounded networks beside every spiking row: run by themselves, at the row's own values, paired, priced; by hand."""

import pytest
import torch

import adafire
from adafire.cost import ENERGY_MODELS
from benchmarks.report import leaderboard
from benchmarks.report.against import compared, energies, shares
from benchmarks.report.rows import rows_of_run, rows_of_table
from benchmarks.running.request import RunOptions
from benchmarks.running.rivals import rivals_of
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task
from helpers.networks import build, relative_error
from helpers.rendered import render
from helpers.toys import TASK


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    task = parse(Task, {**TASK, "methods": ["burst", "adafire-signed"]}, "toy")
    out = tmp_path_factory.mktemp("rivals")
    first = run(task, "mini", timesteps=[1, 2], options=RunOptions(rivals=True), out=out)
    return task, out, first


def test_every_spiking_row_gets_its_rivals(outcome):
    task, out, found = outcome
    values = sorted({row.levels for r in found.records if r.kind == "snn" for row in r.rows})
    wanted = [f"{rival}:phi_plus={n}" for n in values for rival in ("quantised", "integer")]
    assert len(values) > 1 and [r.method for r in found.records] == ["ann", "burst", "adafire-signed", *wanted]
    for record in found.records[3:]:
        (row,) = record.rows
        assert (record.kind, row.timesteps, row.levels) == ("quantised", 1, int(record.method.rpartition("=")[2]))
        assert record.parameters["correction"] == "light"
    again = run(task, "mini", timesteps=[1, 2], options=RunOptions(rivals=True), out=out)
    assert [r.key for r in again.records] == [r.key for r in found.records] and len(again.cached) == len(found.records)
    assert [r.method for r in run(task, "mini", timesteps=[1, 2], out=out).records] == [
        "ann",
        "burst",
        "adafire-signed",
    ]


def test_a_row_is_held_against_the_rival_of_its_own_values(outcome):
    records = outcome[2].records
    rows = {(row["method"], row["timesteps"]): row for row in rows_of_table(records)}
    ann = rows["ann", None]["value"]
    for (method, t), row in rows.items():
        if method.startswith("integer"):
            assert row["energy_pj"] is None and row["energies"]  # integers are not priced as floats
        if row["kind"] != "snn":
            assert row["lossless"] is None
            if method.startswith("integer:"):
                sparse = rows[method.replace("integer", "integer-sparse"), t]
                assert sparse["value"] == row["value"] and sparse["derived"] and not row.get("derived")
                assert sparse["energies"]["horowitz-45nm-int8-acc32"] == pytest.approx(0.3 * row["record"].eff_macs)
                assert row["energies"]["horowitz-45nm-int8-acc32"] == pytest.approx(0.3 * row["record"].macs)
            continue
        rival = rows[f"quantised:phi_plus={row['levels']}", 1]
        assert row["lossless"][0] == pytest.approx(100 * (rival["value"] - row["value"]))
        assert row["drop"][0] == pytest.approx(100 * (ann - row["value"]))
        integer = rows[f"integer:phi_plus={row['levels']}", 1]["record"]
        model = ENERGY_MODELS.get("horowitz-45nm-int8-acc32")
        own = 0.3 * row["record"].macs + 0.1 * row["record"].synops  # by hand
        assert row["of_integer"]["horowitz-45nm-int8-acc32"] == pytest.approx(own / (0.3 * integer.eff_macs))
        assert row["energies"]["horowitz-45nm-int8-acc32"] == pytest.approx(
            model.energy_pj(row["record"].macs, row["record"].synops)
        )
    text = render(records)
    assert "below its rival" in text and "of the sparse integer network's" in text and "time (s)" not in text
    flat = rows_of_run(records)
    assert [row["method"] for row in flat][:3] == ["ann", "burst", "burst"]


def test_a_rival_without_its_correction_or_of_other_values_is_noticed(outcome):
    """What is compared is told by its name: the number of values, and what it was run with."""
    records = outcome[2].records
    less = [r for r in records if not r.method.startswith("quantised")]
    assert all(row["lossless"] is None for row in rows_of_table(less))
    assert rivals_of(records) == [r.method for r in records[3:]]
    other = [
        r if r.method != "quantised:phi_plus=5" else r.model_copy(update={"method": "quantised:phi_plus=6"})
        for r in records
    ]
    at_5 = [row for row in rows_of_table(other) if row["kind"] == "snn" and row["levels"] == 5]
    assert at_5 and all(row["lossless"] is None for row in at_5)


def test_old_records_are_priced_where_their_counters_suffice(outcome):
    record = outcome[2].records[2].rows[0]  # bursts
    full = energies(record)
    assert {"horowitz-45nm", "spikingjelly-simple", "lemaire-45nm", "spikingjelly-simple, a message"} <= set(full)
    old = record.model_copy(update={"layers": [], "sites": [], "messages": None, "neuron_updates": None})
    assert set(energies(old)) == {"horowitz-45nm", "horowitz-45nm-int8", "horowitz-45nm-int8-acc32"}
    assert shares(full, None) == {}


def test_nothing_to_compare_with_is_none(outcome):
    rows = [dict(row) for row in rows_of_table(outcome[2].records) if row["kind"] == "snn"]
    assert all(
        row["drop"] is None and row["lossless"] is None and row["of_integer"] == {}
        for row in compared(rows, "accuracy")
    )


@pytest.mark.parametrize("name", ["Residual", "Pyramid"])
def test_the_rivals_tend_to_the_network(name):
    """At 255 values the integer network is as close to the ANN as 8-bit weights let it be, signed numbers and all."""
    network, x = build(name), torch.rand(6, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ann = network(x)
        exact = adafire.convert(network, x, method="ann", timesteps=1, weights="int8")(x)
        errors = [
            relative_error(adafire.convert(network, x, method=m, timesteps=1, phi_plus=255)(x), ann)
            for m in ("quantised", "integer")
        ]
        assert errors[0] < 0.01 and errors[1] < 0.02 + relative_error(exact, ann)
