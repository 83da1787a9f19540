"""Imports point down: tools -> benchmarks -> adapters -> adafire; the library needs torch and numpy only."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ABOVE = {"adafire": {"adapters", "benchmarks", "tools", "tasks"}, "adapters": {"benchmarks", "tools", "tasks"},
         "benchmarks": {"tools"}}


def imported(path):
    """Top-level names that a file imports absolutely, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ABOVE)
def test_no_room_imports_one_above_it(room):
    wrong = {str(p.relative_to(ROOT)): imported(p) & ABOVE[room] for p in (ROOT / room).rglob("*.py")}
    assert not {path: names for path, names in wrong.items() if names}


def test_the_library_needs_torch_and_numpy_only():
    names = set().union(*(imported(p) for p in (ROOT / "adafire").rglob("*.py")))
    assert names - set(sys.stdlib_module_names) <= {"torch", "numpy"}
