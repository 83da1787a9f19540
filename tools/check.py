"""What would become of every operator of a network, before any conversion: exact, neurons, analog, refused, and why.

python tools/check.py mmdet::retinanet/retinanet_r18_fpn_1x_coco.py --size 320
python tools/check.py mmseg::fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py
python tools/check.py my_detector_config.py --trust-config --checkpoint my.pth     # a config is Python: read it first
python tools/check.py torchvision::resnet18 --size 224                             # likewise timm::NAME, hf_hub:ORG/NAME
python tools/check.py imagenet_vit --variant s16                                   # the network of a task, by its name
python tools/check.py adapters.models.resnet_cifar:resnet20 --size 32              # a function that makes a network
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from adafire.errors import InputError  # noqa: E402
from benchmarks.command import Parser, leave, run, whole  # noqa: E402

DEFAULT = 320  # pixels


def main(argv=None):
    p = Parser(__doc__)
    p.add_argument(
        "network",
        help="an MMDetection or MMSegmentation config (file, or mmdet::folder/name.py, mmseg::folder/name.py), "
        "torchvision::name, timm::name, hf_hub:org/name, package.module:function, or a task by its name or file",
    )
    p.add_argument("--variant", help="of a task (default: its first full one)")
    p.add_argument(
        "--size",
        type=whole(1, 8192),
        help="side of the square input, pixels (default: what the network is made for where it says so, else 320)",
    )
    p.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="weights: a file, or the name of the library's own (default: random; the treatment is the same)",
    )
    p.add_json("operators, sites, relays, and where numbers meet weights")
    p.add_trust()
    return run(check, p, argv)


def check(args):
    warnings.filterwarnings("ignore")
    import torch

    import adafire
    from adafire.errors import AdafireError

    network, made, channels, sizes = build(args)
    for size in [(args.size, args.size)] if args.size else sizes:
        x, forward = torch.zeros(1, channels, *size), made(min(size))
        try:
            with torch.no_grad():
                forward(network, x)
        except (AdafireError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # of the network, which is anybody's
            failed = error
            continue
        if size != (DEFAULT, DEFAULT) or channels != 3:
            print(f"input {list(x.shape)}")
        found = adafire.check(network, x, forward=forward)
        print(shown(found))
        if args.json:
            from benchmarks import as_json

            sites = [site.name for site in found.sites]
            as_json.write(args.json, {"input": list(x.shape), **vars(found), "sites": sites})
        return
    reason = f"{type(failed).__name__}: {' '.join(str(failed).split())[:200]}"
    said = [size for size in sizes if size != (DEFAULT, DEFAULT)]
    way_out = (
        f"it may want another size: by what it says of itself {' or '.join(f'--size {min(size)}' for size in said)}"
        if said
        else "it may want another size (--size N), other channels, or more than one picture: adafire.check(network, x, forward=...) takes any input"
    )
    raise InputError(f"{args.network} does not run on an input of {list(x.shape)} ({reason}); {way_out}") from failed


def shown(found):
    """A CheckReport as text; on a terminal its table within the terminal's width."""
    from benchmarks.report.terminal import aligned, room

    if room() is None:
        return str(found)
    head = ["operator", "status", "region", "calls", "first at", "what becomes of it"]
    rows = [[r.operator, r.status, r.region, str(r.calls), r.where, r.note] for r in found.rows]
    return "\n".join([*str(found).splitlines()[: -len(rows) - 1], aligned(head, rows)])


