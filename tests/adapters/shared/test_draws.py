"""Draws of calibration samples: disjoint, never scored, all on the same test samples; tables show their mean and span."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.points.data import cloud_arrays  # noqa: F401 - registers
from adapters.points.data.cloud_sets import read
from adapters.shared.draws import by_hash, drawn, set_aside
from benchmarks.report import leaderboard
from benchmarks.report.rows import rows_of_table
from benchmarks.running.catalogue import find_task
from benchmarks.running.request import RunOptions, find_adapter
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task, load_task
from helpers.records import make, make_row
from helpers.rendered import render
from helpers.tables import tables
from helpers.toys import TASK


def options(draw=0, draws=1, seed=0):
    return WorkloadOptions(draw=draw, draws=draws, seed=seed)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_what_is_set_aside_is_disjoint_and_never_scored(many, samples, draws, seed):
    order = by_hash([f"{k}.png" for k in range(many)], seed)
    if many <= draws * samples:
        with pytest.raises(InputError, match="leave none to score"):
            [set_aside(order, samples, options(k, draws), "'x' has few pictures") for k in range(draws)]
        return
    parts = [set_aside(order, samples, options(k, draws), "") for k in range(draws)]
    (scored,) = {tuple(rest) for _, rest in parts}
    taken = [name for chosen, _ in parts for name in chosen]
    assert len(taken) == len(set(taken)) == draws * samples and not set(taken) & set(scored)
    assert len(scored) + len(taken) == many
    alone, rest = set_aside(order, samples, options(), "")
    assert (
        parts[0][0] == alone and list(scored) == rest[: len(scored)]
    )  # the first draw is the same with others and without


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_draws_of_other_data_have_no_sample_in_common_where_there_are_enough(many, samples, draws):
    names = by_hash(map(str, range(many)))
    if many <= samples and draws > 1:
        for draw in range(draws):  # the first says so, before any long work
            with pytest.raises(
                InputError, match=f"{draws} draws of {samples} calibration samples, but the set has {many}"
            ):
                drawn(names, samples, options(draw, draws), "the set")
        return
    parts = [drawn(names, samples, options(k, draws), "the set")[:samples] for k in range(draws)]
    assert parts[0] == names[:samples] and all(len(set(part)) == min(many, samples) for part in parts)
    if many >= draws * samples:
        assert len({name for part in parts for name in part}) == draws * samples


def test_clouds_of_one_file_are_set_aside_for_every_draw(tmp_path):
    np.savez(tmp_path / "clouds.npz", x=np.random.default_rng(0).normal(size=(12, 20, 3)), y=np.arange(12) % 2)
    data = {"type": "arrays", "file": "clouds.npz", "classes": ["a", "b"], "set_aside": 3}
    found = [read(data, options(k, 3)._replace(data_root=str(tmp_path))) for k in range(3)]
    alone = read(data, options()._replace(data_root=str(tmp_path)))
    ids = lambda listed: [item.id for item in listed]
    (scored,) = {tuple(ids(each.test)) for each in found}
    taken = [
        name for k in range(3) for name in ids(drawn(found[k].candidates, 3, options(k, 3), "", lambda c: c.id))[:3]
    ]
    assert len(set(taken)) == 9 and len(scored) == 3 and not set(taken) & set(scored)
    assert taken[:3] == ids(alone.candidates) and len(alone.test) == 9
    with pytest.raises(InputError, match="12 clouds, and 12 are to be set aside.*or --draws"):
        read(data, options(0, 4)._replace(data_root=str(tmp_path)))


def test_a_seed_draws_others():
    names = by_hash(map(str, range(100)))
    assert drawn(names, 5, options(seed=1), "")[:5] != names[:5] != drawn(names, 5, options(seed=2), "")[:5]
    assert sorted(drawn(names, 5, options(seed=1), "")) == sorted(names)
    assert drawn(names, 5, options(seed=1), "") == drawn(names[::-1], 5, options(seed=1), "")


FAST = ["fashion_resnet", "modelnet40_pointnet"]
SLOW = ["fashion_events", "coco_yolo", "voc12_fcn", "drive_unet", "shapenetpart_pointnet"]


@pytest.mark.parametrize("name", FAST + [pytest.param(name, marks=pytest.mark.slow) for name in SLOW])
def test_every_family_draws(name):
    task = load_task(find_task(name))
    few = {**task.variants["mini"].settings(), "calibration": {"samples": 6}}

    def described(**how):
        return find_adapter(task.adapter)(few, WorkloadOptions(variant="mini", limit=8, **how)).describe()

    first, second, other = described(), described(draw=1, draws=2), described(seed=1)
    kept = [made["calibration"]["fingerprint"] for made in (first, second, other)]
    assert len(set(kept)) == 3 and described(draw=0, draws=2) == first
    for made in (second, other):
        assert made["data"] == first["data"] and made["weights"] == first["weights"]
        assert made["calibration"]["overlap"] == 0 and made["calibration"]["samples"] == first["calibration"]["samples"]


def test_an_adapter_that_does_not_draw_is_found_out(tmp_path):
    task = parse(Task, {**TASK, "methods": ["burst"]}, "toy")
    with pytest.raises(InputError, match="draw 2 of 'toy' has the calibration samples of an earlier one"):
        run(task, "mini", options=RunOptions(WorkloadOptions(draws=2)), out=tmp_path)


def draw(k, value, method="adafire", **changes):
    workload = make().model_dump()["workload"]
    workload["calibration"]["fingerprint"] = f"{k}" * 64
    return make(method, workload=workload, draw=k, rows=[make_row(2, value), make_row(4, value + 0.1)], **changes)


def test_a_row_of_several_draws_is_their_mean_with_their_span():
    records = [draw(0, 0.40), draw(1, 0.43), draw(2, 0.46)]
    at_2, at_4 = rows_of_table(records)
    assert at_2["value"] == pytest.approx(0.43) and at_2["draws"] == [0.40, 0.43, 0.46]
    assert at_4["value"] == pytest.approx(0.53) and at_4["low"] == pytest.approx(0.43)
    pivot, whole = tables(render(records))[-2:]
    assert whole[2][whole[0].index("draws")] == "3: 0.400 to 0.460"
    assert [row["draws"] for row in rows_of_table(records[:1])] == [None, None]
    later = draw(1, 0.49, method_version=2)
    assert rows_of_table([*records, later])[0]["draws"] == [0.40, 0.46, 0.49]  # of one draw the latest


def test_two_definitions_of_a_method_never_share_a_table():
    old = make(parameters={"phi": 2}, rows=[make_row(2, 0.123), make_row(4, 0.234)])
    new = make(date="2026-02-01T00:00:00+00:00", rows=[make_row(2, 0.3)], timesteps=[2])
    text = render([old, new])
    assert "0.123" not in text and "0.234" not in text and "0.300" in text
    assert "Results of earlier definitions of adafire are not shown." in text


def test_drops_are_the_mean_over_the_draws_that_both_have():
    def ann(k, value):
        workload = draw(k, 0.5).model_dump()["workload"]
        return make("ann", workload=workload, draw=k, rows=[make_row(None, value)])

    rows = rows_of_table([draw(0, 0.40), draw(1, 0.50), draw(2, 0.60), ann(0, 0.60), ann(1, 0.60)])
    at_2 = next(row for row in rows if row["method"] == "adafire" and row["timesteps"] == 2)
    assert at_2["value"] == pytest.approx(0.5) and at_2["drop"][0] == pytest.approx(100 * (0.2 + 0.1) / 2)


def test_one_of_several_draws_alone_is_the_same_record(tmp_path):
    task = load_task(find_task("fashion_resnet"))
    asked = RunOptions(WorkloadOptions(variant="mini", draws=2, limit=8))
    alone = run(task, "mini", ["quantised"], [1], asked._replace(only_draw=2), out=tmp_path / "alone").records
    every = run(task, "mini", ["quantised"], [1], asked, out=tmp_path / "all").records
    assert [record.draw for record in alone] == [1, 1] and [record.draw for record in every] == [0, 0, 1, 1]
    assert [record.key for record in alone] == [record.key for record in every[2:]]
    outcome = lambda records: [(r.workload, row.metrics, row.sites, row.layers) for r in records for row in r.rows]
    assert outcome(alone) == outcome(every[2:])
    with pytest.raises(InputError, match="draw 3 of 2: expected one from 1 to 2"):
        run(task, "mini", ["quantised"], [1], asked._replace(only_draw=3), out=tmp_path)
