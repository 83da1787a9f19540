"""All tables at a glance: cells by hand, links that lead somewhere, and how methods look."""

import re
from html.parser import HTMLParser

from adafire import methods
from benchmarks.report import leaderboard, matrix
from benchmarks.report.looks import KINDS, OTHER, kind_of, look, order
from helpers.records import failed, make, make_row
from helpers.tables import tables


def records():
    """By hand, ANN .600: 'adafire' .400 at T = 2 and .598 at T = 4, that is 20 and .2 points below; 'burst' .590 at T = 4, 1 point."""
    return [
        make("ann"),
        make(rows=[make_row(2, 0.4), make_row(4, 0.598)]),
        make("burst", rows=[make_row(2, 0.1), make_row(4, 0.59)]),
        failed(method="rate-max"),
    ]


def test_cells_by_hand():
    methods_shown, (line,) = matrix.matrix(records())
    assert methods_shown == ["burst", "adafire"], "by kind, and nothing of what failed"
    assert line.label == "toy mini" and line.family == "detection"
    assert line.cells["adafire"].fewest == 4 and abs(line.cells["adafire"].drop - 0.2) < 1e-9
    assert line.cells["burst"].fewest is None and abs(line.cells["burst"].drop - 1.0) < 1e-9
    fewest, at = tables(matrix.markdown(records()))
    link = "[toy mini](DETECTION.md#toy-mini)"
    assert fewest[2][:2] == [link, "no"] and fewest[2][2].startswith("4 (") and at[2] == [link, "1.0", "0.2"]


def test_links_lead_to_headings():
    pages = leaderboard.pages(records())
    assert list(pages) == ["README.md", "DETECTION.md"]
    for page, anchor in re.findall(r"\]\((\w+\.md)#([\w-]+)\)", "".join(pages.values())):
        headings = re.findall(r"^#+ (.*)$", pages[page], re.MULTILINE)
        assert anchor in [matrix.slug(heading.replace("\\", "")) for heading in headings], anchor


def test_the_heat_map_is_a_table_whose_cells_are_links():
    class Cells(HTMLParser):
        links, cells, rows = [], 0, 0

        def handle_starttag(self, tag, attributes):
            self.rows += tag == "tr"
            self.cells += tag == "td"
            self.links += [dict(attributes)["href"]] if tag == "a" else []

    found = Cells()
    found.feed(matrix.html(records()))
    assert (found.rows, found.cells) == (2, 2)
    assert found.links == ["#task=toy%20mini", "#task=toy%20mini&method=burst", "#task=toy%20mini&method=adafire"]
    assert matrix.html([]) == ""


def test_every_method_has_a_kind_and_looks_like_no_other():
    names = [*methods.names(), "integer-sparse", "spikingjelly", "sinabs"]
    assert [name for name in names if kind_of(name) == OTHER] == []
    looks = [tuple(look(name)[key] for key in ("color", "marker", "line")) for name in names]
    assert len(set(looks)) == len(names)
    assert sorted(names, key=order)[0] == "rate" and kind_of(sorted(names, key=order)[-1]) == list(KINDS)[-1]
    for name in ("burst+bias", "dcgs:relays=True", "ours:weights=int8"):
        assert look(name)["marker"] == look(re.split("[+:]", name)[0])["marker"]
