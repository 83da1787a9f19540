"""MMEngine's training and scoring loops, for a config of benchmarks/zoo and for the network of a task alike."""

import importlib
import os
import time
from pathlib import Path


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

    from .clock import Clock

    work_dir = Path(config.work_dir)
    clock = Clock(work_dir, config.resume)

    @CheckpointLoader.register_scheme(prefixes="", force=True)
    def load(filename, map_location):
        # A training checkpoint carries log buffers and scheduler states, which weights_only refuses: unpickle those of
        # this very work folder, nothing else.
        own = work_dir.resolve() in Path(filename).resolve().parents
        return torch.load(filename, map_location=map_location, weights_only=not own)

    runner = Runner.from_cfg(config)
    if amp:
        mixed_precision(runner.model, device)
    runner.register_hook(clock)
    try:
        runner.train()
    finally:
        clock.stop()
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
