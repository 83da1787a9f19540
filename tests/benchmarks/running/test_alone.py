"""A variant that names a spiking module and no network: its row stands alone, in a table without an ANN; what needs one is a sentence."""

import pytest
import torch

import adafire
from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.shared.checkpoints import load_into, load_state_dict
from benchmarks.report import event_time, submission
from benchmarks.report.page import content
from benchmarks.report.rows import rows_of_run
from benchmarks.report.show import show
from benchmarks.running.catalogue import check_ready, weights_state
from benchmarks.running.external import built
from benchmarks.running.request import RunOptions
from benchmarks.running.runner import run
from benchmarks.running.schema import parse
from benchmarks.running.task import Task, load_task
from helpers.external_rows import need
from helpers.paths import ROOT
from helpers.rendered import render

ZOO = ROOT / "benchmarks" / "zoo" / "snn_fashion" / "snn_fashion.pth"
MODULE = {"name": "adapters.models.snn_small:by_hand", "checkpoint": str(ZOO)}


def task(module, name="fashion_resnet", **changes):
    """A task's mini with the module for its only network."""
    own = (
        load_task(ROOT / "tasks" / f"{name}.py")
        .variants["mini"]
        .model_dump(exclude={"model", "config", "checkpoint", "snn"})
    )
    variant = {**own, "calibration": {"samples": 4}, "expected": None, "model": "snn", "snn": module, **changes}
    fields = {
        "name": "lonely",
        "version": 1,
        "family": "classification",
        "metric": "accuracy",
        "adapter": "classification",
    }
    return parse(Task, {**fields, "methods": ["external"], "timesteps": [2, 4], "variants": {"mini": variant}}, "task")


def ran(tmp_path, snn, names=None, limit=6):
    return run(
        task(snn), "mini", names, [2, 4], RunOptions(WorkloadOptions(limit=limit), rivals=True), tmp_path
    ).records


def test_a_module_alone_is_a_row_without_an_ann(tmp_path):
    (record,) = ran(tmp_path, MODULE)
    assert record.status == "ok" and record.kind == "external" and record.ann is None
    assert record.workload.weights.source == ZOO.name and record.workload.network == MODULE["name"]
    module, facts = built(MODULE)
    assert record.workload.weights.sha256 == facts["weights"]["sha256"]
    rows = rows_of_run([record])
    assert [(row["timesteps"], row["drop"], row["of_ann"], row["place"]) for row in rows] == [
        (2, None, {}, None),
        (4, None, {}, None),
    ]
    assert all(row["energy_pj"] > 0 and row["ann"] is None for row in rows)
    _, found = submission.check(tmp_path / "records" / record.name)
    assert not [entry.text for entry in found if entry.kind == "wrong"]


def test_tables_and_pages_are_made_of_it(tmp_path):
    records = ran(tmp_path, MODULE)
    text = render(records)
    assert "| lonely mini | external | 2 |" in text
    (table,) = content(records)["tables"]
    assert [row["timesteps"] for row in table["rows"]] == [2, 4]


def test_several_modules_stand_beside_each_other(tmp_path):
    records = ran(tmp_path, {"one": MODULE, "two": MODULE}, ["external", "external:snn=two"])
    assert [r.parameters["snn"] for r in records] == ["one", "two"]
    assert records[0].rows[1].synops == records[1].rows[1].synops > 0


def with_weights(checkpoint):
    module = built("adapters.models.snn_small:by_hand")[0]
    load_into(module, load_state_dict(checkpoint)[0])
    return module


@pytest.mark.parametrize(
    "snn, source",
    [
        ({"name": f"{__name__}:with_weights", "checkpoint": str(ZOO)}, ZOO.name),
        ("adapters.models.snn_small:by_hand", "the module's own"),
    ],
)
def test_weights_that_the_module_brings(tmp_path, snn, source):
    (record,) = ran(tmp_path, snn, limit=2)
    assert record.status == "ok", record.reason
    assert record.workload.weights.source == source


