"""A test that is skipped says why: every skip in the tests' sources gives a reason."""

import ast

import pytest

from helpers.paths import ROOT

AT = {"skip": 0, "importorskip": None, "skipif": None, "xfail": None}
"""Where a call of such a name may give its reason without naming it; None: nowhere."""


def _name(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _empty(value):
    return isinstance(value, ast.Constant) and not (isinstance(value.value, str) and value.value.strip())


def _mark(node):
    """Whether an expression is pytest.mark.skip, skipif or xfail."""
    return isinstance(node, ast.Attribute) and node.attr in AT and _name(node.value) == "mark"


def without_reason(source):
    """Lines of skips that give no reason: calls without one or with an empty one, and marks that are not called."""
    tree, found = ast.parse(source), []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in AT]
    for call in calls:
        reasons = [word.value for word in call.keywords if word.arg in ("reason", "msg")]
        reasons += call.args[AT[_name(call.func)] :][:1] if AT[_name(call.func)] is not None else []
        if not reasons or any(map(_empty, reasons)):
            found.append(call.lineno)
    called = {id(call.func) for call in calls}
    return sorted(found + [node.lineno for node in ast.walk(tree) if _mark(node) and id(node) not in called])


@pytest.mark.parametrize(
    "source, told",
    [
        ("pytest.skip('no GPU')", True),
        ("pytest.skip(reason=why)", True),
        ("pytest.skip()", False),
        ("pytest.skip(' ')", False),
        ("pytest.importorskip('mmseg', reason='not installed')", True),
        ("pytest.importorskip('mmseg')", False),
        ("pytest.importorskip('mmseg', '1.0')", False),
        ("@pytest.mark.skipif(True, reason='a GPU')\ndef f(): ...", True),
        ("@pytest.mark.skipif(True)\ndef f(): ...", False),
        ("@pytest.mark.skip\ndef f(): ...", False),
        ("@pytest.mark.xfail\ndef f(): ...", False),
        ("pytest.param(1, marks=pytest.mark.skip)", False),
        ("pytest.param(1, marks=pytest.mark.skip('slow'))", True),
    ],
)
def test_what_counts_as_a_reason(source, told):
    assert (without_reason(source) == []) == told


def test_every_skip_gives_a_reason():
    files = [path for room in ("tests", "adafire") for path in (ROOT / room).rglob("*.py")]
    wrong = {str(path.relative_to(ROOT)): without_reason(path.read_text(encoding="utf-8")) for path in files}
    assert len(files) > 200 and not {path: lines for path, lines in wrong.items() if lines}
