"""Frames of a user's own: folders with and without boxes, families' likeness and pictures, animations."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.detection.data.fashion_scenes import split_objects
from adapters.detection.data.moving_scenes import Motion
from adapters.segmentation import miou
from benchmarks.streams import families, films
from benchmarks.streams.animation import Animation

BOX = {"boxes": [[10.0, 10.0, 50.0, 60.0]], "scores": [0.9], "labels": [0]}


def pictures(folder, *names, size=(20, 16)):
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", size).save(folder / name)
    return folder


def coco(path, names, category="cat", first=1):
    images = [{"id": first + k, "file_name": name, "width": 20, "height": 16} for k, name in enumerate(names)]
    boxes = [{"id": 1, "image_id": first, "category_id": 7, "bbox": [1, 2, 5, 6], "area": 30}]
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 7, "name": category}]}))
    return path


def test_a_folder_of_frames(tmp_path):
    folder = pictures(tmp_path / "f", "b.png", "a.png")
    (folder / "c.txt").write_text("x")
    film = films.of_folder(folder)
    assert [film.path(i).name for i in film.ids] == ["a.png", "b.png"] and film.size == (20, 16) and not film.truth
    pictures(folder, "d.png", size=(8, 8))
    with pytest.raises(InputError, match=r"frame d.png has 8 x 8 pixels, a.png has 20 x 16"):
        films.of_folder(folder)
    (folder / "d.png").write_bytes((folder / "a.png").read_bytes()[:40])
    with pytest.raises(InputError, match=r"d.png' (does not decode|is not an image)"):
        films.of_folder(folder)
    with pytest.raises(InputError, match="no such folder"):
        films.of_folder(tmp_path / "none")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "film.mp4").write_text("x")
    with pytest.raises(InputError, match="holds 0 pictures .* of a video file: --file .*film.mp4"):
        films.of_folder(tmp_path / "one")


@pytest.mark.parametrize(
    "part, change, words",
    [
        ("images", {"width": 640, "height": 480}, r"says 640 x 480 pixels of 'a.png', and the frames have 20 x 16"),
        (
            "annotations",
            {"bbox": [500, 2, 5, 6]},
            r"has the box \[500(.0)?, 2(.0)?, 5(.0)?, 6(.0)?\], outside of the frames of 20 x 16",
        ),
    ],
)
def test_annotations_that_do_not_fit_are_refused(tmp_path, part, change, words):
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    path = coco(tmp_path / "boxes.json", ["a.png", "b.png"])
    content = json.loads(path.read_text())
    content[part][0].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=words):
        films.of_folder(folder, path)


def test_boxes_of_a_folder_by_file_name(tmp_path):
    folder = pictures(tmp_path / "f", "b.png", "a.png")
    film = films.of_folder(folder, coco(tmp_path / "boxes.json", ["b.png", "a.png"], first=10))
    assert (
        film.truth
        and [o["image_id"] for o in film.annotations.objects] == [2]
        and sorted(film.annotations.images) == [1, 2]
    )
    workload = SimpleNamespace(annotations=SimpleNamespace(categories={3: "dog", 5: "cat"}))
    families.FAMILIES["detection"].attach(workload, film)
    assert [o["category_id"] for o in workload.annotations.objects] == [5] and workload.ids == [1, 2]
    assert workload.annotations.images[2]["width"] == 20 and workload.batch_size == 1
    strange = films.of_folder(folder, coco(tmp_path / "other.json", ["b.png", "a.png"], "cow"))
    with pytest.raises(
        InputError, match="objects of the class 'cow', which the network does not know; expected dog, cat"
    ):
        families.FAMILIES["detection"].attach(workload, strange)
    for names, words in ((["b.png"], "lists 1 images and there are 2 frames"), (["b.png", "z.png"], "names 'z.png'")):
        with pytest.raises(InputError, match=words):
            films.of_folder(folder, coco(tmp_path / "wrong.json", names))


def test_generated_films_of_both_families(tmp_path):
    objects = split_objects("test")
    boxes = films.generated(tmp_path / "a", "detection", objects, 0, 2, Motion(1.0), 15.0)
    masks = films.generated(tmp_path / "b", "segmentation", objects, 0, 2, Motion(1.0))
    assert boxes.ids == masks.ids == [1, 2] and boxes.truth and masks.truth and boxes.rate == 15.0
    for i in boxes.ids:
        assert np.array_equal(*(np.asarray(Image.open(film.path(i))) for film in (boxes, masks)))
        classes = np.unique(np.asarray(Image.open(masks.masks[i])))
        assert set(classes) - {0} == {o["category_id"] for o in boxes.annotations.objects if o["image_id"] == i}


def labels(*rows):
    return miou.Prediction(None, miou.pack(rows))


def test_likeness_and_agreement_by_hand():
    """Of 4 pixels 3 are the same; classes 0 and 1 have 2 and 1 of 3 and 2 pixels in common: (2/3 + 1/2) / 2."""
    one, two = labels([0, 0], [0, 1]), labels([0, 0], [1, 1])
    assert families.likeness_of_masks(one, two) == 0.75
    workload = SimpleNamespace(classes=["background", "a"])
    assert families.agreement_of_masks(workload, {1: one}, {1: two}) == pytest.approx((2 / 3 + 1 / 2) / 2)
    none = {"boxes": [], "scores": [], "labels": []}
    moved = {**BOX, "boxes": [[40.0, 10.0, 80.0, 60.0]]}
    assert [families.likeness_of_boxes(BOX, other) for other in (BOX, none, moved, {**BOX, "labels": [1]})] == [
        1,
        0,
        0,
        0,
    ]
    assert families.likeness_of_boxes(none, BOX) == 1.0
    assert families.agreement_of_boxes(None, {1: none}, {1: BOX}) is None


def detection():
    annotations = SimpleNamespace(categories={1: "cat"})
    return SimpleNamespace(family="detection", annotations=annotations, category_ids=[1])


def segmentation():
    return SimpleNamespace(family="segmentation", source=SimpleNamespace(palette=[[0, 0, 0], [230, 116, 12]]))


@pytest.mark.parametrize(
    "workload, prediction, colour",
    [(detection(), BOX, (230, 116, 12)), (segmentation(), labels(*[[1] * 192] * 192), None)],
    ids=["boxes", "masks"],
)
def test_an_animation_has_a_picture_a_frame(tmp_path, workload, prediction, colour):
    film = films.generated(tmp_path / "f", "segmentation", split_objects("test"), 0, 3, Motion(2.0))
    animation = Animation(workload, film, tmp_path / "a.png")
    for k in film.ids:
        animation.see(SimpleNamespace(id=k, prediction=prediction, report=SimpleNamespace(spikes=100.0 * k)))
    animation.save()
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.n_frames == 3 and picture.size == (384, 384 + 48)
        shown = np.asarray(picture.convert("RGB"), int)[:384]
    plain = np.asarray(Image.open(film.path(1)).convert("RGB").resize((384, 384)), int)
    if colour:
        assert (shown == colour).all(-1).any() and (shown == plain).all(-1).mean() > 0.9
    else:  # the class's colour, 140 of 255 parts
        assert abs(shown - (plain + (np.array([230, 116, 12]) - plain) * 140 / 255)).max() <= 2
