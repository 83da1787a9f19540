"""In which form pictures lie there is read from their files, whatever their names say."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from adapters.shared.images import Member, Picture
from adapters.shared.picture_forms import OWN, form_of

PIXELS = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)


def encoded(kind, **how):
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, kind, **how)
    return out.getvalue()


def listed(folder, contents, suffix=".png"):
    paths = [folder / f"{k}{suffix}" for k in range(len(contents))]
    for path, content in zip(paths, contents):
        path.write_bytes(content)
    return [Picture(path.name, 0, path) for path in paths]


@pytest.mark.parametrize(
    "content, words",
    [
        (encoded("JPEG"), "1 JPEG files"),
        (encoded("PNG"), "1 PNG files"),
        (encoded("BMP"), "1 BMP files"),
        (encoded("TIFF"), "1 TIFF files"),
        (encoded("WEBP", lossless=True), "1 lossless WebP files"),
        (encoded("WEBP", quality=50), "1 WebP files"),
        (encoded("PPM"), "1 PPM files"),
        (b"", "1 other files"),
    ],
)
def test_by_content_and_not_by_name(tmp_path, content, words):
    assert form_of(listed(tmp_path, [content])) == words


def test_several_forms_the_most_frequent_first(tmp_path):
    found = listed(tmp_path, [encoded("PNG"), encoded("JPEG"), encoded("JPEG")])
    assert form_of(found) == "2 JPEG and 1 PNG files"


def test_in_an_archive_and_in_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("test/cat/1.png", encoded("JPEG"))
    opened = zipfile.ZipFile(tmp_path / "a.zip")
    assert form_of([Picture("1", 0, Member(opened, opened.infolist()[0]))]) == "1 JPEG files"
    assert form_of([Picture("1", 0, PIXELS)]) == OWN
