"""MMDetection's single-stage detectors as workloads: config and checkpoint to network, data, decoding and COCO metric.

The network runs in MMDetection's 'tensor' mode, which ends at the raw head outputs; the time-averaged outputs go
through the head's own ``predict_by_feat``, and pycocotools scores the boxes. mmdet is imported when first needed.

    workload = adapters.get('mmdetection')(dict(config='mmdet::yolo/yolov3_d53_8xb8-320-273e_coco.py',
        checkpoint='yolov3.pth', data=dict(type='coco'), calibration=dict(samples=64)), options)
"""

import hashlib
import json
import logging
import re
import socket
import sys
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

import torch

from adafire.errors import AdafireError, InputError, UnsupportedError
from adafire.registry import near_names

from . import coco, mmcv_ops
from .base import Batch, Workload, adapters
from .checkpoints import fingerprint, load_into, load_state_dict

PROJECT = Path(__file__).resolve().parents[1]
SETTINGS = ("config", "checkpoint", "data", "calibration", "batch_size", "score_thr")
DATA = {"coco": ("type", "root", "annotations", "images", "calibration_images"), "fashion_scenes": ("type",)}


def _check_keys(given, known, what):
    for key in given:
        if key not in known:
            raise InputError(f"unknown {what} {key!r}{near_names(key, known)} Known: {', '.join(known)}")


