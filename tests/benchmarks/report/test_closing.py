"""The lines that a run ends with, by hand."""

import re

from benchmarks.report.closing import closing
from benchmarks.report.rows import rows_of_run
from helpers.records import make, make_row


def test_who_is_near_and_what_it_costs():
    """ANN .600. 'adafire' is .2 points below at T = 4; 'burst' never near; 3e6 MACs and 2e6 additions for 1e7 MACs cost .33 to .37."""
    ann = make("ann", rows=[make_row(None, 0.6, synops=0.0, macs=1e7)])
    own = make(rows=[make_row(2, 0.4), make_row(4, 0.598)])
    first, second = closing(rows_of_run([ann, own, make("burst")]))
    assert first == "toy mini: within 0.5 points of the ANN: adafire at T = 4"
    # other tests may register a model of their own in this process
    words = r"toy mini: adafire takes 0\.3[23] to 0\.37 of the ANN's energy under \d models and readings; beside an integer network: --rivals"
    assert re.fullmatch(words, second)
    assert closing(rows_of_run([ann, make("burst")])) == ["toy mini: within 0.5 points of the ANN: none"]
    assert closing(rows_of_run([ann])) == []


def test_an_interval_that_is_too_wide_is_said():
    rows = [
        {"task": "toy", "method": "burst", "kind": "snn", "timesteps": 1, "record": 1, "of_ann": {}, "of_integer": {}}
    ]
    for drop, words in (
        ((0.0, -8.9, 8.9), "burst at T = 1 [-8.9, 8.9 points below it: too few samples to tell]"),
        ((0.2, -0.3, 0.6), "burst at T = 1"),
        ((0.2, None, None), "burst at T = 1"),
    ):
        assert closing([{**rows[0], "drop": drop}]) == [f"toy: within 0.5 points of the ANN: {words}"]
