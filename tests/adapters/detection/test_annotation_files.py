"""Annotation files as strangers' tools write them: read as what they plainly mean, or refused with what they say."""

import json
import re
import unicodedata

import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.detection import coco, voc
from adapters.shared import annotation_fields as fields
from adapters.shared.image_files import Folder, image_facts, pictures_below
from adapters.shared.text_files import read_text
from helpers.voc import OBJECT, XML
from helpers.voc import make as make_voc


def content(images=3):
    """COCO: ``images`` images with a cat each, the first with a dog as well."""
    return {
        "images": [{"id": i, "file_name": f"{i}.png", "width": 40, "height": 30} for i in range(1, images + 1)],
        "annotations": [
            {"id": k + 1, "image_id": i, "category_id": c, "bbox": [1, 2, 10, 8], "area": 80, "iscrowd": 0}
            for k, (i, c) in enumerate([(1, 4), *((i, 3) for i in range(1, images + 1))])
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
    }


def read(folder, given):
    (folder / "a.json").write_text(given if isinstance(given, str) else json.dumps(given))
    return coco.read(folder / "a.json", folder)


def everywhere(given, key, **change):
    return {**given, key: [{**e, **{k: f(e) for k, f in change.items()}} for e in given[key]]}


def same_objects(found, expected):
    keys = ("image_id", "category_id", "bbox", "area", "iscrowd")
    assert [[str(o[k]) for k in keys] for o in found.objects] == [[str(o[k]) for k in keys] for o in expected.objects]


@pytest.mark.parametrize(
    "value, meant",
    [
        (0, 0),
        (1, 1),
        (False, 0),
        (True, 1),
        (None, 0),
        ("", 0),
        (" 0 ", 0),
        ("1", 1),
        ("0.0", 0),
        (1.0, 1),
        ("False", 0),
        ("true", 1),
        ("Unspecified", 0),
        ("no", 0),
        ("yes", 1),
    ],
)
def test_flags(value, meant):
    assert fields.flag(value, "x has y") == meant


@pytest.mark.parametrize("value", [2, -1, "maybe", [1], {}, "1,0", float("nan")])
def test_what_is_no_flag(value):
    with pytest.raises(InputError, match=r"^x has y .*; expected 0 or 1"):
        fields.flag(value, "x has y")


@pytest.mark.parametrize(
    "key, change",
    [
        ("annotations", dict(iscrowd=lambda a: None)),
        ("annotations", dict(iscrowd=lambda a: "0")),
        ("annotations", dict(iscrowd=lambda a: False)),
        ("annotations", dict(iscrowd=lambda a: "")),
        ("annotations", dict(area=lambda a: None)),
        ("annotations", dict(category_id=lambda a: str(a["category_id"]))),
        ("annotations", dict(category_id=lambda a: float(a["category_id"]))),
        ("annotations", dict(image_id=lambda a: str(a["image_id"]))),
        ("images", dict(id=lambda i: float(i["id"]))),
        ("images", dict(id=lambda i: i["id"] if i["id"] % 2 else str(i["id"]))),
        ("images", dict(width=lambda i: "40")),
        ("annotations", dict(id=lambda a: 0)),
        ("annotations", dict(segmentation=lambda a: None)),
        ("categories", dict(name=lambda c: f" {c['name']}\n")),
    ],
)
def test_fields_that_plainly_mean_something(tmp_path, key, change):
    found, expected = read(tmp_path, everywhere(content(), key, **change)), read(tmp_path, content())
    same_objects(found, expected)
    assert list(found.categories.values()) == ["cat", "dog"] and sorted(found.images) == [1, 2, 3]
    assert all(image["width"] == 40 for image in found.images.values())


def test_numbers_in_quotes(tmp_path):
    given = everywhere(content(), "annotations", bbox=lambda a: ["1", "2.0", " 10", "8"], area=lambda a: "80.0")
    found = read(tmp_path, given)
    assert found.objects[0]["bbox"] == [1, 2, 10, 8] and found.objects[0]["area"] == 80


def test_ids_as_texts_stay_texts_and_can_be_ordered(tmp_path):
    given = everywhere(
        everywhere(content(), "images", id=lambda i: f"a{i['id']}"),
        "annotations",
        image_id=lambda a: f"a{a['image_id']}",
    )
    assert sorted(read(tmp_path, given).images) == ["a1", "a2", "a3"]
    given["images"][0]["id"] = 1  # beside the texts
    given["annotations"] = []
    assert sorted(read(tmp_path, given).images) == ["1", "a2", "a3"]


def changed(key, index, **change):
    given = content()
    given[key][index].update(change)
    return given


@pytest.mark.parametrize(
    "given, message",
    [
        (changed("images", 0, id=None), "entry 0 of 'images' has id None"),
        (changed("images", 1, id=1.5), "entry 1 of 'images' has id 1.5"),
        (changed("images", 1, id="1"), "image id 1 is given twice"),
        (changed("images", 0, file_name=None), "image 1 has file_name None"),
        (changed("images", 2, width="wide"), "image 3 has width 'wide'; expected a whole number"),
        (changed("images", 2, height=0), "image 3 has height 0"),
        (changed("annotations", 1, image_id="9"), "annotation 2 names image '9', which is not among its 3 images"),
        (
            changed("annotations", 1, category_id="cat"),
            r"names category 'cat', which is not among its categories \(3, 4\)",
        ),
        (changed("annotations", 1, bbox=[1, 2, float("nan"), 3]), r"has bbox \[1, 2, nan, 3\]"),
        (changed("annotations", 1, bbox=[1, 2, "x", 3]), r"has bbox \[1, 2, 'x', 3\]"),
        (changed("annotations", 1, bbox=[1, 2, 10**400, 3]), "has bbox"),
        (changed("annotations", 1, bbox=[1, 2, True, 3]), "has bbox"),
        (changed("annotations", 1, bbox=None), "has bbox None"),
        (changed("annotations", 1, area="much"), "annotation 2 has area 'much'"),
        (changed("annotations", 1, iscrowd="maybe"), "annotation 2 has iscrowd 'maybe'; expected 0 or 1"),
        (changed("categories", 1, name=None), "entry 1 of 'categories' has name None"),
        (changed("categories", 1, name=["dog"]), "entry 1 of 'categories' has name"),
        (changed("categories", 1, id=3), "category id 3 is given twice: 'cat', 'dog'"),
        (changed("categories", 1, name="cat"), "category 'cat' is listed twice: ids 3, 4, and objects use both"),
        (changed("images", 1, file_name="1.png"), "file '1.png' is listed twice, as image 1 and image 2"),
        (changed("images", 1, file_name="./1.png"), "file '1.png' is listed twice"),
        (
            changed("annotations", 0, id=2, category_id=3),
            "annotation 2 is given twice, with the same image, category and bbox",
        ),
    ],
)
def test_fields_that_mean_nothing_are_named_with_their_value(tmp_path, given, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, given)


def test_unused_categories_are_no_classes(tmp_path):
    expected = read(tmp_path, content())
    for extra in ({"id": 0, "name": "cat"}, {"id": 9, "name": "dog"}, {"id": 3, "name": "cat"}):
        for categories in ([extra, *content()["categories"]], [*content()["categories"], extra]):
            found = read(tmp_path, {**content(), "categories": categories})
            assert found.categories == {3: "cat", 4: "dog"}
            same_objects(found, expected)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_with_a_byte_order_mark(tmp_path, encoding):
    (tmp_path / "a.json").write_bytes(json.dumps(content()).encode(encoding))
    assert len(coco.read(tmp_path / "a.json", tmp_path).images) == 3


def picture(path, size=(40, 30), **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path, **more)
    return path


@pytest.mark.parametrize(
    "there, written",
    [
        ("a.png", "a.png"),
        ("sub/a.png", "sub\\a.png"),
        ("a.JPG", "a.jpg"),
        ("a.png", " a.png "),
        ("a.png", "val2017/a.png"),
        (unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")),
        ("a b.png", "a b.png"),
    ],
)
def test_file_names_as_other_systems_write_them(tmp_path, there, written):
    picture(tmp_path / "val2017" / there)
    assert Folder(tmp_path / "val2017").find(written) == there
    picture(tmp_path / "val2017" / "b.png")
    with pytest.raises(InputError, match="is listed twice, as image 1 and image 2"):
        given = content()
        given["images"][0]["file_name"], given["images"][1]["file_name"] = (
            there,
            written if written != there else f"./{there}",
        )
        (tmp_path / "a.json").write_text(json.dumps(given))
        coco.read(tmp_path / "a.json", tmp_path / "val2017")


@pytest.mark.parametrize("name", [".", "./", "/", " ", "a" * 5000, "sub/", "\\"])
def test_names_of_no_file(tmp_path, name):
    Folder(tmp_path).find(name)


def test_files_of_one_name_in_several_folders_are_several(tmp_path):
    given = content(2)
    for image, day in zip(given["images"], ("day1", "day2")):
        image["file_name"] = f"{day}/a.png"
        picture(tmp_path / day / "a.png")
    found = read(tmp_path, given)
    assert [found.path(i).parent.name for i in (1, 2)] == ["day1", "day2"]


def test_a_missing_picture_with_another_suffix_is_shown(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    with pytest.raises(InputError, match=r"a.png' is missing \(there is 'a.gif'; pictures end in .jpg, "):
        image_facts([tmp_path / "a.png"], "'x.json'")


def test_pictures_below_a_folder(tmp_path):
    for name in ("a.png", "day1/b.BMP", "day1/deep/c.jpeg", ".hidden/d.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".DS_Store").write_text("x")
    pictures, others = pictures_below(tmp_path)
    assert sorted(pictures) == ["a.png", "day1/b.BMP", "day1/deep/c.jpeg"] and others == ["notes.txt"]
    assert pictures_below(tmp_path / "absent") == ([], [])


def voc_folder(tmp_path, edit=None, names=("a", "b")):
    folder = make_voc(tmp_path / "VOC2007", {"test": names})
    for file in sorted((folder / "Annotations").iterdir())[:1] if edit else ():
        made = edit(file.read_text())
        file.write_bytes(made if isinstance(made, bytes) else made.encode())
    return folder


def declared(encoding, text, **more):
    return lambda s: (
        f'<?xml version="1.0" encoding="{encoding}"?>\n' + s.replace("<size>", f"<folder>{text}</folder><size>", 1)
    ).encode(more.get("really", encoding))


@pytest.mark.parametrize(
    "edit",
    [
        declared("utf-8", "ü"),
        declared("ISO-8859-1", "ü"),
        declared("gbk", "测试"),
        declared("utf-16", "ü"),
        declared("UTF-8", "ü", really="utf-8-sig"),
        declared("utf-16", "ü", really="utf-8"),
        declared("big5", "測試"),
        declared("utf-8", "x", really="utf-16-le"),
        lambda s: "\n " + s,
        *(
            lambda s, v=v: s.replace("<difficult>0</difficult>", v)
            for v in (
                "",
                "<difficult/>",
                "<difficult>Unspecified</difficult>",
                "<difficult>False</difficult>",
                "<difficult>0.0</difficult>",
                "<difficult> 0\n</difficult>",
            )
        ),
        lambda s: s.replace("<name>cat</name>", "<name> cat\n</name>"),
        lambda s: s.replace("<width>40<", "<width>40.0<"),
        lambda s: re.sub(r"<xmin>(\d+)<", r"<xmin>\1.7<", s),
    ],
)
def test_xml_that_says_the_same(tmp_path, edit):
    expected = voc.read(voc_folder(tmp_path / "right"), "test")
    found = voc.read(voc_folder(tmp_path / "edited", edit), "test")
    assert (
        found.objects == expected.objects
        and found.images == expected.images
        and found.categories == expected.categories
    )


@pytest.mark.parametrize(
    "size", ["", "<size><width>0</width><height>0</height></size>", "<size><width/><height/></size>"]
)
def test_a_size_that_xml_does_not_say(tmp_path, size):
    found = voc.read(voc_folder(tmp_path, lambda s: re.sub("<size>.*</size>", size, s)), "test")
    assert (found.images["a"]["width"], found.images["a"]["height"]) == (None, None) and found.images["b"][
        "width"
    ] == 40


@pytest.mark.parametrize(
    "edit, message",
    [
        (lambda s: s.replace("<name>cat</name>", ""), "a.xml': object 1 has no name"),
        (lambda s: s.replace("<name>cat</name>", "<name> </name>"), "a.xml': object 1 has no name"),
        (
            lambda s: s.replace("<difficult>1<", "<difficult>maybe<"),
            "a.xml': object 2 has difficult 'maybe'; expected 0 or 1",
        ),
        (lambda s: s.replace("<width>40<", "<width>wide<"), "a.xml': size has width 'wide'"),
        (lambda s: s.replace("<xmin>3<", "<xmin>3,5<"), "a.xml': an object's bndbox is .'3,5'"),
        (lambda s: s.replace("<xmin>3<", "<xmin>nan<"), "a.xml': an object's bndbox is .'nan'"),
        (lambda s: re.sub("<bndbox>.*?</bndbox>", "<polygon/>", s, count=1), "an object's bndbox is .None"),
        (lambda s: s.replace("annotation>", "annotations>"), "begins with <annotations>"),
        (lambda s: ('<!DOCTYPE a [<!ENTITY b "c">]>' + s).encode("utf-16"), "declares a document type"),
        (declared("utf-8", "ü", really="latin-1"), "a.xml' is not text in utf-8"),
        (declared("klingon", "u", really="ascii"), "declares the encoding 'klingon', which is not known"),
    ],
)
def test_xml_that_is_refused_by_name(tmp_path, edit, message):
    with pytest.raises(InputError, match=message):
        voc.read(voc_folder(tmp_path, edit), "test")


def rewrite_list(folder, change):
    file = folder / "ImageSets" / "Main" / "test.txt"
    made = change(file.read_text())
    file.write_bytes(made if isinstance(made, bytes) else made.encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.encode("utf-8-sig"),
        lambda s: s.encode("utf-16"),
        lambda s: s.replace("\n", "\r\n"),
        lambda s: s.replace("\n", ".jpg\n"),
        lambda s: s.replace("\n", "\n\n"),
        lambda s: s.replace("\n", "  1\n"),
        lambda s: s.replace("\n", " -1\n"),
        lambda s: s.replace("\n", " \n"),
    ],
)
def test_lists_that_say_the_same(tmp_path, change):
    folder = voc_folder(tmp_path)
    rewrite_list(folder, change)
    assert list(voc.read(folder, "test").images) == ["a", "b"]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda s: s + "a\n", r"test.txt' names 'a' twice \(names 1 and 3 of 3\)"),
        (lambda s: s + "a.jpg\n", "names 'a' twice"),
        (lambda s: s + "a  1\n", "names 'a' twice"),
        (lambda s: s + "A\n", "names 'a' and 'A', which are one picture"),
        (lambda s: "\n\n", "lists no images"),
        (lambda s: b"\xff\xfe\x00", "is not text in utf-16"),
        (lambda s: "ü".encode("latin-1"), "is not text in utf-8"),
    ],
)
def test_lists_that_are_refused(tmp_path, change, message):
    folder = voc_folder(tmp_path)
    rewrite_list(folder, change)
    with pytest.raises(InputError, match=message):
        voc.read(folder, "test")


def test_names_with_blanks_and_other_suffixes(tmp_path):
    folder = make_voc(tmp_path / "VOC2007", {"test": ["my photo 1", "b.v2"]})
    for suffix in (".jpeg", ".JPG", ".bmp", ".png"):
        for file in (folder / "JPEGImages").iterdir():
            file.rename(folder / "JPEGImages" / f"{file.name.rpartition('.')[0]}{suffix}")
        found = voc.read(folder, "test")
        assert list(found.images) == ["my photo 1", "b.v2"]
        assert all(found.path(i).is_file() and found.path(i).suffix == suffix for i in found.images)


def test_the_xml_template_is_what_these_tests_edit():
    made = XML.format(w=40, h=30, objects=OBJECT.format("cat", 3, 4, 20, 25, 0))
    assert "<difficult>0</difficult>" in made and "<name>cat</name>" in made and "<width>40<" in made


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot read list .*absent.txt.* expected names"):
        read_text(tmp_path / "absent.txt", "list", "expected names")
