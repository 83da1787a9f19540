"""Detectors of MMDetection in training: pictures with boxes as the adapter lists them, scored as the adapter scores them."""

from mmdet.datasets.base_det_dataset import BaseDetDataset
from mmdet.registry import DATASETS
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

from adapters.base import WorkloadOptions
from adapters.detection import voc
from adapters.detection.training import training
from adapters.shared.fingerprints import of_files

from .mm_configs import as_step, config_of, keep, loaders, pretrained, tested

MADE = {}
"""Short key -> Boxes; MMEngine builds data sets from text, and prints it slowly."""


@DATASETS.register_module()
class TaskBoxes(BaseDetDataset):
    """The pictures of one part: 'train', 'val' or 'test'. Pictures without an object that counts are not trained on."""

    def __init__(self, wanted, part, pipeline):
        self.boxes, self.part = MADE[wanted], part
        super().__init__(
            metainfo={"classes": self.boxes.names},
            pipeline=pipeline,
            test_mode=part != "train",
            serialize_data=False,
        )

    def load_data_list(self):
        found, objects = [], {}
        for one in {id(s[0]): s[0] for s in getattr(self.boxes, self.part)}.values():
            for entry in one.objects:
                objects.setdefault((id(one), entry["image_id"]), []).append(entry)
        for number, (one, image, (width, height), _) in enumerate(getattr(self.boxes, self.part)):
            instances = []
            for entry in objects.get((id(one), image), []):
                x, y, w, h = entry["bbox"]
                instances.append(
                    {
                        "bbox": [x, y, x + w, y + h],
                        "bbox_label": self.boxes.categories.index(entry["category_id"]),
                        "ignore_flag": int(bool(entry.get("difficult"))),
                    }
                )
            path = str(one.path(image))
            found.append({"img_path": path, "img_id": number, "width": width, "height": height, "instances": instances})
        return found

    def filter_data(self):
        if self.test_mode:
            return self.data_list
        return [one for one in self.data_list if any(not entry["ignore_flag"] for entry in one["instances"])]


@METRICS.register_module()
class TaskPrecision(BaseMetric):
    """VOC's mean average precision of one part, as 'boxes/mAP50_11point', by adapters/detection/voc.py."""

    default_prefix = "boxes"

    def __init__(self, wanted, part):
        super().__init__()
        self.boxes, self.part = MADE[wanted], part

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            found = {
                k: v.cpu().numpy() for k, v in sample["pred_instances"].items() if k in ("bboxes", "scores", "labels")
            }
            boxes = {"boxes": found["bboxes"], "scores": found["scores"], "labels": found["labels"]}
            self.results.append((sample["img_id"], boxes))

    def compute_metrics(self, results):
        samples = getattr(self.boxes, self.part)
        names = {number: f"{one.folder}/{image}" for number, (one, image, *_) in enumerate(samples)}
        objects = [
            {**entry, "image_id": f"{one.folder}/{entry['image_id']}"}
            for one in {id(s[0]): s[0] for s in samples}.values()
            for entry in one.objects
        ]
        whole_set = samples[0][0]._replace(objects=objects)
        predictions = {names[number]: found for number, found in results}
        return voc.evaluate(whole_set, predictions, self.boxes.categories, replicates=2).metrics


def config(settings, data_root, recipe, epochs, scratch):
    """(Config, description of the data) of a detector: its own losses; while training, pictures are widened, cut, flipped, and
    changed in brightness and colours, as SSD's authors and MMDetection's YOLOv3 do it."""
    cfg = config_of(settings, "mmdet")
    found = training(settings, WorkloadOptions(split="full", data_root=str(data_root)), recipe.held_out)
    wanted = keep(MADE, found)
    model, steps = pretrained(cfg.model, scratch), tested(cfg)
    resize = as_step(steps, "Resize")
    train = [
        dict(type="LoadImageFromFile"),
        dict(type="LoadAnnotations", with_bbox=True),
        dict(type="Expand", mean=[0, 0, 0], to_rgb=True, ratio_range=(1, 2)),
        dict(type="MinIoURandomCrop", min_ious=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9), min_crop_size=0.3),
        dict(resize),
        dict(type="RandomFlip", prob=0.5),
        dict(type="PhotoMetricDistortion"),
        dict(type="PackDetInputs"),
    ]

    def of(part, pipeline):
        return dict(type="TaskBoxes", wanted=wanted, part=part, pipeline=pipeline)

    made = loaders("mmdet", model, of, train, steps, None, recipe, epochs, "boxes/mAP50_11point", len(found.train))
    for phase in ("val", "test"):
        made[f"{phase}_evaluator"] = dict(type="TaskPrecision", wanted=wanted, part=phase)
    described = {
        part: {"name": "PASCAL VOC", "samples": len(found_in), "fingerprint": of_files(s[3] for s in found_in)}
        for part, found_in in (("train", found.train), ("val", found.val), ("test", found.test))
    }
    return made, {**described, "classes": len(found.names), "left_out_of_train_as_scored": found.left_out}
