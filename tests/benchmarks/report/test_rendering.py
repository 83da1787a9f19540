"""results/: the rendering is a function of the records, bit for bit, and a changed record is noticed."""

import csv
import io
import json
import random
import re
import shutil

import pytest

from adafire.errors import InputError
from benchmarks.report import leaderboard, matrix, plots, rendering, ties
from benchmarks.report import page as html
from benchmarks.running.record import Row, to_json
from benchmarks.running.store import Store
from benchmarks.text import visible
from helpers.paths import ROOT
from helpers.programs import program
from helpers.records import failed, make, make_row
from helpers.rendered import render
from helpers.tables import tables


def some_records():
    sites = [{"site": "relu", "firing_rate": 0.25}, {"site": "relu2", "firing_rate": 0.0}]
    rows = [make_row(2, 0.4, sites=sites), make_row(4, 0.5, sites=sites)]
    return [
        make("ann"),
        make(rows=rows),
        make("burst", rows=rows),
        failed(method="rate"),
        make(variant="big", split="full", family="segmentation", metric="mAP"),
    ]


@pytest.fixture
def out(tmp_path):
    store = Store(tmp_path / "results")
    for record in some_records():
        store.write(record)
    assert rendering.write(store.out)
    return store.out


def test_same_bytes_for_the_same_records_in_any_order(out):
    wanted = rendering.files(some_records())
    assert set(wanted) >= {
        "README.md",
        "DETECTION.md",
        "index.html",
        "results.csv",
        "plots/toy-mini-energy.png",
        "plots/toy-mini-rates.png",
        "plots/toy-mini-timesteps.png",
    }
    shuffled = random.Random(1).sample(some_records(), len(some_records()))
    assert rendering.files(shuffled) == wanted
    assert {name: (out / name).read_bytes() for name in wanted} == wanted
    assert rendering.write(out) == []


def check(out, capsys):
    tool = program("leaderboard")
    code = tool.main(["--check", "--out", str(out)])
    return code, "".join(capsys.readouterr())


def test_a_changed_record_makes_the_check_fail(out, capsys):
    assert check(out, capsys)[0] == 0
    record = make(rows=[make_row(2, 0.4), make_row(4, 0.51)])
    path = out / "records" / record.name
    path.write_text(to_json(record))  # same key: another figure is claimed
    code, text = check(out, capsys)
    assert code == 1 and "README.md" in text and "index.html" in text and "results.csv" in text and "energy.png" in text
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))  # another run is claimed: the key tells
    code, text = check(out, capsys)
    assert code == 2 and "changed after it was written" in text
    path.unlink()
    assert check(out, capsys)[0] == 1


def test_a_plot_of_a_table_that_is_gone_is_stale_and_removed(out):
    shutil.rmtree(out / "records" / "toy-full-big")
    assert "plots/toy-part-big-energy.png" in rendering.stale(out)
    rendering.write(out)
    assert rendering.stale(out) == [] and not (out / "plots" / "toy-part-big-energy.png").exists()


def test_pictures_of_the_same_pixels_are_the_same(out):
    from PIL import Image

    path = out / "plots" / "toy-mini-energy.png"
    wanted = {f"plots/{p.name}": p.read_bytes() for p in (out / "plots").iterdir()}
    Image.open(path).save(path, compress_level=1)
    assert path.read_bytes() != wanted["plots/toy-mini-energy.png"] and rendering.stale(out, wanted) == []
    picture = Image.open(path).convert("RGB")
    picture.putpixel((3, 3), (255, 0, 0))
    picture.save(path)
    assert rendering.stale(out, wanted) == ["plots/toy-mini-energy.png"]
    path.write_bytes(b"no picture")
    assert rendering.stale(out, wanted) == ["plots/toy-mini-energy.png"]


def test_csv_has_every_row_and_reason():
    lines = list(csv.DictReader(io.StringIO(rendering.table(some_records()))))
    assert len(lines) == 1 + 2 + 2 + 2 + 2
    assert [line["reason"] for line in lines if line["method"] == "rate"] == ["RuntimeError: a | b <i> `c`\nd"] * 2
    (line,) = [x for x in lines if (x["method"], x["timesteps"], x["split"]) == ("adafire", "4", "mini")]
    # graded: 4.6 x 3e6 MACs + 0.9 x 1e6 events
    assert (line["value"], float(line["energy_graded_pj"]), line["place"]) == ("0.5", pytest.approx(14.7e6), "1")


