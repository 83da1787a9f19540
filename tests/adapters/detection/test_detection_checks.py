"""Classes by name whatever their order, and what only pictures and annotations together show: each before anything runs."""

import json
import pathlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from adafire.errors import InputError
from adapters.base import WorkloadOptions, adapters
from adapters.detection import categories, coco
from adapters.detection.data.coco_annotations import CocoSet
from adapters.detection.pictures import find_source
from helpers.detectors import CLASSES, make, root, tiny  # noqa: F401 - fixtures
from helpers.paths import ROOT
from helpers.workloads import predict_all

ZOO = ROOT / "benchmarks" / "zoo" / "yolo_fashion"


def detector(names, checkpoint=()):
    return SimpleNamespace(bbox_head=SimpleNamespace(num_classes=len(names)), dataset_meta={"classes": checkpoint})


def annotated(listed, used=None, file="instances.json"):
    """CocoSet of categories (10, 20, ...) in the order of ``listed``, with an object of each in ``used``."""
    ids = {name: 10 * (k + 1) for k, name in enumerate(listed)}
    objects = [
        {"id": k + 1, "image_id": 1, "category_id": ids[n]} for k, n in enumerate(listed if used is None else used)
    ]
    return CocoSet(pathlib.Path(file), pathlib.Path("."), {}, objects, {i: name for name, i in ids.items()})


def match(names, found, order="config", **more):
    found, ids, notes = categories.match(
        detector(names, **more), {"type": object, "metainfo": {"classes": names}}, found, order
    )
    return [found.categories[i] for i in ids], notes


def test_labels_follow_the_names_of_the_config_and_a_note_shows_both_orders():
    names = ["cat", "dog", "emu"]
    assert match(names, annotated(names)) == (names, [])
    for listed in (["emu", "dog", "cat"], ["dog", "emu", "cat", "yak"]):
        found, (note,) = match(names, annotated(listed, used=["cat"]))
        assert found == names and ", ".join(n for n in listed if n != "yak") in note and "cat, dog, emu" in note
        assert "category_order='file'" in note
        found, (note,) = match(names, annotated(listed, used=["cat"]), order="file")
        assert found == [n for n in listed if n in names] and "was asked for" in note


def test_long_lists_are_shown_from_where_they_differ():
    names = [f"class{k:02d}" for k in range(80)]
    listed = names[:60] + [names[61], names[60]] + names[62:]
    found, (note,) = match(names, annotated(listed))
    assert found == names and "class61, class60, class62" in note and "class10" not in note and len(note) < 700


def test_the_checkpoints_order_is_told_where_it_is_another():
    found, (note,) = match(["cat", "dog"], annotated(["cat", "dog"]), checkpoint=("dog", "cat"))
    assert (
        found == ["cat", "dog"] and "the checkpoint lists its classes in another order" in note and "dog, cat" in note
    )
    assert match(["cat", "dog"], annotated(["cat", "dog"]), checkpoint=("yak", "cat"))[1] == []


def test_vocs_categories_have_no_order_of_their_own():
    assert match(["emu", "cat"], annotated(["cat", "emu"], file="test.txt")) == (["emu", "cat"], [])


@pytest.mark.parametrize("file", ["instances.json", "test.txt"])
def test_a_class_that_does_not_occur_keeps_its_label(file):
    for listed in (["cat", "emu"], ["clothes", "cat", "emu"]):
        found, notes = match(["cat", "dog", "emu"], annotated(listed, used=["cat", "emu"], file=file))
        assert found == ["cat", "dog", "emu"] and notes == []
    texts = annotated(["cat"])._replace(categories={"a": "cat"}, objects=[])
    result, ids, _ = categories.match(
        detector(["dog", "cat"]), {"type": object, "metainfo": {"classes": ["dog", "cat"]}}, texts
    )
    assert ids[1] == "a" and isinstance(ids[0], str) and result.categories[ids[0]] == "dog"


def test_categories_that_the_network_does_not_know_are_told():
    found, (note,) = match(["cat", "dog"], annotated(["cat", "dog", "yak"], used=["cat", "yak", "yak"]))
    assert found == ["cat", "dog"] and "do not count: 'yak' (2)" in note


