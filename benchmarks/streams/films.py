"""Frames for a stream, one after the other: generated videos, a folder of pictures, a video file of a user's own."""

from pathlib import Path
from typing import Any, NamedTuple

from adafire.errors import InputError
from adapters.detection.data import coco_annotations
from adapters.detection.data import moving_scenes as scenes
from adapters.segmentation.data.moving_masks import write_masks
from adapters.shared.image_files import image_facts, pictures_below
from adapters.shared.images import SUFFIXES
from adapters.shared.video_files import ENDINGS, Video


class Film(NamedTuple):
    """ids: of the frames, in order; size: (width, height) of each; path(id): file with the frame as a picture; annotations:
    CocoSet of boxes, masks: {id: file of a class map}, None where there are none; rate: frames a second, None where it is not
    known; source: what it is called by."""

    ids: list
    size: tuple
    path: Any
    annotations: Any = None
    masks: dict | None = None
    rate: float | None = None
    source: Path = Path("film")

    @property
    def truth(self):
        """Whether there is something to score against."""
        return bool(self.masks) or self.annotations is not None and bool(self.annotations.objects)


def generated(folder, family, objects, number, frames, motion, rate=None):
    """Film of a generated video (moving_scenes.py), written below ``folder``: boxes for detection, class maps for segmentation."""
    size = (scenes.SIZE, scenes.SIZE)
    if family == "segmentation":
        pictures, masks = write_masks(folder, objects, number, frames, motion)
        return Film(list(pictures), size, pictures.__getitem__, masks=masks, rate=rate, source=Path(folder))
    written = scenes.write(folder, objects, number, frames, motion)
    return Film(sorted(written.images), size, written.path, written, rate=rate, source=Path(folder))


def of_folder(folder, annotations=None):
    """Film of the pictures in ``folder``, in order of their names; InputError where there are not two, or of two sizes.
    annotations: COCO file of their boxes, by file name."""
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"--folder {folder}: no such folder; give one with the frames as pictures")
    names, others = pictures_below(folder)
    if len(names) < 2:
        films = [name for name in others if name.lower().endswith(ENDINGS)]
        raise InputError(
            f"--folder {folder} holds {len(names)} pictures ({', '.join(SUFFIXES)}); expected two frames or more, in order of "
            f"their names{f'; of a video file: --file {folder / films[0]}' if films else ''}"
        )
    names = sorted(names)
    sizes = [fact.size for fact in image_facts([folder / name for name in names], "the folder of frames")]
    for name, size in zip(names, sizes):
        if size != sizes[0]:
            raise InputError(
                f"frame {name} has {size[0]} x {size[1]} pixels, {names[0]} has {sizes[0][0]} x {sizes[0][1]}: a stream has one "
                "size; give frames of one size"
            )
    paths = {k: folder / name for k, name in enumerate(names, 1)}
    truth = annotations and _by_name(annotations, folder, dict(zip(names, paths)))
    return Film(list(paths), sizes[0], paths.__getitem__, truth and _fitting(truth, sizes[0]), source=folder)


def of_file(path, folder, annotations=None, most=None):
    """Film of a video file, of its first ``most`` frames (None: all); each is decoded and written below ``folder`` when it is
    asked for, and removed when the next but one is. All is read once before (video_files.py). annotations: COCO file whose image
    ids, or else the order of its images, number the frames from 1."""
    video = Video(path, folder, most)
    ids = list(range(1, video.frames + 1))
    truth = None
    if annotations:
        read = coco_annotations.read(annotations, Path(path).parent)
        truth = _numbered(read, {i: k for k, i in enumerate(sorted(read.images), 1)}, ids)
    return Film(ids, video.size, video.path, truth and _fitting(truth, video.size), rate=video.rate, source=Path(path))


def _fitting(truth, size):
    """``truth``; InputError where its images say another size than the frames have, or a box lies outside of them: scores against
    it would mean nothing."""
    width, height = size
    for image in truth.images.values():
        said = image.get("width", width), image.get("height", height)
        if tuple(said) != (width, height):
            raise InputError(
                f"annotation file '{truth.annotation_file}' says {said[0]} x {said[1]} pixels of '{image.get('file_name')}', and the frames "
                f"have {width} x {height}; give annotations in pixels of these frames"
            )
    for entry in truth.objects:
        x, y, w, h = entry["bbox"]
        if x >= width or y >= height or x + w <= 0 or y + h <= 0:
            raise InputError(
                f"annotation file '{truth.annotation_file}' has the box {[round(v, 2) for v in entry['bbox']]}, outside of the frames of "
                f"{width} x {height} pixels; boxes are [x, y, width, height] in pixels of these frames"
            )
    return truth


def _by_name(annotations, folder, ids):
    read = coco_annotations.read(annotations, folder)
    of = {i: ids.get(image["file_name"]) for i, image in read.images.items()}
    unknown = [image["file_name"] for i, image in read.images.items() if of[i] is None]
    if unknown:
        raise InputError(
            f"annotation file '{annotations}' names '{unknown[0]}', which is no picture of {folder}; expected the file names of the "
            "frames"
        )
    return _numbered(read, of, list(ids.values()))


def _numbered(read, of, ids):
    """A CocoSet whose image ids are frames; InputError where a frame has no entry, or an entry no frame."""
    if sorted(of.values()) != sorted(ids):
        raise InputError(
            f"annotation file '{read.annotation_file}' lists {len(of)} images and there are {len(ids)} frames; expected an entry for "
            "each frame, those without objects too"
        )
    images = {of[i]: {**image, "id": of[i]} for i, image in read.images.items()}
    return read._replace(images=images, objects=[{**o, "image_id": of[o["image_id"]]} for o in read.objects])
