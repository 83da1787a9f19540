"""Where data sets lie and come from: the file of a user's folders, and what --list says is at hand, missing, and to be had where."""

import pytest

import layouts
from adafire.errors import InputError
from benchmarks.running import at_hand, catalogue, data_places, data_sources
from benchmarks.running.task import load_task
from helpers.programs import program


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A function that writes the file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(catalogue.DATA_VARIABLE, raising=False)

    def write(text):
        data_places.file().parent.mkdir(parents=True, exist_ok=True)
        data_places.file().write_bytes(text if isinstance(text, bytes) else text.encode())
        return data_places.file()

    return write


def variant(task, name="full"):
    return load_task(catalogue.find_task(task)).variants[name]


def test_every_set_has_a_folder_of_its_own(config, tmp_path):
    assert data_places.places() == {}
    config('[data]\nCIFAR-10 = "sets/cifar"\n"DVS128 objects" = "/data/objects"\nmodelnet40 = "~/m"\n')
    assert data_places.place("cifar10") == tmp_path / "config" / "adafire" / "sets" / "cifar"
    assert str(data_places.place("DVS128 objects")) == "/data/objects" and data_places.place("coco") is None
    assert "~" not in str(data_places.place("modelnet40"))
    assert catalogue.data_folder(variant("cifar10_vgg16")) == data_places.place("cifar10")
    assert str(catalogue.data_folder(variant("cifar10_vgg16"), "/else")) == "/else"


def test_the_variable_goes_before_the_file(config, monkeypatch):
    config('[data]\ncifar10 = "/file"\n')
    monkeypatch.setenv(catalogue.DATA_VARIABLE, "/variable")
    assert str(catalogue.data_folder(variant("cifar10_vgg16"))) == "/variable"


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "[data\n",
            r"data.toml' cannot be read as TOML \(.*line 1.*expected a table \[data\] of lines such as coco = ",
        ),
        (b"[data]\ncoco = '\xff'\n", "cannot be read as TOML"),
        ('coco = "/data"\n', r"has 'coco' at its top; expected a table \[data\]"),
        ("data = 3\n", "has 'data' at its top"),
        ("[data]\ncoco = 3\n", "coco is 3; expected the path of a folder, in quotes"),
        ('[data]\ncoco = ""\n', "expected the path of a folder"),
        ('[data]\nN-MNIST = "/a"\nnmnist = "/b"\n', "has the set 'nmnist' twice; expected one line a set"),
    ],
)
def test_a_bad_file_is_one_sentence(config, text, words, capsys):
    config(text)
    with pytest.raises(InputError, match=words):
        data_places.places()
    assert program("run_bench").main(["coco_ssd", "--split", "full"]) == 2  # and nothing else is done
    assert capsys.readouterr().err.count("\n") <= 3


def test_a_set_without_a_line_says_which_is_wanted(config):
    config('[data]\ncifar_10_ = "/a"\nmodelnet4 = "/b"\n')
    ready, words = catalogue.data_state(variant("modelnet40_pointnet"))
    assert not ready and words.startswith("wants --data-root DIR of ModelNet40, or a line modelnet40 = ")
    assert "did you mean 'modelnet4'?" in words
    config('[data]\ncifar10 = "/a"\n')
    assert "did you mean" not in catalogue.data_state(variant("ncars_vgg11"))[1], "a line of another set is no slip"
    assert '"DVS128 objects" = ' in catalogue.data_state(variant("dvs128_objects", "objects"))[1]


def full_variants():
    for path in catalogue.task_files():
        for name, one in load_task(path).variants.items():
            if one.split == "full":
                yield f"{path.stem} {name}", one


def test_every_full_variants_set_is_known_by_where_it_comes_from():
    unknown = {data_sources.name_of(one): label for label, one in full_variants()}
    unknown = {name: label for name, label in unknown.items() if name not in data_sources.SOURCES}
    assert not unknown, "add where these sets come from to benchmarks/running/data_sources.py"


@pytest.mark.slow
def test_a_fake_of_every_set_is_seen_and_an_empty_folder_is_not(config, tmp_path):
    seen, empty = {}, tmp_path / "empty"
    empty.mkdir()
    for _, one in full_variants():
        key = layouts.key(one)
        if key not in seen:
            seen[key] = layouts.make(key, tmp_path / f"set {len(seen)}")
        assert catalogue.data_state(one, str(seen[key])) == (True, "there"), key
        ready, words = catalogue.data_state(one, str(empty))
        assert not ready and (f"holds no {data_sources.SOURCES[data_sources.name_of(one)].title}" in words) == (
            not one.needs and one.data["type"] != "fashion_mnist"
        )


