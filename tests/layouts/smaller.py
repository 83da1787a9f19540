"""A task file that is another with few calibration samples and small inputs, so that networks of real size take a second."""

from pathlib import Path

from mmengine.config import Config

from adapters.shared.mm_networks import find_config
from benchmarks.running.task import TASKS

LEAST = {"ssd": 257, "vit": 224}
"""Part of a network's name: the side of inputs below which its last maps have no pixels left, or which it is made for alone."""


def samples(variant):
    """How many samples calibrate, and are scored: two, or one where a picture takes seconds."""
    return 1 if variant.config or "vgg16" in str(variant.model) else 2


def changes(variant):
    """What a variant's block is changed by: amounts, and the size of inputs where an option says it. Weights and layers stay."""
    found = dict(calibration=dict(samples=samples(variant)), batch_size=2)
    options = variant.options
    if variant.config:
        found["options"] = dict(cfg_options=_scale(variant))
    elif "size" in options.get("preprocessing", {}) or variant.data.get("name") == "ImageNet":
        found["options"] = dict(preprocessing=dict(resize=_side(variant), size=_side(variant)))
    elif "representation" in options:
        found["options"] = dict(representation=dict(size=32, bins=min(options["representation"]["bins"], 9)))
    elif "points" in options:
        found["options"] = dict(points=64)
    if variant.data.get("window"):
        found["data"] = dict(window=32)
    return found


def _scale(variant):
    """{entry of the config: (width, height)} of the Resize, and of a Pad, of the test pipeline; fewer regions for later stages."""
    package = variant.config.split("::")[0] if "::" in variant.config else "mmdet"
    config = Config.fromfile(find_config(variant.config, package), import_custom_modules=False)
    steps = config.test_dataloader.dataset.pipeline
    at = next(k for k, step in enumerate(steps) if step["type"].split(".")[-1] == "Resize")
    found = {f"test_dataloader.dataset.pipeline.{at}.scale": (_side(variant), _side(variant))}
    if "roi_head" in config.model:
        found["model.test_cfg.rpn.max_per_img"] = 5
        if "mask_head" in config.model.roi_head:
            found["model.test_cfg.rcnn.max_per_img"] = 5
    pads = [k for k, step in enumerate(steps) if step["type"].split(".")[-1] == "Pad" and step.get("size")]
    found.update({f"test_dataloader.dataset.pipeline.{k}.size": (_side(variant), _side(variant)) for k in pads})
    return found


def _side(variant):
    network = str(variant.config or variant.model)
    return next((least for name, least in LEAST.items() if name in network), 64)


def task_file(task, name, variant, path):
    """``path`` with a task that has the file tasks/<task>.py for its base, and variant ``name`` made smaller."""
    path.write_text(
        f"_base_ = [{str(Path(TASKS) / f'{task}.py')!r}]\nvariants = dict(**{{{name!r}: {changes(variant)!r}}})\n"
    )
    return path
