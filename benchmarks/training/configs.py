"""From a recipe to an MMEngine config: schedule and optimiser for every family; whole configs for those of our own loops."""

from mmengine.config import Config

from adapters.classification.preprocessing import preprocessing
from adapters.events.data.event_frames import representation

from .data import read


def schedule(recipe, epochs, best):
    """The entries of a config that are the same for all families. best: metric by which the epoch is chosen."""
    warm = min(recipe.warm_up, epochs // 2)
    rising = [dict(type="LinearLR", start_factor=0.05, by_epoch=True, begin=0, end=warm, convert_to_iter_based=True)]
    return dict(
        train_cfg=dict(type="EpochBasedTrainLoop", max_epochs=epochs, val_interval=1),
        val_cfg=dict(type="ValLoop"),
        test_cfg=dict(type="TestLoop"),
        optim_wrapper=dict(
            type="OptimWrapper",
            optimizer=dict(recipe.optimiser),
            paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
            clip_grad=recipe.clip and dict(max_norm=recipe.clip),
        ),
        param_scheduler=[
            *(rising if warm else []),
            dict(
                type="CosineAnnealingLR",
                by_epoch=True,
                begin=warm,
                end=epochs,
                T_max=epochs - warm,
                eta_min=0,
                convert_to_iter_based=True,
            ),
        ],
        default_hooks=dict(
            logger=dict(type="LoggerHook", interval=50),
            checkpoint=dict(type="CheckpointHook", interval=1, max_keep_ckpts=1, save_best=best, rule="greater"),
        ),
        log_level="INFO",
        load_from=None,
    )


def in_memory(model, wanted, recipe, epochs, evaluator, best):
    """Config of a network on TaskSamples. wanted: see data.read; evaluator: of validation and test."""
    loader = dict(num_workers=0, collate_fn=dict(type="default_collate"))

    def of(part, shuffle=False):
        sampler = dict(type="DefaultSampler", shuffle=shuffle)
        dataset = dict(type="TaskSamples", wanted=wanted, part=part)
        # batch norm cannot learn from a batch of one
        return dict(loader, batch_size=recipe.batch, sampler=sampler, drop_last=shuffle, dataset=dataset)

    return Config(
        dict(
            schedule(recipe, epochs, best),
            model=model,
            train_dataloader=of("train", True),
            val_dataloader=of("val"),
            test_dataloader=of("test"),
            val_evaluator=evaluator,
            test_evaluator=evaluator,
        )
    )


def classification(settings, wanted, recipe, epochs):
    """Config of a classifier of pictures; while training, pictures are flipped and shifted as the recipe says."""
    prepare = preprocessing(settings.get("preprocessing", {}))
    batch = dict(type="AugmentedBatch", mean=list(prepare.mean), std=list(prepare.std), **recipe.augment)
    model = dict(
        type="Classifier", network=settings["model"], data_preprocessor=batch, label_smoothing=recipe.smoothing
    )
    return in_memory(model, wanted, recipe, epochs, dict(type="ShareRight"), "classes/accuracy")


def events(settings, wanted, recipe, epochs):
    """Config of a classifier of recordings; while training, counts are moved and mirrored as the recipe says, and of frames the
    first k are shown, as an SNN has seen them after k timesteps."""
    form = settings.get("representation", {})
    share = recipe.augment.get("shift", 0.0)
    augment = {**recipe.augment, "shift": round(share * representation(form).size)}
    batch = dict(type="EventBatch", form=form, **augment)
    model = dict(
        type="Classifier", network=settings["model"], data_preprocessor=batch, label_smoothing=recipe.smoothing
    )
    return in_memory(model, wanted, recipe, epochs, dict(type="ShareRight"), "classes/accuracy")


def points(settings, wanted, recipe, epochs):
    """Config of a PointNet for classes or for parts; while training, clouds are turned, scaled and jittered."""
    count, parts = settings.get("points", 1024), settings.get("target", "class") == "parts"
    keep = ["labels", "parts"] if parts else ["labels"]
    batch = dict(type="AugmentedClouds", points=count, keep=keep, **recipe.augment)
    if not parts:
        model = dict(
            type="Classifier", network=settings["model"], data_preprocessor=batch, label_smoothing=recipe.smoothing
        )
        return in_memory(model, wanted, recipe, epochs, dict(type="ShareRight"), "classes/accuracy")
    found = read(wanted)[0]
    model = dict(
        type="PartSegmenter",
        network=settings["model"],
        data_preprocessor=batch,
        parts_of=found.more["parts_of"],
    )
    metric = dict(type="PartIoU", classes=list(found.classes), parts=found.more["parts"])
    return in_memory(model, wanted, recipe, epochs, metric, "parts/instance_miou")


IN_MEMORY = {"classification": classification, "events": events, "pointnet": points}
"""Adapter -> function (settings, wanted, recipe, epochs) -> Config, of networks whose samples are kept in memory."""
