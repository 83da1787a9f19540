"""Imports point down: tools -> benchmarks -> adapters -> adafire; the library needs torch, numpy and safetensors only."""

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


LIBRARY = sorted((ROOT / "adafire").rglob("*.py"))


def test_the_library_needs_torch_numpy_and_safetensors_only():
    names = set().union(*(imported(p) for p in LIBRARY))
    assert names - set(sys.stdlib_module_names) <= {"torch", "numpy", "safetensors"}


def called(path):
    """Names of what a file calls, with what they are attributes of: 'print', 'warnings.filterwarnings'."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


def test_the_library_prints_nothing_and_leaves_filters_of_warnings_and_logging_to_its_user():
    theirs = {"print", "warnings.filterwarnings", "warnings.simplefilter", "warnings.resetwarnings", "logging.basicConfig",
              "logging.disable"}
    wrong = {p.name: called(p) & theirs for p in LIBRARY if p.name != "command.py"}  # a command's words go to the terminal
    assert not {name: found for name, found in wrong.items() if found}
