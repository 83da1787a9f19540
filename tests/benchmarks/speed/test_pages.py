"""Pages of made-up records, with figures worked out by hand: the grid, before and after, shares, growth."""

import math

import pytest
import torch

from adafire.errors import InputError
from benchmarks.speed import before, grid_page, growth_page, page, parts_page, records
from benchmarks.speed.grid import grid
from benchmarks.speed.growth import AXES, Growth, Work, fit
from benchmarks.speed.peers import NotConverted
from benchmarks.speed.timing import interleaved

MADE = dict(
    load=2.0,
    date="2026-01-31",
    hardware={"cpu": "a processor", "threads": 2, "device": "cpu"},
    versions={"torch": "2.0"},
    git={"commit": "0123456789abcdef", "dirty": False},
)


def cell(measure, ratio, t=1, threads=2, clock="wall", case="net", **more):
    return records.Speed(
        **{"case": case, "measure": measure, "over": "forwards", "timesteps": t, "batch": 4, "taken": ratio}
        | {"reference": 1.0, "ratio": ratio, "low": ratio - 0.1, "high": ratio + 0.1, "rounds": 3}
        | {"threads": threads, "clock": clock}
        | MADE
        | more
    )


def row(lines, start):
    return [part.strip() for part in next(line for line in lines if line.startswith(start)).split("|")[1:-1]]


def test_the_grid_keeps_threads_and_clocks_apart():
    of_clock, of_cpu = cell("grid: ours", 1.5), cell("grid: ours", 2.5, threads=1, clock="cpu", rounds=5)
    plain = cell("grid, outputs only: ours", 1.2)
    lines = grid_page.table([of_clock, of_cpu, plain])
    first, second = lines.index("### 2 threads, by the clock"), lines.index("### 1 thread, time of the processor")
    assert row(lines[first:second], "| net |") == ["net", "ours", "4", "1.50 [1.40, 1.60] (1.20)", "3", "2.0"]
    assert row(lines[second:], "| net |") == ["net", "ours", "4", "2.50 [2.40, 2.60]", "5", "2.0"]
    assert of_clock.filename == "net-grid-ours-t1-2.json" and of_cpu.filename == "net-grid-ours-t1-1-cpu.json"


def test_older_records_are_of_the_clock():
    old = cell("grid: ours", 1.5).model_dump(exclude={"clock", "asked", "parts"})
    assert records.Speed(**old).how == "2 threads, by the clock"


def test_what_was_refused_is_said_unless_it_was_measured_since():
    refused = [
        records.Refusal(case=c, method="spikingjelly", why="no ReLU", threads=2, **MADE) for c in ("net", "other")
    ]
    lines = grid_page.table([cell("grid: spikingjelly", 1.5)], refused)
    assert [line for line in lines if "not converted" in line] == ["* other, spikingjelly: not converted. no ReLU"]


def test_a_method_that_cannot_convert_gives_one_refusal(monkeypatch):
    from benchmarks.speed import grid as module
    from benchmarks.speed.cases import Case, call

    def refuse(*_):
        raise NotConverted("no ReLU")

    monkeypatch.setattr(module, "spikingjelly", refuse)
    made = list(grid(Case("net", torch.nn.Identity(), torch.zeros(2, 3), call), 1, methods=("spikingjelly",)))
    assert [(r.case, r.method, r.why) for r in made] == [("net", "spikingjelly", "no ReLU")]


def test_before_and_after_match_cells_of_one_way_of_measuring(tmp_path):
    earlier = [cell("grid: ours", 4.0), cell("grid: ours", 8.0, threads=1), cell("grid: burst", 2.0)]
    later = [cell("grid: ours", 1.0, git={"commit": "fedcba9876543210", "dirty": True}), cell("grid: ours", 3.0, t=8)]
    lines = before.table(earlier, later)
    assert row(lines, "| net |") == ["net", "ours", "yes", "4.00 -> 1.00 (0.25)"]
    assert "Before: commit 0123456789 (2026-01-31" in "".join(lines)
    assert "After: commit fedcba9876 with changes (2026-01-31" in "".join(lines)
    assert before.table(earlier, [cell("grid: ours", 1.0, threads=3)]) == []
    for record in earlier:
        records.save(record, tmp_path / "old")
    before.keep(tmp_path / "old", tmp_path / "out" / "speed")
    records.save(later[0], tmp_path / "out" / "speed")
    assert records.load_all(tmp_path / "out" / "speed" / "before") == records.load_all(tmp_path / "old")
    page.write_page(tmp_path / "out")
    assert "4.00 -> 1.00 (0.25)" in (tmp_path / "out" / "SPEED.md").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no records of the grid"):
        before.earlier(tmp_path)


