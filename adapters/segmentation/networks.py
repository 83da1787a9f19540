"""MMSegmentation's encoder-decoders from configs and checkpoints: by file, by MMSegmentation's own name, or with random
weights."""

import warnings

from adafire.errors import InputError, UnsupportedError

from ..shared import mmcv_ops
from ..shared.checkpoints import load_into, load_state_dict
from ..shared.config_forms import without_pretrained
from ..shared.deferred import UNUSED, deferred
from ..shared.mm_networks import building, find_checkpoint, find_config, known_classes


def build_segmentor(config, checkpoint=None, device="cpu", trust=False, seed=0, cfg_options=None):
    """(segmentor, mmengine Config): a segmentor in eval mode from a config and a checkpoint, both by file or name.

    Without a checkpoint the weights are random (of ``seed``); nothing is downloaded for backbones. SyncBN becomes BN; an
    auxiliary head, which is never run, is not built, and its weights in a checkpoint are passed over.
    ``segmentor.dataset_meta`` is what the checkpoint says of its data. cfg_options: {'model.test_cfg.mode': 'slide'}:
    changes to the config, as MMSegmentation's --cfg-options. InputError: unknown or broken config, a config of no
    segmentor, whatever ``load_state_dict`` and ``load_into`` raise; UnsupportedError: see ``check_encoder_decoder``.
    """
    path = find_config(config, "mmseg")
    state, meta = load_state_dict(find_checkpoint(checkpoint, "mmseg"), trust) if checkpoint else (None, {})
    mmcv_ops.register()  # takes seconds, as all that is imported below: what is wrong with the files is told before
    try:
        with deferred(*UNUSED):
            import mmseg.models
            import mmseg.registry
    except ImportError as error:
        raise InputError(f"cannot import mmseg ({error}); pip install mmsegmentation==1.2.2 ftfy regex") from error
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm

    try:
        cfg = Config.fromfile(path)
        cfg.merge_from_dict(dict(cfg_options or {}))
    except Exception as error:  # a config is Python code
        raise InputError(f"config '{config}' cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(cfg.get("model"), dict):
        raise InputError(
            f"config '{config}' describes no network: it has no 'model'; expected an MMSegmentation config"
        )
    without_pretrained(cfg.model)
    cfg.model.pop("auxiliary_head", None)
    with building("mmseg", config, seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of mmseg 1.2 to its own authors
        model = mmseg.registry.MODELS.build(cfg.model)
        if not isinstance(model, mmseg.models.BaseSegmentor):
            raise InputError(f"config '{config}' is not of a segmentor: it builds {type(model).__name__}")
        check_encoder_decoder(model)
        check_inference(model, config)
        if state is None:
            model.init_weights()
    if state is not None:
        load_into(model, state, leave=("data_preprocessor.", "auxiliary_head."))
    model.dataset_meta = known_classes(meta)
    return revert_sync_batchnorm(model).to(device).eval(), cfg


def check_inference(model, config):
    """InputError unless ``test_cfg`` says how pictures are taken: whole, or in windows that leave no gap; and unless there
    are two classes or more."""
    test = model.test_cfg
    mode = test.get("mode") or "whole" if isinstance(test, dict) else None
    if mode not in ("whole", "slide"):
        raise InputError(
            f"config '{config}': its model has test_cfg={test!r}; expected test_cfg=dict(mode='whole'), or "
            "dict(mode='slide', crop_size=(height, width), stride=(height, width))"
        )
    for key in ("crop_size", "stride") if mode == "slide" else ():
        pair = test.get(key)
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(v, int) and v > 0 for v in pair):
            raise InputError(
                f"config '{config}': test_cfg has {key}={pair!r}; expected two numbers of pixels, {key}=(height, width)"
            )
    if mode == "slide" and any(s > c for s, c in zip(test["stride"], test["crop_size"])):
        raise InputError(
            f"config '{config}': test_cfg has stride={tuple(test['stride'])} and crop_size="
            f"{tuple(test['crop_size'])}, which leaves gaps between windows; expected strides that are no larger"
        )
    if model.num_classes < 2:
        raise InputError(
            f"config '{config}': its decode head has {model.num_classes} class, so there is nothing to tell apart; "
            "expected num_classes=2 (background and object; with out_channels=1 for one map of logits), and "
            "masks of 0 and 1"
        )


def check_encoder_decoder(model):
    """UnsupportedError unless class maps come from the decode head's raw logits by ``predict_by_feat`` alone."""
    from mmseg.models import EncoderDecoder
    from mmseg.models.decode_heads.decode_head import BaseDecodeHead

    head = getattr(model, "decode_head", None)
    plain = (
        isinstance(head, BaseDecodeHead)
        and type(head).predict is BaseDecodeHead.predict
        and type(head).predict_by_feat is BaseDecodeHead.predict_by_feat
    )
    own = next(
        (
            name
            for name in ("encode_decode", "_forward", "inference")
            if isinstance(model, EncoderDecoder) and getattr(type(model), name) is not getattr(EncoderDecoder, name)
        ),
        None,
    )
    if not isinstance(model, EncoderDecoder) or not plain or own:
        head_kind = type(head).__name__ if head is not None else "none"
        raise UnsupportedError(
            f"{type(model).__name__} with decode head {head_kind} is not an encoder-decoder that ends at one map of logits, "
            "and only those are read out here: FCN, PSPNet, DeepLabV3, DeepLabV3+, UNet, Fast-SCNN, SegFormer, UPerNet, "
            "semantic FPN and their like work"
        )
