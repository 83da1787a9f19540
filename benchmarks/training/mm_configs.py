"""What networks of MMDetection and MMSegmentation share in training: their config, their pretrained backbone, loaders."""

from mmengine.config import Config

from adafire.errors import InputError
from adapters.detection.pictures import test_dataset
from adapters.shared.config_forms import without_pretrained
from adapters.shared.downloads import checkpoint_file
from adapters.shared.mm_networks import find_config

from .configs import schedule

WORKERS = 4
"""Processes that read pictures to train on, where there are more than a few."""
FEW = 100


def config_of(settings, package):
    """The mmengine Config of a variant, with the changes of its ``cfg_options``."""
    cfg = Config.fromfile(find_config(settings["config"], package))
    cfg.merge_from_dict(dict(settings.get("cfg_options") or {}))
    return cfg


def pretrained(model, scratch):
    """``model`` with the file of its backbone's published weights in the place of their name, downloaded once; scratch: without
    them, so that training begins at random weights."""
    if scratch:
        without_pretrained(model)
        return model
    for key, value in list(model.items()):
        if isinstance(value, dict):
            pretrained(value, scratch)
        elif isinstance(value, str) and value.startswith("open-mmlab://"):
            from mmengine.runner.checkpoint import get_external_models

            try:
                model[key] = str(checkpoint_file(get_external_models()[value.removeprefix("open-mmlab://")]))
            except InputError as error:
                raise InputError(
                    f"{str(error).split(', or give it')[0]}; --scratch begins at random weights"
                ) from error
    return model


def keep(made, found):
    """Put ``found`` into the dict ``made``, alone; returns its key."""
    made.clear()
    made[key := f"{id(found):x}"] = found
    return key


def tested(cfg):
    """Steps of the config's test pipeline."""
    return list(test_dataset(cfg, "of the task").get("pipeline"))


def as_step(steps, kind):
    """The first step of that type."""
    return next(step for step in steps if str(step["type"]).split(".")[-1] == kind)


def loaders(scope, model, dataset, train, test, evaluator, recipe, epochs, best, pictures):
    """Config of a framework's network. dataset: function (part, pipeline) -> dict of a data set; pictures: number to train on."""
    workers = WORKERS if pictures > FEW else 0

    def of(part, pipeline, batch, shuffle=False):
        # pictures of several sizes do not share a batch when they are scored
        return dict(
            batch_size=batch,
            num_workers=workers,
            persistent_workers=workers > 0,
            drop_last=shuffle,
            sampler=dict(type="DefaultSampler", shuffle=shuffle),
            dataset=dataset(part, pipeline),
        )

    return Config(
        dict(
            schedule(recipe, epochs, best),
            default_scope=scope,
            model=model,
            train_dataloader=of("train", train, recipe.batch, True),
            val_dataloader=of("val", test, 1),
            test_dataloader=of("test", test, 1),
            val_evaluator=evaluator,
            test_evaluator=evaluator,
        )
    )
