"""Packages of others add methods, energy models and tasks by entry points; one that is broken is one sentence."""

import logging
import os
import subprocess
import sys

import pytest

from adafire import plugins
from adafire.cost import energy
from adafire.errors import InputError
from adafire.methods import base
from adafire.registry import Registry
from helpers.paths import ROOT

GOOD = """
from adafire.methods import Method
theirs = Method("theirs", "a package of others", threshold="max", v0=0.5)
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(distribution, version, {group: {name: value}}, {file: text}): a package with a dist-info, on the path for this test."""
    before = set(sys.modules)

    def package(distribution, version, groups, files):
        site = tmp_path / f"site-{distribution}"
        about = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items()) for group, names in groups.items()]
        (about / "entry_points.txt").write_text("\n".join(lines))
        for name, text in files.items():
            (site / name).write_text(text)
        monkeypatch.syspath_prepend(str(site))
        return site

    yield package
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def methods():
    """The registry of methods as a new process finds it, with one method of the library's."""
    registry = base.MethodRegistry("method", "adafire.methods", base._of_plugin)
    registry.register("burst", base.methods.get("burst"))
    return registry


def test_a_package_adds_a_method_and_the_registry_knows_where_it_came_from(install):
    install("good-methods", "1.2", {"adafire.methods": {"theirs": "good_methods:theirs"}}, {"good_methods.py": GOOD})
    registry = methods()
    assert registry.names() == ["burst", "theirs"] and registry.get("theirs").threshold == "max"
    assert registry.origin("theirs") == "good-methods 1.2"
    assert registry.get("theirs+bias").correction == "light" and registry.origin("theirs+bias") == "good-methods 1.2"
    assert base.methods.origin("burst") == base.methods.origin("burst+bias") == "adafire"


def test_in_a_process_of_its_own_the_method_converts(install):
    site = install(
        "good-methods", "1.2", {"adafire.methods": {"theirs": "good_methods:theirs"}}, {"good_methods.py": GOOD}
    )
    code = (
        "import torch, adafire; net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval(); "
        "snn = adafire.convert(net, torch.rand(16, 4), method='theirs:phi_plus=2', timesteps=8); "
        "print(tuple(snn(torch.rand(3, 4)).shape), adafire.methods.origin('theirs'), 'theirs' in adafire.methods.names())"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=120)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "(3, 2) good-methods 1.2 True", "")


