"""An MMEngine config file with the command line's changes, as tools/train_ann.py trains it."""

import argparse
from pathlib import Path

from adafire.errors import InputError

from ..running.task import check_trusted


def load_config(options):
    """The config with the command line's changes; InputError for what cannot be."""
    from mmengine.config import Config

    path = Path(options.given)
    if not path.is_file():
        raise InputError(f"config file {path} does not exist; those of the project are benchmarks/zoo/*/config.py")
    check_trusted(path, options.trust_config)
    changes = parsed(options.cfg_options)
    try:
        config = Config.fromfile(path)
        config.merge_from_dict(changes)
    except Exception as error:  # a config is Python code
        raise InputError(f"config {path} cannot be used: {type(error).__name__}: {error}") from error
    missing = [
        key
        for key in ("model", "train_dataloader", "train_cfg", "val_dataloader", "val_evaluator")
        if key not in config
    ]
    if missing:
        raise InputError(f"config {path} lacks {', '.join(missing)}; a config that trains and validates is expected")
    if options.epochs is not None:
        set_epochs(config, options.epochs)
    if options.seed is not None:
        config.randomness = dict(config.get("randomness") or {}, seed=options.seed)
    config.work_dir = str(options.work_dir or Path("runs") / "train" / path.resolve().parent.name)
    if not options.resume and (Path(config.work_dir) / "last_checkpoint").exists():
        raise InputError(
            f"{config.work_dir} holds an earlier training; go on with it (--resume), or choose another "
            "folder with --work-dir, or delete it"
        )
    config.resume, config.launcher = options.resume, "none"
    return config


def parsed(pairs):
    """{'train_cfg.max_epochs': 2} of ['train_cfg.max_epochs=2'], as --cfg-options gives them."""
    from mmengine.config import DictAction

    for pair in pairs:
        if "=" not in pair:
            raise InputError(f"--cfg-options got {pair!r}; expected KEY=VALUE, as in optim_wrapper.optimizer.lr=0.001")
    changes = argparse.Namespace(cfg_options={})
    DictAction([], "cfg_options")(None, changes, list(pairs))
    return changes.cfg_options


def set_epochs(config, epochs):
    """Train ``epochs`` epochs; schedules that ended with the training still do."""
    before = config.train_cfg.get("max_epochs")
    if before is None or epochs < 1:
        raise InputError(
            f"--epochs {epochs}: "
            + (
                "at least 1 is needed"
                if before
                else "this config counts iterations; use --cfg-options train_cfg.max_iters=N"
            )
        )
    config.train_cfg.max_epochs = epochs
    for schedule in config.get("param_scheduler") or []:
        for key in ("end", "T_max"):
            if schedule.get("by_epoch", True) and schedule.get(key) == before:
                schedule[key] = epochs
