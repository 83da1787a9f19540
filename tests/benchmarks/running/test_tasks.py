"""Task files: the schema, the files of the project, the choice of a variant, and what a wrong file is told."""

from pathlib import Path

import pytest

from adafire.errors import InputError
from adapters.shared import model_zoo
from benchmarks.running import catalogue
from benchmarks.running.schema import parse
from benchmarks.running.task import PROJECT, Task, load_task
from helpers.task_files import GOOD, lines


def changed(path, value):
    """GOOD with the entry at 'a.b.c' replaced; None removes it."""
    import copy

    data = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = data
    for key in parents:
        place = place[key]
    place[last] = value
    if value is None:
        del place[last]
    return data


@pytest.mark.parametrize("path", catalogue.task_files(), ids=lambda path: path.stem)
def test_every_task_file_of_the_project_fits(path):
    task = load_task(path)
    assert task.name == path.stem, "a task is called like its file"
    for name, variant in task.variants.items():
        assert variant.config is None or "::" in variant.config or Path(variant.config).is_absolute()
        if variant.split == "mini":  # runs on what the project carries
            catalogue.check_ready(task, name)
    found, name = catalogue.choose_variant(task, tell=lambda words: None)
    assert name in found.variants and found.name in (task.name, task.mini)
    from adafire import methods

    for method in task.methods:
        methods.get(method)


def test_settings_are_what_the_adapter_gets():
    data = changed("variants.mini.options", {"width": 3})
    variant = parse(Task, data, "toy").variants["mini"]
    assert variant.settings() == {
        "width": 3,
        "data": {"type": "scenes"},
        "calibration": {"samples": 4},
        "batch_size": 8,
    }


def checkpoints():
    """(task, variant, checkpoint as its file says it, as it is taken) of the project."""
    from mmengine.config import Config

    for path in catalogue.task_files():
        task, written = load_task(path), Config.fromfile(path).variants
        for name, variant in task.variants.items():
            yield pytest.param(
                task, name, written[name].get("checkpoint"), variant.checkpoint, id=f"{task.name}-{name}"
            )


@pytest.mark.parametrize("task, name, written, taken", checkpoints())
def test_every_checkpoint_is_a_file_or_an_address(task, name, written, taken):
    """Names of a framework's own checkpoints become the addresses that its metafiles give, never paths."""
    if taken is None or taken == "random":
        assert taken == written
    elif "://" not in taken:
        assert Path(taken).is_file() and Path(taken).name == written.rpartition("/")[2]
    else:
        file = taken.rpartition("/")[2]
        assert file == written.rpartition("/")[2] and "." in file
        known = model_zoo.address(file)
        assert known in (None, taken) and (known or "://" in written)
        assert known or "openmmlab" not in taken or task.name in ("voc_retinanet", "voc_ssd")  # in no metafile
    if taken:
        assert catalogue.weights_state(task.variants[name])[0]


def test_names_of_checkpoints_are_taken_wherever_they_are_given(tmp_path):
    name = "fcos_r50_caffe_fpn_gn-head_1x_coco-821213aa.pth"
    url = f"https://download.openmmlab.com/mmdetection/v2.0/fcos/fcos_r50_caffe_fpn_gn-head_1x_coco/{name}"
    assert model_zoo.address(name) == url and model_zoo.address(f"folder/{name}") is None
    assert model_zoo.address("fcn_r18-d8_512x1024_80k_cityscapes_20201225_021327-6c50f8b4.pth", ("mmseg",)).endswith(
        "8b4.pth"
    )
    data = changed("variants.mini.checkpoint", name)
    path = write(tmp_path, lines(data))
    task = load_task(path, trust_config=True)
    assert task.variants["mini"].checkpoint == url
    assert catalogue.weights_state(task.variants["mini"], name) == (True, f"download of {name}")
    assert catalogue.weights_state(task.variants["mini"], "fcos_of_mine.pth") == (False, "fcos_of_mine.pth is missing")
    (tmp_path / name).write_bytes(b"")  # a file of that name goes first
    assert load_task(path, trust_config=True).variants["mini"].checkpoint == str(tmp_path / name)