def find_config(config):
    """Path of a config: a file (relative to here or to the project), or 'mmdet::folder/name' of the installed mmdet."""
    if not str(config).startswith("mmdet::"):
        for path in (Path(config), PROJECT / config):
            if path.is_file():
                return path
        raise InputError(f"config file '{config}' is not there; expected a file, or 'mmdet::folder/name.py' for one of "
                         "MMDetection's own")
    import mmdet
    folder = Path(mmdet.__file__).parent / ".mim" / "configs"
    name = config.removeprefix("mmdet::").removesuffix(".py")
    if (folder / f"{name}.py").is_file():
        return folder / f"{name}.py"
    names = {p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.py") if "_base_" not in p.parts}
    same = sorted(n for n in names if n.rpartition("/")[2] == name.rpartition("/")[2])
    near = f"; did you mean 'mmdet::{same[0]}'?" if same else near_names(name, sorted(names))
    raise InputError(f"MMDetection has no config '{name}'{near} It has {len(names)}, by folder as in "
                     "'mmdet::retinanet/retinanet_r18_fpn_1x_coco.py'")


def _zoo_url(name):
    """Where MMDetection keeps its checkpoint ``name``, by the metafiles of the installed mmdet; None if it has none."""
    import mmdet
    for file in sorted((Path(mmdet.__file__).parent / ".mim" / "configs").glob("*/metafile.yml")):
        found = re.search(rf"Weights: *(\S+/{re.escape(name)})\s", file.read_text() + "\n")
        if found:
            return found[1]
    return None


def find_checkpoint(checkpoint):
    """Path of a checkpoint: a file (relative to here or to the project), a URL, or the file name of one of
    MMDetection's own; what is not on this machine is downloaded once, to torch's cache."""
    name = Path(urlparse(str(checkpoint)).path).name
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    for path in (Path(checkpoint), PROJECT / checkpoint, cache / name, cache.parents[1] / "checkpoints" / name):
        if path.is_file():  # the last is where MMEngine keeps its downloads
            return path
    url = checkpoint if re.match(r"https?://", str(checkpoint)) else str(checkpoint) == name and _zoo_url(name)
    if not url:
        raise InputError(f"checkpoint '{checkpoint}' is not there; put it there, or give one with --checkpoint FILE")
    timeout = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(30)
        cache.mkdir(parents=True, exist_ok=True)
        digest = torch.hub.HASH_REGEX.search(name)
        torch.hub.download_url_to_file(url, str(cache / name), digest and digest[1], sys.stderr.isatty())
    except (OSError, RuntimeError) as error:  # no network, no such file, a wrong hash
        raise InputError(f"checkpoint '{name}' is not on this machine and cannot be downloaded ({error}); get {url} "
                         f"and place it at '{cache / name}', or give it with --checkpoint FILE") from error
    finally:
        socket.setdefaulttimeout(timeout)
    return cache / name


def _without_pretrained(node):
    """Take pretrained backbones out of a model config, in place: a checkpoint brings all weights."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        if isinstance(value, dict) and value.get("type") in ("Pretrained", "PretrainedInit") or key == "pretrained":
            node[key] = None
        elif isinstance(value, (dict, list)):
            _without_pretrained(value)


def build_detector(config, checkpoint=None, device="cpu", trust=False, score_thr=None, seed=0):
    """(detector, mmengine Config): a detector in eval mode from a config and a checkpoint, both by file or name.

    Without a checkpoint the weights are random (of ``seed``); nothing is downloaded for backbones. SyncBN becomes BN.
    ``detector.dataset_meta`` is what the checkpoint says of its data. ``score_thr`` replaces the config's.
    InputError: unknown or broken config, a config of no detector, whatever ``load_state_dict`` and ``load_into`` raise.
    """
    mmcv_ops.register()
    try:
        import mmdet.models
    except ImportError as error:
        raise InputError(f"cannot import mmdet ({error}); pip install mmdet==3.3.0 mmcv-lite==2.1.0") from error
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import DefaultScope
    path = find_config(config)
    state, meta = load_state_dict(find_checkpoint(checkpoint), trust) if checkpoint else (None, {})
    for notice in (".*torch.cuda.amp.autocast", "torch.meshgrid"):  # of mmdet 3.3 to its own authors
        warnings.filterwarnings("ignore", message=notice)
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # a config is Python code
        raise InputError(f"config '{config}' cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(cfg.get("model"), dict):
        raise InputError(f"config '{config}' describes no network: it has no 'model'; expected an MMDetection config")
    _without_pretrained(cfg.model)
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
        load_into(model, {k: v for k, v in state.items() if not k.startswith("data_preprocessor.")})
    model.dataset_meta = meta.get("dataset_meta") or {"classes": meta.get("CLASSES")}
    return revert_sync_batchnorm(model).to(device).eval(), cfg


def check_single_stage(model):
    """UnsupportedError unless the detector's boxes come from its raw head outputs by ``bbox_head.predict_by_feat``."""
    from mmdet.models import RPN, SingleStageDetector
    from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
    head = getattr(model, "bbox_head", None)
    own_decoding = type(head).predict is not BaseDenseHead.predict if isinstance(head, BaseDenseHead) else True
    if not isinstance(model, SingleStageDetector) or isinstance(model, RPN) or own_decoding:
        raise UnsupportedError(
            f"{type(model).__name__} is not a single-stage detector with a dense head, and only those are decoded "
            "here: RetinaNet, FCOS, YOLOv3, YOLOX, ATSS, GFL, PAA, FoveaBox, FreeAnchor, SSD and their like work")
    if not hasattr(head, "loss_cls"):
        head.loss_cls = None  # mmdet 3.3.0: SSDHead has none, yet its predict looks at it


def _test_dataset(cfg, config):
    """The dict of the config's test dataset that has a pipeline, inside whatever wraps it."""
    node = (cfg.get("test_dataloader") or cfg.get("val_dataloader") or {}).get("dataset")
    while isinstance(node, dict) and "pipeline" not in node:
        node = node.get("dataset") or next(iter(node.get("datasets") or []), None)
    if not isinstance(node, dict):
        raise InputError(f"config '{config}' has no test_dataloader with a dataset and its pipeline; MMDetection's "
                         "data configs (_base_/datasets/coco_detection.py) show one")
    return node


def _classes(model, dataset, annotations):
    """Category ids of an annotation file by label, as MMDetection orders them: the file's order, the config's names."""
    from mmdet.registry import DATASETS
    number = model.bbox_head.num_classes
    kind = dataset["type"] if not isinstance(dataset["type"], str) else DATASETS.get(dataset["type"])
    sources = ((dataset.get("metainfo") or {}).get("classes"), model.dataset_meta.get("classes"),
               getattr(kind, "METAINFO", {}).get("classes"), list(annotations.categories.values()))
    names = next((list(s) for s in sources if s and not isinstance(s, str) and len(s) == number), None)
    if names is None:
        raise InputError(f"the network has {number} classes, but neither its config nor "
                         f"'{annotations.annotation_file}' ({len(annotations.categories)} categories) names as many; "
                         "set metainfo=dict(classes=(...)) in the config's test dataset")
    ids = [i for i, name in annotations.categories.items() if name in names]
    if len(ids) != number:
        absent = [n for n in names if n not in annotations.categories.values()]
        raise InputError(f"'{annotations.annotation_file}' has {len(ids)} of the network's {number} classes"
                         + (f"; it lacks '{absent[0]}'" if absent else "; it has a name twice")
                         + "; expected the annotations of the data that the network was trained for")
    return ids


def _by_hash(names):
    """Names in an order that is arbitrary but the same everywhere."""
    return sorted(names, key=lambda name: hashlib.sha256(str(name).encode()).hexdigest())


class Source(NamedTuple):
    """Test images of a CocoSet, and candidates (paths) for calibration. ``set_aside``: they were taken from the same
    set. ``identity``: what generated images are made of (theirs, the candidates'); else None, and files are hashed."""

    name: str
    annotations: coco.CocoSet
    ids: list
    candidates: list
    set_aside: bool = False
    identity: Any = None


def _source(data, options, samples):
    """The Source that a variant's ``data`` names; InputError for what is not there."""
    if not isinstance(data, dict) or data.get("type") not in DATA:
        raise InputError(f"data is {data!r}; expected a dict with a type of {', '.join(DATA)}")
    _check_keys(data, DATA[data["type"]], f"key of data {data['type']!r}:")
    return (_fashion_scenes if data["type"] == "fashion_scenes" else _coco)(data, options, samples)


def _fashion_scenes(data, options, samples):
    from .data.coco_export import ensure
    from .data.coco_export import fingerprint as made_of  # of the pixels: PNG files differ between zlib versions
    if options.split == "full":
        raise InputError("fashion scenes are generated data and only ever the split 'mini', not 'full'")
    root, other = ensure("test"), ensure("calibration")
    annotations = coco.read(root / "annotations" / "instances_test.json", root / "test")
    candidates = [other / "calibration" / n for n in _by_hash(p.name for p in (other / "calibration").glob("*.png"))]
    return Source("fashion scenes", annotations, sorted(annotations.images), candidates,
                  identity=(made_of(root, "test"), made_of(other, "calibration")))


def _coco(data, options, samples):
    root = options.data_root or (PROJECT / data["root"] if data.get("root") else None)
    if root is None:
        raise InputError("this variant is scored on COCO: give the folder that holds "
                         "annotations/instances_val2017.json and val2017/ with --data-root DIR")
    root = Path(root)
    found = coco.read(root / data.get("annotations", "annotations/instances_val2017.json"),
                      root / data.get("images", "val2017"))
    ids = sorted(found.images)
    elsewhere = root / data.get("calibration_images", "train2017")
    names = [p.name for p in elsewhere.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png")] \
        if elsewhere.is_dir() else []
    if names:
        return Source("coco", found, ids, [elsewhere / n for n in _by_hash(names)])
    if len(ids) <= samples:
        raise InputError(f"'{found.annotation_file}' lists {len(ids)} images and there is no folder '{elsewhere}', so "
                         f"{samples} calibration images leave none to score; lower calibration=dict(samples=...)")
    aside = dict.fromkeys(_by_hash(found.images[i]["file_name"] for i in ids)[:samples])
    return Source("coco", found, [i for i in ids if found.images[i]["file_name"] not in aside],
                  [found.folder / name for name in aside], set_aside=True)


def _calibration_images(candidates, samples, scored, listed_in):
    """[(path, sha256)] of the first ``samples`` candidates whose content is not among ``scored`` (sha256 of each)."""
    chosen = []
    for start in range(0, len(candidates), samples):
        part = candidates[start:start + samples]
        chosen += [(p, h) for p, h in zip(part, coco.check_images(part, listed_in)) if h not in scored]
        if len(chosen) >= samples:
            break
    if not chosen:
        raise InputError(f"no calibration images: {listed_in} has {len(candidates)}, none that is not scored as well; "
                         "give images that are not in the test set")
    return chosen[:samples]


def _digest(files, *more):
    """sha256 of file names, or (name, sha256 of its content) pairs, and whatever else identifies them."""
    return hashlib.sha256(json.dumps([sorted(files), more], sort_keys=True).encode()).hexdigest()


class Detection(Workload):
    """A single-stage detector on a COCO-format set; predictions are dict(boxes [n, 4] xyxy, scores [n], labels [n])."""

    family, metric = "detection", "mAP"

    def __init__(self, network, pipeline, annotations, ids, category_ids, calibration, batch_size, description):
        self.network, self.pipeline, self.annotations, self.ids = network, pipeline, annotations, ids
        self.category_ids, self.calibration_paths, self.batch_size = category_ids, calibration, batch_size
        self.description = description

    def forward(self, network, inputs):
        return network(inputs, mode="tensor")

    def _load(self, images):
        """Batches of preprocessed (id, path) pairs. Only images that are padded to one size share a batch, so that each
        is seen as if it were alone; batches come in the order in which they fill up."""
        from mmengine.dataset import pseudo_collate
        preprocessor = self.network.data_preprocessor
        divisor = getattr(preprocessor, "pad_size_divisor", 1)
        waiting = defaultdict(list)

        def batch(samples):
            with torch.no_grad():
                data = preprocessor(pseudo_collate(samples), False)
            return Batch([s.metainfo["img_id"] for s in data["data_samples"]], data["inputs"], data["data_samples"])
        for image_id, path in images:
            sample = self.pipeline({"img_id": image_id, "img_path": str(path), "seg_map_path": None, "instances": []})
            group = waiting[tuple(-(-side // divisor) for side in sample["inputs"].shape[-2:])]
            group.append(sample)
            if len(group) == self.batch_size:
                yield batch(group)
                group.clear()
        yield from (batch(group) for group in waiting.values() if group)

    def calibration(self):
        return [batch.inputs for batch in self._load(enumerate(self.calibration_paths))]

    def batches(self):
        return self._load((i, self.annotations.path(i)) for i in self.ids)

    def __len__(self):
        return len(self.ids)

    @torch.no_grad()
    def predict(self, outputs, batch):
        from torch.utils._pytree import tree_map
        outputs = tree_map(lambda y: y.detach().to(torch.float32, copy=True), outputs)  # some heads decode in place
        found = self.network.bbox_head.predict_by_feat(
            *outputs, batch_img_metas=[sample.metainfo for sample in batch.context], rescale=True)
        return [{"boxes": f.bboxes.cpu().numpy(), "scores": f.scores.cpu().numpy(), "labels": f.labels.cpu().numpy()}
                for f in found]

    def evaluate(self, predictions):
        return coco.evaluate(self.annotations, predictions, self.category_ids)

    def describe(self):
        return self.description


@adapters.register("mmdetection")
def workload(settings, options):
    """Detection from a variant's settings; everything that can be wrong with its files is found here."""
    _check_keys(settings, SETTINGS, "setting")
    config, checkpoint = settings.get("config"), options.checkpoint or settings.get("checkpoint")
    samples, batch_size = settings.get("calibration", {}).get("samples", 64), settings.get("batch_size", 8)
    if not config or not checkpoint:
        raise InputError(f"no {'config' if not config else 'checkpoint'} is given; expected config='mmdet::folder/name'"
                         " or a file, and checkpoint= (--checkpoint) a file, a URL or 'random'")
    for value, key in ((samples, "calibration samples"), (batch_size, "batch_size"), (options.limit, "limit")):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise InputError(f"{key} is {value!r}; expected a whole number of 1 or more")
    source = _source(settings.get("data"), options, samples)
    annotations, ids = source.annotations, source.ids[:options.limit]
    weights = None if checkpoint == "random" else checkpoint
    model, cfg = build_detector(config, weights, options.device, options.trust_checkpoint, settings.get("score_thr"),
                                options.seed)
    check_single_stage(model)
    dataset = _test_dataset(cfg, config)
    category_ids = _classes(model, dataset, annotations)
    from mmengine.dataset import Compose
    from mmengine.registry import DefaultScope
    steps = [s for s in dataset["pipeline"] if not re.search(r"Load\w*Annotations", str(s["type"]))]  # labels are ours
    with DefaultScope.overwrite_default_scope("mmdet"):
        pipeline = Compose(steps)
    hashes = coco.check_images([annotations.path(i) for i in ids], f"'{annotations.annotation_file.name}'")
    chosen = _calibration_images(source.candidates, samples, set(hashes), "the calibration set")
    names = [annotations.images[i]["file_name"] for i in ids]
    if source.identity:
        test, other = source.identity
        prints = [_digest(names, test), _digest([p.name for p, _ in chosen], other)]
    else:
        labels = hashlib.sha256(annotations.annotation_file.read_bytes()).hexdigest()
        prints = [_digest(zip(names, hashes), labels), _digest((p.name, h) for p, h in chosen)]
    description = {
        "data": {"name": source.name, "split": options.split, "samples": len(ids), "fingerprint": prints[0]},
        "calibration": {"samples": len(chosen), "fingerprint": prints[1], "set_aside": source.set_aside,
                        "overlap": len({h for _, h in chosen} & set(hashes))},
        "weights": {"source": Path(urlparse(str(checkpoint)).path).name, "sha256": fingerprint(model)},
        "network": type(model).__name__,
        "config": {"name": config if "::" in config else Path(config).name, "sha256": hashlib.sha256(
            json.dumps([cfg.model, steps], sort_keys=True, default=str).encode()).hexdigest()}}
    return Detection(model, pipeline, annotations, ids, category_ids, [p for p, _ in chosen], batch_size, description)
