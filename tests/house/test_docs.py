"""What the documentation says is what the code does: the support table, the commands, the named methods."""

import doctest
import re
import subprocess
import sys

import pytest

from adafire import methods
from helpers.paths import ROOT
from helpers.programs import program
from tools import support_table


def test_pages_of_operators_energy_models_and_tasks_are_generated():
    done = subprocess.run(
        [sys.executable, "tools/support_table.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_an_old_page_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(support_table, "ROOT", tmp_path)
    assert support_table.main(["--check"]) == 1
    assert not support_table.main([]) and support_table.main(["--check"]) == 0
    with (tmp_path / "docs" / "energy_models.md").open("a") as page:
        page.write("| mine | 1 |")
    assert support_table.main(["--check"]) == 1


def test_files_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text()
    for name in re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r"python (tools/\w+\.py)", text):
        assert (ROOT / name).exists(), name


def test_methods_that_the_documents_name_are_registered():
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for name in re.findall(r'method="([\w+-]+)"', page.read_text()):
            assert name in methods.names(), f"{page.name}: {name}"


@pytest.mark.slow
@pytest.mark.parametrize("tool", sorted(p.name for p in (ROOT / "tools").glob("*.py")))
def test_every_tool_explains_itself_with_an_example(tool):
    done = subprocess.run(
        [sys.executable, f"tools/{tool}", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "usage:" in done.stdout and f"python tools/{tool}" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "tool, arguments, message",
    [
        ("check", ["torchvision::resnet81"], "did you mean 'resnet18'"),
        ("check", ["mmseg::fcn/fcn_r19"], "MMSegmentation has no config 'fcn/fcn_r19'"),
        ("check", ["nowhere/config.py"], "config file 'nowhere/config.py' is not there"),
        ("check", ["torchvision::resnet18", "--size", "0"], "expected a whole number from 1 to"),
        ("train_ann", ["nowhere.py"], "config file nowhere.py does not exist"),
        ("run_speed", ["mini-yoyo"], "did you mean 'mini-yolo'"),
        ("run_speed", ["--runs", "0"], "1 or more"),
    ],
)
def test_tools_say_what_is_wrong_in_one_message(tool, arguments, message, capsys):
    """Called in this process; each tool has a bad input as a process of its own in tests/faults."""
    assert program(tool).main(arguments) == 2
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said


@pytest.mark.parametrize("page", [p for p in sorted((ROOT / "docs").glob("*.md")) if ">>> " in p.read_text("utf-8")])
def test_examples_of_pages_run(page):
    """docs/external.md wants other libraries, and has a test of its own."""
    if page.name == "external.md":
        pytest.skip("run by tests/adafire/external, where the libraries are installed")
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried and not failed
