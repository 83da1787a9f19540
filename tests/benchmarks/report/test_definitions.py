"""Rows of a method that means something else today say so, wherever rows are shown."""

from adafire.methods import get
from benchmarks.report.provenance import earlier_definitions
from benchmarks.running.measure import parameters
from helpers.records import make
from helpers.rendered import render


def of(method, fields=(), **changed):
    """A record of ``method`` as it is today, but for ``changed`` options (None: it had none of that name)."""
    held = {**parameters(get(method), 4), **changed}
    return make(method, parameters={k: v for k, v in held.items() if v is not None}, **dict(fields))


def test_todays_methods_say_nothing():
    assert earlier_definitions([of("burst"), of("ours"), of("dcgs:relays=True"), of("adafire+ssc+iat")]) is None


def test_an_option_that_changed_its_value_or_was_not_there():
    said = earlier_definitions([of("burst", threshold="percentile"), of("dcgs", places=None), of("ours")])
    assert "burst (threshold percentile, now published)" in said
    assert "dcgs (places not an option, now converter)" in said
    assert "ours" not in said and "--rerun" in said


def test_a_method_of_somebody_elses_says_nothing():
    assert earlier_definitions([make("theirs", parameters={"a": 1})]) is None


def test_the_page_says_so_until_the_row_is_made_anew():
    old = of("burst", {"date": "2020-01-01T00:00:00+00:00"}, threshold="percentile")
    assert "Rows of earlier definitions: burst" in render([make("ann", parameters={}), old])
    assert "Rows of earlier definitions" not in render([make("ann", parameters={}), old, of("burst")])
