"""results/ENERGY.md and the headline against a table of four records, by hand."""

import re

import pytest

from benchmarks.report import energy_page
from benchmarks.report.headline import chosen, headline, loses
from benchmarks.report.rows import rows_of_table
from benchmarks.report.within import best_rows
from helpers.records import make, make_row

COUNTED = {"eff_macs": 3e6, "sub_steps": 8.0}


def rival(name, macs, eff_macs, values, value):
    """The record of a rounded network."""
    row = make_row(1, value, synops=0.0, synops_graded=0.0, macs=macs, eff_macs=eff_macs, levels=values)
    weights = {"weights": "int8"} if name == "integer" else {}
    return make(f"{name}:phi_plus={values}", kind="quantised", rows=[row], timesteps=[1], parameters=weights)


def records(**task):
    """The ANN: 10 M products, 4 M of them not of 0. 'near' is within half a point at T = 4 and 8, 'far' never; 16 values at T = 4."""
    ann = make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7, eff_macs=4e6)])
    near = [make_row(t, v, **COUNTED) for t, v in ((2, 0.5), (4, 0.597), (8, 0.599))]
    far = [make_row(t, v, **COUNTED) for t, v in ((2, 0.1), (4, 0.2))]
    found = [ann, make("near", rows=near, timesteps=[2, 4, 8]), make("far", rows=far)]
    found += [rival("quantised", 1e7, 4e6, 16, 0.598), rival("integer", 1e7, 3.5e6, 16, 0.596)]
    return [record.model_copy(update=task) for record in found]


def test_a_method_stands_at_the_fewest_steps_that_are_near_enough():
    near, missed = best_rows(rows_of_table(records()))
    assert [(row["method"], row["timesteps"]) for row in near] == [("near", 4)] and missed == ["far"]


def test_the_page_says_what_costs_less_than_what():
    """near at T = 4: 3e6 MACs and 2e6 additions. Under 8 bits with 32-bit accumulators 3e6 x 0.3 + 2e6 x 0.1 = 1.1e6 pJ: of the ANN
    1.1 / 3 = .37, without zeros 1.1 / (4 x .3) = .92, of the integer network without zeros 1.1 / (3.5 x .3) = 1.05. Under 32-bit
    floats 3 x 4.6 + 2 x .9 = 15.6: of 46 .34, of 18.4 .85, of 16.1 .97."""
    text = energy_page.render(records())
    lines = {
        line.split(" | ")[0].strip("| "): line for line in text.split("## ")[1].splitlines() if line.startswith("| ")
    }
    assert lines["horowitz-45nm"] == "| horowitz-45nm | near 0.34 | near 0.85 | near 0.97 |"
    assert (
        lines["horowitz-45nm-int8-acc32"]
        == "| horowitz-45nm-int8-acc32 | near 0.37 | near 0.92 | none; least near 1.05 |"
    )
    assert lines["lemaire-45nm"] == "| lemaire-45nm | not counted | not counted | not counted |"
    assert "Within 0.5 points: near (T=4)." in text and "Never within 0.5 points: far." in text
    over = [line for line in text.splitlines() if line.startswith("| horowitz-45nm-int8-acc32 | 8-bit")]
    assert [cell.strip() for cell in over[0].split("|")[3:6]] == ["1 of 1 (0.37)", "1 of 1 (0.92)", "0 of 1 (1.05)"]
    said = energy_page.summary(records())
    assert "With arithmetic alone 3 of 3 cost less than the ANN and 2 of 3 cost less than the integer network" in said
    assert "memory" not in said  # nothing was counted for such models


def test_the_page_is_the_same_in_any_order_and_of_nothing():
    found = records()
    assert energy_page.render(found) == energy_page.render(found[::-1])
    assert "No record has the counters" in energy_page.render([]) and headline([]) == "No results yet: `make bench`."


def test_the_headline_has_the_rivals_and_says_where_spiking_loses():
    found = records(task="coco_yolo", variant="mini")
    text = headline(found)
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| coco")
    ]
    rivals = ["integer:phi_plus=16", "integer-sparse:phi_plus=16", "quantised:phi_plus=16"]
    assert [row[1] for row in rows] == ["ann", "near", *rivals]
    near = dict(zip([cell.strip() for cell in text.splitlines()[0].strip("|").split(" | ")], rows[1]))
    assert (
        near["T"] == "4"
        and near["values"] == "16 (5 bits)"
        and near["sub-steps"] == "8"
        and near["score"] == "mAP 0.597"
    )
    assert re.sub(r"\\", "", near["drop (points)"]).startswith("0.30 [")
    assert near["of the sparse integer network's"].startswith("0.97, 1.05, -")
    assert "Never within them, at the timesteps that were run: coco_yolo mini: far." in text.replace("\\", "")
    assert "of 3 energy models and readings, there are 1 under which no row above" in text.replace("\\", "")
    assert chosen(records()) == [] and "not known" in loses([("", [], [])])


@pytest.mark.parametrize("key", ["macs", "eff_macs", "synops"])
def test_every_counter_matters_to_the_page(key):
    """A counter that is off changes the page: nothing there is written by hand."""
    found = records()
    rows = [row.model_copy(update={key: 1.5 * getattr(row, key)}) for row in found[1 if key == "synops" else 4].rows]
    index = 1 if key == "synops" else 4
    changed = [*found[:index], found[index].model_copy(update={"rows": rows}), *found[index + 1 :]]
    same = energy_page.render(found) == energy_page.render(changed)
    assert same == (key == "macs")  # the dense integer network is priced as the ANN is, by the ANN's own count