def build(args):
    """(network in eval mode, function of the input's side that gives ``forward``, channels, [(height, width)] that the input
    is likely to want, the likeliest first) for what the command line names."""
    from benchmarks.running.network_of import channels_of, is_task, settings_of, sides_of
    from benchmarks.running.task import PROJECT
    from benchmarks.running.unknown_names import is_of_a_library, unknown

    settings = settings_of(args.network, args.variant, args.trust_config) if is_task(args.network) else {}
    if args.variant and not settings:
        raise InputError(f"--variant {args.variant} is of a task, and '{args.network}' is none; leave it out")
    name = settings.get("model") or settings.get("config") or args.network
    if isinstance(name, dict) or named(name):
        from adapters.classification.classification import build_classifier

        network = build_classifier(name, args.checkpoint or "random", trust=args.trust_checkpoint)
        channels, size = wanted(network)
        channels = channels_of(settings) or channels
        return network, lambda side: forward_of(network), channels, sides_of(settings) or [size or (DEFAULT, DEFAULT)]
    if not is_of_a_library(name) and not Path(name).is_file() and not (PROJECT / name).is_file():
        raise unknown(name)
    if "::" not in name and Path(name).is_file():
        from benchmarks.running.task import check_trusted

        check_trusted(name, args.trust_config)
    from adapters.detection.networks import build_detector, stages
    from adapters.segmentation.networks import build_segmentor

    kind, more = (build_segmentor, {"cfg_options": settings.get("cfg_options")})
    if scope(name) != "mmseg":
        kind, more = build_detector, {}
    network, cfg = kind(name, args.checkpoint, trust=args.trust_checkpoint, **more)
    asked = input_of(cfg)
    found = stages(network) if kind is build_detector else 1
    if found == 0:
        from adapters.detection.transformers import ABOUT, forward

        print(ABOUT)
        return network, lambda side: forward, *asked
    if found == 2:
        from adapters.detection import instances, two_stage

        example = instances.example if network.roi_head and network.roi_head.with_mask else two_stage.example
        made, _ = example(network, DEFAULT)
        return made, lambda side: example(network, side)[1], *asked
    return network, lambda side: lambda net, x: net(x, mode="tensor"), *asked


def forward_of(network):
    """How a network by name is called: with the input, and for PointNet's parts with a class beside it."""
    import torch

    classes = getattr(network, "categories", 0)
    return lambda net, x: net(x, torch.eye(classes)[:1]) if classes else net(x)


def named(network):
    """Whether it is one of adapters/models: 'torchvision::NAME', 'timm::NAME', 'hf_hub:ORG/NAME' or 'module:function'.

    >>> named("timm::resnet18"), named("adapters.models.resnet_cifar:resnet20"), named("mmdet::a/b.py"), named("c:/x.py")
    (True, True, False, False)
    """
    module, _, function = network.partition(":")
    plain = function.isidentifier() and all(part.isidentifier() for part in module.split("."))
    return network.startswith(("torchvision::", "timm::", "hf_hub:", "hf-hub:")) or plain


def wanted(network):
    """(channels, (height, width) or None) of the input that a network says it wants: timm's by its configuration, torchvision's
    transformers by ``image_size``."""
    stated = (getattr(network, "pretrained_cfg", None) or {}).get("input_size")
    if stated:
        return stated[0], tuple(stated[1:])
    return 3, pair(getattr(network, "image_size", None))


def input_of(cfg):
    """(channels, [(height, width)]) that an OpenMMLab config's network is likely to want, the likeliest first: the
    backbone's own, or 320 and what pictures are padded, cut or scaled to."""
    backbone, preprocessor = cfg.model.get("backbone") or {}, cfg.model.get("data_preprocessor") or {}
    fixed = pair(backbone.get("img_size"))
    others = [
        pair(value)
        for value in (preprocessor.get("size"), cfg.get("crop_size"), cfg.get("input_size"), cfg.get("img_scale"))
    ]
    sizes = [fixed] if fixed else [(DEFAULT, DEFAULT), *(size for size in others if size)]
    return backbone.get("in_channels", 3), list(dict.fromkeys(sizes))


def pair(size):
    """(height, width) of a side or a pair of them; None for anything else.

    >>> pair(224), pair([512, 1024]), pair(None)
    ((224, 224), (512, 1024), None)
    """
    sides = [size, size] if isinstance(size, int) else size
    whole = (
        isinstance(sides, (list, tuple))
        and len(sides) == 2
        and all(isinstance(side, int) and side > 0 for side in sides)
    )
    return tuple(sides) if whole else None


def scope(config):
    """'mmseg' for MMSegmentation's own configs and for config files that say so (default_scope)."""
    if "::" in config or not Path(config).is_file():
        return config.partition("::")[0]
    from mmengine.config import Config

    try:
        return Config.fromfile(config).get("default_scope")
    except Exception:  # whoever builds the network says what is wrong with its config
        return None


if __name__ == "__main__":
    leave(main())
