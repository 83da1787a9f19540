"""Fashion scenes: the same everywhere, splits apart, boxes of the masks, complete or absent on disk."""

import gzip
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from adafire.errors import InputError
from adapters.detection.data import coco_export, fashion_scenes
from adapters.detection.data.fashion_scenes import SIZE, scene, split_objects
from adapters.shared import fashion_mnist
from adapters.shared.textures import Stream, hsv, resize
from helpers.paths import ROOT

needs_full_set = pytest.mark.skipif(
    not fashion_mnist.SYSTEM_FOLDER.is_dir(), reason="full Fashion-MNIST absent: apt-get install dataset-fashion-mnist"
)


@pytest.fixture(scope="module")
def scenes():
    objects = split_objects("test")
    return [scene(objects, "test", number) for number in range(40)]


def test_scenes_are_the_same_bytes_everywhere(scenes):
    digest = hashlib.sha256(b"".join(s.image.tobytes() + s.instances.tobytes() for s in scenes[:20]))
    assert digest.hexdigest() == "cde6d8a971a35deebf45c3be596cd4be9e13c972cf31dd8d00fe79625d3a64c0"
    digest = hashlib.sha256(scene(split_objects("calibration"), "calibration", 0).image.tobytes())
    assert digest.hexdigest() == "167e955d69f906f6ba16334438081c1ff220614c06d40b0943d7e54dfaecec24"


def test_scene_does_not_depend_on_what_was_drawn_before(scenes):
    assert np.array_equal(scene(split_objects("test"), "test", 7).image, scenes[7].image)
    assert not np.array_equal(scenes[7].image, scenes[8].image)


def test_boxes_and_class_map_are_those_of_the_visible_masks(scenes):
    for s in scenes:
        assert s.image.shape == (SIZE, SIZE, 3) and s.image.dtype == np.uint8
        assert 1 <= len(s.labels) <= 8
        for number, ((x, y, w, h), mask, label) in enumerate(zip(s.boxes(), s.masks(), s.labels), 1):
            inside = s.instances[y : y + h, x : x + w] == number
            assert inside.sum() == mask.sum() >= 20  # nothing of the object outside its box
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
            assert (s.class_map()[mask] == label + 1).all()
        assert ((s.class_map() == 0) == (s.instances == 0)).all()


def test_scenes_vary(scenes):
    counts = {len(s.labels) for s in scenes}
    sizes = np.array([max(box[2:]) for s in scenes for box in s.boxes()])
    assert counts >= set(range(1, 9)) and {label for s in scenes for label in s.labels} == set(range(10))
    assert sizes.min() < 30 and sizes.max() > 85
    assert sum(_overlap(s.boxes()) for s in scenes) > 5


