"""Networks from the model libraries, with random weights that carry signals: what test_many_networks.py converts."""

import tempfile
import warnings
from pathlib import Path

import torch
from torch import nn

TIMM_OPTIONS = {}
"""Options of networks whose input size is fixed when they are made."""


def build(name):
    """(network, input of two samples, forward) of 'library:name'; weights random, of a sensible scale."""
    library, _, name = name.partition(":")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network, shape, forward = _BUILDERS[library](name)
        network.eval()
        inputs = torch.randn(8, *shape, generator=torch.Generator().manual_seed(1))
        inputs = inputs + torch.linspace(-1, 1, 8).view(8, *[1] * len(shape))
        wake(network)
        normed(network, lambda: forward(network, inputs))
    return network, inputs[::7], forward


def wake(network):
    """Weights that carry what arrives: layers of variance kept, no branch that a zero switches off, biases of every size."""
    for name, p in network.named_parameters():
        leaf = name.rpartition(".")[2]
        if p.dim() > 1 and p.numel() > max(p.shape) and ("weight" in leaf):
            fan = p[0].numel()
            nn.init.normal_(p, std=((2 if p.dim() > 2 else 1) / fan) ** 0.5)
        elif leaf == "bias" or leaf.endswith("_bias") and p.dim() == 1:
            nn.init.normal_(p, std=0.1)
        elif p.detach().abs().max().item() < 1e-2:  # scales of branches that begin at zero
            nn.init.constant_(p, 0.5)


def normed(network, call):
    """Batch norms with the statistics of one batch: mean 0 and variance 1, whatever the weights before them are."""
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None]
    kept = [m.momentum for m in norms]
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
        m.train()
        if m.weight is not None:
            nn.init.ones_(m.weight)
            nn.init.normal_(m.bias, 1.0, 0.3)  # most units open: networks that are not trained are chaotic otherwise
    with torch.no_grad():
        call()
    for m, momentum in zip(norms, kept):
        m.momentum = momentum
        m.eval()


def _plain(network, x):
    return network(x)


_VIDEO = {"r3d_18", "mc3_18", "r2plus1d_18", "s3d", "swin3d_t", "mvit_v2_s"}


def _torchvision(name):
    from torchvision import models
    name, _, part = name.partition("/")
    options, shape, forward = {"weights": None}, (3, 64, 64), _plain
    if name in models.list_models(module=models.detection) or name in models.list_models(module=models.segmentation):
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
        shape = (3, 96, 96)
    if name.startswith("vit_"):
        options["image_size"] = 64
    if name.startswith("maxvit"):
        options["input_size"], shape = (224, 224), (3, 224, 224)
    if name in models.list_models(module=models.video):
        shape = (3, 16, 32, 32)
    if name.startswith("s3d"):
        shape = (3, 16, 64, 64)
    if name.startswith("mvit"):
        options["spatial_size"], shape = (64, 64), (3, 16, 64, 64)
    if name.startswith("raft"):
        shape, forward = (2, 3, 128, 128), lambda network, x: network(x[:, 0], x[:, 1], num_flow_updates=2)
    network = models.get_model(name, **options)
    if part == "backbone":
        forward = lambda network, x: network.backbone(x)
    elif part == "head":
        head = "rpn.head" if "rcnn" in name else "head"
        forward = lambda network, x: network.get_submodule(head)(list(network.backbone(x).values()))
    elif name in models.list_models(module=models.detection):
        forward = lambda network, x: network(list(x))
    return network, shape, forward


def _timm(name):
    import timm
    name, size = _sized(name)
    try:
        network = timm.create_model(name, img_size=size)
    except TypeError:
        network = timm.create_model(name)
    return network, (3, size, size), _plain


def _mmdet(name):
    from adapters.detectors import build_detector
    name, size = _sized(name)
    with tempfile.TemporaryDirectory() as folder:
        network, _ = build_detector(_thinner(name, "mmdet", Path(folder) / "config.py"))
    if not hasattr(network, "encoder"):
        return network, (3, size, size), lambda network, x: network(x, mode="tensor")
    from mmdet.structures import DetDataSample  # the DETR family asks for the sizes of the pictures
    sizes = {"img_shape": (size, size), "batch_input_shape": (size, size), "ori_shape": (size, size), "scale_factor": (1.0, 1.0)}
    return network, (3, size, size), lambda network, x: network(x, [DetDataSample(metainfo=sizes) for _ in x], mode="tensor")


def _mmseg(name):
    from adapters.segmentors import build_segmentor
    name, size = _sized(name)
    with tempfile.TemporaryDirectory() as folder:
        network, _ = build_segmentor(_thinner(name, "mmseg", Path(folder) / "config.py"))
    return network, (3, size, size), lambda network, x: network(x, mode="tensor")


def _sized(name):
    name, _, size = name.partition("@")
    return name, int(size or 64)


def _thinner(name, package, path):
    """A config with ResNet-18 in place of ResNet-50: a quarter of the channels, and of the time."""
    from mmengine.config import Config
    from adapters.detectors import find_config
    config = Config.fromfile(find_config(f"{package}::{name}", package))
    model = config.model
    if model.get("backbone", {}).get("depth") == 50 and model.backbone.type in ("ResNet", "ResNetV1c", "ResNetV1d"):
        model.backbone.depth = 18
        behind = [model.neck] if isinstance(model.get("neck"), dict) else model.get("neck")
        for part in _parts(behind or model.decode_head):
            for key in part.keys() & {"in_channels", "c1_in_channels"}:
                part[key] = [n // 4 for n in part[key]] if isinstance(part[key], (list, tuple)) else part[key] // 4
    Config({"model": model}).dump(path)
    return path


def _parts(behind):
    """The first layers behind a backbone, as a config lists them."""
    return list(behind)[:1] if isinstance(behind, (list, tuple)) else [behind]


_BUILDERS = {"torchvision": _torchvision, "timm": _timm, "mmdet": _mmdet, "mmseg": _mmseg}
