"""Segmenters of MMSegmentation in training: pictures with masks as the adapter lists them, labels as it reads them."""

import numpy as np
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS, TRANSFORMS

from adapters.base import WorkloadOptions
from adapters.segmentation.training import training
from adapters.shared.fingerprints import of_files

from .mm_configs import as_step, config_of, keep, loaders, pretrained, tested

MADE = {}
"""Short key -> Masks; MMEngine builds data sets from text, and prints it slowly."""


@TRANSFORMS.register_module()
class AsLabels:
    """Values of a mask to labels, by the adapter's table: 255 where nothing counts."""

    def __init__(self, wanted):
        self.table = MADE[wanted].source.table

    def __call__(self, results):
        results["gt_seg_map"] = self.table[np.asarray(results["gt_seg_map"], np.int64)]
        return results


@DATASETS.register_module()
class TaskMasks(BaseSegDataset):
    """The pictures of one part: 'train', 'val' or 'test'."""

    def __init__(self, wanted, part, pipeline):
        self.samples = getattr(MADE[wanted], part)
        source = MADE[wanted].source
        metainfo = {"classes": tuple(source.classes), "palette": [list(c) for c in source.palette]}
        super().__init__(metainfo=metainfo, pipeline=pipeline, test_mode=part != "train", serialize_data=False)

    def load_data_list(self):
        return [
            {
                "img_path": str(sample.image),
                "seg_map_path": str(sample.mask),
                "label_map": None,
                "reduce_zero_label": False,
                "seg_fields": [],
            }
            for sample in self.samples
        ]


def config(settings, data_root, recipe, epochs, scratch):
    """(Config, description of the data) of a segmenter: its own losses, auxiliary head included; while training, pictures are
    scaled by 0.5 to 2, cut to the size of the test pictures, flipped, and changed in brightness and colours."""
    cfg = config_of(settings, "mmseg")
    found = training(settings, WorkloadOptions(split="full", data_root=str(data_root)), cfg, recipe.held_out)
    wanted = keep(MADE, found)
    classes = len(found.source.classes)
    model = pretrained(cfg.model, scratch)
    heads = [model.decode_head, *(model.auxiliary_head if isinstance(model.get("auxiliary_head"), list) else [])]
    heads += [model.auxiliary_head] if isinstance(model.get("auxiliary_head"), dict) else []
    for head in heads:
        head.num_classes = classes
    steps = [step for step in tested(cfg) if step["type"] != "LoadAnnotations"]
    width, height = as_step(steps, "Resize").scale
    model.data_preprocessor.size = (height, width)
    load, labels = dict(type="LoadAnnotations"), dict(type="AsLabels", wanted=wanted)
    train = [
        dict(type="LoadImageFromFile"),
        load,
        labels,
        dict(type="RandomResize", scale=(width, height), ratio_range=(0.5, 2.0), keep_ratio=True),
        dict(type="RandomCrop", crop_size=(height, width), cat_max_ratio=0.75),
        dict(type="RandomFlip", prob=0.5),
        dict(type="PhotoMetricDistortion"),
        dict(type="PackSegInputs"),
    ]
    test = [*steps[:-1], load, labels, steps[-1]]

    def of(part, pipeline):
        return dict(type="TaskMasks", wanted=wanted, part=part, pipeline=pipeline)

    evaluator = dict(type="IoUMetric", iou_metrics=["mIoU"])
    made = loaders("mmseg", model, of, train, test, evaluator, recipe, epochs, "mIoU", len(found.train))
    described = {
        part: {"name": found.source.name, "samples": len(digests), "fingerprint": of_files(digests)}
        for part, digests in zip(("train", "val", "test"), found.digests)
    }
    return made, {**described, "classes": classes, "left_out_of_train_as_scored": found.left_out}
