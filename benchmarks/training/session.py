"""One training of a task's variant from beginning to end: checked, trained, chosen, scored once, and left where it is found."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError

from ..running import catalogue, trained
from ..running.task import load_task
from . import recipes

FRAMEWORKS = ("mmsegmentation", "mmdetection")


class Wanted(NamedTuple):
    """What the command line says of a training; see tools/train_ann.py."""

    data_root: str
    epochs: int | None = None
    device: str = "cpu"
    amp: bool = False
    seed: int | None = None
    resume: bool = False
    store: str = "fp32"
    work_dir: str | None = None
    out: str | None = None
    batch: int | None = None
    cfg_options: dict | None = None
    scratch: bool = False


def choose(given, variant=None, trust=False):
    """(task, name of its variant) to train: the one that is named, or the first that there is a recipe for. InputError where
    there is none, or the variant is a mini."""
    task = load_task(catalogue.find_task(given), trust)
    if variant is not None and variant not in task.variants:
        catalogue.choose_variant(task, variant)  # says which there are
    known = [found.variant for found in recipes.table() if found.task == task.name]
    variant = variant or next(iter(known), recipes.FULL)
    if variant in task.variants and task.variants[variant].split == "mini":
        raise InputError(
            f"variant {variant!r} of task {task.name!r} is a mini: its network was trained by a config of benchmarks/zoo "
            "(give that config in the place of the task to train it anew)"
        )
    recipes.find(task.name, variant)
    return task, variant


def work_folder(task, variant, given=None):
    """Where checkpoints and logs of a training lie."""
    return Path(given or Path("runs") / "train" / f"{task}-{variant}")


def begun(task, variant, given=None):
    """Whether a training was begun that can be resumed."""
    return (work_folder(task, variant, given) / "last_checkpoint").is_file()


def identity_of(work_dir):
    """What a training in this folder was begun with; {} where that is not known."""
    try:
        return dict(json.loads((Path(work_dir) / "training.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def weights_of(task, variant, out=None):
    """File that the weights go to."""
    return Path(out) if out else trained.weights_file(task, variant)


def is_found(task, variant, out):
    """Whether run_bench takes these weights by itself: they lie where it looks, and the variant has none of its own."""
    return Path(out) == trained.weights_file(task.name, variant) and _without_own(task, variant)


def _without_own(task, variant):
    return task.variants[variant].checkpoint in (None, str(trained.weights_file(task.name, variant)))


def prepared(task, variant, wanted):
    """(MMEngine Config, description of the data, Entry, Recipe, epochs); everything that can be wrong is found here."""
    entry, recipe = recipes.find(task.name, variant)
    recipe = recipe._replace(batch=wanted.batch or recipe.batch)
    epochs = wanted.epochs or recipe.epochs
    work_dir, own = work_folder(task.name, variant, wanted.work_dir), task.variants[variant]
    identity = {"task": task.name, "variant": variant, "recipe": entry.recipe, "epochs": epochs, "batch": recipe.batch}
    identity |= {
        "seed": wanted.seed or 0,
        "amp": wanted.amp,
        "scratch": wanted.scratch,
        "cfg_options": wanted.cfg_options or {},
    }
    if not Path(wanted.data_root).is_dir():
        raise InputError(f"data folder {wanted.data_root}: no such folder")
    _check_places(work_dir, weights_of(task.name, variant, wanted.out), wanted)
    _check_begun(work_dir, identity, wanted)
    settings = {key: value for key, value in own.settings().items() if key != "checkpoint"}
    config, data = _config(task.adapter, settings, wanted, recipe, epochs)
    identity["data"] = {part: said.get("fingerprint") for part, said in data.items() if isinstance(said, dict)}
    _check_begun(work_dir, identity, wanted)  # once more, with the samples known
    try:
        config.merge_from_dict(wanted.cfg_options or {})
    except Exception as error:  # whatever mmengine raises on keys that lead nowhere
        raise InputError(f"--cfg-options cannot be used: {type(error).__name__}: {error}") from error
    config.randomness = dict(seed=wanted.seed or 0)
    config.work_dir, config.resume, config.launcher = str(work_dir), wanted.resume, "none"
    config.experiment_name = f"{task.name}-{variant}-{time.time_ns()}"
    work_dir.mkdir(parents=True, exist_ok=True)
    (work_dir / "training.json").write_text(json.dumps(identity, indent=2) + "\n")
    return config, data, entry, recipe, epochs


def _check_places(work_dir, out, wanted):
    """InputError where a file that is written at the end could not be, or would replace the weights of another training."""
    for place in (work_dir, out.parent):
        there = next(p for p in (place, *place.absolute().parents) if p.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise InputError(f"{place} cannot be a folder to write in: {there} is none; choose another one")
    if out.is_dir():
        raise InputError(
            f"--out {out} is a folder; expected a file name for the weights, such as {out / 'weights.pth'}"
        )
    if out.exists() and not (wanted.resume and (work_dir / "last_checkpoint").exists()):
        raise InputError(f"{out} holds weights already; write others with --out FILE, or move these away")


def _check_begun(work_dir, identity, wanted):
    """InputError if an earlier training would be overwritten, or resumed as another than it was."""
    if not (work_dir / "last_checkpoint").exists():
        return  # nothing to resume: it begins, as the command does that is printed after Ctrl-C before the first epoch's end
    if not wanted.resume:
        raise InputError(
            f"{work_dir} holds an earlier training; go on with it (--resume), or choose another folder with --work-dir, or "
            "delete it"
        )
    before = identity_of(work_dir)
    other = [key for key in identity if before.get(key) != identity[key]]
    if other:
        raise InputError(
            f"--resume: the training in {work_dir} was begun with {other[0]} {before.get(other[0])!r}, not "
            f"{identity[other[0]]!r}; give what it was begun with, or choose another folder with --work-dir"
        )


def _config(adapter, settings, wanted, recipe, epochs):
    """(Config, description of the data) of a variant's network on its train data."""
    config, data = (_framework if adapter in FRAMEWORKS else _own)(adapter, settings, wanted, recipe, epochs)
    most = data["train"]["samples"]
    if config.train_dataloader.batch_size > most:
        config.train_dataloader.batch_size = most
    return config, data


