"""Which class folder has which number, and which files in a class folder are samples."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.classification.data import image_sets
from adapters.points.data import cloud_sets
from helpers.classifiers import SMALL, make
from helpers.pictures import options, tree, zipped

TEN = [str(k) for k in range(1, 11)]
STRINGS = sorted(TEN)  # 1, 10, 2, ...


def read(root, **data):
    return image_sets.read({"type": "imagefolder", "set_aside": 1, **data}, options(root))


@pytest.mark.parametrize(
    "names, other",
    [
        (list("abc"), None),
        (["cat", "Dog"], "cat, Dog"),
        (TEN, ", ".join(STRINGS)),
        (["0", "1", "2"], None),
        ([f"class{k}" for k in TEN], ", ".join(f"class{k}" for k in TEN)),
        ([f"{k:02d}" for k in range(12)], None),
        (["n01", "n02", "n10"], None),
    ],
)
def test_the_order_is_noted_and_another_one_that_is_usual(tmp_path, names, other):
    tree(tmp_path, "val", names, number=2)
    found = read(tmp_path)
    assert f"in the order of their folders' names: {', '.join(found.classes)}" in found.notes[0]
    assert ("data=dict(classes=[...]) tells" in found.notes[0]) == bool(other)
    assert not other or f"another order of them is {other}:" in found.notes[0]
    assert all(found.classes[p.label] == p.id.split("/")[0] for p in found.test)


@pytest.mark.parametrize(
    "write",
    [
        None,
        lambda names: "\n".join(names).encode(),
        lambda names: ("\ufeff" + "\r\n".join(names) + "\r\n\r\n").encode(),
        lambda names: "".join(f"{name} some words, more\n" for name in names).encode(),
    ],
)
def test_the_order_is_told_by_a_list_or_a_file(tmp_path, write):
    tree(tmp_path, "val", TEN, number=2)
    if write:
        (tmp_path / "order.txt").write_bytes(write(STRINGS))
    found = read(tmp_path, classes="order.txt" if write else STRINGS)
    assert found.classes == tuple(STRINGS)
    assert found.notes == (
        ("classes are numbered in the order of 'order.txt': " + ", ".join(STRINGS),) if write else ()
    )
    assert all(p.label == STRINGS.index(p.id.split("/")[0]) for p in found.test)
    other = read(tmp_path)
    assert other.classes == tuple(TEN) and len(other.notes) == 1  # by value
    assert all(p.label == TEN.index(p.id.split("/")[0]) for p in other.test)


def test_names_with_blanks_and_accents(tmp_path):
    tree(tmp_path, "val", ("sea lion", "cafe\u0301"), number=2)  # as macOS writes it
    (tmp_path / "order.txt").write_text("sea lion\ncaf\u00e9\n", encoding="utf-8")
    found = read(tmp_path, classes="order.txt")
    assert {p.id.split("/")[0]: p.label for p in found.test + found.candidates} == {"sea lion": 0, "cafe\u0301": 1}


def test_the_notes_reach_the_workload(tmp_path):
    tree(tmp_path, "val", TEN, number=2, side=16)
    model = {**SMALL, "num_classes": 10}
    data = {"type": "imagefolder", "set_aside": 5}
    told = make(tmp_path, model=model, data={**data, "classes": STRINGS}, calibration={"samples": 2})
    assert told.classes == tuple(STRINGS) and not told.notes
    other = make(tmp_path, model=model, data=data, calibration={"samples": 2})
    assert (
        "another order" in other.notes[0]
        and told.describe()["data"]["fingerprint"] != other.describe()["data"]["fingerprint"]
    )


def test_a_subset_of_the_classes_is_scored_with_a_note(tmp_path):
    tree(tmp_path, "val", ("b", "d"), number=2)
    found = read(tmp_path, classes=["a", "b", "c", "d"])
    assert {p.label for p in found.test + found.candidates} == {1, 3} and found.classes == ("a", "b", "c", "d")
    assert "2 of the 4 classes have no folder (the first: a)" in found.notes[0]


@pytest.mark.parametrize(
    "classes, words",
    [
        (["a", "b", "a"], "classes names 'a' twice"),
        (["a", "x"], "class folder 'b', which classes= .* does not name"),
        ("none.txt", "no such file"),
        ([], "classes is"),
        ([1, 2], "classes is"),
        (["a"], "class folder 'b'"),
    ],
)
def test_wrong_lists_of_classes(tmp_path, classes, words):
    tree(tmp_path, "val", ("a", "b"), number=2)
    with pytest.raises(InputError, match=words):
        read(tmp_path, classes=classes)


def test_a_list_in_other_encodings(tmp_path):
    tree(tmp_path, "val", ("a", "b"), number=2)
    (tmp_path / "order.txt").write_bytes("b\na\n".encode("utf-16"))
    assert read(tmp_path, classes="order.txt").classes == ("b", "a")
    (tmp_path / "order.txt").write_bytes(b"\xe9\n")
    with pytest.raises(InputError, match="is not text in utf-8"):
        read(tmp_path, classes="order.txt")


# What systems and tools leave between pictures

STRAY = (
    "val/cat/._0000.png",
    "val/cat/Thumbs.db",
    "val/cat/desktop.ini",
    "val/cat/.DS_Store",
    "__MACOSX/val/cat/._0000.png",
    "val/__MACOSX/cat/._0000.png",
    "val/.ipynb_checkpoints/x.png",
    "val/cat/.ipynb_checkpoints/0000-checkpoint.png",
    "val/cat/@eaDir/0000.png/SYNOPHOTO_THUMB_M.jpg",
    "val/@eaDir/cat/0000.png",
)


@pytest.mark.parametrize("zipped_up", [False, True])
def test_stray_files_are_no_samples(tmp_path, zipped_up):
    root = tmp_path / "a"
    tree(root, "val", ("cat", "dog"), number=2)
    clean = read(root)
    picture = (root / "val" / "cat" / "0000.png").read_bytes()
    for name in STRAY:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(picture)
    where = zipped(root, tmp_path / "a.zip") if zipped_up else root
    found = read(where)
    assert [(p.id, p.label) for p in found.test] == [(p.id, p.label) for p in clean.test] and found.notes == clean.notes


@pytest.mark.parametrize("zipped_up", [False, True])
def test_other_files_are_left_out_and_counted(tmp_path, zipped_up):
    root = tmp_path / "a"
    tree(root, "val", ("cat", "dog"), number=2)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(root / "val" / "cat" / "x.gif")
    (root / "val" / "dog" / "y.npy").write_bytes(b"")
    found = read(zipped(root, tmp_path / "a.zip") if zipped_up else root)
    assert len(found.test) + len(found.candidates) == 4
    assert "2 files in the class folders are left out" in found.notes[1] and "1 .gif" in found.notes[1]


def test_a_zip_that_names_a_picture_twice_scores_it_once(tmp_path):
    root = tmp_path / "a"
    tree(root, "val", ("cat", "dog"), number=2)
    zipped(root, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.write(root / "val" / "cat" / "0000.png", "val/cat/0000.png")
    found = read(tmp_path / "a.zip")
    assert len({p.id for p in found.test + found.candidates}) == len(found.test) + len(found.candidates) == 4


def test_a_picture_under_two_names_is_noted(tmp_path):
    tree(tmp_path, "val", ("a", "b", "c"), number=2, side=16)
    (tmp_path / "val" / "b" / "copy.png").write_bytes((tmp_path / "val" / "a" / "0000.png").read_bytes())
    tree(tmp_path, "train", ("a", "b", "c"), number=2, side=16, suffix=".bmp")
    notes = make(tmp_path).notes
    assert "1 of the 7 pictures are copies of others under another name, 1 of them with different labels" in notes[-1]


def test_a_class_without_pictures_to_score_keeps_its_number(tmp_path):
    tree(tmp_path, "val", ["a", "c"], number=2)
    tree(tmp_path, "train", ["a", "b", "c"], number=2)
    found = read(tmp_path)
    assert found.classes == ("a", "b", "c") and {p.label for p in found.test} == {0, 2}
    assert "1 of the 3 classes have nothing to score (the first: b)" in found.notes[1]
    tree(tmp_path, "other", ["pictures"], number=2)  # without labels, to calibrate on
    assert read(tmp_path, train="other").classes == ("a", "c")


def test_a_class_without_clouds_to_score_keeps_its_number(tmp_path):
    for split, kinds in (("test", "ac"), ("train", "abc")):
        for kind in kinds:
            (tmp_path / kind / split).mkdir(parents=True)
            np.save(tmp_path / kind / split / "1.npy", np.random.default_rng(0).random((8, 3)))
    found = cloud_sets.read({"type": "folders"}, options(tmp_path))
    assert tuple(found.classes) == ("a", "b", "c") and {c.label for c in found.test} == {0, 2}
    assert any("1 of the 3 classes have nothing to score (the first: b)" in note for note in found.notes)
