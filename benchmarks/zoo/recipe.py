"""What a training leaves behind: slim weights, the recipe that made them, and the log. Files are complete or absent."""

import hashlib
import json
import os
from pathlib import Path

from adafire.errors import InputError

from ..running.environment import hardware, versions


def slim(checkpoint, store="fp16"):
    """{'state_dict', 'meta'} of an MMEngine training checkpoint of our own (it is unpickled): tensors and JSON's types.

    store: dtype of convolution and linear weights, 'fp16' or 'fp32'; vectors (biases, batch norm) stay as they are.
    """
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    state = {}
    for name, value in content["state_dict"].items():
        kept = value.half() if store == "fp16" and value.is_floating_point() and value.ndim > 1 else value
        if not bool(torch.isfinite(kept.float()).all()):
            raise InputError(
                f"weight {name!r} of {checkpoint} is not finite in {store}: the training diverged (lower "
                "optim_wrapper.optimizer.lr), or needs --store fp32"
            )
        state[name] = kept.contiguous()
    meta = content.get("meta", {})
    classes = (meta.get("dataset_meta") or {}).get("classes") or ()
    return {
        "state_dict": state,
        "meta": {
            "epoch": meta.get("epoch"),
            "iter": meta.get("iter"),
            "store": store,
            "dataset_meta": {"classes": list(classes)},
        },
    }


def training_log(work_dir):
    """[row per epoch]: mean training losses and, where it was validated, the metrics; from all runs in ``work_dir``."""
    epochs = {}
    for file in sorted(Path(work_dir).glob("*/vis_data/scalars.json")):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        trained = {}
        for line in lines:
            if "loss" in line:
                trained.setdefault(line["epoch"], []).append(line)
        for epoch, rows in trained.items():
            keys = [key for key in rows[0] if "loss" in key or key == "lr"]
            epochs[epoch] = {"epoch": epoch, **{k: round(sum(row[k] for row in rows) / len(rows), 6) for k in keys}}
        for line in lines:
            if "loss" not in line and line.get("step") in epochs:
                epochs[line["step"]]["val"] = {key: value for key, value in line.items() if "/" in key}
    return [epochs[epoch] for epoch in sorted(epochs)]


def recipe(config_file, config, data, content, weights_file, metrics, device, **more):
    """JSON-able: everything that made ``weights_file``, and its metrics. ``content``: what ``slim`` returned; config_file: None
    where the config was made from a task."""
    weights_file = Path(weights_file)
    hooks = config.get("default_hooks") or {}
    return {
        **({"config": Path(config_file).name, "config_sha256": _sha256(Path(config_file))} if config_file else {}),
        "epochs": config.train_cfg.get("max_epochs"),
        "seed": (config.get("randomness") or {}).get("seed"),
        **more,
        "chosen": {
            "epoch": content["meta"]["epoch"],
            "on": "val",
            "by": (hooks.get("checkpoint") or {}).get("save_best") or "last epoch",
        },
        "data": data,
        "metrics": metrics,
        "weights": {
            "file": weights_file.name,
            "bytes": weights_file.stat().st_size,
            "sha256": _sha256(weights_file),
            "store": content["meta"]["store"],
            "numbers": sum(value.numel() for value in content["state_dict"].values()),
        },
        "versions": versions(),
        "hardware": hardware(device),
    }


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(path, save):
    """Write a file by ``save(temporary path)`` and move it into place."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; choose another place with --out") from error
    finally:
        temporary.unlink(missing_ok=True)
