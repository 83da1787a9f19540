"""Where a stream pays: crossings by hand, sentences, tables and plots."""

import pytest

from benchmarks.streams import crossing, showing, timing
from benchmarks.streams.pricing import MODELS, Entry


def entry(speed, name, share, **more):
    return Entry(
        speed, name, 0.5, None, {m: share for m in MODELS}, {m: share for m in MODELS}, None, 1e6, 2e6, None, **more
    )


def both(name, shares, axis="speed"):
    return [entry(x, name, v) if axis == "speed" else entry(None, name, v, rate=x) for x, v in shares.items()]


def test_sentences_say_where_a_stream_pays():
    """0.125 and 2 of the ANN's at 0 and 4 pixels: logarithms -3 and 1, so that they are equal three quarters of the way."""
    rows = both("ann", {0: 1.0, 4: 1.0}) + both("ours", {0: 0.125, 4: 2.0})
    rows += both("delta-ann", {0: 4.0, 4: 4.0}) + both("integer-sparse", {0: 0.05, 4: 0.05})
    said = crossing.crossings(rows, "ours")
    assert "float32: ours costs less than ann up to about 3 pixels a frame" in said
    assert "int8: ours costs less than delta-ann at every speed" in said
    assert "memories: ours costs less than integer-sparse at no speed" in said
    headers, lines = crossing.crossing_table(rows, "ours")
    assert headers == ["ours is cheaper than", "ann", "delta-ann", "integer-sparse"]
    assert lines[0] == [MODELS[0], "up to about 3 pixels a frame", "at every speed", "at no speed"]


@pytest.mark.parametrize(
    "mine, words",
    [
        ({15: 2.0, 60: 0.5}, "from about 37.5 a second"),
        ({15: 0.5, 60: 2.0}, "up to about 37.5 a second"),
        ({15: 0.5, 30: 2.0, 60: 0.5}, "at 15, 60 a second, not at 30"),
        ({15: 0.5, 60: 0.5}, "at every rate"),
    ],
)
def test_crossings_of_rates(mine, words):
    points = crossing.pairs(
        both("ours", mine, "rate") + both("ann", dict.fromkeys(mine, 1.0), "rate"), "ours", "ann", MODELS[0], "rate"
    )
    assert crossing.place(points, "rate") == words


def test_a_rival_without_a_price_has_no_crossing():
    rows = both("ours", {0: 0.5}) + [entry(0, "delta-ann", 1.0)._replace(energy_pj={})]
    assert crossing.crossings(rows, "ours") == [] and crossing.crossing_table(rows, "ours")[1][0][1] == "-"


def test_tables_and_plots():
    rows = both("ann", {0: 1.0, 4: 1.0}) + both("ours", {0: 0.125, 4: 2.0})
    headers, lines = showing.table(rows, "mAP")
    assert lines[2][:3] == ["0", "ours", "0.500"] and lines[2][-1] == "0.125"
    assert {len(line) for line in lines} == {len(headers)} and headers[0] == "speed"
    assert showing.plot(rows).startswith(b"\x89PNG")


def test_a_table_of_rates_has_energy_a_second():
    """2 MJ a frame under every model, thirty frames a second: 30 * 2e12 * 1e-6 uW."""
    rows = [
        entry(2.0, name, 2e12, rate=rate, zone=zone) for name in ("ann", "ours") for rate in (15, 30) for zone in (0, 2)
    ]
    headers, lines = showing.table(rows, "mAP")
    assert headers[:3] == ["a second", "zone", "network"] and headers[-1] == "uW, memories"
    assert [line[:3] for line in lines if line[2] == "ann"] == [
        ["15", "0", "ann"],
        ["30", "0", "ann"],
    ]  # it has no zone
    assert lines[1][-1] == "6e+07" and len(lines) == 6
    assert {len(line) for line in lines} == {len(headers)}
    assert showing.plot(rows, "mAP").startswith(b"\x89PNG")


def test_a_table_of_accuracy_after_events():
    after = {"ours": [(5, 0.25), (50, 0.5)], "ann": [(5, 0.3), (50, 0.6)]}
    assert showing.after_table(after, "ours") == (
        ["events, ms", "5", "50"],
        [["ann", "0.300", "0.600"], ["ours", "0.250", "0.500"]],
    )


def test_a_table_of_times():
    rows = [(2.0, 0.0, timing.Times(20.0, 5.0, 12.5, 80.0, 40, 2))]
    headers, lines = timing.table(rows)
    assert dict(zip(headers, lines[0])) == {
        **{"speed": "2", "zone": "0", "frames": "40", "threads": "2", "stream, ms": "20.0", "frames a second": "50.0"},
        **{"with answers": "40.0", "first, ms": "80.0", "network, ms": "12.5"},
    }