def test_listing_says_what_is_missing_and_where_it_comes_from(config, tmp_path):
    rows = {(row["task"], row["variant"]): row for row in at_hand.listing()}
    assert {("coco_yolo", "mini"), ("coco_yolo", "yolov3")} <= set(rows)
    assert all({"data", "weights", "split", "set", "get"} <= set(row) for row in rows.values())
    row = rows["coco_yolo", "yolov3"]
    assert (
        row["set"] == "coco" and "val2017.zip" in row["get"] and "yolov3_d53_320_273e_coco-421362b6.pth" in row["get"]
    )
    assert "your own, --checkpoint FILE" in rows["cifar10_vgg16", "full"]["get"]
    assert rows["coco_yolo", "mini"]["get"] == ""
    config(f'[data]\ncifar10 = "{layouts.make("cifar10", tmp_path / "cifar")}"\n')
    row = next(row for row in at_hand.listing() if row["task"] == "cifar10_vgg16" and row["split"] == "full")
    assert row["lacks"] == ["weights"] and rows["cifar10_vgg16", "full"]["lacks"] == ["data", "weights"]
    assert row["data"] == "there" and row["get"].startswith(
        "weights: python tools/train_ann.py cifar10_vgg16 --variant full "
    )


def test_a_line_of_no_known_set_is_told_once_by_the_run(config, capsys):
    place = config('[data]\nmodelnett = "/b"\nzzz = "/c"\ncifar10 = "/a"\n')
    for _ in range(2):
        assert str(catalogue.data_folder(variant("cifar10_vgg16"))) == "/a"
    err = capsys.readouterr().err
    assert err.startswith(
        f"note: {place} has the line 'modelnett', which is no set that this project knows; did you mean modelnet"
    )
    assert err.count("\n") == 1
    assert program("run_bench").main(["ncars_vgg11", "--split", "full", "--checkpoint", "random"]) == 2
    assert "the line 'zzz', which is no set" in capsys.readouterr().err, "the set that is wanted has no line"
    assert program("run_bench").main(["ncars_vgg11", "--split", "full", "--checkpoint", "random"]) == 2
    assert "note:" not in capsys.readouterr().err


@pytest.mark.parametrize("by", ["line", "variable", "option"])
def test_what_is_wrong_with_a_folder_says_where_it_was_named(config, tmp_path, monkeypatch, capsys, by):
    (tmp_path / "empty").mkdir()
    for folder, words in (("empty", "no CIFAR-10"), ("none", "is missing; it is that of")):
        root = tmp_path / folder
        said = f"the line cifar10 in {data_places.file()}"
        if by == "line":
            config(f'[data]\ncifar10 = "{root}"\n')
        elif by == "variable":
            monkeypatch.setenv(catalogue.DATA_VARIABLE, str(root))
            said = "$ADAFIRE_DATA"
        more = ["--data-root", str(root)] if by == "option" else []
        if by == "option":
            said, words = "--data-root", words.replace("is missing; it is that of", "no such folder")
        for tool, call in (
            ("run_bench", ["cifar10_vgg16", "--split", "full", "--checkpoint", "random"]),
            ("reproduce", ["cifar10", "--train"]),
        ):
            assert program(tool).main([*call, *more]) == 2
            err = capsys.readouterr().err
            assert words in err and said in err and str(root) in err and err.count("\n") <= 2, err


def test_a_training_says_so_too(config, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    config(f'[data]\ncifar10 = "{tmp_path / "empty"}"\n')
    assert program("train_ann").main(["cifar10_vgg16", "--device", "cpu"]) == 2
    err = capsys.readouterr().err
    assert "no CIFAR-10 in" in err and "(the folder is that of the line cifar10 in " in err
    config(f'[data]\ncifar10 = "{tmp_path / "none"}"\n')
    assert program("train_ann").main(["cifar10_vgg16", "--device", "cpu"]) == 2
    err = capsys.readouterr().err
    assert "no such folder (the folder is that of the line cifar10 in " in err and not (tmp_path / "runs").exists()
