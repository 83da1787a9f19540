"""The leaderboard as a function of records, and the intervals, against figures computed by hand."""

import random

import numpy as np
import pytest

from benchmarks.report import leaderboard, stats
from benchmarks.report.names import label
from benchmarks.report.rows import groups, rows_of
from benchmarks.running.store import Store
from helpers.records import failed, make, make_row
from helpers.rendered import render, sections
from helpers.tables import JSON_KEYS, tables


def test_rows_have_the_keys_of_the_json_output():
    first, second = rows_of(make())
    assert JSON_KEYS <= set(first)
    assert (first["timesteps"], first["value"], second["value"], first["ann"]) == (2, 0.4, 0.5, 0.6)
    assert first["task"] == "toy mini" and first["split"] == "mini"
    assert first["energy_pj"] == 15.6e6 and first["energy_model"] == "horowitz-45nm"
    (ann,) = rows_of(make("ann"))
    assert ann["timesteps"] is None and ann["value"] == ann["ann"] == 0.6


def test_failed_run_is_a_row_for_every_t_it_did_not_reach():
    rows = rows_of(failed())
    assert [r["timesteps"] for r in rows] == [2, 4] and {r["status"] for r in rows} == {"failed"}
    assert all(JSON_KEYS <= set(r) and r["value"] is None and r["reason"].startswith("RuntimeError") for r in rows)
    half = make(status="failed", reason="MemoryError: no", rows=[make_row(2)])
    assert [r["status"] for r in rows_of(half)] == ["ok", "failed"]


def test_same_bytes_in_any_order(tmp_path):
    records = [make("ann"), make(), make("burst"), failed(method="rate"), make(variant="big", split="full")]
    text = render(records)
    for seed in range(3):
        shuffled = random.Random(seed).sample(records, len(records))
        assert render(shuffled) == text
    store = Store(tmp_path)
    for record in records:
        store.write(record)
    assert leaderboard.write_leaderboard(tmp_path) == []
    first = (tmp_path / "README.md").stat()
    assert (tmp_path / "README.md").read_text() == leaderboard.pages(records)["README.md"]
    assert leaderboard.write_leaderboard(tmp_path) == []
    assert (tmp_path / "README.md").stat().st_mtime_ns == first.st_mtime_ns, "not even written again"


def test_every_table_is_well_formed_and_a_failure_has_its_reason():
    text = sections([make("ann"), make(), failed(method="rate")])
    for table in tables(text):
        assert len({len(line) for line in table}) == 1
    (reasons,) = [table for table in tables(text) if table[0][-1] == "reason"]
    assert [line[1] for line in reasons[2:]] == ["ann", "adafire", "adafire", "rate", "rate"]
    assert reasons[-1][-1] == r"RuntimeError: a \| b &lt;i&gt; \`c\` d"


def test_figures_and_units():
    """By hand: 2e6 additions and 1e6 messages for 1e7 MACs of the ANN, of which 3e6 are left: 3e6 x 4.6 + 2e6 x 0.9 = 15.6e6 pJ of
    46e6, 3e6 x 0.3 + 2e6 x 0.1 = 1.1e6 of 3e6, and with 8-bit accumulators 3e6 x 0.23 + 2e6 x 0.03 = 0.75e6 of 2.3e6."""
    ann = make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7)])
    table = tables(sections([ann, make()]))[-1]
    line = dict(zip(table[0], table[-1]))
    assert line == {
        "task": "toy mini",
        "method": "adafire",
        "T": "4",
        "values": "16 (5 bits)",
        "burst": "4",
        "mAP": "0.500",
        "95 % interval": "0.400 to 0.600",
        "mAP50": "0.700",
        "messages a MAC": "0.100",
        "additions a MAC": "0.200",
        "MACs left": "0.300",
        "over-fired": "1.00 % in 50 %",
        "energy, of the ANN's": "0.34, 0.37, - (0.33 to 0.37)",
        "drop (points)": "10.00 \\[10.00, 10.00\\]",
    }
    full = make_row(
        4, synops=2e6, active_steps=2.0, sub_steps=16.0, neuron_updates=5e5, eff_macs=1e6, mean_timesteps=3.0
    )
    table = tables(sections([ann, make(rows=[make_row(2), full])]))[-1]
    line = dict(zip(table[0], table[-1]))
    wanted = {"sending": "2", "sub-steps": "16", "MACs left": "0.300 (0.100)", "updates (M)": "0.500", "mean T": "3.00"}
    assert {key: line[key] for key in wanted} == wanted


def test_without_an_ann_there_is_no_share_of_its_energy():
    table = tables(sections([make(ann=None)]))[-1]
    assert dict(zip(table[0], table[-1]))["energy, of the ANN's"] == "-"


def test_by_timesteps_the_ann_stands_at_every_t():
    pivot = tables(sections([make("ann"), make()]))[0]
    assert pivot[0] == ["task", "method", "mAP, T=2", "mAP, T=4"]
    assert pivot[2:] == [["toy mini", "ann", "0.600", "0.600"], ["toy mini", "adafire", "0.400", "0.500"]]


