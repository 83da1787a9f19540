"""results/SUBSTEPS.md against records by hand."""

from benchmarks.report import substeps_page
from helpers.records import make, make_row


def records():
    like = {"agreement": 0.9, "divergence": 0.05, "output_error": 0.01}
    rows = [make_row(t, v, fidelity=like, synops=2e6, synops_graded=1e6) for t, v in ((1, 0.55), (2, 0.5))]
    found = [make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7)])]
    for base in ("adafire", "adafire-uniform"):
        found.append(make(f"{base}:substeps=4", rows=rows, timesteps=[1, 2], parameters={"substeps": 4}))
    return [*found, make("adafire", rows=[make_row(4, 0.4)], timesteps=[4])]


def test_every_split_has_a_line_and_other_rows_have_none():
    lines = [line for line in substeps_page.render(records()).splitlines() if line.startswith("| 4 |")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[:4] for row in cells] == [
        ["4", "1", "4", "adafire"],
        ["4", "1", "4", "adafire-uniform"],
        ["4", "2", "2", "adafire"],
        ["4", "2", "2", "adafire-uniform"],
    ]
    named = dict(zip(substeps_page.HEADERS, cells[0]))
    assert named["metric"] == "0.5500" and named["agreement"] == "0.900" and named["divergence"] == "0.05"
    ann_macs = 1e7  # additions 2e6, messages 1e6; energy: 3e6 MACs of 4.6 pJ and 2e6 additions of .9, of 1e7 MACs
    assert named["additions a MAC"] == f"{2e6 / ann_macs:.3f}" and named["messages a MAC"] == f"{1e6 / ann_macs:.3f}"
    assert named["energy, of the ANN's"] == f"{(3e6 * 4.6 + 2e6 * 0.9) / (1e7 * 4.6):.3f}"


def test_the_page_is_the_same_in_any_order_and_of_nothing():
    assert substeps_page.render(records()) == substeps_page.render(records()[::-1])
    assert "No record of a method" in substeps_page.render([])
