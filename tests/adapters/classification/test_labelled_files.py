"""Pictures whose classes stand in a CSV file: matched by name in a folder or an archive; what does not fit is named."""

import pytest

from adafire.errors import InputError
from adapters.classification.data import image_sets
from helpers.pictures import options, picture, zipped

DATA = {"type": "labelled", "columns": ("id", "label"), "classes": ["a", "b", "c"], "set_aside": 2, "first": 1}


@pytest.fixture
def root(tmp_path):
    """Six pictures in a folder and in a zip file, and their table; the class of picture k is k % 3, counted from 1."""
    for k in range(6):
        picture(tmp_path / "images" / f"p{k}.jpg", side=20)
    zipped(tmp_path / "images", tmp_path / "images.zip", "top/")
    table(tmp_path, *(f"p{k}{'.jpg' * (k % 2)},{k % 3 + 1}" for k in range(6)))
    return tmp_path


def table(root, *rows, head="id,label"):
    (root / "labels.csv").write_text("\n".join([head, *rows]) + "\n")


def read(root, **change):
    return image_sets.read({**DATA, **change}, options(root))


@pytest.mark.parametrize("place", ("images", "images.zip"))
def test_each_row_brings_its_picture_and_class(root, place):
    found = read(root, pictures=place)
    assert found.classes == ("a", "b", "c") and found.set_aside and not found.notes
    assert (len(found.candidates), len(found.test)) == (2, 4)
    seen = {p.id: p.label for p in found.test + found.candidates}
    assert seen == {f"p{k}": k % 3 for k in range(6)}
    assert all(p.id in str(p.source) for p in found.test)


def test_names_of_imagenet_are_torchvisions_each_once(root):
    classes = read(root, classes="imagenet").classes
    assert len(set(classes)) == 1000 and classes[0] == "tench" and classes[517] == "crane"


def test_pictures_without_a_row_are_left_out_with_a_note(root):
    table(root, "p0,1", "p1,2", "p2,3")
    found = read(root)
    assert len(found.test) == 1 and "3 pictures without a row" in found.notes[0]


@pytest.mark.parametrize(
    "rows, change, words",
    [
        (["p9,1"], {}, "line 2 of '.*labels.csv' names the picture 'p9', which '.*images' does not hold"),
        (["p1,1", "p1.jpg,1"], {}, "line 3 .* names the picture 'p1.jpg' again"),
        (["p1,cat"], {}, "line 2 .* has label 'cat'; expected a whole number"),
        (["p1,0", "p2,1", "p3,1"], {}, "has label -1; expected 0 to 2"),
        (["p1,4", "p2,1", "p3,1"], {}, "has label 3; expected 0 to 2"),
        ([], {}, "has no rows"),
        (["p1,1"], {"columns": ("id", "lable")}, "no column 'lable'; did you mean 'label'"),
        (["p1,1"], {"columns": "id"}, "expected two names"),
        (["p1,1", "p2,1"], {}, "setting 2 aside leaves none to score"),
        (["p1,1"], {"pictures": "none.zip"}, "none.zip' is not there; expected a folder or a zip file"),
        (["p1,1"], {"pictures": "labels.csv"}, "cannot be read as a zip archive"),
        (["p1,1"], {"labels": "none.csv"}, "cannot read table of labels .*expected a CSV file with the columns id and"),
        (["p1,1"], {"classes": None}, "expected the list of"),
    ],
)
def test_what_does_not_fit_is_one_sentence(root, rows, change, words):
    table(root, *rows)
    with pytest.raises(InputError, match=words):
        read(root, **change)


def test_two_pictures_of_one_name_are_refused(root):
    picture(root / "images" / "below" / "p1.jpg", side=20)
    with pytest.raises(InputError, match="holds 2 files called 'p1.jpg'"):
        read(root)
