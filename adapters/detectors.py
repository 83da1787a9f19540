"""MMDetection's detectors from configs and checkpoints: by file, by MMDetection's own name, or with random weights."""

import importlib.util
import logging
import re
import warnings
from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import AdafireError, InputError, UnsupportedError
from adafire.registry import near_names

from . import mmcv_ops
from .checkpoints import load_into, load_state_dict
from .downloads import PROJECT, checkpoint_file


FRAMEWORKS = {"mmdet": ("MMDetection", "retinanet/retinanet_r18_fpn_1x_coco.py"),
              "mmseg": ("MMSegmentation", "fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py")}
"""package: its name, and one of its configs."""


def zoo(package):
    """The folder with the configs that come with an installed OpenMMLab package."""
    found = importlib.util.find_spec(package)
    if found is None:
        raise InputError(f"{FRAMEWORKS[package][0]} is not installed, whose config or checkpoint is wanted; pip install -e . here")
    return Path(found.origin).parent / ".mim" / "configs"


def find_config(config, package="mmdet"):
    """Path of a config: a file (relative to here or to the project), or 'mmdet::folder/name' of the installed package."""
    framework, example = FRAMEWORKS[package]
    if not str(config).startswith(f"{package}::"):
        for path in (Path(config), PROJECT / config):
            if path.is_file():
                return path
        raise InputError(f"config file '{config}' is not there; expected a file, or '{package}::folder/name.py' for one of "
                         f"{framework}'s own")
    folder = zoo(package)
    name = config.removeprefix(f"{package}::").removesuffix(".py")
    if (folder / f"{name}.py").is_file():
        return folder / f"{name}.py"
    names = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.py") if "_base_" not in p.parts}
    same = sorted(n for n in names if n.rpartition("/")[2] == name.rpartition("/")[2])
    near = f"; did you mean '{package}::{same[0]}'?" if same else near_names(name, sorted(names))
    raise InputError(f"{framework} has no config '{name}'{near} It has {len(names)}, by folder as in "
                     f"'{package}::{example}'")


def _zoo_url(name, package):
    """Where the framework keeps its checkpoint ``name``, by the metafiles of the installed package; None: it has none."""
    for file in sorted(zoo(package).glob("*/metafile.y*ml")):
        found = re.search(rf"Weights: *(\S+/{re.escape(name)})\s", file.read_text() + "\n")
        if found:
            return found[1]
    return None


def find_checkpoint(checkpoint, package="mmdet"):
    """Path of a checkpoint: a file (relative to here or to the project), a URL, or the file name of one of the
    framework's own; what is not on this machine is downloaded once, to torch's cache."""
    name = Path(urlparse(str(checkpoint)).path).name
    hub = Path(torch.hub.get_dir())
    for path in (Path(checkpoint), PROJECT / checkpoint, hub / "checkpoints" / name, hub.parent / "checkpoints" / name):
        if path.is_file():  # the last is where MMEngine keeps its downloads
            return path
    return checkpoint_file((str(checkpoint) == name and _zoo_url(name, package)) or checkpoint)


def without_pretrained(node):
    """Take pretrained backbones out of a model config, in place: a checkpoint brings all weights."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(value, dict) and value.get("type") in ("Pretrained", "PretrainedInit") or key == "pretrained":
            node[key] = None
        elif isinstance(value, (dict, list)):
            without_pretrained(value)


def build_detector(config, checkpoint=None, device="cpu", trust=False, score_thr=None, seed=0):
    """(detector, mmengine Config): a detector in eval mode from a config and a checkpoint, both by file or name.

    Without a checkpoint the weights are random (of ``seed``); nothing is downloaded for backbones. SyncBN becomes BN.
    ``detector.dataset_meta`` is what the checkpoint says of its data. ``score_thr`` replaces the config's.
    InputError: unknown or broken config, a config of no detector, whatever ``load_state_dict`` and ``load_into`` raise.
    """
    path = find_config(config)
    state, meta = load_state_dict(find_checkpoint(checkpoint), trust) if checkpoint else (None, {})
    mmcv_ops.register()  # takes seconds, as all that is imported below: what is wrong with the files is told before
    try:
        import mmdet.models
    except ImportError as error:
        raise InputError(f"cannot import mmdet ({error}); pip install mmdet==3.3.0 mmcv-lite==2.1.0") from error
    from . import mmdet_repairs  # noqa: F401
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import DefaultScope
    for notice in (".*torch.cuda.amp.autocast", "torch.meshgrid"):  # of mmdet 3.3 to its own authors
        warnings.filterwarnings("ignore", message=notice)
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # a config is Python code
        raise InputError(f"config '{config}' cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(cfg.get("model"), dict):
        raise InputError(f"config '{config}' describes no network: it has no 'model'; expected an MMDetection config")
    without_pretrained(cfg.model)
    if score_thr is not None:
        cfg.model.setdefault("test_cfg", {})["score_thr"] = score_thr
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)  # MMEngine tells the story of every single weight
    try:
        with torch.random.fork_rng(devices=[]), DefaultScope.overwrite_default_scope("mmdet"):
            torch.manual_seed(seed)
            model = mmdet.registry.MODELS.build(cfg.model)
            if not isinstance(model, mmdet.models.BaseDetector):
                raise InputError(f"config '{config}' is not of a detector: it builds {type(model).__name__}")
            if state is None:
                model.init_weights()
    except AdafireError:
        raise
    except Exception as error:
        raise InputError(f"config '{config}' builds no network: {type(error).__name__}: {error}") from error
    finally:
        logger.setLevel(level)
    if state is not None:
        # Some versions store the image mean and std, which the config determines.
        load_into(model, state, leave="data_preprocessor.")
    model.dataset_meta = meta.get("dataset_meta") or {"classes": meta.get("CLASSES")}
    return revert_sync_batchnorm(model).to(device).eval(), cfg


def stages(model):
    """1 if boxes come from the raw head outputs by ``bbox_head.predict_by_feat``, 2 for a detector with an RoI head;
    UnsupportedError for any other."""
    from mmdet.models import RPN, DetectionTransformer, SingleStageDetector, TwoStageDetector
    from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
    if isinstance(model, TwoStageDetector):
        return 2
    head = getattr(model, "bbox_head", None)
    own_decoding = type(head).predict is not BaseDenseHead.predict if isinstance(head, BaseDenseHead) else True
    if isinstance(model, SingleStageDetector) and not isinstance(model, RPN) and not own_decoding:
        return 1
    works = "RetinaNet, FCOS, YOLOv3, YOLOX, ATSS, GFL, PAA, FoveaBox, FreeAnchor, SSD and Faster R-CNN work"
    if isinstance(model, DetectionTransformer):
        raise UnsupportedError(
            f"{type(model).__name__} is a detector of the DETR family: its decoder attends with object queries to masks "
            f"and reference points that are computed from the data, which is not simulated here; {works}")
    raise UnsupportedError(f"{type(model).__name__} is neither a single-stage detector with a dense head nor a two-stage "
                           f"one with an RoI head, and only those are decoded here: {works}")