@pytest.mark.parametrize(
    "names, found, message",
    [
        (
            ["cat", "dog", "emu"],
            annotated(["cat", "Dog", "emu"]),
            "has 2 of the network's 3 classes; it lacks 'dog'; did you mean 'Dog'",
        ),
        (["cat", "dog"], annotated(["yak", "gnu"], used=[]), "has 0 of the network's 2 classes"),
        (["cat", "cat"], annotated(["cat", "dog"]), "names the class 'cat' twice"),
    ],
)
def test_other_names_are_refused(names, found, message):
    with pytest.raises(InputError, match=message):
        match(names, found)


def test_the_files_order_wants_every_class_in_the_file(tmp_path):
    with pytest.raises(InputError, match="it lacks 'dog'"):
        match(["cat", "dog"], annotated(["cat"]), order="file")
    with pytest.raises(InputError, match="category_order of data 'coco' is 'name'; expected one of config, file"):
        find_source(
            {"type": "coco", "category_order": "name"}, WorkloadOptions(split="full", data_root=str(tmp_path)), 1
        )


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A COCO folder of 12 generated scenes, and 4 to calibrate on."""
    from adapters.detection.data.coco_export import ensure

    folder, source, other = tmp_path_factory.mktemp("scenes"), ensure("test"), ensure("calibration")
    content = json.loads((source / "annotations" / "instances_test.json").read_text())
    content["images"] = content["images"][:12]
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] <= 12]
    for part in ("annotations", "val2017", "train2017"):
        (folder / part).mkdir()
    for image in content["images"]:
        shutil.copy(source / "test" / image["file_name"], folder / "val2017")
    for path in sorted((other / "calibration").glob("*.png"))[:4]:
        shutil.copy(path, folder / "train2017")
    return folder, content


def score(scenes, content, **data):
    """(mAP of the small YOLO's ANN, notes) on the scenes with annotations ``content``."""
    (scenes[0] / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    workload = adapters.get("mmdetection")(
        {
            "config": str(ZOO / "config.py"),
            "checkpoint": str(ZOO / "yolo_fashion.pth"),
            "data": {"type": "coco", **data},
            "calibration": {"samples": 4},
            "batch_size": 12,
        },
        WorkloadOptions(split="full", data_root=str(scenes[0])),
    )
    return workload.evaluate(predict_all(workload)).metrics["mAP"], workload


def test_the_order_of_categories_in_the_file_does_not_change_the_score(scenes):
    content = scenes[1]
    value, workload = score(scenes, content)
    assert value == pytest.approx(0.702, abs=5e-4) and workload.notes == ()
    by_name = sorted(content["categories"], key=lambda c: c["name"])
    new = {c["id"]: k + 1 for k, c in enumerate(by_name)}
    renumbered = {
        **content,
        "categories": [{**c, "id": new[c["id"]]} for c in by_name],
        "annotations": [{**a, "category_id": new[a["category_id"]]} for a in content["annotations"]],
    }
    for other in (
        {**content, "categories": content["categories"][::-1]},
        {**content, "categories": by_name},
        renumbered,
    ):
        again, turned = score(scenes, other)
        assert again == pytest.approx(value, abs=1e-9) and "two orders" in turned.notes[0]
        assert turned.describe()["data"]["category_order"] == "config"
        assert score(scenes, other, category_order="file")[0] < 0.4
    assert "category_order" not in workload.describe()["data"]


def edited(root, target, picture=None, edit=None, calibrate=True):
    """A copy of the folder ``root`` with picture(PIL image, path) saving each image and edit(annotations)."""
    for part in ("annotations", "val2017"):
        shutil.copytree(root / part, target / part)
    if calibrate:  # of other content than what is scored
        (target / "train2017").mkdir()
        for k in range(3):
            Image.new("RGB", (50, 40 + k), (9, 9 * k, 9)).save(target / "train2017" / f"{k}.png")
    file = target / "annotations" / "instances_val2017.json"
    content = json.loads(file.read_text())
    for image in content["images"] if picture else ():
        with Image.open(target / "val2017" / image["file_name"]) as before:
            before.load()
        picture(before, target / "val2017" / image["file_name"])
    for change in (edit,) if edit else ():
        change(content)
    file.write_text(json.dumps(content))
    return target


def exif(orientation, turn=None):
    def save(image, path):
        tags = Image.Exif()
        tags[0x0112] = orientation
        (image.transpose(turn) if turn is not None else image).save(path, "JPEG", quality=100, subsampling=0, exif=tags)

    return save


@pytest.mark.parametrize(
    "picture, edit, message",
    [
        (
            lambda i, p: i.resize((i.width // 2, i.height // 2)).save(p),
            None,
            "001.png' has 40 x 60 pixels as it is loaded, its annotations are of 80 x 120",
        ),
        (
            lambda i, p: i.resize((i.width * 2, i.height * 2)).save(p),
            None,
            "001.png' has 160 x 240 pixels as it is loaded",
        ),
        (
            None,
            lambda c: [i.update(width=i["height"], height=i["width"]) for i in c["images"]],
            "001.png' has 80 x 120 pixels as it is loaded, its annotations are of 120 x 80",
        ),
        (exif(6), None, r"120 x 80 pixels as it is loaded \(80 x 120 as stored, turned as its EXIF.*are of 80 x 120"),
    ],
)
def test_pictures_of_another_size_than_annotated_are_refused(tiny, root, tmp_path, picture, edit, message):
    with pytest.raises(InputError, match=message):
        make(tiny, edited(root, tmp_path / "x", picture, edit))


def test_wrong_sizes_of_right_boxes_can_be_passed_over(tiny, root, tmp_path):
    def swap(content):
        for image in content["images"]:
            image.update(width=image["height"], height=image["width"])

    right, swapped = make(tiny, root), edited(root, tmp_path / "x", edit=swap, calibrate=False)
    workload = make(tiny, swapped, data={"type": "coco", "sizes": "loaded"})
    assert workload.ids == right.ids and "have another size than their annotations say" in " ".join(workload.notes)
    mine = predict_all(workload)
    assert workload.evaluate(mine).metrics == right.evaluate(predict_all(right)).metrics
    with pytest.raises(InputError, match="sizes of data 'coco' is 'any'; expected one of annotated, loaded"):
        make(tiny, swapped, data={"type": "coco", "sizes": "any"})


def test_one_picture_of_another_size_is_found(tiny, root, tmp_path):
    target = edited(root, tmp_path / "x")
    path = target / "val2017" / "008.png"
    Image.open(path).resize((10, 10)).save(path)
    with pytest.raises(InputError, match="008.png' has 10 x 10 pixels"):
        make(tiny, target)
    assert len(make(tiny, target, {"limit": 7})) == 7


def test_pictures_that_exif_turns_are_as_annotated_or_noted(tiny, root, tmp_path):
    square = [
        e["id"]
        for e in json.loads((root / "annotations" / "instances_val2017.json").read_text())["images"]
        if e["width"] == e["height"]
    ]
    shown = make(tiny, edited(root, tmp_path / "shown", exif(6, Image.Transpose.ROTATE_90)))
    assert len(shown) == 8 and f"EXIF turns or mirrors {len(square)} of the 8 images" in " ".join(shown.notes)
    (upside_down,) = [n for n in make(tiny, edited(root, tmp_path / "down", exif(3))).notes if "EXIF" in n]
    assert "8 of the 8 images" in upside_down and "'001.png' is the first" in upside_down
    assert not [n for n in make(tiny, edited(root, tmp_path / "as_is", exif(1))).notes if "EXIF" in n]


def test_pictures_are_drawn_as_they_are_loaded(tiny, root, tmp_path):
    from matplotlib.figure import Figure

    plain = make(tiny, root)
    turned = make(tiny, edited(root, tmp_path / "x", exif(6, Image.Transpose.ROTATE_90), calibrate=False))
    drawn = []
    for workload in (plain, turned):
        axes = Figure().subplots()
        workload.draw(axes, plain.ids[0], None)
        drawn.append(np.asarray(axes.images[0].get_array()).astype(float))
    assert drawn[0].shape == drawn[1].shape and np.abs(drawn[0] - drawn[1]).mean() < 20  # JPEG loses a little


def test_a_loader_that_leaves_exif_alone_is_followed(tiny, root, tmp_path):
    config = tmp_path / "config.py"
    text = pathlib.Path(tiny[0]).read_text().replace("'./tiny.py'", repr(str(pathlib.Path(tiny[0]).parent / "tiny.py")))
    config.write_text(
        text.replace(
            "type='LoadImageFromFile'",
            "type='LoadImageFromFile', imdecode_backend='cv2', color_type='color_ignore_orientation'",
        )
    )
    stored = edited(root, tmp_path / "x", exif(6))
    assert len(make((config, tiny[1]), stored)) == 8
    assert not [n for n in make((config, tiny[1]), stored).notes if "EXIF" in n and "8 of the 8" in n]
    with pytest.raises(InputError, match="turned as its EXIF"):
        make(tiny, stored)


def _thin(size):
    def add(content):
        content["images"].append({"id": 99, "file_name": "thin.png", "width": size[0], "height": size[1]})

    return add


@pytest.mark.parametrize("size", [(2000, 3), (1, 3000)])
def test_a_picture_that_the_pipeline_cannot_take_is_named_before_the_run(tiny, root, tmp_path, size):
    target = edited(root, tmp_path / "x", edit=_thin(size))
    Image.new("RGB", size).save(target / "val2017" / "thin.png")
    message = f"cannot be run on picture '.*thin.png': .*the picture has {size[0]} x {size[1]} pixels"
    with pytest.raises(InputError, match=message):
        make(tiny, target)
    target = edited(root, tmp_path / "y")
    Image.new("RGB", size).save(target / "train2017" / "thin.png")
    with pytest.raises(InputError, match="cannot be run on picture '.*train2017/thin.png'"):
        make(tiny, target, calibration={"samples": 9})


def test_small_and_thin_pictures_that_can_be_taken(tiny, root, tmp_path):
    target = edited(root, tmp_path / "x", edit=_thin((1, 1)))
    Image.new("RGB", (1, 1)).save(target / "val2017" / "thin.png")
    assert len(predict_all(make(tiny, target))) == 9


def boxes(change):
    return lambda c: [
        a.update(bbox=change(a["bbox"], next(i for i in c["images"] if i["id"] == a["image_id"])))
        for a in c["annotations"]
    ]


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda b, i: [b[0] / i["width"], b[1] / i["height"], b[2] / i["width"], b[3] / i["height"]],
            "lie between 0 and 1",
        ),
        (
            lambda b, i: [40, 60, 40 + b[2], 60 + b[3]],
            "8 of 8 boxes .* reach beyond their image, as bbox .* not two corners",
        ),
    ],
)
def test_boxes_in_other_forms_are_refused(tiny, root, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        make(tiny, edited(root, tmp_path / "x", edit=boxes(change)))


def test_odd_boxes_are_noted(tiny, root, tmp_path):
    def edit(content):
        first = content["annotations"][0]
        content["annotations"] += [
            {**first, "id": 50, "bbox": [70, 6, 30, 40]},
            {**first, "id": 51, "bbox": [3, 3, 0, 5]},
            {**first, "id": 52},
        ]

    notes = " ".join(make(tiny, edited(root, tmp_path / "x", edit=edit)).notes)
    for words in (
        "1 of 11 boxes reach beyond their image (bbox [70, 6, 30, 40] in '001.png'",
        "1 of 11 boxes have no area",
        "1 of 11 boxes stand twice in their image",
    ):
        assert words in notes


@pytest.mark.parametrize(
    "edit", [lambda c: c["annotations"].clear(), lambda c: [a.update(iscrowd=1) for a in c["annotations"]]]
)
def test_nothing_to_score_is_told_before_the_run(tiny, root, tmp_path, edit):
    with pytest.raises(InputError, match="the 8 chosen images of .* hold no object of the network's classes"):
        make(tiny, edited(root, tmp_path / "x", edit=edit))


def test_a_class_without_objects_is_noted_and_left_out_of_the_mean(tiny, root, tmp_path):
    listed = edited(
        root,
        tmp_path / "listed",
        edit=lambda c: c.update(annotations=[a for a in c["annotations"] if a["category_id"] != 20]),
    )
    absent = edited(
        root,
        tmp_path / "absent",
        edit=lambda c: c.update(
            annotations=[a for a in c["annotations"] if a["category_id"] != 20],
            categories=[k for k in c["categories"] if k["id"] != 20],
        ),
    )
    values = []
    for folder in (listed, absent):
        workload = make(tiny, folder)
        assert [workload.annotations.categories[i] for i in workload.category_ids] == list(CLASSES)
        assert "no object to find in these images for 1 of the 3 classes ('dog')" in " ".join(workload.notes)
        values.append(workload.evaluate(truth(workload)).metrics["mAP"])
    assert values == [pytest.approx(1)] * 2


def truth(workload):
    found = {}
    for i in workload.ids:
        own = [o for o in workload.annotations.objects if o["image_id"] == i]
        x, y, w, h = np.array([o["bbox"] for o in own], float).reshape(-1, 4).T
        found[i] = {
            "boxes": np.stack([x, y, x + w, y + h], 1),
            "scores": np.full(len(own), 0.9),
            "labels": np.array([workload.category_ids.index(o["category_id"]) for o in own], int),
        }
    return found


def test_one_picture_under_two_names(tiny, root, tmp_path):
    def add(name):
        return lambda c: c["images"].append({**c["images"][0], "id": 77, "file_name": name})

    target = edited(root, tmp_path / "copy", edit=add("copy.png"))
    shutil.copy(target / "val2017" / "001.png", target / "val2017" / "copy.png")
    assert "1 of the 9 images are copies of another under another name ('001.png' and 'copy.png')" in " ".join(
        make(tiny, target).notes
    )
    target = edited(root, tmp_path / "case", edit=add("001.PNG"))
    shutil.copy(target / "val2017" / "001.png", target / "val2017" / "001.PNG")
    with pytest.raises(InputError, match="'001.png' and '001.PNG', which are the same picture|is listed twice"):
        make(tiny, target)


@pytest.mark.parametrize("name", ["day1/{}.png", "{}.bmp", "day1/deep/{}.JPG"])
def test_calibration_pictures_are_seen_wherever_they_lie(tiny, root, tmp_path, name):
    target = edited(root, tmp_path / "x")
    for path in sorted((target / "train2017").iterdir()):
        moved = target / "train2017" / name.format(path.stem)
        moved.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).save(moved)
        path.unlink()
    workload = make(tiny, target)
    assert (
        len(workload) == 8
        and len(workload.calibration_paths) == 3
        and not workload.describe()["calibration"]["set_aside"]
    )


def test_calibration_folders_without_pictures(tiny, root, tmp_path):
    target = edited(root, tmp_path / "x", calibrate=False)
    note = make(tiny, target).notes[0]
    assert "there is no folder" in note and "3 of the 8 test images calibrate" in note
    (target / "train2017").mkdir()
    (target / "train2017" / "a.gif").write_text("x")
    with pytest.raises(InputError, match=r"train2017' holds no picture \(.jpg, .*\); its 1 files: a.gif"):
        make(tiny, target)
    with pytest.raises(InputError, match="there is no picture in the calibration folder '.*other' that the task names"):
        make(tiny, target, data={"type": "coco", "calibration_images": "other"})


@torch.no_grad()
def test_every_image_is_seen_as_if_it_were_alone(tiny, root):
    """What the network gets of an image, and the boxes, are the same in batches of any size and in any order."""
    alone = {}
    workload = make(tiny, root, batch_size=1)
    for batch in workload.batches():
        alone[batch.ids[0]] = (
            batch.inputs[0],
            workload.predict(workload.forward(workload.network, batch.inputs), batch)[0],
        )
    assert len({tuple(picture.shape) for picture, _ in alone.values()}) == 3
    for size, order in ((2, 1), (3, -1), (8, 1), (8, -1)):
        workload = make(tiny, root, batch_size=size)
        workload.ids = workload.ids[::order]
        seen = set()
        for batch in workload.batches():
            found = workload.predict(workload.forward(workload.network, batch.inputs), batch)
            for i, picture, one in zip(batch.ids, batch.inputs, found, strict=True):
                assert torch.equal(picture, alone[i][0])
                assert np.allclose(one["scores"], alone[i][1]["scores"], atol=1e-5)
                assert np.allclose(one["boxes"], alone[i][1]["boxes"], atol=1e-3)
                seen.add(i)
        assert seen == set(alone)
        calibration = workload.calibration()
        assert sum(map(len, calibration)) == 3 and all(len(part) <= size for part in calibration)


def test_the_metric_reads_the_same_files(root):
    found = coco.read(root / "annotations" / "instances_val2017.json", root / "val2017")
    assert len(found.images) == 8 and found.path(1).is_file()
