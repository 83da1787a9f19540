"""MMDetection's detectors as workloads: config and checkpoint to network, data, decoding and COCO metric.

A single-stage network runs in MMDetection's 'tensor' mode, which ends at the raw head outputs; the time-averaged outputs
go through the head's own ``predict_by_feat``, and the boxes are scored as COCO's or VOC's are. Two-stage ones are in
two_stage.py. mmdet is imported when first needed.

    workload = adapters.get('mmdetection')(dict(config='mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py',
        checkpoint='yolov3.pth', data=dict(type='coco'), calibration=dict(samples=64)), options)
"""

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import InputError
from adafire.exit import ExitJudge

from . import categories, coco, detection_checks, detection_drawing, detection_exit, voc
from .base import Batch, Workload, adapters
from .checkpoints import describe_weights
from .data.image_files import image_facts
from .detection_data import calibration_images, check_keys, digest, find_source, test_dataset
from .detectors import build_detector, stages
from .pipelines import Pipeline, preprocess
from .rehearsal import rehearse

SETTINGS = ("config", "checkpoint", "data", "calibration", "batch_size", "score_thr", "scoring")
NEEDED = ("ori_shape", "img_shape", "scale_factor")
"""What boxes are brought back to the picture's own size with."""
SCORING = {"coco": (coco.evaluate, coco.METRICS[0]), "voc": (voc.evaluate, voc.METRICS[0])}