def test_shares_sum_to_100_and_the_worst_cells_are_named():
    assert parts_page.percents({"a": 1.0, "b": 1.0, "c": 4.0}) == {"a": 17, "b": 16, "c": 67}  # 16.7, 16.7, 66.7
    mine = [
        cell("grid: ours", 3.0),
        cell("grid: burst", 5.0, case="other"),
        cell("grid: fs", 1.0),
        cell("grid: spikingjelly", 9.0),
        cell("parts: ours", 3.1, parts={"layers": 1.0, "neurons": 3.0}),
    ]
    assert [(c.ratio, p and p.ratio) for c, p in parts_page.worst(mine, 2)] == [(5.0, None), (3.0, 3.1)]
    lines = parts_page.table(mine, 2)
    assert row(lines, "| net |") == ["net", "ours", "1", "3.10", "25", "75", "3", "2.0"]
    assert "* net, ours, T = 1, 2 threads, by the clock: 3.00; neurons 75 %, layers 25 %" in lines
    assert "* other, burst, T = 1, 2 threads, by the clock: 5.00; its parts are not measured" in lines


def grown(axis, x, seconds, held, bound=0.5, **work):
    return Growth(
        **{"axis": axis, "x": x, "method": "ours", "work": Work(**work)._asdict(), "sites": 17, "seconds": seconds}
        | {"forward": 0.5, "rounds": 3, "held_bytes": held, "memory_gb": bound, "chunk": 8, "threads": 2}
        | MADE
    )


def test_a_power_is_fitted():
    assert fit([2, 4, 8], [3.0, 12.0, 48.0]) == (pytest.approx(2.0), pytest.approx(3.0))
    slope, constant = fit([1, math.e], [1.0, math.e**0.5])
    assert (slope, constant) == (pytest.approx(0.5), pytest.approx(1.0))
    with pytest.raises(InputError, match="two different sizes"):
        fit([3, 3], [1.0, 2.0])


def test_growth_is_told_by_exponent_and_bound(tmp_path):
    linear = [grown("timesteps", t, 1.0 * t, 4e8, timesteps=t) for t in (1, 4)]
    square = [grown("batch", b, 0.5 * b * b, 1e8 * b, bound=0.2, batch=b, timesteps=2) for b in (1, 4)]
    lines = growth_page.table(linear + square)
    # 1 s is two forwards of 0.5 s
    assert row(lines, "| timesteps") == (
        ["timesteps", "ours", "1, 4", "1.00", "2.00", "2.00 to 2.00", "0.00", "400", "0.80", "yes", "3", "2.0"]
    )
    # at batch 4: 8 s over 2 forwards of 0.5 s; 0.4 GB of 0.2
    assert row(lines, "| samples a batch") == (
        ["samples a batch", "ours", "1, 4", "2.00", "1.00", "0.50 to 8.00", "1.00", "100", "2.00", "no", "3", "2.0"]
    )
    assert any(line.endswith("at 1 of 4 points: samples a batch 4 (ours): 0.40 GB of 0.2.") for line in lines)
    assert growth_page.bound(linear) == "`memory_gb` was kept within 20 % at all 2 points."
    for record in linear + square:
        records.save(record, tmp_path / "speed")
    page.write_page(tmp_path)
    for axis in ("timesteps", "batch"):
        assert (tmp_path / "speed" / "growth" / f"{axis}-2.png").read_bytes().startswith(b"\x89PNG")
    assert "speed/growth/batch-2.png" in (tmp_path / "SPEED.md").read_text(encoding="utf-8")


def test_every_axis_lets_one_quantity_grow():
    for name, axis in AXES.items():
        differing = {key for key in Work._fields if len({getattr(work, key) for _, work in axis.points}) > 1}
        assert len(differing) == 1 and len(axis.points) > 1, name


def test_long_rounds_warm_up_once_and_end_early():
    now = iter(range(10**6))
    calls = []
    times = interleaved({"a": lambda: calls.append(1)}, 9, lambda: next(now), patience_s=0.0)
    assert len(times["a"].seconds) == 3 and len(calls) == 5


def test_an_unreadable_record_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(InputError, match="a.json is no record"):
        records.load_all(tmp_path)


def test_a_record_is_kept_only_where_the_code_is_the_same(tmp_path, monkeypatch):
    from benchmarks.running import environment

    monkeypatch.setattr(environment, "git", lambda: {"commit": "0123", "dirty": False})
    made = records.Speed.here(**cell("grid: ours", 1.5, asked=3).model_dump(exclude={*MADE, "threads"}))
    records.save(made, tmp_path)
    monkeypatch.setattr(environment, "unchanged_since", lambda commit, *folders: commit == "0123")
    assert records.kept(tmp_path, made.filename, 3) == made
    assert records.kept(tmp_path, made.filename, 4) is None and records.kept(tmp_path, "b.json", 3) is None
    records.save(made.model_copy(update={"git": {"commit": "0123", "dirty": True}}), tmp_path)
    assert records.kept(tmp_path, made.filename, 3) is None
    records.save(made.model_copy(update={"versions": {"torch": "1.0"}}), tmp_path)
    assert records.kept(tmp_path, made.filename, 3) is None
