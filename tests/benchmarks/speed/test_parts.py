"""Shares of a simulation's parts: every place where they are timed is there and reached, and nothing is counted twice."""

import pytest
import torch

from adafire.errors import InputError
from benchmarks.speed import parts
from benchmarks.speed.cases import Case, call
from benchmarks.speed.grid import converted, grid
from helpers.networks import build


def small():
    return Case("Residual", build("Residual"), torch.randn(2, 3, 16, 16), call)


def test_time_goes_to_the_part_that_is_inside():
    now = iter([0, 1, 3, 6, 10, 15, 21, 28, 36])
    clocked = parts.Clocked(lambda: next(now))
    with clocked.within("read-out"):  # 1 s of Python before
        with clocked.within("layers"):  # 2 s, and the layer's 3 s are the read-out's
            pass
        with clocked.within("counting"):  # 4 s more, then 5 s of counting
            pass
    # 6 s of the read-out after it, 7 s of Python
    found = clocked.stop()
    assert found == dict.fromkeys(parts.PARTS, 0) | {"Python": 1 + 7, "read-out": 2 + 3 + 4 + 6, "counting": 5}


@pytest.mark.parametrize("method", ["burst", "ours", "fs"])
def test_the_parts_of_a_simulation_make_up_its_time(method):
    (record,) = grid(small(), 2, methods=(method,), timesteps=(2,), wanted=("parts",))
    assert set(record.parts) == set(parts.PARTS) and record.measure == f"parts: {method}"
    assert all(record.parts[part] > 0 for part in ("layers", "neurons", "counting", "read-out", "Python"))
    total = sum(record.parts.values())
    assert total == pytest.approx(2 * record.taken, rel=0.2)  # what is left out is the putting in place of the hooks


def test_pooling_and_structure_are_told_apart():
    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = (torch.nn.Conv2d(3, 3, 3, padding=1) for _ in "ab")
            self.c, self.last = torch.nn.Conv2d(6, 3, 1), torch.nn.Conv2d(3, 3, 1)

        def forward(self, x):
            x = torch.relu(self.a(x))
            pooled = torch.nn.functional.max_pool2d(torch.cat([x, torch.relu(self.b(x))], 1), 2)
            return self.last(torch.relu(self.c(pooled)))

    case = Case("both", Both().eval(), torch.randn(2, 3, 16, 16), call)
    (record,) = grid(case, 1, methods=("burst",), timesteps=(2,), wanted=("parts",))
    assert record.parts["pooling"] > 0 and record.parts["structure"] > 0


@torch.no_grad()
def test_watching_changes_no_output_and_ends():
    case, before = small(), [vars(owner)[name] for owner, name, _ in parts.HOOKS]
    snn = converted(case, "ours", 2)
    expected = snn(case.x)
    with parts.watched():
        assert torch.equal(snn(case.x), expected)
    assert [vars(owner)[name] for owner, name, _ in parts.HOOKS] == before


def test_without_counting_nothing_is_counted():
    case = small()
    snn = converted(case, "burst", 2)
    snn(case.x)  # its plan, and what the plan keeps
    with parts.watched() as clocked:
        snn(case.x, count=False)
    assert clocked.seconds["counting"] == 0 and clocked.seconds["neurons"] > 0


def test_a_place_that_is_gone_is_named(monkeypatch):
    monkeypatch.setattr(parts, "HOOKS", ((parts.Run, "fire", "neurons"), (parts.Run, "fires", "neurons")))
    fire = vars(parts.Run)["fire"]
    with pytest.raises(InputError, match="Run.fires is where neurons was timed"), parts.watched():
        pass
    assert vars(parts.Run)["fire"] is fire
