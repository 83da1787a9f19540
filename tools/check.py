"""What would become of every operator of a network, before any conversion: exact, neurons, analog, refused, and why.

    python tools/check.py mmdet::retinanet/retinanet_r18_fpn_1x_coco.py --size 320
    python tools/check.py mmseg::fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py
    python tools/check.py my_detector_config.py --trust-config --checkpoint my.pth     # a config is Python: read it first
    python tools/check.py torchvision::resnet18 --size 224
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run, whole  # noqa: E402


def main(argv=None):
    p = Parser(__doc__)
    p.add_argument("network", help="an MMDetection or MMSegmentation config (file, or "
                   "mmdet::folder/name.py, mmseg::folder/name.py), or torchvision::name")
    p.add_argument("--size", type=whole(1, 8192), default=320, help="side of the square input, pixels (default 320)")
    p.add_argument("--checkpoint", metavar="FILE", help="weights (default: random; the treatment is the same)")
    p.add_trust()
    return run(check, p, argv)


def check(args):
    warnings.filterwarnings("ignore")
    import torch

    import adafire
    network, forward = build(args)
    print(adafire.check(network, torch.zeros(1, 3, args.size, args.size), forward=forward))


def build(args):
    """(network in eval mode, forward) for what the command line names."""
    if args.network.startswith("torchvision::"):
        import torchvision

        from adafire.errors import InputError
        from adafire.registry import near_names
        name = args.network.removeprefix("torchvision::")
        if name not in torchvision.models.list_models():
            raise InputError(f"torchvision has no model {name!r}{near_names(name, torchvision.models.list_models())}")
        network = torchvision.models.get_model(name, weights=None).eval()
        if args.checkpoint:
            from adapters.checkpoints import load_into, load_state_dict
            load_into(network, load_state_dict(args.checkpoint, args.trust_checkpoint)[0])
        return network, None
    if "::" not in args.network and Path(args.network).is_file():
        from benchmarks.task import check_trusted
        check_trusted(args.network, args.trust_config)
    from adapters.detectors import build_detector, stages
    from adapters.segmentors import build_segmentor
    if scope(args.network) == "mmseg":
        network, _ = build_segmentor(args.network, args.checkpoint, trust=args.trust_checkpoint)
    else:
        network, _ = build_detector(args.network, args.checkpoint, trust=args.trust_checkpoint)
        if stages(network) == 2:
            from adapters.two_stage import example
            return example(network, args.size)
    return network, lambda net, x: net(x, mode="tensor")


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
