"""Tiny files of every data set that tasks read, laid out as its authors publish it; a file of this package is a family of sets.

    root = layouts.make(layouts.key(variant), folder)       # what to give with --data-root

A writer is a function (folder) -> the data root; it is found by the key of a variant's data. Pictures are random, but the same
every time; every class that a network tells apart is there, and more samples than a run of two needs to calibrate on.
"""

from .registry import LAYOUTS, key, layout, make

__all__ = ["LAYOUTS", "key", "layout", "make"]

from . import camvid, cifar, cityscapes, clouds, coco, drive, event_sets, imagenet, scenes, voc  # noqa: E402, F401  they register
