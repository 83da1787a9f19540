"""Submitted records: sound ones pass, and every kind of wrong claim is found; the paper's unknown figures stay unknown."""

import json

import pytest

from adapters.shared import accuracy
from benchmarks.report import reproduction, submission
from benchmarks.report.energy_saved import energy
from benchmarks.running import environment
from benchmarks.running.record import Record, key_of
from benchmarks.running.store import Store, read_record
from helpers.programs import program
from helpers.records import make, make_row


def sound_row(timesteps=4, right=(1,) * 15 + (0,) * 5, **changes):
    """A consistent row of a classification record of 20 samples."""
    found = {i: accuracy.Prediction(0, 0, 0 if ok else 1) for i, ok in enumerate(right)}
    result = accuracy.evaluate(found, 2)
    sites = [{"site": "relu", "neurons": 100, "spikes": 60.0}, {"site": "relu2", "neurons": 50, "spikes": 30.0}]
    layers = [
        {"layer": "conv", "synops": 1.5e6, "synops_graded": 5e5, "macs": 3e6},
        {"layer": "fc", "synops": 5e5, "synops_graded": 5e5, "macs": 0.0},
    ]
    row = {
        "low": result.low,
        "high": result.high,
        "evidence": result.evidence,
        "metrics": result.metrics,
        "sites": sites,
        "layers": layers,
        "spikes": 90.0,
        "firing_rate": 90 / 150 / timesteps,
        "synops": 2e6,
        "synops_graded": 1e6,
        "macs": 3e6,
        "energy_pj": {"horowitz-45nm": 4.6 * 3e6 + 0.9 * 2e6},
    }
    return make_row(timesteps, 0.75, **{**row, **changes})


def checked(tmp_path, **changes):
    rows = [sound_row(2), sound_row(4, **changes)]
    record = make(rows=rows, metric="accuracy", family="classification", anytime=False)
    store = Store(tmp_path)
    store.write(record)
    _, found = submission.check(tmp_path / "records" / record.name)
    return {entry.text for entry in found if entry.kind == "wrong"}, found


def test_a_sound_record_has_nothing_wrong(tmp_path):
    wrong, found = checked(tmp_path)
    assert wrong == set()
    assert {f.kind for f in found} == {"unknown", "not checked"}, "its task, hashes and commit are not of this project"


@pytest.mark.parametrize(
    "changes,part",
    [
        ({"metrics": {"accuracy": 0.8, "class_mean_accuracy": 0.75}}, "15 of 20 correctness bits"),
        ({"low": 0.6}, "not Wilson's"),
        ({"high": 0.7}, "outside its interval"),
        ({"energy_pj": {"horowitz-45nm": 1.4e7}}, "MACs and synaptic operations give"),
        ({"synops": 2.1e6, "energy_pj": {"horowitz-45nm": 4.6 * 3e6 + 0.9 * 2.1e6}}, "its layers sum to"),
        ({"synops_graded": 3e6}, "a burst counts 1 or more"),
        ({"spikes": 91.0}, "its sites sum to"),
        ({"firing_rate": 0.3}, "spikes over neurons"),
        ({"over_fired": 1.5}, "a share of 0 to 1"),
        ({"mean_timesteps": 4.5}, "more than T"),
        ({"evidence": {"seed": 1}}, "holds nothing that accuracy can be checked"),
        (
            {"evidence": accuracy.evaluate({0: accuracy.Prediction(0, 0, 0)}, 2).evidence},
            "1 correctness bits for 20 samples",
        ),
    ],
)
def test_every_wrong_claim_is_found(tmp_path, changes, part):
    wrong, _ = checked(tmp_path, **changes)
    assert any(part in text for text in wrong), wrong


def test_replicates_bound_the_metric(tmp_path):
    def check(value, low, high):
        drawn = [0.49, 0.5, 0.51] * 50
        row = make_row(
            2,
            value,
            low=low,
            high=high,
            evidence={"replicates": {"mAP": drawn}, "images": 20},
            sites=[],
            energy_pj={"horowitz-45nm": 15.6e6},
        )
        record = make(rows=[row], timesteps=[2], anytime=False)
        Store(tmp_path / str(value)).write(record)
        return {
            f.text for f in submission.check(tmp_path / str(value) / "records" / record.name)[1] if f.kind == "wrong"
        }

    assert check(0.5, 0.49, 0.51) == set()
    assert any("far from its replicates" in text for text in check(0.6, 0.49, 0.51))
    assert any("not that of the replicates" in text for text in check(0.501, 0.48, 0.52))


@pytest.fixture
def made(made_records):
    """Records made here: {method: path}."""
    return {path.name.rpartition("-")[0]: path for path in (made_records / "records").glob("*/*.json")}


def edited(path, folder, change):
    """A record whose fields ``change`` altered, under the key and the name of what it now says."""
    fields = json.loads(path.read_text())
    change(fields)
    record = Record.model_validate({**fields, "key": ""})
    Store(folder).write(record)
    return folder / "records" / record.name


