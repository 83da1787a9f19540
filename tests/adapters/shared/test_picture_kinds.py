"""Pictures that are not plain 8-bit ones: turned by EXIF, of more bits, of other modes, of several frames."""

import numpy as np
import pytest
from PIL import Image

from adafire.errors import InputError
from adapters.shared import images
from adapters.shared.images import Picture
from helpers.classifiers import SMALL, make

GREY = {"model": {**SMALL, "channels": 1}, "preprocessing": {"mean": [0.5], "std": [0.5]}}


def scene(seed=0, shape=(16, 16)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def folders(root, save, suffix=".png"):
    """val/<class>/ and train/<class>/, 3 pictures of 3 classes each; save(uint8 [16, 16], path) writes one."""
    for split in ("val", "train"):
        for k, name in enumerate(("cat", "dog", "emu")):
            (root / split / name).mkdir(parents=True)
            for i in range(3):
                save(scene(100 * (split == "val") + 10 * k + i), root / split / name / f"{i}{suffix}")
    return root


def inputs(workload):
    return {name: x for batch in workload.batches() for name, x in zip(batch.ids, batch.inputs)}


def decoded(path, bits=None):
    return np.asarray(images.decode(Picture("a", 0, path), bits).convert("L"))


# EXIF


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_pictures_are_turned_as_opencv_turns_them(tmp_path, orientation, suffix):
    import cv2  # detection and segmentation read by it

    tags = Image.Exif()
    tags[0x0112] = orientation
    path = tmp_path / f"a{suffix}"
    smooth = np.add.outer(np.arange(24) * 4, np.arange(32) * 2).astype(np.uint8)  # 24 x 32, no two ways alike
    Image.fromarray(smooth).save(path, exif=tags, **({"quality": 100} if suffix in (".jpg", ".webp") else {}))
    shown = path
    if suffix == ".tif" and orientation > 4:  # OpenCV does not read these
        shown = tmp_path / "b.png"
        Image.fromarray(smooth).save(shown, exif=tags)
    expected = cv2.imread(str(shown))[..., 1]
    assert decoded(path) == pytest.approx(expected, abs=3)
    (facts,) = images.check([Picture("a", 0, path)])
    assert facts.size == expected.shape[::-1] and facts.turned == (orientation > 1)


def test_orientation_that_does_not_exist_or_is_damaged_is_none(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 9
    Image.fromarray(scene()).save(tmp_path / "a.png", exif=tags)
    assert np.array_equal(decoded(tmp_path / "a.png"), scene())
    Image.fromarray(scene()).save(tmp_path / "b.png", exif=b"Exif\0\0garbage")
    assert np.array_equal(decoded(tmp_path / "b.png"), scene())


def test_turned_pictures_are_scored_upright_and_a_note_says_so(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    plain = make(folders(tmp_path / "a", lambda p, path: Image.fromarray(p).save(path)), **GREY)
    turned = make(
        folders(
            tmp_path / "b",
            lambda p, path: Image.fromarray(p).transpose(Image.Transpose.ROTATE_90).save(path, exif=tags),
        ),
        **GREY,
    )
    expected = inputs(plain)
    assert all((x == expected[name]).all() for name, x in inputs(turned).items()) and len(plain.notes) == 1
    assert len(turned.notes) == 2 and "13 of 13 pictures" in turned.notes[1] and "EXIF" in turned.notes[1]
    assert turned.describe()["data"]["turned"] == 13 and "turned" not in plain.describe()["data"]


# More than 8 bits


def deep(pixels, factor, dtype=np.uint16):
    return Image.fromarray(pixels.astype(dtype) * dtype(factor))


@pytest.mark.parametrize("suffix, dtype", [(".png", np.uint16), (".tif", np.uint16), (".tif", np.int32)])
def test_sixteen_bits_are_scaled(tmp_path, suffix, dtype):
    eight = make(folders(tmp_path / "a", lambda p, path: Image.fromarray(p).save(path)), **GREY)
    sixteen = make(folders(tmp_path / "b", lambda p, path: deep(p, 257, dtype).save(path), suffix), **GREY)
    expected = {name.removesuffix(".png"): x for name, x in inputs(eight).items()}
    assert all((x == expected[name.removesuffix(suffix)]).all() for name, x in inputs(sixteen).items())
    assert "more than 8 bits: the upper 8 of 16" in sixteen.notes[1] and sixteen.describe()["data"]["bits"] == 16
    assert "bits" not in eight.describe()["data"] and eight.describe()["preprocessing"].keys() == {
        "mean",
        "std",
        "resize",
        "size",
        "interpolation",
    }


def test_twelve_bits_in_sixteen_are_asked_about(tmp_path):
    root = folders(tmp_path, lambda p, path: deep(p, 16).save(path))
    with pytest.raises(InputError, match=r"largest value of \d+ pictures of more than 8 bits is \d+, in .*bits=12"):
        make(root, **GREY)
    twelve = make(root, **{**GREY, "preprocessing": {**GREY["preprocessing"], "bits": 12}})
    for name, x in inputs(twelve).items():
        assert ((x[0] * 0.5 + 0.5) * 255).round().int().tolist() == (
            np.asarray(Image.open(root / "val" / name)) // 16
        ).tolist()
    with pytest.raises(
        InputError, match=r"has a value of \d+; preprocessing bits=10 says 1023 at most; expected .*bits=12"
    ):
        make(root, **{**GREY, "preprocessing": {**GREY["preprocessing"], "bits": 10}})
    with pytest.raises(InputError, match="preprocessing bits is 7; expected a whole number of 8 or more"):
        make(root, **{**GREY, "preprocessing": {**GREY["preprocessing"], "bits": 7}})


@pytest.mark.parametrize(
    "picture, words",
    [
        (lambda p: Image.fromarray(p.astype(np.float32) / 255), "is of mode F: floating-point"),
        (lambda p: Image.fromarray(p.astype(np.int32) - 128), "has values from -1..; expected integers of 0 or more"),
        (lambda p: Image.fromarray(p.astype(np.int32) << 20), r"largest value of \d+ pictures.*bits=28"),
    ],
)
def test_values_without_a_known_range_are_refused_before_the_run(tmp_path, picture, words):
    with pytest.raises(InputError, match=words) as caught:
        make(folders(tmp_path, lambda p, path: picture(p).save(path), ".tif"), **GREY)
    assert ".tif'" in str(caught.value) and "download" not in str(caught.value)


# Other modes


@pytest.mark.parametrize(
    "mode, suffix",
    [
        ("1", ".png"),
        ("LA", ".png"),
        ("P", ".png"),
        ("RGBA", ".png"),
        ("CMYK", ".jpg"),
        ("CMYK", ".tif"),
        ("YCbCr", ".jpg"),
        ("LAB", ".tif"),
    ],
)
def test_modes_that_pillow_converts(tmp_path, mode, suffix):
    stored = Image.fromarray(scene(shape=(16, 16, 3))).convert("RGB")
    if mode == "LAB":
        from PIL import ImageCms

        stored = ImageCms.profileToProfile(
            stored, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        stored = stored.convert(mode)
    stored.save(tmp_path / f"a{suffix}")
    found = images.decode(Picture("a", 0, tmp_path / f"a{suffix}"))
    images.check([Picture("a", 0, tmp_path / f"a{suffix}")])
    expected = Image.open(tmp_path / f"a{suffix}").convert("RGB")
    assert np.array_equal(np.asarray(found.convert("RGB")), np.asarray(expected)) and found.convert("L").size == (
        16,
        16,
    )
    if mode == "1":
        assert set(np.unique(np.asarray(found.convert("L")))) == {0, 255}


@pytest.mark.parametrize("suffix", [".tif", ".webp", ".png"])
def test_the_first_of_several_frames_is_taken_with_a_note(tmp_path, suffix):
    def save(pixels, path):
        more = [Image.fromarray(255 - pixels)]
        Image.fromarray(pixels).save(
            path, save_all=True, append_images=more, **({"lossless": True} if suffix == ".webp" else {})
        )

    workload = make(folders(tmp_path, save, suffix), **GREY)
    assert "hold several frames, of which the first is taken" in workload.notes[1]
    name, x = next(iter(inputs(workload).items()))
    kind, number = name.removesuffix(suffix).split("/")
    pixels = scene(100 + 10 * ("cat", "dog", "emu").index(kind) + int(number))
    assert ((x[0] * 0.5 + 0.5) * 255).numpy() == pytest.approx(pixels, abs=1)
