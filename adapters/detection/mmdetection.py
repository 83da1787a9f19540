"""MMDetection's configs and checkpoints, with a data set, to workloads. mmdet is imported when first needed.

workload = adapters.get('mmdetection')(dict(config='mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py',
    checkpoint='yolov3.pth', data=dict(type='coco'), calibration=dict(samples=64)), options)
"""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlparse

from adafire.errors import InputError

from ..base import adapters
from ..shared.asked import amounts, check_keys, config_and_weights
from ..shared.checkpoints import describe_weights
from ..shared.fingerprints import of_files
from ..shared.image_files import image_facts
from ..shared.pipelines import Pipeline
from ..shared.rehearsal import rehearse
from . import categories, instance_masks
from . import checks as detection_checks
from .detector import NEEDED, SCORING, Detection
from .instances import InstanceDetection
from .networks import build_detector, stages
from .pictures import calibration_images, find_source, test_dataset
from .transformers import TransformerDetection
from .two_stage import TwoStageDetection

SETTINGS = ("config", "checkpoint", "data", "calibration", "batch_size", "score_thr", "scoring", "cfg_options")


def kind_of(model):
    """The Detection for a detector: one stage, DETR, two stages, or two and masks; UnsupportedError where there is none."""
    found = stages(model)
    if found < 2:
        return Detection if found else TransformerDetection
    return InstanceDetection if model.roi_head.with_mask else TwoStageDetection


@adapters.register("mmdetection")
def workload(settings, options):
    """Detection from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    config, checkpoint = config_and_weights(settings, options, "mmdet")
    samples, batch_size, limit = amounts(settings, options)
    source = find_source(settings.get("data"), options, samples)
    scoring = settings.get("scoring")
    if scoring not in (None, *SCORING):
        raise InputError(f"scoring is {scoring!r}; expected one of {', '.join(SCORING)}")
    annotations, ids = source.annotations, source.ids[:limit]
    weights = None if checkpoint == "random" else checkpoint
    model, cfg = build_detector(
        config,
        weights,
        options.device,
        options.trust_checkpoint,
        settings.get("score_thr"),
        options.seed,
        settings.get("cfg_options"),
    )
    kind = kind_of(model)
    kind.check(model)
    if scoring is None:
        scoring = "voc" if settings["data"]["type"] == "voc" else "instances" if kind is InstanceDetection else "coco"
    if scoring == "instances":
        if kind is not InstanceDetection:
            raise InputError(
                f"scoring is 'instances', but {type(model).__name__} gives no masks; expected 'coco' or 'voc'"
            )
        instance_masks.check(annotations, ids)
    dataset = test_dataset(cfg, config)
    annotations, labels, notes = categories.match(
        model, dataset, annotations, settings["data"].get("category_order", categories.ORDERS[0])
    )
    pipeline = Pipeline(dataset, config, "mmdet", NEEDED)
    facts = image_facts([annotations.path(i) for i in ids], f"'{annotations.annotation_file.name}'")
    hashes = [fact.sha256 for fact in facts]
    notes += [
        *source.notes,
        *detection_checks.check(
            annotations, ids, labels, facts, pipeline, scoring, settings["data"].get("sizes", detection_checks.SIZES[0])
        ),
    ]
    chosen = calibration_images(source, samples, set(hashes), "the calibration set", options)
    names = [annotations.images[i]["file_name"] for i in ids]
    if source.identity:
        test, other = source.identity
        prints = [of_files(names, test), of_files([p.name for p, _ in chosen], other)]
    else:
        boxes = hashlib.sha256(annotations.annotation_file.read_bytes()).hexdigest()
        if annotations.annotation_file.suffix == ".txt":  # VOC's is a list of names only
            boxes = of_files([], annotations.objects)
        prints = [of_files(zip(names, hashes), boxes), of_files((p.name, h) for p, h in chosen)]
    description = {
        "data": {"name": source.name, "split": options.split, "samples": len(ids), "fingerprint": prints[0]},
        "calibration": {
            "samples": len(chosen),
            "fingerprint": prints[1],
            "set_aside": source.set_aside,
            "overlap": len({h for _, h in chosen} & set(hashes)),
        },
        "weights": describe_weights(Path(urlparse(str(checkpoint)).path).name, model),
        "network": type(model).__name__,
        "config": {
            "name": config if "::" in config else Path(config).name,
            "sha256": hashlib.sha256(
                json.dumps([cfg.model, pipeline.steps], sort_keys=True, default=str).encode()
            ).hexdigest(),
        },
    }
    if source.name == "coco" and labels != [i for i in annotations.categories if i in labels]:
        description["data"]["category_order"] = categories.ORDERS[0]  # other results than by the file's order
    made = kind(
        model, pipeline, annotations, ids, labels, [p for p, _ in chosen], batch_size, description, scoring, notes
    )
    tried = rehearse(made, [(i, annotations.path(i)) for i in ids], list(enumerate(made.calibration_paths)))
    if tried.context[0].metainfo.get("flip"):
        made.notes += ("the config's test pipeline flips the pictures, and MMDetection does not turn the boxes back",)
    return made
