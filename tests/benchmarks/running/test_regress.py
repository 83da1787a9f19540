"""The regression gate: equal runs pass; planted faults are each caught; expectations are accepted with a reason only."""

import json
import re

import pytest

import adafire.calibration.fitting
import adafire.cost.meter
import adafire.graph.recorder
from adafire.errors import InputError
from benchmarks.running import regression
from helpers.paths import ROOT
from helpers.programs import program

CASE = regression.Case("fashion_resnet", "mini", ("adafire-uniform", "adafire-signed"), 4, 100)


@pytest.fixture(scope="module")
def sound():
    return regression.measure([CASE])


@pytest.fixture
def gate(sound, monkeypatch, tmp_path, capsys):
    """A call of tools/regress.py on one case: (exit status, {method: figures that moved})."""
    monkeypatch.setattr(regression, "CASES", (CASE,))
    monkeypatch.setattr(regression, "EXPECTATIONS", tmp_path / "expectations.json")
    regression.accept(sound, "planted faults are compared with this")
    tool = program("regress")

    def run():
        code, found = tool.main([]), {method: set() for method in CASE.methods}
        for method, figure in re.findall(r"^MOVED .*, ([\w+-]+): (.*) from ", capsys.readouterr().out, re.M):
            found.setdefault(method, set()).add(figure)
        return code, found

    return run


@pytest.mark.slow
def test_the_same_code_moves_nothing(gate):
    code, found = gate()
    assert code == 0 and not any(found.values())


@pytest.mark.slow
def test_thresholds_scaled_by_a_tenth_are_caught(gate, monkeypatch):
    fit = adafire.calibration.fitting.Fitting.set_thresholds
    monkeypatch.setattr(
        adafire.calibration.fitting.Fitting,
        "set_thresholds",
        lambda self, method, thresholds: fit(self, method, {index: 1.1 * theta for index, theta in thresholds.items()}),
    )
    code, found = gate()
    assert code == 1 and all({"spikes", "synops", "energy_pj"} <= found[method] for method in CASE.methods)


@pytest.mark.slow
def test_energy_that_counts_a_burst_once_is_caught(gate, monkeypatch):
    add = adafire.cost.meter.Meter.add

    def once(self, run, at=None):
        run.neurons = {index: state._replace(events=state.graded) for index, state in run.neurons.items()}
        add(self, run, at)

    monkeypatch.setattr(adafire.cost.meter.Meter, "add", once)
    code, found = gate()
    assert code == 1 and all({"synops", "energy_pj"} <= found[method] for method in CASE.methods)
    assert not any({"accuracy", "synops_graded"} & figures for figures in found.values()), "only what was counted moved"


@pytest.mark.slow
def test_a_skipped_site_is_caught(gate, monkeypatch):
    assign = adafire.graph.recorder.assign

    def skip_third(trace, *rest):
        third = [call for call in trace.calls if call.rule.treatment == "activation"][2]
        third.rule = third.rule._replace(treatment="rate")
        return assign(trace, *rest)

    monkeypatch.setattr(adafire.graph.recorder, "assign", skip_third)
    code, found = gate()
    assert code == 1 and all("sites" in found[method] for method in CASE.methods)


def figures(**changes):
    return {
        "metric": "accuracy",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "spikes": 100.0,
        "synops": 1e6,
        "synops_graded": 1e5,
        "macs": 3e6,
        "energy_pj": 1e7,
        "sites": {"relu": 60.0, "relu2": 40.0},
        "time_ratio": 2.0,
        **changes,
    }


@pytest.mark.parametrize(
    "changes,figure",
    [
        ({}, None),
        ({"time_ratio": 9.0}, None),
        ({"value": 0.6}, None),
        ({"value": 0.61}, "accuracy"),
        ({"value": 0.39}, "accuracy"),
        ({"synops": 1.009e6}, None),
        ({"synops": 1.011e6}, "synops"),
        ({"synops": 0.989e6}, "synops"),
        ({"macs": 3.001e6}, "macs"),
        ({"energy_pj": 1.02e7}, "energy_pj"),
        ({"sites": {"relu": 60.0}}, "sites"),
        ({"spikes": None}, "spikes"),
        ({"sites": {"relu": 58.0, "relu2": 42.0}}, "spikes of relu"),
        ({"sites": {"relu2": 40.0, "relu": 60.0}}, "sites"),
    ],
)
def test_what_moves(changes, figure):
    found = regression.compare({"case": {"m": figures()}}, {"case": {"m": figures(**changes)}})
    assert [entry.figure for entry in found][:1] == ([figure] if figure else [])


def test_a_case_on_one_side_only_has_moved():
    assert len(regression.compare({"a": {"m": figures()}}, {})) == 1
    assert len(regression.compare({}, {"a": {"m": figures(), "n": figures()}})) == 2


def test_accepting_wants_a_reason_and_keeps_the_history(tmp_path):
    path = tmp_path / "expectations.json"
    with pytest.raises(InputError, match="--accept"):
        regression.load(path)
    with pytest.raises(InputError, match="reason"):
        regression.accept({}, "  ", path)
    regression.accept({"case": {"m": figures()}}, "first", path)
    regression.accept({"case": {"m": figures(value=0.55)}}, "second", path)
    content = regression.load(path)
    assert [entry["reason"] for entry in content["accepted"]] == ["first", "second"]
    assert content["cases"]["case"]["m"]["value"] == 0.55


def test_every_case_has_committed_expectations():
    content = regression.load()
    assert {case.name: ["ann", *case.methods] for case in regression.CASES} == {
        name: list(methods) for name, methods in content["cases"].items()
    }
    assert all(entry["reason"] for entry in content["accepted"])
    assert not re.search(r"/(work|tmp|home)/", json.dumps(content))


def test_every_family_with_a_mini_split_has_a_case():
    from benchmarks.running.at_hand import listing

    families = {row["family"] for row in listing() if row.get("split") == "mini"}
    covered = {row["family"] for row in listing() if row["task"] in {case.task for case in regression.CASES}}
    assert families == covered


def test_the_gate_is_part_of_the_test_command():
    assert "tools/regress.py" in (ROOT / "Makefile").read_text()
