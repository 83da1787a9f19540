"""Faults made by hand (tests/mutants): each is put into a copy of the project, and the tests that should notice it are run."""

import importlib
import os
import shutil
import subprocess
import sys

import pytest

from helpers.paths import ROOT

ROOMS = tuple(sorted(path.stem for path in (ROOT / "tests" / "mutants").glob("[a-z]*.py")))
PATIENCE_S = 900


def mutants(room):
    return importlib.import_module(f"mutants.{room}").MUTANTS


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project without its committed results, which no mutant is about."""
    folder = tmp_path_factory.mktemp("mutants") / "project"
    shutil.copytree(
        ROOT,
        folder,
        symlinks=True,
        ignore=shutil.ignore_patterns(
            ".git", ".venv", "results", "runs", "work_dirs", "__pycache__", ".pytest_cache", ".cache", "*.egg-info"
        ),
    )
    return folder


def verdict(copy, mutant):
    """'killed', 'survived', or 'stale' where the text is not there (once) any more, or its tests cannot be run."""
    path = copy / mutant.file
    sound = path.read_text(encoding="utf-8")
    if sound.count(mutant.old) != 1:
        return "stale"
    path.write_text(sound.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        tests = [name for name in mutant.tests if (copy / name.split("::")[0]).exists()]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not mutants", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return "killed"  # a loop that does not end is noticed, too
    finally:
        path.write_text(sound, encoding="utf-8")
    return {0: "survived", 1: "killed", 2: "killed"}.get(done.returncode, "stale") if tests else "stale"


@pytest.mark.mutants
@pytest.mark.parametrize("room", ROOMS)
def test_every_fault_is_noticed(room, copy, capsys):
    found = {}
    with capsys.disabled():
        for mutant in mutants(room):
            found[mutant.name] = verdict(copy, mutant)
            print(f"\n  {found[mutant.name]}: {mutant.name}", end="", flush=True)
        killed = sum(word == "killed" for word in found.values())
        print(f"\n{room}: {killed} of {len(found)} killed", flush=True)
    assert killed == len(found), "a fault that no test notices, or that is stale"


def test_mutants_are_of_this_project():
    everything = [mutant for room in ROOMS for mutant in mutants(room)]
    assert len(everything) >= 20 and len({mutant.name for mutant in everything}) == len(everything)
    for mutant in everything:
        assert (ROOT / mutant.file).is_file() and mutant.old != mutant.new and mutant.tests, mutant.name
        assert all((ROOT / name.split("::")[0]).exists() for name in mutant.tests), mutant.name


@pytest.mark.parametrize("room", ROOMS)
def test_no_fault_is_stale(room):
    """The text that each fault replaces is there, once, and so are the tests that should notice it."""
    for mutant in mutants(room):
        assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1, mutant.name
        assert all((ROOT / name.split("::")[0]).exists() for name in mutant.tests), mutant.name
