"""Imports point down: tools -> benchmarks -> adapters -> adafire; the library needs torch, numpy and safetensors only."""

import ast
import subprocess
import sys

import pytest

from helpers.paths import ROOT

ABOVE = {
    "adafire": {"adapters", "benchmarks", "tools", "tasks"},
    "adapters": {"benchmarks", "tools", "tasks"},
    "benchmarks": {"tools"},
}


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


ROOMS = ("neurons", "graph", "simulation", "cost", "external", "calibration", "search", "methods", "snn")
"""Rooms of the library; one imports those before it only. Files beside them: errors, registry and the like below, the rest above."""
BELOW = {"errors", "plugins", "registry", "frames", "tensors_file"}


def place(name):
    """How far up in the library a module is: 0 below the rooms, then the rooms in their order."""
    first = name.split(".")[1:2]
    return (
        ROOMS.index(first[0]) + 1
        if first and first[0] in ROOMS
        else 0
        if first and first[0] in BELOW
        else len(ROOMS) + 1
    )


def test_arrows_point_one_way_inside_the_library_too():
    known = modules()
    up = {
        f"{name} -> {found}"
        for name, path in known.items()
        if name.split(".")[0] == "adafire" and name.count(".")
        for found in imports(name, path, known)
        if place(found) > place(name)
    }
    assert not up
    assert {p.parent.name for p in (ROOT / "adafire").glob("*/__init__.py")} == set(ROOMS)


def test_rooms_use_of_each_other_what_they_export():
    """Another room's names come from its __init__, which says what it is for; the saved forms of a room's own inputs apart."""
    past = set()
    for path in (ROOT / "adafire").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ImportFrom)
                and node.level == 2
                and "." in (node.module or "")
                and node.module != "graph.template"
            ):
                past.add(f"{path.relative_to(ROOT)}: {node.module}")
    assert not past
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((ROOT / "adafire" / room / "__init__.py").read_text()))


LIBRARY = sorted((ROOT / "adafire").rglob("*.py"))


def test_the_library_needs_torch_numpy_and_safetensors_only():
    names = set().union(*(imported(p) for p in LIBRARY if p.name != "triton_parts.py"))
    assert names - set(sys.stdlib_module_names) <= {"torch", "numpy", "safetensors"}


def test_triton_is_imported_only_where_a_gpu_is_used():
    """torch brings it, or does without: nothing needs it."""
    code = "import adafire, adafire.convert, sys; assert 'adafire.neurons.triton_parts' not in sys.modules; sys.modules['triton'] = None\n"
    code += "import adafire.neurons.triton_laws, adafire.neurons.triton_pools"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=100)


def called(path):
    """Names of what a file calls, with what they are attributes of: 'print', 'warnings.filterwarnings'."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


def test_the_library_prints_nothing_and_leaves_filters_of_warnings_and_logging_to_its_user():
    theirs = {
        "print",
        "warnings.filterwarnings",
        "warnings.simplefilter",
        "warnings.resetwarnings",
        "logging.basicConfig",
        "logging.disable",
    }
    wrong = {
        p.name: called(p) & theirs for p in LIBRARY if p.name != "command.py"
    }  # a command's words go to the terminal
    assert not {name: found for name, found in wrong.items() if found}


def modules():
    """{dotted name: path} of every module of the house."""
    paths = [p for room in ABOVE for p in (ROOT / room).rglob("*.py")]
    return {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


def imports(name, path, known):
    """Modules of the house that a module imports, anywhere in it."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                found = f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base
                if found in known and found != name:
                    yield found


def circles(graph):
    """What is left when modules that import nothing that is left are taken away again and again, and those nobody left imports."""
    left = {name: set(found) for name, found in graph.items()}
    while True:
        wanted = set().union(*left.values())
        ends = {name for name, found in left.items() if not found or name not in wanted}
        if not ends:
            return left
        left = {name: found - ends for name, found in left.items() if name not in ends}


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == {"b": {"c"}, "c": {"b"}}
    assert not circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def test_no_imports_go_round_in_a_circle():
    known = modules()
    assert not circles({name: set(imports(name, path, known)) for name, path in known.items()})


FAMILIES = ("shared", "models", "classification", "detection", "segmentation", "points", "events")


def test_arrows_among_the_adapters_point_one_way_too():
    """A family's folder imports those before it only; what is made for training (setups.py) and old addresses (data/) lie above."""
    known = modules()

    def place(name):
        folder = (name.split(".") + [""])[1]
        return FAMILIES.index(folder) if folder in FAMILIES else len(FAMILIES) if folder in ("setups", "data") else -1

    wrong = {
        f"{name} -> {found}"
        for name, path in known.items()
        if name.startswith("adapters.")
        for found in imports(name, path, known)
        if found.startswith("adapters.") and place(found) > max(place(name), 0) and name not in ("adapters.setups",)
    }
    assert not wrong
    folders = {p.parent.name for p in (ROOT / "adapters").glob("*/__init__.py")}
    assert folders == {*FAMILIES, "data"}


@pytest.mark.parametrize("room", [*ABOVE, "tools"])
def test_no_file_is_longer_than_250_lines(room):
    long = {
        str(p.relative_to(ROOT)): n for p in (ROOT / room).rglob("*.py") if (n := len(p.read_text().splitlines())) > 250
    }
    assert not long