def test_tables_of_other_samples_have_other_names():
    """Of one task and variant, on 20 and on 10 samples: the number tells them apart, in headings and in the names of plots."""
    few = make(samples=10)
    names = [label(group, [make(), few]) for group in groups([make(), few])]
    assert names == ["toy mini (20 samples)", "toy mini (10 samples)"] or names == [
        "toy mini (10 samples)",
        "toy mini (20 samples)",
    ]
    assert [label([make()], [make(), make("burst")]), label([make()])] == ["toy mini"] * 2
    text = render([make(), few])
    assert "### toy mini (10 samples)" in text and "### toy mini (20 samples)" in text


def test_mini_and_full_never_share_a_table():
    text = sections([make("ann"), make(), make(variant="mini2", split="full"), make(limit=20)])
    for table in tables(text):
        assert len({line[0] for line in table[2:]}) == 1
    assert len(tables(text)) == 3 * 3
    assert "### toy mini\n" in text and "### toy mini (first 20)" in text and "### toy part: mini2" in text


def test_only_comparable_records_share_a_table():
    other = make().model_dump()["workload"]
    other["data"]["fingerprint"] = "another"
    for change in (
        dict(workload=other),
        dict(precision="bf16"),
        dict(limit=20),
        dict(device_type="cuda"),
        dict(settings={"batch_size": 1}),
    ):
        assert render([make(), make(**change)]).count("###") == 2, change


def test_later_and_good_results_win():
    new = make(method_version=2, rows=[make_row(2, 0.45), make_row(4, 0.55)])
    later_failure = failed(method_version=3)
    (pivot, *_) = tables(sections([new, make(), later_failure]))
    assert pivot[2:] == [["toy mini", "adafire", "0.450", "0.550"]]


def test_records_of_an_older_task_version_leave_the_table():
    text = render([make(), make(task_version=2, rows=[make_row(2, 0.1), make_row(4, 0.2)])])
    assert "1 records of older versions" in text and "0.500" not in text


def test_quantised_stands_between_ann_and_methods():
    pivot = tables(sections([make("adafire"), make("quantised", kind="quantised"), make("ann")]))[0]
    assert [line[1] for line in pivot[2:]] == ["ann", "quantised", "adafire"]


def test_the_first_line_says_what_the_data_are():
    """Which set, in which form, how much of it, what was set aside; and that the ANN is not what was expected, if so."""
    workload = make().model_dump()["workload"]
    workload["data"].update(name="CIFAR-10", split="full")
    workload["calibration"].update(samples=256, set_aside=True)
    known = dict(workload=workload, split="full", family="classification", limit=20)
    old = render([make(**known)])
    assert "### toy part: mini (first 20)" in old
    assert (
        "data CIFAR-10, in which form of file was not recorded, the first 20 of 10,000 samples, calibrated on 256 set aside from "
        "the same set; "
    ) in old
    expected = {"ann": 0.917, "tolerance": 0.005, "samples": 10000}
    new = render([make(**known, data_form="20 JPEG files", expected=expected)])
    assert (
        "data CIFAR-10, 20 JPEG files (re-encoded: the set itself is lossless), the first 20 of 10,000 samples" in new
    )
    assert (
        "the ANN has mAP 0.6000 (95 % interval 0.5000 to 0.7000) on 20 samples; the task expects 0.917 +- 0.005, so these are"
        in new
    )
    assert "the task expects" not in render([make(**known, expected={"ann": 0.65, "tolerance": 0.005})])


def test_empty():
    assert "No results yet" in render([])


def test_wilson_by_hand():
    # 8 of 10, z = 1.96, z^2 = 3.8415: centre (0.8 + 0.19207) / 1.38415 = 0.71674,
    # half width 1.96 / 1.38415 sqrt(0.016 + 0.0096036) = 0.2266
    assert stats.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert stats.wilson(0, 10) == pytest.approx((0.0, 0.27753), abs=5e-5)  # z^2 / (n + z^2) = 3.8415 / 13.8415
    assert stats.wilson(10, 10) == pytest.approx((0.72247, 1.0), abs=5e-5)
    from scipy.stats import binomtest

    for successes, n in ((1, 3), (50, 100), (8100, 10000)):
        theirs = binomtest(successes, n).proportion_ci(0.95, "wilson")
        assert stats.wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    for successes, n in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError):
            stats.wilson(successes, n)


def test_percentile_interval_by_hand():
    assert stats.percentile_interval(range(101), 0.90) == pytest.approx((5.0, 95.0))
    assert stats.percentile_interval([2.0] * 7) == (2.0, 2.0)
    for values in ([], [1.0, float("nan")]):
        with pytest.raises(ValueError):
            stats.percentile_interval(values)


def test_bootstrap_of_a_mean_is_the_normal_interval_and_is_paired():
    right = np.random.default_rng(1).random(400) < 0.7
    low, high, values = stats.bootstrap(lambda i: right[i].mean(), 400, replicates=2000)
    p, error = right.mean(), 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert (low, high) == pytest.approx((p - error, p + error), abs=0.01) and len(values) == 2000
    again = stats.bootstrap(lambda i: right[i].mean(), 400, replicates=2000)
    assert again == (low, high, values)
    better = stats.bootstrap(lambda i: right[i].mean() + 0.01, 400, replicates=2000)[2]
    assert np.subtract(better, values) == pytest.approx(np.full(2000, 0.01))  # same resamples: the difference is exact
    with pytest.raises(ValueError):
        stats.bootstrap(len, 0)
