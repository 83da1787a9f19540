"""MMDetection's detectors from configs and checkpoints: by file, by MMDetection's own name, or with random weights."""

import warnings

from adafire.errors import InputError, UnsupportedError

from ..shared import mmcv_ops
from ..shared.checkpoints import load_into, load_state_dict
from ..shared.config_forms import without_pretrained
from ..shared.deferred import UNUSED, deferred
from ..shared.mm_networks import building, find_checkpoint, find_config, known_classes
from .transformers import is_detr


def build_detector(config, checkpoint=None, device="cpu", trust=False, score_thr=None, seed=0, cfg_options=None):
    """(detector, mmengine Config): a detector in eval mode from a config and a checkpoint, both by file or name.

    Without a checkpoint the weights are random (of ``seed``); nothing is downloaded for backbones. SyncBN becomes BN.
    ``detector.dataset_meta`` is what the checkpoint says of its data. ``score_thr`` replaces the config's.
    cfg_options: {'test_dataloader.dataset.pipeline.1.scale': (640, 400)}: changes to the config, as MMDetection's --cfg-options.
    InputError: unknown or broken config, a config of no detector, whatever ``load_state_dict`` and ``load_into`` raise.
    """
    path = find_config(config)
    state, meta = load_state_dict(find_checkpoint(checkpoint), trust) if checkpoint else (None, {})
    mmcv_ops.register()  # takes seconds, as all that is imported below: what is wrong with the files is told before
    try:
        with deferred(*UNUSED):
            import mmdet.models
    except ImportError as error:
        raise InputError(f"cannot import mmdet ({error}); pip install mmdet==3.3.0 mmcv-lite==2.1.0") from error
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm

    from .. import mmdet_repairs  # noqa: F401

    for notice in (".*torch.cuda.amp.autocast", "torch.meshgrid"):  # of mmdet 3.3 to its own authors
        warnings.filterwarnings("ignore", message=notice)
    try:
        cfg = Config.fromfile(path)
        cfg.merge_from_dict(dict(cfg_options or {}))
    except Exception as error:  # a config is Python code
        raise InputError(f"config '{config}' cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(cfg.get("model"), dict):
        raise InputError(f"config '{config}' describes no network: it has no 'model'; expected an MMDetection config")
    without_pretrained(cfg.model)
    if score_thr is not None:
        cfg.model.setdefault("test_cfg", {})["score_thr"] = score_thr
    with building("mmdet", config, seed):
        model = mmdet.registry.MODELS.build(cfg.model)
        if not isinstance(model, mmdet.models.BaseDetector):
            raise InputError(f"config '{config}' is not of a detector: it builds {type(model).__name__}")
        if state is None:
            model.init_weights()
    if state is not None:
        # Some versions store the image mean and std, which the config determines.
        load_into(model, state, leave="data_preprocessor.")
    model.dataset_meta = known_classes(meta)
    model = revert_sync_batchnorm(model).to(device)
    model.eval()  # gives None in detectors with a teacher
    return model, cfg


def stages(model):
    """1 if boxes come from the raw head outputs by ``bbox_head.predict_by_feat``, 2 for a detector with an RoI head, 0 for DETR, which
    has neither; UnsupportedError for any other."""
    from mmdet.models import RPN, DetectionTransformer, SingleStageDetector, TwoStageDetector
    from mmdet.models.dense_heads.base_dense_head import BaseDenseHead

    if isinstance(model, TwoStageDetector):
        return 2
    head = getattr(model, "bbox_head", None)
    own_decoding = type(head).predict is not BaseDenseHead.predict if isinstance(head, BaseDenseHead) else True
    if isinstance(model, SingleStageDetector) and not isinstance(model, RPN) and not own_decoding:
        return 1
    if is_detr(model):
        return 0
    works = (
        "RetinaNet, FCOS, YOLOv3, YOLOX, ATSS, GFL, PAA, FoveaBox, FreeAnchor, SSD, Faster R-CNN and DETR itself work"
    )
    if isinstance(model, DetectionTransformer):
        raise UnsupportedError(
            f"{type(model).__name__} is a detector of the DETR family: its decoder looks at places, or begins at queries, that it computes "
            f"from the data, which is not simulated here; {works}"
        )
    raise UnsupportedError(
        f"{type(model).__name__} is neither a single-stage detector with a dense head nor a two-stage "
        f"one with an RoI head, and only those are decoded here: {works}"
    )