class Detection(Workload):
    """A single-stage detector on a detection set; predictions are dict(boxes [n, 4] xyxy, scores [n], labels [n])."""

    family = "detection"

    def __init__(self, network, pipeline, annotations, ids, category_ids, calibration, batch_size, description, scoring,
                 notes=()):
        self.network, self.pipeline, self.annotations, self.ids = network, pipeline, annotations, ids
        self.category_ids, self.calibration_paths, self.batch_size = category_ids, calibration, batch_size
        self.description, (self.score, self.metric), self.notes = description, SCORING[scoring], tuple(notes)

    @staticmethod
    def check(model):
        """UnsupportedError if a detector of this kind is not simulated."""

    @property
    def detector(self):
        """MMDetection's detector."""
        return self.network

    @property
    def exit_judge(self):
        head, found = self.network.bbox_head, detection_exit.detections
        return ExitJudge(lambda outputs: detection_exit.confidence(found(head, outputs)),
                        lambda outputs, final: detection_exit.changed(found(head, outputs), found(head, final)))

    def forward(self, network, inputs):
        return network(inputs, mode="tensor")

    def load(self, images):
        """Batches of preprocessed (id, path) pairs. Only images that are padded to one size share a batch, so that each
        is seen as if it were alone; batches come in the order in which they fill up."""
        preprocessor = self.detector.data_preprocessor
        divisor = getattr(preprocessor, "pad_size_divisor", 1)
        waiting = defaultdict(list)

        def batch(group):
            ids, samples = zip(*group)
            return Batch(list(ids), *preprocess(preprocessor, samples, self.pipeline.config))
        for image_id, path in images:
            sample = self.pipeline(self.given(image_id, path))
            group = waiting[tuple(-(-side // divisor) for side in sample["inputs"].shape[-2:])]
            group.append((image_id, sample))
            if len(group) == self.batch_size:
                yield batch(group)
                group.clear()
        yield from (batch(group) for group in waiting.values() if group)

    given = staticmethod(detection_checks.sample)

    def rehearse(self, batch):
        """Predictions of the network itself on a batch, for a look at whether all fits together."""
        return self.predict(self.forward(self.network, batch.inputs), batch)

    def calibration(self):
        return [batch.inputs for batch in self.load(enumerate(self.calibration_paths))]

    def batches(self):
        return self.load((i, self.annotations.path(i)) for i in self.ids)

    def __len__(self):
        return len(self.ids)

    @torch.no_grad()
    def predict(self, outputs, batch):
        from torch.utils._pytree import tree_map
        outputs = tree_map(lambda y: y.detach().to(torch.float32, copy=True), outputs)  # some heads decode in place
        found = self.network.bbox_head.predict_by_feat(
            *outputs, batch_img_metas=[sample.metainfo for sample in batch.context], rescale=True)
        return [self._prediction(f) for f in found]

    @staticmethod
    def _prediction(found):
        return {"boxes": found.bboxes.cpu().numpy(), "scores": found.scores.cpu().numpy(),
                "labels": found.labels.cpu().numpy()}

    def evaluate(self, predictions):
        return self.score(self.annotations, predictions, self.category_ids)

    def describe(self):
        return self.description

    def draw(self, axes, sample_id, prediction):
        detection_drawing.draw(axes, self, sample_id, prediction)


@adapters.register("mmdetection")
def workload(settings, options):
    """Detection from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    config, checkpoint = settings.get("config"), options.checkpoint or settings.get("checkpoint")
    samples, batch_size = settings.get("calibration", {}).get("samples", 64), settings.get("batch_size", 8)
    if not config or not checkpoint:
        raise InputError(f"no {'config' if not config else 'checkpoint'} is given; expected config='mmdet::folder/name'"
                         " or a file, and checkpoint= (--checkpoint) a file, a URL or 'random'")
    for value, key in ((samples, "calibration samples"), (batch_size, "batch_size"), (options.limit, "limit")):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise InputError(f"{key} is {value!r}; expected a whole number of 1 or more")
    source = find_source(settings.get("data"), options, samples)
    scoring = settings.get("scoring", "voc" if settings["data"]["type"] == "voc" else "coco")
    if scoring not in SCORING:
        raise InputError(f"scoring is {scoring!r}; expected one of {', '.join(SCORING)}")
    annotations, ids = source.annotations, source.ids[:options.limit]
    weights = None if checkpoint == "random" else checkpoint
    model, cfg = build_detector(config, weights, options.device, options.trust_checkpoint, settings.get("score_thr"),
                                options.seed)
    if stages(model) == 2:
        from .two_stage import TwoStageDetection as kind
    else:
        kind = Detection
    kind.check(model)
    dataset = test_dataset(cfg, config)
    annotations, labels, notes = categories.match(model, dataset, annotations,
                                                  settings["data"].get("category_order", categories.ORDERS[0]))
    pipeline = Pipeline(dataset, config, "mmdet", NEEDED)
    facts = image_facts([annotations.path(i) for i in ids], f"'{annotations.annotation_file.name}'")
    hashes = [fact.sha256 for fact in facts]
    notes += [*source.notes, *detection_checks.check(annotations, ids, labels, facts, pipeline, scoring,
                                                     settings["data"].get("sizes", detection_checks.SIZES[0]))]
    chosen = calibration_images(source.candidates, samples, set(hashes), "the calibration set")
    names = [annotations.images[i]["file_name"] for i in ids]
    if source.identity:
        test, other = source.identity
        prints = [digest(names, test), digest([p.name for p, _ in chosen], other)]
    else:
        boxes = hashlib.sha256(annotations.annotation_file.read_bytes()).hexdigest()
        if annotations.annotation_file.suffix == ".txt":  # VOC's is a list of names only
            boxes = digest([], annotations.objects)
        prints = [digest(zip(names, hashes), boxes), digest((p.name, h) for p, h in chosen)]
    description = {
        "data": {"name": source.name, "split": options.split, "samples": len(ids), "fingerprint": prints[0]},
        "calibration": {"samples": len(chosen), "fingerprint": prints[1], "set_aside": source.set_aside,
                        "overlap": len({h for _, h in chosen} & set(hashes))},
        "weights": describe_weights(Path(urlparse(str(checkpoint)).path).name, model),
        "network": type(model).__name__,
        "config": {"name": config if "::" in config else Path(config).name, "sha256": hashlib.sha256(
            json.dumps([cfg.model, pipeline.steps], sort_keys=True, default=str).encode()).hexdigest()}}
    if source.name == "coco" and labels != [i for i in annotations.categories if i in labels]:
        description["data"]["category_order"] = categories.ORDERS[0]  # other results than by the file's order
    made = kind(model, pipeline, annotations, ids, labels, [p for p, _ in chosen], batch_size, description, scoring, notes)
    tried = rehearse(made, [(i, annotations.path(i)) for i in ids], list(enumerate(made.calibration_paths)))
    if tried.context[0].metainfo.get("flip"):
        made.notes += ("the config's test pipeline flips the pictures, and MMDetection does not turn the boxes back",)
    return made
