"""Which code wins where: fronts and cheapest rows of a table made by hand, the page, and the command."""

import pytest

from adafire import methods
from benchmarks.report import codes
from benchmarks.running.methods import externals
from benchmarks.running.store import Store
from helpers.records import make, make_row
from tools import codes as command

INT8 = "horowitz-45nm-int8-acc32"


def row(t, value, macs, synops, sub_steps=None):
    return make_row(t, value, macs=macs, synops=synops, synops_graded=synops, sub_steps=sub_steps)


def records():
    """The ANN: 0.6, 10 M MACs, 46 uJ in 32-bit floats. In shares of it (MACs 4.6, additions 0.9 pJ):
    ours    T=1 .598, 1 M + 4 M:  8.2 / 46 = .178, 4 sub-steps;   T=2 .6,  1 M + 6 M: 10 / 46 = .217, 8
    burst   T=1 .55,  1 M + 1 M:  5.5 / 46 = .120, 2;             T=2 .58, 1 M + 8 M: 11.8 / 46 = .257, 4
    ttfs    T=1 .598, 1 M + 3 M:  7.3 / 46 = .159, 64"""
    made = lambda name, rows: make(name, rows=rows, timesteps=[r["timesteps"] for r in rows])
    return [
        make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7)]),
        made("ours", [row(1, 0.598, 1e6, 4e6, 4.0), row(2, 0.6, 1e6, 6e6, 8.0)]),
        made("burst:fair=True", [row(1, 0.55, 1e6, 1e6, 2.0), row(2, 0.58, 1e6, 8e6, 4.0)]),
        made("ttfs", [row(1, 0.598, 1e6, 3e6, 64.0)]),
        make("quantised", kind="quantised", rows=[row(1, 0.6, 1.0, 0.0)], timesteps=[1]),
        make("adafire:weights=int8", rows=[row(1, 0.6, 1.0, 0.0)], timesteps=[1]),
    ]


def named(rows):
    return [(r["method"], r["timesteps"]) for r in rows]


def test_fronts_by_hand():
    ((label, rows),) = codes.tables(records())
    assert label == "toy mini" and len(rows) == 5  # neither the rounded network nor that of 8-bit weights
    assert named(codes.front(rows, "horowitz-45nm")) == [("burst:fair=True", 1), ("ttfs", 1), ("ours", 2)]
    assert codes.cost(codes.front(rows, "horowitz-45nm")[1], "horowitz-45nm") == pytest.approx(7.3 / 46)
    assert named(codes.front(rows, codes.SUB_STEPS)) == [("burst:fair=True", 1), ("ours", 1), ("ours", 2)]
    assert codes.front(rows, "no such model") == []


def test_a_front_is_what_nothing_beats():
    (_, rows), beats = (
        codes.tables(records())[0],
        lambda a, b, key: (
            codes.cost(a, key) <= codes.cost(b, key)
            and a["value"] >= b["value"]
            and (codes.cost(a, key), a["value"]) != (codes.cost(b, key), b["value"])
        ),
    )
    for key in codes.priced(rows):
        slow = [r for r in rows if not any(beats(other, r, key) for other in rows)]
        assert sorted(named(slow)) == sorted(named(codes.front(rows, key)))


def test_the_cheapest_within_so_many_points():
    ((_, rows),) = codes.tables(records())
    at = lambda points, key="horowitz-45nm": codes.cheapest(rows, key, points)
    assert named([at(0.0), at(0.5), at(5.0)]) == [("ours", 2), ("ttfs", 1), ("burst:fair=True", 1)]
    assert named([at(0.5, codes.SUB_STEPS)]) == [("ours", 1)] and at(-1.0) is None
    counts, cases = codes.wins(codes.tables(records()), 0.5, ["horowitz-45nm", INT8, codes.SUB_STEPS])
    assert cases == 3 and counts == {"time to first spike": 2, "differential, a signed binary number": 1}


def test_the_summary_counts_every_case_once():
    found = codes.tables(records())
    headers, lines = codes.summary(found)
    assert {line[0] for line in lines[:-1]} == {
        "time to first spike",
        "differential, a signed binary number",
        "rate, bursts",
    }
    at, counted = headers.index("energy, within 0.5"), [k for k in codes.priced(found[0][1]) if k != codes.SUB_STEPS]
    assert sum(int(line[at]) for line in lines) == len(counted) < len(codes.keys()) and lines[-1][0] == codes.NOBODY
    assert (
        sum(int(line[at]) for line in lines[:-1]) == len(counted)
        and int(lines[-1][headers.index("sub-steps, within 1")]) == 0
    )


def test_nobody_wins_where_few_were_counted():
    """One of three methods has sub-steps: its front says so, and it is no case that it could win."""
    found = codes.tables(records())
    for row in found[0][1]:
        row["sub_steps"] = 8.0 if row["method"] == "ours" else None
    _, ((_, *_, cells),) = codes.of_table(found[0][1], [codes.SUB_STEPS])
    assert cells.endswith("(1 of 3 methods were counted)")
    assert codes.wins(found, 5.0, [codes.SUB_STEPS]) == ({}, 0)


def test_every_method_has_a_code_and_every_code_is_of_methods():
    spiking = [name for name in methods.names() if methods.get(name).kind == "snn"]
    known = {method for names in codes.CODES.values() for method in names.split()}
    assert known <= {*methods.names(), *externals()}
    assert not [name for name in spiking if codes.code_of(name) not in codes.CODES]
    assert (
        codes.code_of("dcgs+bias:levels=6") == codes.code_of("dcgs") and codes.code_of("external:snn=lif") == "external"
    )


def test_the_page():
    text = codes.page(records())
    assert text == codes.page(records()[::-1]) and "## toy mini" in text
    line = next(line for line in text.splitlines() if line.startswith("| horowitz-45nm |"))
    assert "ttfs T=1: 0.159, 0.20 below" in line and "burst:fair=True T=1: 0.12, 5.00 below; ttfs" in line
    assert "No results yet" in codes.page([])


def test_the_command(tmp_path, capsys):
    for record in records():
        Store(tmp_path).write(record)
    assert command.main(["--out", str(tmp_path)]) == 0
    assert "1 tables" in capsys.readouterr().out
    assert command.main(["toy", "--out", str(tmp_path), "--model", f"{INT8},sub-steps"]) == 0
    out = capsys.readouterr().out
    assert (
        "sub-steps, front: burst:fair=True T=1: 2, 5.00 below; ours T=1: 4, 0.20 below; ours T=2: 8, 0.00 below" in out
    )
    assert f"{INT8}, cheapest within 0.5: ttfs" in out and "\n  horowitz-45nm, " not in out


@pytest.mark.parametrize(
    "arguments, words",
    [(["toyy"], "no spiking rows beside an ANN"), (["--model", "lemaire"], "unknown energy model 'lemaire'")],
)
def test_wrong_requests_are_one_line(tmp_path, capsys, arguments, words):
    Store(tmp_path).write(records()[0])
    assert command.main([*arguments, "--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert words in err and "Traceback" not in err and err.count("\n") <= 2


def test_models_whose_second_reading_has_a_comma():
    known = [*codes.keys(), codes.SUB_STEPS]
    assert command._models("lemaire-45nm, a message,sub-steps", known) == ["lemaire-45nm, a message", "sub-steps"]
