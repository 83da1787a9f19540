"""Train a network of benchmarks/zoo with MMEngine's Runner and write slim weights, their recipe and their log."""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adafire.errors import InputError  # noqa: E402
from benchmarks import command  # noqa: E402
from benchmarks.running.task import check_trusted  # noqa: E402

EXAMPLES = """\
examples:
  python tools/train_ann.py benchmarks/zoo/yolo_fashion/config.py --out runs/yolo_fashion.pth
  python tools/train_ann.py benchmarks/zoo/yolo_fashion/config.py --resume        # go on after an interruption
  python tools/train_ann.py CONFIG --epochs 2 --work-dir runs/try --cfg-options data_setup.train.scenes=500

The config is an ordinary MMEngine config (training, validation and test loops) with one optional line, data_setup, that
names a set-up of adapters/setups.py; missing data are generated. The checkpoint with the best validation metric
(CheckpointHook's save_best), else the last one, is kept; the test data are looked at once, at the end.
Three files are written: OUT (weights and a little meta data, loads with torch.load(weights_only=True)),
recipe.json and training_log.jsonl beside it. --resume unpickles the work folder's own checkpoint.
"""


def options_of():
    parser, whole = command.Parser(__doc__, EXAMPLES, prog="train_ann.py"), command.whole
    add = parser.add_argument
    add("config", help="MMEngine config file")
    add("--work-dir", metavar="DIR", help="checkpoints and logs (default: runs/train/<config's folder>)")
    add("--resume", action="store_true", help="continue from the last checkpoint in the work folder")
    add("--epochs", type=whole(1), metavar="N", help="train N epochs, the schedule stretched to fit")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--amp", action="store_true", help="train with bfloat16 convolutions (losses and tests stay fp32)")
    add("--threads", type=whole(1, 1024), metavar="N", help="PyTorch's threads on the CPU (default: its own choice)")
    add("--seed", type=whole(0), metavar="N", help="overrides the config's randomness.seed")
    add("--out", metavar="FILE", help="slim weights (default: WORK_DIR/slim.pth)")
    add(
        "--store",
        choices=("fp16", "fp32"),
        default="fp16",
        help="dtype in OUT of convolution and linear weights; biases and batch norm stay fp32 (default fp16)",
    )
    add(
        "--workers",
        type=whole(1, 1024),
        metavar="N",
        default=os.cpu_count(),
        help="processes to generate data (default: cores)",
    )
    add("--fashion-mnist", metavar="DIR", help="folder with the full Fashion-MNIST's four files")
    add("--download", action="store_true", help="fetch Fashion-MNIST with torchvision when it is absent")
    add("--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="change entries of the config")
    add("--trust-config", action="store_true", help="execute a config file from outside this project (it is Python)")
    return parser


def load_config(options):
    """The config with the command line's changes; InputError for what cannot be."""
    from mmengine.config import Config, DictAction

    path = Path(options.config)
    if not path.is_file():
        raise InputError(f"config file {path} does not exist; those of the project are benchmarks/zoo/*/config.py")
    check_trusted(path, options.trust_config)
    changes = argparse.Namespace(cfg_options={})
    for pair in options.cfg_options:
        if "=" not in pair:
            raise InputError(f"--cfg-options got {pair!r}; expected KEY=VALUE, as in optim_wrapper.optimizer.lr=0.001")
    try:
        DictAction([], "cfg_options")(None, changes, options.cfg_options)
        config = Config.fromfile(path)
        config.merge_from_dict(changes.cfg_options)
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


def register_frameworks(config):
    """Fill the registries of the config's framework (its default_scope), on mmcv-lite too."""
    scope = config.get("default_scope")
    if scope in ("mmdet", "mmseg"):
        from adapters.shared.mmcv_ops import register

        register()
        importlib.import_module(f"{scope}.utils").register_all_modules(init_default_scope=True)


def mixed_precision(model, device):
    """Let backbone, neck and heads run in bfloat16 while training, and hand on fp32: losses and boxes want it.

    MMEngine's AmpOptimWrapper does not run on a CPU, and lets MMDetection decode boxes in the low precision.
    """
    import torch

    def full(value):
        if isinstance(value, torch.Tensor):
            return value.float()
        return type(value)(map(full, value)) if isinstance(value, (list, tuple)) else value

    def wrap(module):
        forward = module.forward

        def low(*args, **kwargs):
            with torch.autocast(device, torch.bfloat16, enabled=module.training):
                return full(forward(*args, **kwargs))

        module.forward = low

    for name, module in model.named_children():
        if name != "data_preprocessor":
            wrap(module)
    model.to(memory_format=torch.channels_last)


def train(config, device, amp=False):
    """Train to the end (or from the last checkpoint there is); returns the path of the best checkpoint."""
    import torch
    from mmengine.runner import CheckpointLoader, Runner

    work_dir = Path(config.work_dir)

    @CheckpointLoader.register_scheme(prefixes="", force=True)
    def load(filename, map_location):
        # A training checkpoint carries log buffers and scheduler states, which weights_only refuses: unpickle those of
        # this very work folder, nothing else.
        own = work_dir.resolve() in Path(filename).resolve().parents
        return torch.load(filename, map_location=map_location, weights_only=not own)

    runner = Runner.from_cfg(config)
    if amp:
        mixed_precision(runner.model, device)
    runner.train()
    best = sorted(work_dir.glob("best_*.pth"), key=os.path.getmtime)
    return best[-1] if best else Path((work_dir / "last_checkpoint").read_text())


def score(config, weights, phase):
    """Metrics of slim weights on 'val' or 'test', as a plain dict of floats."""
    from mmengine.runner import Runner

    config = config.copy()
    config.experiment_name = f"{Path(config.work_dir).name}-{phase}-{time.time_ns()}"  # MMEngine wants a new one
    config.work_dir = str(Path(config.work_dir) / "final")
    config.load_from, config.resume = str(weights), False
    config.custom_hooks, config.default_hooks = [], dict(checkpoint=None)  # no averaging, no best checkpoint: score it
    runner = Runner.from_cfg(config)
    metrics = runner.val() if phase == "val" else runner.test()
    return {name: float(value) for name, value in metrics.items()}


def run(options):
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch sees no CUDA device here; use --device cpu")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.threads:
        torch.set_num_threads(options.threads)
    config = load_config(options)
    register_frameworks(config)
    from adapters.setups import SetupOptions, set_up
    from benchmarks.zoo.recipe import recipe, slim, training_log, write

    data = set_up(config, SetupOptions(options.workers, options.fashion_mnist, options.download))
    out = Path(options.out or Path(config.work_dir) / "slim.pth")

    started = time.time()
    content = slim(train(config, device, options.amp), options.store)
    wall = time.time() - started
    write(out, lambda path: torch.save(content, path))
    metrics = {phase: score(config, out, phase) for phase in ("val", "test") if config.get(f"{phase}_dataloader")}
    made = recipe(
        options.config,
        config,
        data,
        content,
        out,
        metrics,
        device,
        cfg_options=options.cfg_options,
        amp="bfloat16" if options.amp else None,
        wall_time_s=round(wall),
        resumed=options.resume,
    )
    write(out.with_name("recipe.json"), lambda path: path.write_text(json.dumps(made, indent=2) + "\n"))
    log = "".join(json.dumps(row) + "\n" for row in training_log(config.work_dir))
    write(out.with_name("training_log.jsonl"), lambda path: path.write_text(log))
    for phase, values in metrics.items():
        print(f"{phase}: " + "  ".join(f"{name} {value:.4g}" for name, value in values.items()))
    print(f"wrote {out} ({out.stat().st_size:,} bytes), recipe.json and training_log.jsonl beside it")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    again = [*argv, *(["--resume"] if "--resume" not in argv else [])]
    return command.run(run, options_of(), argv, command.same_again(__file__, again))


if __name__ == "__main__":
    command.leave(main())