def test_the_tool(made, tmp_path, capsys):
    submit, good = program("submit"), made["ann"]
    assert submit.main(["check", str(good)]) == 0 and "nothing is wrong" in capsys.readouterr().out
    text = good.read_text()
    forged = tmp_path / good.name
    forged.write_text(text.replace('"seed": 0', '"seed": 3'))
    assert submit.main(["check", str(forged)]) == 2 and "changed after it was written" in capsys.readouterr().err
    value = json.loads(text)["rows"][0]["metrics"]["accuracy"]
    assert text.count(f'"accuracy": {value}') >= 1
    forged.write_text(text.replace(f'"accuracy": {value}', f'"accuracy": {value - 0.05}'))
    assert submit.main(["check", str(forged)]) == 1 and "correctness bits" in capsys.readouterr().out
    assert submit.main(["check", str(tmp_path / "nowhere.json")]) == 2


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "a|b",
    "`rm`",
    "[x](javascript:1)",
    "=cmd|'/c calc'!A1",
    "../../etc/passwd",
    "a\x1b[2Jb",
    "a\nb",
    "",
    " ",
    "x" * 121,
    "aus\u202ecod.exe",
    "$x$",
    "@everyone",
    "-1+1",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_in_records_keep_to_a_safe_alphabet(made, tmp_path, capsys, name):
    """Of methods, metrics, energy models, tasks and variants: refused with every other field and the key sound."""
    path = made["adafire-uniform"]

    def refused(change):
        fields = json.loads(path.read_text())
        change(fields)
        fields["key"] = key_of(fields)
        (tmp_path / "forged.json").write_text(json.dumps(fields))
        code = program("submit").main(["check", str(tmp_path / "forged.json")])
        out, err = capsys.readouterr()
        return code == 2 and "nothing is wrong" not in out and "\x1b" not in out + err and "not used" in err

    def rename_metric(fields):
        fields["metric"] = name
        for row in fields["rows"]:
            row["metrics"][name] = row["metrics"]["accuracy"]

    assert refused(lambda fields: fields.update(method=name))
    assert refused(lambda fields: fields.update(task=name)) and refused(lambda fields: fields.update(variant=name))
    assert refused(rename_metric)
    assert refused(lambda fields: fields["rows"][0]["energy_pj"].update({name: 1.0}))
    assert refused(lambda fields: fields["git"].update(commit=name))
    assert refused(lambda fields: fields["ann"].update(key=name)), "it becomes part of a path"
    assert refused(lambda fields: fields.update(date=name))


@pytest.mark.parametrize(
    "change, kind, words",
    [
        (dict(method="supersnn"), "unknown", "Nobody registered it"),
        (dict(method="burst:phi=x"), "unknown", "burst"),
        (dict(task="fashion_resnet9"), "unknown", "did you mean 'fashion_resnet'"),
        (dict(variant="huge"), "unknown", "has no variant"),
        (dict(task_version=99), "unknown", "task_version 99"),
        (dict(method_version=99), "unknown", "method_version 99"),
        (dict(git={"commit": "0" * 40, "dirty": False}), "unknown", "not in this checkout's history"),
        (dict(family="detection"), "wrong", "family"),
        (dict(split="full"), "wrong", "mini split"),
        (dict(kind="quantised"), "wrong", "kind"),
        (dict(anytime=True), "wrong", "anytime"),
        (dict(samples=99), "wrong", "99 samples"),
    ],
)
def test_what_nobody_registered_is_said(made, tmp_path, capsys, change, kind, words):
    path = edited(made["adafire-uniform"], tmp_path, lambda fields: fields.update(change))
    if "git" in change and environment.knows_commit("0" * 40) is None:
        pytest.skip("this is no checkout with its history, so no commit can be told to be unknown")
    assert [text for entry, _, text in submission.check(path)[1] if entry == kind and words in text]
    assert program("submit").main(["check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "nothing is wrong" not in out and words in out


def test_the_quoted_ann_is_the_one_on_file(made, tmp_path):
    record, results = read_record(made["adafire-uniform"]), made["ann"].parents[2]

    def wrong(record):
        Store(tmp_path).write(record, rerun=True)
        return {f.text for f in submission.check(tmp_path / "records" / record.name, results)[1] if f.kind == "wrong"}

    assert wrong(record) == set()
    quoted = record.ann.model_copy(update={"metrics": {**record.ann.metrics, "accuracy": 0.99}})
    assert any("quotes other figures of the ANN" in text for text in wrong(record.model_copy(update={"ann": quoted})))


def test_the_papers_figures_stay_unknown(capsys):
    record = make(rows=[sound_row(2), sound_row(4)], metric="accuracy", family="classification")
    headers, lines = reproduction.lines([record])
    at = [k for k, header in enumerate(headers) if header.startswith("paper: ")]
    assert len(at) == 2 and all(line[k] == "unknown" for line in lines for k in at)
    assert lines[0][headers.index("ours: accuracy")] == "0.7500"
    assert "MINI" in reproduction.title(reproduction.find("cifar10"), {"mini"})
    assert "PART" in reproduction.title(reproduction.find("cifar10"), {"full", "part"})
    assert " - ON" not in reproduction.title(reproduction.find("cifar10"), {"full"})
    assert program("reproduce").main(["--list"]) == 0
    out = capsys.readouterr().out
    assert "70.1 %" in out and "60.3 %" in out and "43.1 %" in out and out.count("unknown") == len(reproduction.TABLES)
    assert program("reproduce").main(["cifar11"]) == 2 and "did you mean 'cifar10'" in capsys.readouterr().err


def test_energy_saved_by_hand():
    def records(method, rows):
        return make(method, rows=rows, metric="accuracy", family="classification")

    base = records("snn-calibration", [sound_row(2), sound_row(4)])
    half = {"synops": 0.0, "energy_pj": {"horowitz-45nm": 4.6 * 3e6 / 2}}
    worse = {"right": (1,) * 14 + (0,) * 6, "energy_pj": {"horowitz-45nm": 1.0}}
    best = reproduction.saved([base, records("adafire", [sound_row(2, **worse), sound_row(4, **half)])])
    assert (best.method, best.row.timesteps) == ("adafire", 4)
    assert best.saved == pytest.approx(1 - 6.9 / 15.6) and energy(best.reference) == pytest.approx(15.6e6)
    assert reproduction.saved([base]) is None