def _framework(adapter, settings, wanted, recipe, epochs):
    from adapters.shared.mmcv_ops import register

    register()
    if adapter == "mmdetection":
        from adapters import mmdet_repairs  # noqa: F401

        from . import boxes as made
    else:
        from . import masks as made
    return made.config(settings, wanted.data_root, recipe, epochs, wanted.scratch)


def _own(adapter, settings, wanted, recipe, epochs):
    from benchmarks.zoo import classification, events, pointcloud  # noqa: F401  register networks, preprocessors, metrics

    from . import configs, data

    key = data.key_of(adapter, settings, wanted.data_root, recipe.held_out)
    return configs.IN_MEMORY[adapter](settings, key, recipe, epochs), data.describe(key)


def train(task, variant, wanted):
    """Train, choose, score and write; returns (file of weights, {phase: metrics}, Entry)."""
    import torch

    from benchmarks.zoo.recipe import recipe as told
    from benchmarks.zoo.recipe import slim, training_log, write

    from . import clock, loop

    resumed = wanted.resume and begun(task.name, variant, wanted.work_dir)
    if wanted.resume and not resumed:
        print(f"nothing to go on with in {work_folder(task.name, variant, wanted.work_dir)}: the training begins")
    config, data, entry, recipe, epochs = prepared(task, variant, wanted)
    out, work_dir = weights_of(task.name, variant, wanted.out), Path(config.work_dir)
    loop.register_frameworks(config)
    content = slim(loop.train(config, wanted.device, wanted.amp), wanted.store)
    content["meta"] |= {"task": task.name, "variant": variant, "recipe": entry.recipe}
    candidate = work_dir / "chosen.pth"
    write(candidate, lambda path: torch.save(content, path))
    metrics = {phase: loop.score(config, candidate, phase) for phase in ("val", "test")}
    made = told(None, config, data, content, candidate, metrics, wanted.device, **clock.told(work_dir), resumed=resumed)
    made |= {"task": task.name, "variant": variant, "recipe": entry.recipe, "literature": entry.literature}
    made |= {"cfg_options": wanted.cfg_options or {}, "scratch": wanted.scratch}
    made |= {
        "hyperparameters": recipe._replace(epochs=epochs)._asdict(),
        "epochs": epochs,
        "amp": "bfloat16" if wanted.amp else None,
    }
    made["weights"]["file"] = out.name
    write(trained.recipe_file(out), lambda path: path.write_text(json.dumps(made, indent=2) + "\n"))
    log = "".join(json.dumps(row) + "\n" for row in training_log(work_dir))
    write(trained.log_file(out), lambda path: path.write_text(log))
    write(out, lambda path: shutil.copyfile(candidate, path))  # last: who finds the weights finds the rest beside them
    return out, metrics, entry
