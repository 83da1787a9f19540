"""Annotation files of COCO and PASCAL VOC, and generated scenes with boxes."""
