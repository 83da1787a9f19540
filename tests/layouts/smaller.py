"""A task file that is another with few calibration samples and small inputs, so that networks of real size take a second."""

from pathlib import Path

from mmengine.config import Config

from adapters.shared.mm_networks import find_config
from benchmarks.running.task import TASKS

SAMPLES = 2


def changes(variant):
    """What a variant's block is changed by: amounts, and the size of inputs where an option says it. Weights and layers stay."""
    found = dict(calibration=dict(samples=SAMPLES), batch_size=1)
    options = variant.options
    if variant.config:
        found["options"] = dict(cfg_options=_scale(variant))
    elif "size" in options.get("preprocessing", {}):
        found["options"] = dict(preprocessing=dict(resize=64, size=64))
    elif "representation" in options:
        found["options"] = dict(representation=dict(size=32, bins=min(options["representation"]["bins"], 9)))
    elif "points" in options:
        found["options"] = dict(points=64)
    if variant.data.get("window"):
        found["data"] = dict(window=32)
    return found


def _scale(variant):
    """{entry of the config: (width, height)} of the Resize of the test pipeline."""
    package = variant.config.split("::")[0] if "::" in variant.config else "mmdet"
    dataset = Config.fromfile(find_config(variant.config, package)).test_dataloader.dataset
    at = next(k for k, step in enumerate(dataset.pipeline) if step["type"].split(".")[-1] == "Resize")
    width, height = dataset.pipeline[at]["scale"]
    if "ssd" in variant.config:  # its last maps have no pixel left below this
        return {}
    return {f"test_dataloader.dataset.pipeline.{at}.scale": (128, 128 if width == height else 96)}


def task_file(task, name, variant, path):
    """``path`` with a task that has the file tasks/<task>.py for its base, and variant ``name`` made smaller."""
    path.write_text(f"_base_ = [{str(Path(TASKS) / f'{task}.py')!r}]\nvariants = dict(**{{{name!r}: {changes(variant)!r}}})\n")
    return path
