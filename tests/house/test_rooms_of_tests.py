"""Tests mirror the rooms: each stands in a folder named after what it tests, and none imports another."""

import ast

from helpers.paths import ROOT

TESTS = ROOT / "tests"
OF_NO_ROOM = {"house", "faults", "many"}
"""Of the project as a whole: its documentation, packaging and arrows; what goes wrong in use; networks of the model libraries."""
LOOSE = {"helpers", "layouts", "mutants"}
"""Plain modules that tests import."""


def imported(source):
    """Every module that a file imports, wherever in it: 'helpers.paths'; of 'from a import b', 'a' and 'a.b'."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def is_a_test(module):
    """Whether a name of a module is that of a test, or of what pytest alone imports."""
    return any(part.startswith("test_") or part in ("conftest", "tests") for part in module.split("."))


def test_imports_are_told():
    source = "import a.b\ndef f():\n    from test_x import y\n    from . import test_z\n"
    assert imported(source) == {"a.b", "test_x", "test_x.y", ".", "..test_z"}
    assert [is_a_test(name) for name in ("test_x.y", "..test_z", "tests.helpers", "conftest", "helpers.networks")] == [
        *[True] * 4,
        False,
    ]


def test_no_test_imports_another_test():
    """What two tests share stands in tests/helpers."""
    wrong = {
        str(path.relative_to(ROOT)): sorted(filter(is_a_test, imported(path.read_text(encoding="utf-8"))))
        for path in TESTS.rglob("*.py")
    }
    assert not {path: names for path, names in wrong.items() if names}


def test_every_test_stands_in_a_folder_named_after_a_room():
    """tests/adafire/cost/test_x.py is about adafire/cost/."""
    files = {path.relative_to(TESTS) for path in TESTS.rglob("*.py")}
    tests = {path for path in files if path.name.startswith("test_")}
    astray = {
        str(path)
        for path in tests
        if path.parts[0] not in OF_NO_ROOM and (len(path.parts) == 1 or not (ROOT / path.parent).is_dir())
    }
    assert not astray and len(tests) > 100
    others = {str(path) for path in files - tests if path.parts[0] not in LOOSE}
    assert others == {"conftest.py"}, "what is no test stands in tests/helpers"
