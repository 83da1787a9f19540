"""Generated videos: the same on every machine, still where nothing moves, boxes where the objects are, and what is refused."""

import hashlib

import numpy as np
import pytest

from adafire.errors import InputError
from adapters.detection.data.fashion_scenes import split_objects
from adapters.detection.data.moving_scenes import Motion, video, write


@pytest.fixture(scope="module")
def objects():
    return split_objects("test")


def test_a_video_is_a_function_of_its_number_and_motion(objects):
    a, b = (list(video(objects, 3, 4, Motion(2.0))) for _ in range(2))
    assert all(np.array_equal(x.image, y.image) and x.labels == y.labels for x, y in zip(a, b))
    longer = list(video(objects, 3, 4, Motion(5.0)))
    assert np.array_equal(a[0].image, longer[0].image) or a[0].labels != longer[0].labels
    assert not np.array_equal(a[-1].image, longer[-1].image)
    assert not np.array_equal(a[0].image, next(iter(video(objects, 4, 1, Motion(2.0)))).image)
    pixels = hashlib.sha256(b"".join(s.image.tobytes() for s in a)).hexdigest()
    assert pixels[:16] == "88fc15b7f3284fab"


def test_what_does_not_move_is_still(objects):
    frames = list(video(objects, 0, 12, Motion(0.0)))
    for one, two in zip(frames, frames[1:]):
        assert one.labels != two.labels or np.array_equal(one.image, two.image)
    assert sum(np.array_equal(a.image, b.image) for a, b in zip(frames, frames[1:])) >= 9


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_objects_move_as_fast_as_they_are_told(objects, speed):
    """Of objects that are seen whole, twice, away from the border: the way of the boxes' middle in six frames."""
    ways = []
    for number in range(6):
        frames = list(video(objects, number, 7, Motion(speed)))
        boxes = [dict(zip(s.sources, s.boxes().tolist())) for s in (frames[0], frames[6])]
        for source in set(boxes[0]) & set(boxes[1]):
            (x, y, w, h), (u, v, a, b) = boxes[0][source], boxes[1][source]
            if (w, h) == (a, b) and min(x, y, u, v) > 0 and max(x + w, u + w, y + h, v + h) < 192:
                ways.append(((u - x) ** 2 + (v - y) ** 2) ** 0.5)
    assert len(ways) >= 3 and np.median(ways) == pytest.approx(6 * speed, abs=1.5)


def test_camera_light_and_noise(objects):
    (first, second) = video(objects, 1, 2, Motion(0.0, pan=3))
    assert (
        np.mean(np.abs(second.image[:, 3:].astype(int) - first.image[:, :-3])) < 12
    )  # all but the objects and borders
    assert not np.array_equal(first.image, second.image)
    still, noisy = (list(video(objects, 1, 2, Motion(0.0, noise=n))) for n in (0, 5))
    change = noisy[0].image.astype(int) - still[0].image
    assert 0 < np.abs(change).max() <= 5 and len(np.unique(change)) == 11
    flicker = list(video(objects, 1, 6, Motion(0.0, flicker=9)))
    assert len({s.image.mean() for s in flicker}) > 1


def test_a_camera_that_shakes_moves_all_by_the_same(objects):
    """Each frame is the still one, moved by up to 3 pixels: away from the border pixels and objects are those of the still video."""
    still, moved = (list(video(objects, 1, 6, Motion(0.0, shake=n))) for n in (0, 3))
    ways = set()
    for a, b in zip(still, moved):
        fits = [
            (dy, dx)
            for dy in range(-3, 4)
            for dx in range(-3, 4)
            if np.array_equal(a.image[6 - dy : 186 - dy, 6 - dx : 186 - dx], b.image[6:186, 6:186])
        ]
        ((dy, dx),) = fits
        inside = a.class_map()[6 - dy : 186 - dy, 6 - dx : 186 - dx] == b.class_map()[6:186, 6:186]
        assert inside.all()
        ways.add((dy, dx))
    assert len(ways) > 2


def test_boxes_and_numbers_belong_together(objects, tmp_path):
    scenes = list(video(objects, 2, 5, Motion(3.0)))
    for s in scenes:
        assert set(np.unique(s.instances)) - {0} == set(range(1, len(s.labels) + 1))
        assert all(mask.sum() >= 40 for mask in s.masks())
    found = write(tmp_path / "v", objects, 2, 5, Motion(3.0))
    assert sorted(found.images) == [1, 2, 3, 4, 5] and len(found.objects) == sum(len(s.labels) for s in scenes)
    assert found.objects[0]["bbox"] == scenes[0].boxes()[0].tolist()
    assert found.categories[scenes[0].labels[0] + 1] and found.path(5).is_file()


@pytest.mark.parametrize("motion", [Motion(-1.0), Motion(99.0), Motion(noise=True), Motion(flicker="much")])
def test_motion_that_cannot_be_is_refused(objects, motion):
    with pytest.raises(InputError, match="expected a number from 0 to 64"):
        next(iter(video(objects, 0, 2, motion)))
