"""Fashion scenes in motion with their class maps: the videos of the detection task (moving_scenes.py), for segmenters. Source: ours."""

from pathlib import Path

from PIL import Image

from ...detection.data.moving_scenes import Motion, video


def write_masks(folder, objects, number, frames, motion=Motion()):
    """Write a video's frames, and a grey PNG of classes for each (0 background, class + 1 elsewhere), below ``folder``.

    objects, number, frames, motion: as ``moving_scenes.video`` takes them. Returns ({id: picture}, {id: class map}), ids from 1 in
    the order of the frames.
    """
    folder = Path(folder)
    pictures, masks = {}, {}
    for name in ("frames", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for k, drawn in enumerate(video(objects, number, frames, motion), 1):
        pictures[k], masks[k] = (folder / name / f"{k:06d}.png" for name in ("frames", "masks"))
        Image.fromarray(drawn.image).save(pictures[k], compress_level=1)
        Image.fromarray(drawn.class_map()).save(masks[k], compress_level=1)
    return pictures, masks