def _overlap(boxes):
    return any(
        a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def test_carried_subset():
    for part, (split, per_class, _) in fashion_mnist.PARTS.items():
        objects = fashion_mnist.carried(part)
        assert objects.split == split and objects.images.shape == (per_class * 10, 28, 28)
        assert (np.bincount(objects.labels) == per_class).all() and len(set(objects.indices)) == per_class * 10


@needs_full_set
def test_carried_subset_is_what_its_rule_says(tmp_path):
    fashion_mnist.write_subset(tmp_path)
    for name in ("test.png", "calibration.png"):
        assert np.array_equal(Image.open(tmp_path / name), Image.open(fashion_mnist.SUBSET / name))
    assert (tmp_path / "index.json").read_text() == (fashion_mnist.SUBSET / "index.json").read_text()


@needs_full_set
def test_splits_share_no_object():
    used = {split: split_objects(split) for split in fashion_scenes.SPLITS}
    assert [used[s].split for s in ("test", "calibration", "train", "val")] == ["test", "train", "train", "train"]
    sets = [set(used[s].indices.tolist()) for s in ("calibration", "train", "val")]
    assert len(set.union(*sets)) == sum(map(len, sets)) == 60000
    images = {split: {image.tobytes() for image in objects.images} for split, objects in used.items()}
    assert len(set.union(*images.values())) == sum(map(len, images.values()))  # nor the same picture twice


def test_scenes_use_only_their_own_objects(scenes):
    own = set(split_objects("test").indices.tolist())
    assert all(source in own for s in scenes for source in s.sources)


def test_export_is_coco(tmp_path, scenes):
    coco_export.export(tmp_path, "test", 12)
    coco = COCO(str(tmp_path / "annotations" / "instances_test.json"))
    assert len(coco.imgs) == 12 and [c["name"] for c in coco.cats.values()] == list(fashion_mnist.CLASSES)
    for image_id, s in zip(sorted(coco.imgs), scenes):
        info = coco.imgs[image_id]
        assert np.array_equal(np.asarray(Image.open(tmp_path / "test" / info["file_name"])), s.image)
        entries = coco.loadAnns(coco.getAnnIds(image_id))
        assert [e["bbox"] for e in entries] == s.boxes().tolist()
        assert [e["category_id"] - 1 for e in entries] == s.labels
        for entry, mask in zip(entries, s.masks()):
            assert np.array_equal(coco.annToMask(entry), mask) and entry["area"] == mask.sum()


def test_export_twice_writes_once_and_repairs(tmp_path):
    def stamp():
        return (tmp_path / "annotations" / "instances_test.json").stat().st_mtime_ns

    coco_export.export(tmp_path, "test", 3)
    first, mark = stamp(), coco_export.fingerprint(tmp_path, "test")
    coco_export.export(tmp_path, "test", 3)
    assert stamp() == first
    for damage in ("png", "fingerprint", "version"):
        if damage == "png":
            (tmp_path / "test" / "000002.png").unlink()
        elif damage == "fingerprint":
            (tmp_path / "fingerprint_test.json").unlink()
        else:
            (tmp_path / "fingerprint_test.json").write_text(json.dumps({**mark, "version": 0}))
        coco_export.export(tmp_path, "test", 3)
        assert coco_export.fingerprint(tmp_path, "test") == mark and len(list((tmp_path / "test").iterdir())) == 3
    assert not list(tmp_path.glob(".*.tmp"))


def test_two_processes_and_one_folder(tmp_path):
    command = [
        sys.executable,
        "-m",
        "adapters.detection.data.coco_export",
        "test",
        "--scenes",
        "20",
        "--out",
        str(tmp_path),
    ]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(list((tmp_path / "test").iterdir())) == 20 and not list(tmp_path.glob(".*.tmp"))
    alone = coco_export.export(tmp_path / "alone", "test", 20)
    assert coco_export.fingerprint(alone, "test") == coco_export.fingerprint(tmp_path, "test")


def test_ensure_uses_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path))
    root = coco_export.ensure("calibration", 2)
    assert tmp_path in root.parents and root == coco_export.ensure("calibration", 2)


def test_errors_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match="did you mean 'test'"):
        coco_export.ensure("tset")
    with pytest.raises(InputError, match="at least 1"):
        coco_export.export(tmp_path / "none", "test", 0)
    with pytest.raises(InputError, match="apt-get install dataset-fashion-mnist"):
        coco_export.export(tmp_path / "train", "train", 2, fashion_mnist=str(tmp_path))
    assert not (tmp_path / "train").exists()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(1000))[:-12])
    with pytest.raises(InputError, match="damaged"):
        fashion_mnist.full("train", tmp_path)
    with pytest.raises(InputError, match="no complete split"):
        coco_export.fingerprint(tmp_path, "test")


def test_stream_is_raw_pcg64():
    assert [Stream(1, 2).below(1000), *Stream(1, 2).below(1000, 3)] == [448, 448, 430, 419]
    draws = Stream(5).below(7, 7000)
    assert draws.min() == 0 and draws.max() == 6 and abs(np.bincount(draws) - 1000).max() < 150


def test_resize_and_colours():
    ramp = np.arange(28)[None, :] * np.ones((28, 1), int)
    for cubic in (False, True):
        assert np.array_equal(resize(ramp, 28, 28, cubic), ramp)
        assert (resize(np.full((5, 9), 77), 31, 17, cubic) == 77).all()
    assert [hsv(hue, 255, 255).tolist() for hue in (0, 512, 1024)] == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