@pytest.mark.parametrize(
    "path, value, words",
    [
        ("timestep", [1], ["unknown key 'timestep'", "'timesteps'"]),
        ("variants.mini.checkpont", "x", ["variants.mini", "unknown key 'checkpont'", "'checkpoint'"]),
        ("name", None, ["key 'name' is missing"]),
        ("name", "../up", ["name", "'../up'"]),
        ("version", "1", ["version", "found '1' (str)", "expected a valid integer"]),
        ("version", True, ["version", "found True (bool)"]),
        ("version", 0, ["version", "greater than or equal to 1"]),
        ("family", "detecton", ["family", "'detecton'", "'detection'"]),
        ("timesteps", [], ["timesteps", "at least one"]),
        ("timesteps", [0], ["timesteps", "1 or more"]),
        ("timesteps", [4, 4], ["timesteps", "twice"]),
        ("timesteps", 4, ["timesteps", "found 4 (int)", "list"]),
        ("methods", [], ["methods"]),
        ("variants", {}, ["variants"]),
        ("variants.mini.split", "tiny", ["variants.mini.split", "'mini' or 'full'"]),
        ("variants.mini.data", {}, ["variants.mini.data", "'type'"]),
        ("variants.mini.calibration", {"samples": 0}, ["variants.mini.calibration", "1 or more"]),
        ("variants.mini.batch_size", 0, ["batch_size"]),
        ("variants.mini.expected", {"ann": float("nan"), "tolerance": 1.0}, ["expected.ann", "finite"]),
    ],
)
def test_wrong_entry(path, value, words):
    with pytest.raises(InputError) as caught:
        parse(Task, changed(path, value), "task file toy.py")
    message = str(caught.value)
    assert message.startswith("task file toy.py: ") and message.count("\n") < 5
    for word in words:
        assert word in message


def test_many_faults_are_still_a_short_message():
    with pytest.raises(InputError) as caught:
        parse(Task, {}, "task file toy.py")
    assert str(caught.value).count("\n") <= 4 and "more" in str(caught.value)


def write(folder, text):
    path = folder / "toy.py"
    path.write_text(text)
    return path