@pytest.mark.parametrize(
    "value, text, message",
    [
        ("broken:theirs", "import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("broken:theirs", "raise RuntimeError('two\\n lines')", "RuntimeError: two lines"),
        ("broken:theirs", "import sys; sys.exit(3)", "SystemExit: 3"),
        ("broken:theirs", "theirs = (", "SyntaxError"),
        ("broken:absent", "theirs = 1", "AttributeError"),
        ("broken:theirs", "theirs = 1", "found int; expected an adafire.methods.Method"),
        ("broken:theirs", GOOD.replace('Method("theirs"', 'Method("other"'), "its method is called 'other'"),
        ("broken:theirs", GOOD.replace('"max"', '"maximum"'), "InputError: method theirs: threshold='maximum'"),
    ],
)
def test_a_broken_plugin_is_one_sentence_and_the_rest_goes_on(install, caplog, value, text, message):
    install("broken", "0.1", {"adafire.methods": {"theirs": value}}, {"broken.py": text})
    registry = methods()
    with caplog.at_level(logging.WARNING):
        assert registry.names() == ["burst"] and registry.get("burst").name == "burst"
    (warning,) = caplog.records
    said = warning.getMessage()
    assert (
        said.startswith(f"method 'theirs' of broken 0.1 ({value}) cannot be used: ")
        and message in said
        and "\n" not in said
    )
    with pytest.raises(InputError) as caught:
        registry.get("theirs")
    assert str(caught.value) == said
    with pytest.raises(InputError, match="unknown method 'their'.*Known: burst"):
        registry.get("their")


def test_a_name_that_exists_twice(install, caplog):
    text = GOOD.replace('"theirs"', '"burst"')
    install(
        "one",
        "1.0",
        {"adafire.methods": {"burst": "one:theirs", "theirs": "one_more:theirs"}},
        {"one.py": text, "one_more.py": GOOD},
    )
    install("two", "2.0", {"adafire.methods": {"theirs": "two:theirs"}}, {"two.py": GOOD})
    registry = methods()
    ours = registry.get("burst")
    with caplog.at_level(logging.WARNING):
        assert registry.names() == ["burst"] and registry.get("burst") is ours
    said = {record.getMessage() for record in caplog.records}
    assert len(said) == 2 and any(
        s.startswith("method 'burst' exists twice: that of one 1.0 (one:theirs) is left out") for s in said
    )
    with pytest.raises(
        InputError, match=r"^method 'theirs' exists twice: in one 1.0 .* and in two 2.0 .*; uninstall one of them$"
    ):
        registry.get("theirs")


def test_a_module_may_register_its_methods_itself(install, monkeypatch):
    registry = methods()
    monkeypatch.setattr(base, "methods", registry)
    text = "from adafire.methods import Method, register\none, two = (register(Method(name, 'theirs')) for name in ('one', 'two'))\n"
    install("own", "1.0", {"adafire.methods": {"one": "own:one", "two": "own:two"}}, {"own.py": text})
    assert registry.names() == ["burst", "one", "two"] and registry.origin("one") == registry.origin("two") == "own 1.0"


def test_energy_models_and_tasks(install, caplog):
    text = "from adafire import EnergyModel\nchip = EnergyModel('chip', 1.0, 0.5, 'measured')\nwrong = EnergyModel('other', 1.0, 0.5, '')\n"
    points = {
        "adafire.energy_models": {"chip": "chips:chip", "wrong": "chips:wrong"},
        "adafire.tasks": {"their_task": "their_task", "by_path": "chips:path", "no_file": "chips:chip"},
    }
    site = install(
        "chips", "3.1", points, {"chips.py": text + "path = __file__\n", "their_task.py": "name = 'their_task'\n"}
    )
    models = Registry("energy model", "adafire.energy_models", energy._of_plugin)
    tasks = Registry("task", "adafire.tasks", plugins.task_file)
    with caplog.at_level(logging.WARNING):
        assert models.names() == ["chip"] and models.get("chip").energy_pj(macs=2, synops=4) == 4.0
        assert tasks.names() == ["by_path", "their_task"]
    assert models.origin("chip") == tasks.origin("their_task") == "chips 3.1"
    assert tasks.get("their_task") == site / "their_task.py" and tasks.get("by_path") == site / "chips.py"
    assert {r.getMessage().partition(" of ")[0] for r in caplog.records} == {"energy model 'wrong'", "task 'no_file'"}
    with pytest.raises(InputError, match="task 'no_file' of chips 3.1 .*expected the path of a task's .py file"):
        tasks.get("no_file")


def test_a_distribution_that_is_on_the_path_twice_is_one(install, monkeypatch):
    site = install(
        "good-methods", "1.2", {"adafire.methods": {"theirs": "good_methods:theirs"}}, {"good_methods.py": GOOD}
    )
    other = site.parent / "again"
    other.mkdir()
    (other / "good_methods-1.2.dist-info").symlink_to(site / "good_methods-1.2.dist-info")
    monkeypatch.syspath_prepend(str(other))
    assert methods().names() == ["burst", "theirs"]


def test_who_registers_is_remembered():
    registry = Registry("colour")

    @registry.register("red")
    class Red:
        pass

    registry.register("blue", 1)
    assert registry.origin("red") == registry.origin("blue") == __name__.partition(".")[0]
    with pytest.raises(InputError, match="unknown colour 'rde'"):
        registry.origin("rde")
