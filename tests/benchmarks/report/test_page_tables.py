"""Tables between the marks of a page: figures of results.csv and of measured files, and a sentence where a mark names none."""

import re

import pytest

from adafire.errors import InputError
from benchmarks.report import measured, page_tables, rendering
from helpers.records import make, make_row
from tools import leaderboard

SCORES = "<!-- scores: of=toy/mini T=2,4 methods=ann,burst -->\n"
MEASURED = '# what: w\n# command: c\n# measured: m\nspeed,network,mAP\n0,ann,0.5\n2,ann,0.25\n2,"ours, afresh",-\n'


def rows(**own):
    """Lines of results.csv: an ANN of 0.9, and burst with half of its energy at T = 2, and all of it at T = 4."""
    ann = make("ann", kind="ann", rows=[make_row(None, 0.9)], task="toy", **own)
    burst = make("burst", rows=[make_row(2, 0.5), make_row(4, 0.75)], task="toy", **own)
    found = page_tables.rows_of_csv(rendering.table([ann, burst]))
    for row in found:
        row["ann_energy_pj"] = "8.0"
        row["energy_pj"] = {"2": "4.0", "4": "8.0"}.get(row["timesteps"], "8.0")
    return found


def test_scores_come_from_results():
    text = f"# A\n\n{SCORES}| old |\n<!-- end of scores -->\n\nrest\n"
    filled = page_tables.filled(text, rows())
    assert "| ann | 0.900 | 0.900 |\n" in filled, "of no T, so of all"
    assert "| burst | 0.500 (0.50) | 0.750 (1.00) |\n<!-- end of scores -->\n\nrest\n" in filled
    assert filled.startswith(f"# A\n\n{SCORES}| ") and "old" not in filled
    assert page_tables.filled(filled, rows()) == filled


def test_a_mark_that_is_spoken_of_is_none():
    text = "Write `<!-- scores: of=toy/mini T=2 methods=ann -->`, or `<!-- measured: NAME -->`.\n"
    assert page_tables.filled(text, []) == text


def test_measured_tables_come_from_their_file(tmp_path):
    (tmp_path / "speeds.csv").write_text(MEASURED)
    text = (
        "<!-- measured: speeds -->\n<!-- end of measured -->\n<!-- measured: speeds 2 -->\n<!-- end of measured -->\n"
    )
    whole, part = page_tables.filled(text, [], "docs/a.md", tmp_path).split("<!-- end of measured -->\n")[:2]
    assert "|---:|---|---:|\n| 0 | ann | 0.5 |\n| 2 | ann | 0.25 |\n| 2 | ours, afresh | - |\n" in whole
    assert "| 0 | ann" not in part and "| 2 | ann | 0.25 |" in part
    assert "(../results/measured/speeds.csv)" in whole


def test_what_a_tool_writes_a_page_shows(tmp_path):
    command = ["python", "tools/stream.py", "TASK", "--data-root", "/home/me/data", "--zone", "0,2"]
    measured.write(
        tmp_path / "a.csv", "what it is", command, ["speed", "network"], [["0", "ours, one read"], ["2", "ann"]]
    )
    first, second, third, *_ = (tmp_path / "a.csv").read_text().splitlines()
    assert (
        first == "# what: what it is" and second == "# command: python tools/stream.py TASK --data-root DIR --zone 0,2"
    )
    assert third.startswith("# measured: 20") and re.search(r", commit \w+.*, threads: \d+$", third)
    assert "| 0 | ours, one read |\n| 2 | ann |\n" in measured.table("a", tmp_path)


@pytest.mark.parametrize(
    "words,message",
    [
        ("<!-- scores: of=toy/mini T=2 methods=ann -->\n", "1 lines .* and 0 that have an end"),
        ("<!-- score: of=toy/mini T=2 methods=ann -->\n<!-- end of scores -->", "found 1 lines <!-- end of .* 0 that have a begin"),
        ("<!-- scores: of=toy/mini T=2,x methods=ann,burst -->\n<!-- end of scores -->", "no row at T = x; expected T=1,4"),
        ("<!-- scores: of=toy/mini T=2 -->\n<!-- end of scores -->", "expected of=TASK/VARIANT"),
        ("<!-- scores: of=toy/part T=2 methods=ann -->\n<!-- end of scores -->", "such as toy/mini/"),
        ("<!-- scores: of=toy/mini T=8 methods=burst -->\n<!-- end of scores -->", "no row of method 'burst' at T = 8"),
        ("<!-- measured: none -->\n<!-- end of measured -->", "there is no results/measured/none.csv; there are bare, odd, speeds"),
        ("<!-- measured: bare -->\n<!-- end of measured -->", "missing: what, command, measured"),
        ("<!-- measured: odd -->\n<!-- end of measured -->", "found 2 cells in 4,ann, expected 3"),
        ("<!-- measured: speeds 7 -->\n<!-- end of measured -->", "no line begins with '7'"),
    ],
)  # fmt: skip
def test_a_mark_that_names_nothing_is_told_with_its_page(tmp_path, words, message):
    (tmp_path / "speeds.csv").write_text(MEASURED)
    (tmp_path / "bare.csv").write_text("a,b\n1,2\n")
    (tmp_path / "odd.csv").write_text(MEASURED + "4,ann\n")
    with pytest.raises(InputError, match=message) as told:
        page_tables.filled(words, rows(), "docs/a.md", tmp_path)
    assert "docs/a.md" in str(told.value)


def test_pages_are_checked_and_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("nothing\n")
    page = tmp_path / "docs" / "a.md"
    page.write_text(f"{SCORES}<!-- end of scores -->\n")
    known = rows()
    monkeypatch.setattr(page_tables, "PROJECT", tmp_path)
    monkeypatch.setattr(page_tables, "rows_of_csv", lambda table=None: known)
    assert leaderboard.main(["--pages", "--check"]) == 1 and "docs/a.md" in capsys.readouterr().out
    assert leaderboard.main(["--pages"]) == 0 and "0.750 (1.00)" in page.read_text()
    assert leaderboard.main(["--pages", "--check"]) == 0
    assert leaderboard.main(["--pages", "--out", str(tmp_path)]) == 2
