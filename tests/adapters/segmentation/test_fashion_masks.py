"""Class maps of the fashion scenes: what was drawn, complete or absent, and described by the scenes' fingerprint."""

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.detection.data import coco_export
from adapters.detection.data.fashion_scenes import scene, split_objects
from adapters.segmentation.data import fashion_masks


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path))
    return fashion_masks.ensure_masks("test", 3)


def test_maps_are_those_of_the_scenes(root):
    objects = split_objects("test")
    for number in range(3):
        drawn = scene(objects, "test", number)
        stored = Image.open(root / "masks" / "test" / f"{number + 1:06d}.png")
        assert stored.mode == "L" and np.array_equal(np.asarray(stored), drawn.class_map())
        assert np.array_equal(np.asarray(Image.open(root / "test" / f"{number + 1:06d}.png")), drawn.image)
    assert fashion_masks.NAMES[0] == "background" and len(fashion_masks.NAMES) == 11


def test_asked_again_nothing_is_drawn_again(root, monkeypatch):
    monkeypatch.setattr(fashion_masks, "_draw", lambda *_: pytest.fail("drawn again"))
    assert fashion_masks.ensure_masks("test", 3) == root


def test_a_crash_leaves_nothing_half_drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path))
    drawn = []

    def crash(objects):
        if len(drawn) == 1:
            raise OSError("disk full")
        drawn.append(1)
        return np.zeros((192, 192), np.uint8)

    monkeypatch.setattr(fashion_masks, "class_map", crash)
    with pytest.raises(InputError, match="disk full.*ADAFIRE_CACHE"):
        fashion_masks.ensure_masks("test", 3)
    assert not (coco_export.ensure("test", 3) / "masks" / "test").exists()
    monkeypatch.undo()
    monkeypatch.setenv("ADAFIRE_CACHE", str(tmp_path))
    assert len(list((fashion_masks.ensure_masks("test", 3) / "masks" / "test").iterdir())) == 3


def test_command_line(root, capsys):
    assert fashion_masks.main(["test", "--scenes", "3"]) == 0
    assert capsys.readouterr().out.strip() == str(root)
    assert fashion_masks.main(["tests"]) == 2
    assert "did you mean 'test'" in capsys.readouterr().err