def test_page_data_cannot_leave_its_script_element():
    text = html.page([make("ann"), make(status="failed", reason="ValueError: </script><script>alert(1)", rows=[])])
    assert "</script><script>alert" not in text
    start = text.index('type="application/json">') + len('type="application/json">')
    data = json.loads(text[start : text.index("</script>", start)])
    assert data["tables"][0]["rows"][1]["reason"].endswith("</script><script>alert(1)")


HOSTILE = (
    "<img src=x onerror=alert(1)> [a](javascript:1) ![b](http://c/d.png) **e** `f` | g\n=h www.i.j \x1b[2J \u202ek"
)


def hostile(method, **changes):
    """A record every free text of which is hostile."""
    workload = make().model_dump()["workload"]
    workload["data"].update(name=HOSTILE, split=HOSTILE)
    workload["weights"].update(source=HOSTILE, sha256=HOSTILE)
    workload.update(network=HOSTILE)
    return make(
        method,
        workload=workload,
        notes=[HOSTILE],
        data_form=HOSTILE,
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        hardware={"cpu": HOSTILE, "threads": 1, "device": HOSTILE},
        **changes,
    )


def test_everything_that_a_record_holds_is_escaped_in_markdown():
    records = [hostile("ann"), hostile("burst", rows=[], status="failed", reason=HOSTILE)]
    text = render(records)
    own = (leaderboard.ABOUT, leaderboard.ELSEWHERE, matrix.ABOUT_FEWEST, "[README.md](README.md#how-to-read-a-table)")
    plain = text
    for words in own:
        plain = plain.replace(words, "")
    plain = re.sub(r"`python tools/[^`]*`|\[detection\]\(DETECTION.md\)", "", plain)
    assert plain.count("&lt;img src=x") >= 4, "data, network, notes, reason"
    for markup in ("<img", "![", "http://", " www.", "\x1b", "\u202e", "\n=h"):
        assert markup not in plain, markup
    unescaped = re.findall(
        r"(?<!\\)(?:`|\*\*|\[)", "\n".join(line for line in plain.splitlines() if not line.startswith("|"))
    )
    assert not unescaped, unescaped
    for table in tables(text):
        assert len({len(line) for line in table}) == 1, "nothing in a cell ends it"


def test_everything_that_a_record_holds_is_text_in_the_page():
    """Of the page, only the element with the data holds it, with '<' spelled out; the script writes it as text."""
    text = html.page([hostile("ann"), hostile("burst")])
    assert "<img src=x" not in text and "\\u003cimg src=x" in text
    script = (ROOT / "benchmarks" / "report" / "page" / "page.js").read_text()
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script and '"html"' not in script


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", " =1", "\r=1", '"=1', "=cmd|'/c calc'!A1"])
def test_no_cell_of_the_csv_is_a_formula(reason):
    text = rendering.table([make(status="failed", reason=reason, rows=[])])
    cells = [line["reason"] for line in csv.DictReader(io.StringIO(text))]
    assert cells and all(cell.lstrip("\t\r ")[:1] not in tuple("=+-@") for cell in cells), cells
    assert all(visible(reason) in cell for cell in cells)


def test_numbers_of_the_csv_stay_numbers():
    (line, *_) = csv.DictReader(io.StringIO(rendering.table([make(rows=[make_row(2, -0.4), make_row(4)])])))
    assert float(line["value"]) == -0.4


def test_a_record_that_is_none_is_named(out):
    (out / "records" / "toy-mini-mini" / "broken.json").write_text("{")
    with pytest.raises(InputError, match="broken.json"):
        rendering.write(out)


def row(right):
    """A Row with these correctness bits."""
    import base64

    import numpy as np

    bits = base64.b64encode(np.packbits(right).tobytes()).decode()
    return Row.model_validate(
        make_row(4, sum(right) / len(right), evidence={"samples": len(right), "ids_sha256": "i" * 64, "correct": bits})
    )


def test_places_by_hand():
    # against 'a' (40 of 40): b is wrong on 3 (p = 2 / 2^3 = 0.25: tied), c on 6 (2 / 2^6 = 0.031: apart), d on 7 with c's 6
    # among them (p = 1: tied with c)
    wrong = {"a": 0, "b": 3, "c": 6, "d": 7}
    rows = {name: row([k >= n for k in range(40)]) for name, n in wrong.items()}
    assert ties.places(rows, "mAP") == {"a": 1, "b": 1, "c": 3, "d": 3}
    assert ties.places({**rows, "e": row([True] * 39)}, "mAP") == {}, "other samples: no places"
    assert ties.places({}, "mAP") == {}


def test_front_by_hand():
    assert plots.front([(1, 1.0), (2, 1.0), (3, 2.0), (2.5, 0.5)]) == [(1, 1.0), (3, 2.0)]
