"""In which form pictures lie there, by the first bytes of their files: a JPEG copy of a lossless set scores otherwise."""

from collections import Counter

import numpy as np

from .images import Member

MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"GIF8", "GIF"),
    (b"P5", "PGM"),
    (b"P6", "PPM"),
)
OWN = "pixels of the set's own files"


def form_of(found):
    """Words on the files of Pictures, the most frequent form first: '2990 JPEG and 10 PNG files'."""
    if all(isinstance(picture.source, np.ndarray) for picture in found):
        return OWN
    count = Counter(_form(picture.source) for picture in found)
    ordered = sorted(count, key=lambda form: (-count[form], form))
    return " and ".join(f"{count[form]} {form}" for form in ordered) + " files"


def _form(source):
    if isinstance(source, np.ndarray):
        return "unpacked"
    with source.archive.open(source.info) if isinstance(source, Member) else open(source, "rb") as file:
        start = file.read(16)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "lossless WebP" if start[12:16] == b"VP8L" else "WebP"
    return next((name for magic, name in MAGIC if start.startswith(magic)), "other")