@pytest.mark.parametrize("name", ["burst", "ann", "quantised", "spikingjelly"])
def test_what_would_convert_a_network_is_a_sentence_before_any_work(tmp_path, name):
    words = "variant 'mini' of task 'lonely' has a spiking module and no network to convert: expected method external, found"
    if name == "ann":
        assert [r.method for r in ran(tmp_path, MODULE, ["ann", "external"], 2)] == ["external"]
        return
    with pytest.raises(InputError, match=words) as caught:
        ran(tmp_path, MODULE, ["external", name])
    assert "\n" not in str(caught.value) and not list(tmp_path.rglob("*.json"))
    with pytest.raises(InputError, match=words):
        show(task(MODULE), "mini", name, [2], WorkloadOptions(), None, tmp_path)


def test_outputs_of_another_shape_are_told_before_any_work(tmp_path):
    with pytest.raises(InputError, match="has 7 outputs, but the data have 10 classes"):
        ran(tmp_path, {"name": "adapters.models.snn_small:by_hand", "num_classes": 7})


def test_it_is_ready_where_its_data_are():
    lonely = task(MODULE)
    assert weights_state(lonely.variants["mini"]) == (True, "the spiking module's")
    check_ready(lonely, "mini")


def test_pictures_of_it_have_no_panel_of_an_ann(tmp_path):
    from PIL import Image

    (path,) = show(task(MODULE), "mini", "external", [2, 4], WorkloadOptions(), ["test/00470"], tmp_path)
    (beside,) = show(
        load_task(ROOT / "tasks" / "fashion_resnet.py"),
        "mini",
        "external",
        [2, 4],
        WorkloadOptions(),
        ["test/00470"],
        tmp_path,
    )
    assert path.name == "lonely-mini-external-test_00470.png" and Image.open(path).width < Image.open(beside).width


def test_event_time_compares_with_an_ann():
    events = load_task(ROOT / "tasks" / "fashion_events.py")
    bare = events.variants["mini"].model_copy(
        update={"model": "snn", "checkpoint": None, "snn": {"snn": f"{__name__}:of_events"}}
    )
    beside = events.variants["mini"].model_copy(
        update={"checkpoint": "random", "snn": {"snn": f"{__name__}:of_events"}, "calibration": {"samples": 4}}
    )
    variants = {"bare": bare, "beside": beside}
    options = WorkloadOptions(limit=4)
    with pytest.raises(InputError, match="variant 'bare' of task 'fashion_events' has no ANN beside"):
        list(
            event_time.event_time(
                events.model_copy(update={"variants": variants}), "bare", ["external"], [2], 3, options
            )
        )
    points = list(
        event_time.event_time(events.model_copy(update={"variants": variants}), "beside", ["external"], [2], 3, options)
    )
    assert [(p.method, p.timesteps) for p in points] == [("ann", None), ("external", 3)] and points[1].energy_pj > 0


def of_events():
    """Neurons of ten lines before a linear layer; of the events of a recording."""
    from adapters.models.snn_small import LIF

    return torch.nn.Sequential(
        torch.nn.Conv2d(18, 4, 3, 2), LIF(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 10)
    )


@pytest.mark.parametrize(
    "name, word", [("spikingjelly:delay=0", None), ("sinabs", None), ("spikingjelly:mood=1", "no option 'mood'")]
)
def test_a_converter_draws_or_says_why_not(tmp_path, name, word):
    need(name.partition(":")[0])
    fashion = load_task(ROOT / "tasks" / "fashion_resnet.py")
    small = fashion.variants["mini"].model_copy(update={"calibration": {"samples": 4}})
    draw = lambda: show(
        fashion.model_copy(update={"variants": {"mini": small}}),
        "mini",
        name,
        [2],
        WorkloadOptions(),
        ["test/00470"],
        tmp_path,
    )
    if word is None:
        assert draw()[0].read_bytes().startswith(b"\x89PNG")
        return
    with pytest.raises(adafire.AdafireError, match=word) as caught:
        draw()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("changes", [{"snn": None}, {"checkpoint": "a.pth"}, {"config": "a.py"}])
def test_a_variant_that_contradicts_itself(changes):
    with pytest.raises(InputError, match="model='snn' with a module"):
        task(MODULE, **changes)
