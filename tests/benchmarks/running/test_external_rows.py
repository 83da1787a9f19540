"""Other libraries' converters as rows of the suite: run as any method, counted at their weights, refused in their own words."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import torch
from torch import nn

import adafire
from adafire.cost.energy import arithmetic_models
from adafire.errors import InputError
from adafire.external import CONVERTERS, Converter, registered
from adafire.registry import Registry
from adapters.base import Batch, Evaluation, Workload, WorkloadOptions, adapters
from benchmarks.report import submission
from benchmarks.report.rows import rows_of_run
from benchmarks.running import methods
from benchmarks.running.request import RunOptions, check_request
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task
from helpers.external_rows import TASK, Clear, Spikes, need
from helpers.paths import ROOT
from tools import run_bench


def their_way(network, inputs, timesteps, most=1):
    """Neurons in the place of ReLUs.

    More words, which no table needs.
    """
    first, last = (part for part in network.modules() if isinstance(part, nn.Linear))
    theta = float(first(torch.cat(inputs)).max()) / most
    return nn.Sequential(first, Spikes(theta, most), last), 0, f"most={most}, theta {theta:.3f}"


def refusing(network, inputs, timesteps):
    """Says no."""
    raise ValueError(
        f"I convert nothing with a Linear layer, says <function {refusing.__name__} at {hex(id(refusing))}>"
    )


@pytest.fixture
def theirs(monkeypatch):
    """Converters of a library that does not exist: one works, one refuses, one is not installed."""
    monkeypatch.setattr(CONVERTERS, "_entries", dict(CONVERTERS._entries))
    monkeypatch.setattr(CONVERTERS, "_origins", dict(CONVERTERS._origins))
    registered.register("theirs", anytime=lambda options: True)(their_way)
    registered.register("by-t")(their_way)
    registered.register("refusing")(refusing)
    registered.register("absent", package="no_such_package")(their_way)


def task(**changes):
    return parse(Task, {**TASK, **changes}, "task")


def ran(tmp_path, names, timesteps=(2, 8), tell=None, **options):
    outcome = run(task(), "mini", names, list(timesteps), RunOptions(**options), tmp_path, tell)
    return {record.method: record for record in outcome.records}


def test_a_converter_is_a_row_like_any_other(theirs, tmp_path):
    records = ran(tmp_path, ["theirs", "by-t:most=3", "burst"])
    assert [r.kind for r in records.values()] == ["ann", "external", "external", "snn"]
    record, workload = records["theirs"], Clear({"batch_size": 4}, WorkloadOptions())
    assert record.status == "ok" and [row.timesteps for row in record.rows] == [2, 8] and record.anytime
    assert record.parameters == {"library": __name__.partition(".")[0], "most": 1}
    assert record.ann.value == 1.0 and record.samples == 10
    snn = adafire.external.convert(workload.network, workload.calibration(), "theirs", timesteps=8)
    for batch in workload.batches():
        snn(batch.inputs, at=(2, 8))
    for row in record.rows:
        report, slow = snn.report(row.timesteps), spikes_by_hand(workload, row.timesteps)
        assert row.spikes == pytest.approx(slow) and row.synops == pytest.approx(3 * slow) and slow > 0
        assert row.macs == 6 * 12 == report.macs  # the constant input, once
        assert set(row.energy_pj) == set(arithmetic_models())
        for model, pj in row.energy_pj.items():
            assert pj > 0 and pj == pytest.approx(report.energy_pj(model))
        assert row.over_fired is None and row.longest_burst == 1 and row.levels == row.timesteps
    assert records["by-t:most=3"].rows[0].longest_burst == 3 and not records["by-t:most=3"].anytime
    assert any("theirs" in r and "theta" in r for r in [f"{record.method} {note}" for note in record.notes])


def spikes_by_hand(workload, timesteps):
    """Spikes a sample, step by step, with nothing of the library."""
    network = workload.network
    with torch.no_grad():
        x, top = network[0](workload.inputs), float(network[:2](workload.calibration()[0]).max())
        v, total = torch.full_like(x, top / 2), 0.0
        for _ in range(timesteps):
            v = v + x
            fired = (v >= top).float()
            v = v - fired * top
            total += float(fired.sum())
    return total / len(workload)


def test_its_row_stands_in_the_same_table_with_a_place_and_what_it_loses(theirs, tmp_path):
    records = ran(tmp_path, ["theirs", "burst"], rivals=True)
    rows = {(row["method"], row["timesteps"]): row for row in rows_of_run(list(records.values()))}
    assert {rows[name, 8]["place"] for name in ("theirs", "burst")} <= {1, 2} and rows["theirs", 8]["place"]
    assert rows["theirs", 8]["drop"] is not None and rows["theirs", 8]["energy_pj"] > 0
    assert "quantised:phi_plus=8" in records and "integer:phi_plus=8" in records  # its rivals, of as many values
    assert rows["theirs", 8]["of_integer"] and rows["theirs", 8]["ann_energy_pj"] == rows["ann", None]["energy_pj"]


def test_a_submitted_record_of_it_passes_the_checks(theirs, tmp_path):
    record = ran(tmp_path, ["theirs"])["theirs"]
    _, found = submission.check(tmp_path / "records" / record.name)
    assert not [entry.text for entry in found if entry.kind == "wrong"]


def test_what_it_refuses_is_a_row_in_its_own_words_and_the_others_go_on(theirs, tmp_path):
    records = ran(tmp_path, ["refusing", "theirs"])
    refused = records["refusing"]
    assert refused.status == "failed" and refused.rows == [] and records["theirs"].status == "ok"
    assert refused.reason.endswith(
        "refuses this network: ValueError: I convert nothing with a Linear layer, says <function refusing>"
    )
    (row, _) = [row for row in rows_of_run(list(records.values())) if row["method"] == "refusing"]
    assert row["status"] == "failed" and "I convert nothing" in row["reason"]


@pytest.mark.parametrize(
    "name, words",
    [
        ("absent", r"needs the package no_such_package .*pip install 'adafire\[no_such_package\]'"),
        ("theirs:mots=3", "theirs has no option 'mots'; did you mean 'most'. Known: most"),
        ("thiers", "unknown method 'thiers'; did you mean 'theirs'"),
        ("theirs+bias", r"there is no method theirs\+bias: theirs is made by other code"),
        ("theirs:most", "found 'most', expected option=value"),
        ("theirs:weights=int8", "theirs has no option 'weights'"),
        ("external:wieghts=1", "method external has no option 'wieghts'"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_before_any_work(theirs, name, words):
    with pytest.raises(InputError, match=words) as caught:
        check_request(task(), ["burst", name], [2])
    assert "\n" not in str(caught.value)


def test_other_precisions_are_not_for_other_code(theirs, tmp_path):
    record = ran(tmp_path, ["theirs"], precision="bf16")["theirs"]
    assert record.status == "failed" and "precision='bf16', but other code runs it" in record.reason


def test_what_other_code_runs_is_not_saved_and_that_is_said(theirs, tmp_path):
    told = []
    records = ran(tmp_path, ["theirs"], tell=told.append, save_snn=str(tmp_path / "kept"))
    assert records["theirs"].status == "ok" and "not saved: other code runs it" in [event.text for event in told]
    assert not list((tmp_path / "kept").glob("*theirs*"))


def test_a_name_that_is_a_method_here_stays_what_it_is(theirs, caplog):
    registered.register("burst")(their_way)
    assert methods.get("burst").kind == "snn"
    assert methods.names().count("burst") == 1 and methods.origin("burst") == "adafire"
    assert "method 'burst' exists twice" in caplog.text and "is left out" in caplog.text
    with pytest.raises(ValueError, match="registered twice"):
        registered.register("theirs")(their_way)


def test_a_plug_in_brings_a_converter_and_a_broken_one_is_one_sentence(tmp_path, monkeypatch, caplog):
    about = tmp_path / "their_converters-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-converters\nVersion: 1.2\n")
    lines = [
        "[adafire.converters]",
        "good = their_converters:good",
        "raises = their_raising:x",
        "number = their_converters:n",
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "their_converters.py").write_text("n = 3\ndef good(network, inputs, timesteps):\n    'Theirs.'\n")
    (tmp_path / "their_raising.py").write_text("raise RuntimeError('on import')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    fresh = Registry("converter", "adafire.converters", registered._of_plugin)
    for module in (registered, methods, __import__("benchmarks.running.external", fromlist=["x"])):
        monkeypatch.setattr(module, "CONVERTERS", fresh)
    rows = {row["method"]: row for row in methods.listing()}
    assert rows["good"]["from"] == "their-converters 1.2" and rows["good"]["kind"] == "external"
    assert rows["good"]["source"] == "Theirs." and methods.get("good").parameters() == {
        "library": "their-converters 1.2"
    }
    assert isinstance(fresh.get("good"), Converter) and "raises" not in rows and "number" not in rows
    said = [entry.getMessage() for entry in caplog.records]
    assert len([text for text in said if "RuntimeError: on import" in text and "\n" not in text]) == 1
    with pytest.raises(InputError, match="converter 'raises' of their-converters 1.2 .* cannot be used: RuntimeError"):
        fresh.get("raises")
    with pytest.raises(InputError, match="found int; expected a function"):
        fresh.get("number")


def test_the_list_says_where_methods_come_from_and_which_have_twins(theirs):
    rows = {row["method"]: row for row in methods.listing()}
    assert rows["burst"]["from"] == "built in" and rows["burst"]["twin"] == "burst+bias"
    assert rows["ours"]["twin"] == rows["theirs"]["twin"] == rows["ann"]["twin"] == "-"
    assert (
        rows["theirs"]["from"] == __name__.partition(".")[0]
        and rows["theirs"]["source"] == "Neurons in the place of ReLUs."
    )
    assert rows["absent"]["source"].endswith("(not installed: pip install 'adafire[no_such_package]')")
    assert list(rows).index("external") == len(rows) - 1 and rows["external"]["from"] == "built in"
    for twin in (row["twin"] for row in rows.values()):
        assert twin == "-" or methods.get(twin).correction == "light"


def test_the_list_is_printed(capsys):
    assert run_bench.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^ spikingjelly +external +no +built in", out, re.M) and "burst+bias" in out


@pytest.mark.parametrize(
    "name", ["spikingjelly", "spikingjelly:delay=0:mode=99.5", "sinabs", "sinabs:bias_rescaling=1.0"]
)
def test_the_libraries_themselves(name, tmp_path):
    base = name.partition(":")[0]
    need(base)
    record = ran(tmp_path, [name])[name]
    assert record.status == "ok", record.reason
    assert record.parameters["library"].startswith(f"{base} ") and record.rows[1].synops > record.rows[0].synops > 0
    assert record.rows[0].longest_burst == 1 or base == "sinabs"
    assert ("mode='99.5%'" in record.notes[-1]) == ("mode" in name)


@pytest.mark.parametrize("name", ["spikingjelly:mood=1", "spikingjelly:recipe=other", "sinabs:spike_treshold=1"])
def test_options_are_those_of_the_library(name):
    need(name.partition(":")[0])
    with pytest.raises(InputError, match="did you mean 'mod|expected 'rate_coding' or|did you mean 'spike_threshold'"):
        check_request(task(), [name], [2])


COMMANDS = re.findall(r"^    (python tools/run_bench\.py .*)$", (ROOT / "docs" / "external.md").read_text(), flags=re.M)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_page(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    for package in ("spikingjelly", "sinabs"):
        if package in command:
            need(package)
    argv = shlex.split(command.partition("  #")[0])[2:]
    small = ["--timesteps", "2", "--limit", "4", "--out", str(tmp_path), "--no-rivals"]
    assert run_bench.main([*argv, *small]) == 0, capsys.readouterr().err


def test_the_page_has_commands():
    assert len(COMMANDS) >= 2
