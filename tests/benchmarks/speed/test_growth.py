"""Points of growth: time and memory of a small one, the process that measures it, and what is done again."""

import time

import pytest

from adafire.errors import InputError
from benchmarks.speed import growth
from benchmarks.speed.growth_point import held_during, measure

TINY = growth.Work(side=32, batch=1, classes=10, timesteps=2)


def test_what_is_held_is_the_peak_over_what_was_there():
    held, size = held_during(lambda: len(bytearray(b"x" * 50_000_000)))
    assert size == 50_000_000 and 90e6 < held < 130e6  # the text, and its copy


@pytest.mark.parametrize("work", [TINY, TINY._replace(conversion=True, batch=3)], ids=["simulation", "conversion"])
def test_a_point_is_measured(work):
    found = measure(work, "burst", 1, time.perf_counter)
    assert found["sites"] == 17 and found["seconds"] > 0 and found["forward"] > 0 and found["rounds"] == 1
    assert found["chunk"] == (0 if work.conversion else 8)


@pytest.mark.slow
def test_points_that_are_there_are_left_out(monkeypatch):
    axis = growth.Axis("outputs", ((10.0, TINY), (20.0, TINY._replace(classes=20))))
    monkeypatch.setitem(growth.AXES, "classes", axis)
    told = []
    (made,) = growth.growth(
        ["classes"], 1, methods=("burst",), have=lambda name: "classes-20" in name, tell=told.append
    )
    assert (made.x, made.work["classes"], made.axis, made.sites) == (10.0, 10, "classes", 17)
    assert made.forwards == pytest.approx(made.seconds / made.forward / 2) and made.held_bytes > 0
    assert [line.partition(" ")[0] for line in told] == ["[1/2]"]


@pytest.mark.slow
def test_a_process_that_fails_says_why():
    with pytest.raises(InputError, match="side=0.*failed: "):
        growth.point(TINY._replace(side=0), "burst", 1)
