"""Streams by name: a task of tasks/, a variant of it, and what it is shown.

They are no files of tasks/, of which each is a set of independent samples that the runner scores, records and ranks; a stream has
an order, rivals of its own, and rows that no leaderboard compares.
"""

from typing import NamedTuple


class Named(NamedTuple):
    """task, variant: of tasks/; words: what is shown."""

    task: str
    variant: str
    words: str


NAMED = {
    "scenes_video_yolo": Named(
        "coco_yolo", "mini", "fashion scenes in motion, the small YOLO finds boxes in every frame"
    ),
    "scenes_video_fpn": Named("voc12_fcn", "mini", "the same videos, the small FPN finds the class of every pixel"),
    "dvs128_stream": Named(
        "dvs128_objects",
        "objects",
        "recordings of a DVS128 as sliding windows of 50 ms, with weights of your own (docs/events.md)",
    ),
}


def known():
    """Lines for --help."""
    return "\n".join(f"  {name}: {of.words}" for name, of in NAMED.items())


def meant(name, variant=None):
    """(task, variant) of a stream's name; any other name is taken for that of a task.

    >>> meant("scenes_video_fpn"), meant("coco_yolo")
    (('voc12_fcn', 'mini'), ('coco_yolo', None))
    """
    if name in NAMED:
        return NAMED[name].task, variant or NAMED[name].variant
    return name, variant