def test_foreign_file_wants_trust_and_is_not_executed_without(tmp_path):
    path = write(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n" + lines(GOOD))
    with pytest.raises(InputError, match="--trust-config"):
        load_task(path)
    assert not (tmp_path / "ran").exists()
    assert load_task(path, trust_config=True).name == "toy"
    assert (tmp_path / "ran").exists()


def test_a_link_from_tasks_to_elsewhere_is_foreign(tmp_path, monkeypatch):
    from benchmarks.running import task

    (tmp_path / "tasks").mkdir()
    monkeypatch.setattr(task, "TASKS", tmp_path / "tasks")
    (tmp_path / "tasks" / "toy.py").symlink_to(write(tmp_path, "name = 'toy'"))
    with pytest.raises(InputError, match="--trust-config"):
        load_task(tmp_path / "tasks" / "toy.py")


@pytest.mark.parametrize(
    "text, words",
    [
        ("name = (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_module_anywhere", "ModuleNotFoundError"),
        ("", "key 'name' is missing"),
    ],
)
def test_file_that_cannot_be_executed(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        load_task(write(tmp_path, text), trust_config=True)


def test_helper_names_and_paths_beside_the_file(tmp_path):
    (tmp_path / "net.py").write_text("")
    data = changed("variants.mini.config", "net.py")
    path = write(tmp_path, "_n = 2\n" + lines(data))
    assert load_task(path, trust_config=True).variants["mini"].config == str(tmp_path / "net.py")


def test_not_a_task_file(tmp_path):
    for name in ("nothing.py", "notes.txt", "sub"):
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / "sub").mkdir(exist_ok=True)
        with pytest.raises(InputError):
            load_task(tmp_path / name, trust_config=True)


def test_find_task_by_path_and_name(monkeypatch, tmp_path):
    expected = PROJECT / "tasks" / "coco_yolo.py"
    monkeypatch.chdir(tmp_path)
    for given in ("coco_yolo", "coco_yolo.py", "tasks/coco_yolo.py", str(expected)):
        assert catalogue.find_task(given).resolve() == expected
    with pytest.raises(InputError, match="did you mean 'coco_yolo'"):
        catalogue.find_task("coco_yol")
    with pytest.raises(InputError, match="there is no task file"):
        catalogue.find_task("elsewhere/coco_yolo.py")


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.delenv(catalogue.DATA_VARIABLE, raising=False)
    return parse(Task, GOOD, "toy")


def test_choice_of_a_variant(toy, monkeypatch):
    def choose(task, **asked):
        found, name = catalogue.choose_variant(task, **asked)
        assert found is task
        return name

    assert choose(toy) == "mini"
    assert choose(toy, data_root="/data") == "big"
    assert choose(toy, split="full") == "big" and choose(toy, variant="big") == "big"
    monkeypatch.setenv(catalogue.DATA_VARIABLE, "/data")
    assert choose(toy) == "big" and choose(toy, split="mini") == "mini" and choose(toy, variant="mini") == "mini"
    mini_only = parse(Task, {**GOOD, "variants": {"mini": GOOD["variants"]["mini"]}}, "toy")
    assert choose(mini_only) == "mini"  # the variable is set for good and means no task in particular


@pytest.fixture
def referring(toy):
    """The toy without a mini, but with the name of a task that has one."""
    return toy.model_copy(update={"variants": {"big": toy.variants["big"]}, "mini": "fashion_events"})


def test_a_task_without_a_mini_refers_to_anothers(referring, monkeypatch):
    """The other task comes back, so that a record carries its name; one line says so. The real data are the task's own."""
    said = []
    for asked, name in (
        ({}, "mini"),
        ({"split": "mini"}, "mini"),
        ({"variant": "mini"}, "mini"),
        ({"variant": "mini-frames"}, "mini-frames"),
    ):
        found, variant = catalogue.choose_variant(referring, **asked, tell=said.append)
        assert (found.name, variant) == ("fashion_events", name)
        words = said.pop()
        assert words.startswith("toy has no mini of its own") and "fashion_events" in words and not said
    for asked in ({"split": "full"}, {"variant": "big"}, {"data_root": "/data"}):
        assert catalogue.choose_variant(referring, **asked, tell=said.append) == (referring, "big") and not said
    with pytest.raises(InputError, match="brings its own data"):
        catalogue.choose_variant(referring, split="mini", data_root="/data", tell=said.append)
    with pytest.raises(InputError, match="has no variant 'mini-frame'; did you mean 'mini-frames'"):
        catalogue.choose_variant(referring, variant="mini-frame", tell=said.append)
    monkeypatch.setenv(catalogue.DATA_VARIABLE, "/data")
    assert catalogue.choose_variant(referring, tell=said.append) == (referring, "big")


def test_beside_a_reference_a_mini_split_of_its_own_runs_by_name(referring):
    own = referring.variants["big"].model_copy(update={"split": "mini", "needs": []})
    both = referring.model_copy(update={"variants": {**referring.variants, "memory": own}})
    assert catalogue.choose_variant(both, variant="memory", tell=pytest.fail) == (both, "memory")
    assert catalogue.choose_variant(both, split="mini", tell=lambda words: None)[0].name == "fashion_events"


def test_what_several_tasks_refer_to_runs_once(toy, referring):
    second = referring.model_copy(update={"name": "toy2"})
    chosen, notes = catalogue.choose_variants([referring, toy, second], split="mini")
    assert [(task.name, name) for task, name in chosen] == [("fashion_events", "mini"), ("toy", "mini")]
    assert [note.split()[0] for note in notes] == ["toy", "toy2"]


@pytest.mark.parametrize(
    "mini, words", [("fashion_event", "did you mean 'fashion_events'"), ("coco_fcos", "no mini of")]
)
def test_a_reference_that_leads_nowhere(referring, mini, words):
    with pytest.raises(InputError, match=words):
        catalogue.choose_variant(referring.model_copy(update={"mini": mini}), split="mini")


def test_no_mini_is_a_copy_of_another_tasks():
    """Else a table would call one data set by the names of several: such a task refers to the other (``mini``)."""
    seen = {}
    for path in catalogue.task_files():
        task = load_task(path)
        for name, variant in task.variants.items():
            if variant.split == "mini":
                what = repr((task.adapter, task.metric, sorted(variant.settings().items())))
                assert seen.setdefault(what, task.name) == task.name, f"{task.name} {name} is that of {seen[what]}"
        if task.mini:
            assert catalogue.referred(task).family == task.family, task.name


@pytest.mark.parametrize(
    "arguments, words",
    [
        (dict(variant="bg"), "did you mean 'big'"),
        (dict(variant="mini", split="full"), "--variant mini is a mini split, but --split full"),
        (dict(variant="mini", data_root="/data"), "brings its own data"),
        (dict(split="mini", data_root="/data"), "brings its own data"),
    ],
)
def test_contradictory_choice(toy, arguments, words):
    with pytest.raises(InputError, match=words):
        catalogue.choose_variant(toy, **arguments)


def test_data_root_for_a_task_without_a_full_split():
    mini_only = parse(Task, {**GOOD, "variants": {"mini": GOOD["variants"]["mini"]}}, "toy")
    with pytest.raises(InputError, match="has no full split"):
        catalogue.choose_variant(mini_only, data_root="/data")


def test_what_is_missing_is_named_before_work(toy, tmp_path):
    check = catalogue.check_ready
    with pytest.raises(InputError, match="--data-root DIR with annotations"):
        check(toy, "big")
    with pytest.raises(InputError, match="annotations is missing in .*--split mini runs"):
        check(toy, "big", data_root=str(tmp_path))
    with pytest.raises(InputError, match="no such folder"):
        check(toy, "big", data_root=str(tmp_path / "none"))
    (tmp_path / "annotations").mkdir()
    check(toy, "big", data_root=str(tmp_path))
    with pytest.raises(InputError, match="--checkpoint FILE"):
        check(toy, "big", data_root=str(tmp_path), checkpoint="none.pth")
    for key, word in (("config", "config file"), ("checkpoint", "checkpoint")):
        lacking = toy.model_copy(update={"variants": {"mini": toy.variants["mini"].model_copy(update={key: "/no.py"})}})
        with pytest.raises(InputError, match=word):
            check(lacking, "mini")


def test_listing_says_what_is_yours_to_bring(monkeypatch, tmp_path):
    """A variant of a full split without weights of its own wants --checkpoint; without data of its own, --data-root."""
    from adapters.models import has_own_weights

    monkeypatch.delenv(catalogue.DATA_VARIABLE, raising=False)
    for path in catalogue.task_files():
        for name, variant in load_task(path).variants.items():
            weights, data = catalogue.weights_state(variant)[1], catalogue.data_state(variant)[1]
            if variant.split == "full":
                brings = variant.checkpoint or has_own_weights(variant.model)
                assert ("--checkpoint FILE" in weights) == (not brings), (path.stem, name)
                assert "--data-root DIR" in data or data == "there" and variant.data["type"] == "fashion_mnist", (
                    path.stem,
                    name,
                )
            else:
                assert weights in ("there", "random") and data in ("there", "made by the project"), (path.stem, name)
    toy_full = parse(Task, GOOD, "toy").variants["big"].model_copy(update={"needs": [], "data": {"type": "mine"}})
    assert catalogue.data_state(toy_full, str(tmp_path)) == (True, f"{tmp_path} is there, not yet looked into")
    assert catalogue.data_state(toy_full, str(tmp_path / "none")) == (False, f"{tmp_path / 'none'} is missing")


def test_weights_of_yours_are_asked_for_before_work():
    task = load_task(PROJECT / "tasks" / "cifar10_vgg16.py")
    with pytest.raises(InputError, match="no weights come with it; give the file of yours with --checkpoint FILE"):
        catalogue.check_ready(task, "full", data_root=str(PROJECT))
