"""Weights from checkpoint files: read (checkpoint_files.py), chosen (checkpoint_sets.py), loaded into their network."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from adafire.errors import InputError

from .checkpoint_files import array_of, load
from .checkpoint_sets import KEYS, find, fitted
from .inert import Inert


class StateDict(dict):
    """name -> tensor. ``key``: where in the file the weights stood, None at its top; ``notes``: sentences on the choice."""

    key, notes = None, ()


class Loaded(NamedTuple):
    """What a network's weights were in their file: see StateDict; ``key`` with what stood before every name."""

    key: str | None = None
    notes: tuple = ()


def _plain(value):
    """``value`` in JSON's types; what has no such form as its name in angle brackets."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(v) for v in value]
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if array_of(value) is not None:
        return array_of(value).tolist()
    return repr(value) if isinstance(value, Inert) else f"<{type(value).__name__}>"


def load_state_dict(path, trust=False):
    """(StateDict, meta) of a checkpoint file, on the CPU, in the dtypes it was stored in.

    The weights are those under 'state_dict', 'model', ... or the file's own top level, the averaged ones where there are
    raw and averaged ones; a common prefix 'module.' or '_orig_mod.' is taken off. meta: what the file says besides (epoch,
    dataset_meta, ...) in JSON's types. ``trust`` (--trust-checkpoint) unpickles, and so runs, what cannot be read otherwise.
    InputError: no such file, truncated, not a checkpoint, needs trust, no weights in it, several sets of weights, a NaN or
    infinite weight, one that is quantised or has no values.
    """
    path = Path(path)
    content = load(path, trust, lambda content: _readable(content, path))
    found = find(content, path)
    if not found:
        inside = [content, *content.values()] if isinstance(content, Mapping) else [content]
        keys = f"the keys {list(content)[:5]}" if isinstance(content, Mapping) else str(_plain(content))[:80]
        pickled = any(isinstance(value, Inert) for value in inside)
        raise InputError(
            f"no weights in checkpoint '{path}': found {keys}; expected named tensors, at the top or "
            f"under one of {', '.join(KEYS[:4])}, or averaged ones under ema, swa or the like"
            + "; if it holds a whole pickled network that you trust, add --trust-checkpoint"
            * pickled
        )
    weights = StateDict((name, _finite(name, value, path)) for name, value in found.weights.items())
    weights.key, weights.notes = found.key, found.notes
    rest = content if isinstance(content, Mapping) and found.key else {}
    meta = {k: v for k, v in rest.items() if isinstance(v, (str, int, float, bool))}
    meta.update(rest.get("meta") or {} if isinstance(rest.get("meta"), Mapping) else {})
    return weights, _plain(meta)


def _readable(content, path):
    """Whether there are weights without unpickling."""
    try:
        return find(content, path) is not None
    except InputError:
        return False


def _finite(name, value, path):
    """``value`` as a dense tensor; InputError unless it holds finite numbers."""
    what = f"weight '{name}' of checkpoint '{path}'"
    if value.is_quantized or value.is_meta:
        raise InputError(
            f"{what} is {f'quantised ({value.dtype})' if value.is_quantized else 'empty (device meta)'}; expected "
            "the floating-point weights that it was made from"
        )
    value = value.detach() if value.layout == torch.strided else value.detach().to_dense()
    if value.is_floating_point():
        numbers = value.float() if value.dtype.itemsize == 1 else value  # of 8 bits, torch cannot ask for infinite ones
        if not bool(torch.isfinite(numbers).all()):
            nan, bad = int(torch.isnan(numbers).sum()), int((~torch.isfinite(numbers)).sum())
            raise InputError(
                f"{what} is not finite: {nan} NaN and {bad - nan} infinite of {value.numel()} values; use a "
                "checkpoint from before training diverged"
            )
    return value


def _shape(tensor):
    return str(list(tensor.shape))


def _first(found, say, n=3):
    """'first 3: a, b, c' of a list, each put in words."""
    return ", ".join(say(k) for k in found[:n]) + (", ..." if len(found) > n else "")


def load_into(network, state_dict, leave=(), rename=None):
    """Copy ``state_dict`` into ``network`` (in the network's dtypes: fp16 weights become fp32); returns the network.

    Every weight must be there with its shape, and no other, under its name or one that ``checkpoint_sets.fitted`` brings
    to it; only counters of batch norm may be absent or left over, and names that begin as ``leave`` says are passed over.
    rename: from weights by name to the same under the names of this network, where public checkpoints have others.
    ``loaded(network)`` then says where the weights stood.
    InputError: the first names that are missing, unexpected, of another shape or kind, and how many; the network is then
    of no use (part of the weights may have been copied).
    """
    expected = network.state_dict()
    wanted = {k: v for k, v in expected.items() if not k.startswith(leave)} if leave else expected
    key, notes = getattr(state_dict, "key", None), getattr(state_dict, "notes", ())
    state_dict, prefix, more = fitted(state_dict, wanted)
    state_dict = {k: v for k, v in state_dict.items() if not leave or not k.startswith(leave)}
    state_dict = rename(state_dict) if rename else state_dict
    _check_kinds(state_dict, expected)
    counters = ("num_batches_tracked",)
    differ = [k for k in expected if k in state_dict and expected[k].shape != state_dict[k].shape]
    fitting = {k: v for k, v in state_dict.items() if k not in differ}
    shapes = [k for k in differ if not k.endswith(counters)]
    try:
        result = network.load_state_dict(
            fitting, strict=False
        )  # asked, so that modules may rename keys of old versions
    except RuntimeError as error:  # shapes of renamed keys
        raise InputError(
            f"the checkpoint is not of this network ({type(network).__name__}): {' '.join(str(error).split())[:300]}"
        ) from error
    missing = [k for k in result.missing_keys if not k.endswith(counters) and k not in shapes and k in wanted]
    unexpected = [k for k in result.unexpected_keys if not k.endswith(counters)]
    problems = []
    if shapes:
        problems.append(
            f"{len(shapes)} of another shape ("
            + _first(shapes, lambda k: f"'{k}' expected {_shape(expected[k])}, found {_shape(state_dict[k])}")
            + ")"
        )
    if missing:
        problems.append(
            f"{len(missing)} missing (" + _first(missing, lambda k: f"'{k}' expected {_shape(expected[k])}") + ")"
        )
    if unexpected:
        problems.append(
            f"{len(unexpected)} unexpected ("
            + _first(unexpected, lambda k: f"'{k}' found {_shape(state_dict[k])}")
            + ")"
        )
    if problems:
        raise InputError(
            f"the checkpoint is not of this network ({type(network).__name__}, {len(expected)} weights): "
            + "; ".join(problems)
            + ". Give the checkpoint that was trained with this config "
            "(--checkpoint FILE), or the config of this checkpoint"
        )
    network.loaded_weights = Loaded(".".join(filter(None, (key, prefix.strip(".")))) or None, (*notes, *more))
    return network


def _check_kinds(state_dict, expected):
    """InputError where numbers would change as they are copied: whole ones (8-bit codes) or complex ones as weights."""
    for name, value in state_dict.items():
        if name in expected and expected[name].is_floating_point() and not value.is_floating_point():
            raise InputError(
                f"weight '{name}' of the checkpoint is of {value.dtype}; expected floating-point numbers. A quantised "
                "checkpoint holds codes, not weights: give the one that it was made from"
            )


def loaded(network):
    """Loaded, of what ``load_into`` put into a network; empty where nothing was."""
    return getattr(network, "loaded_weights", Loaded())


def describe_weights(source, network):
    """What a workload says of its weights: {source: name of the file, sha256}, and the ``key`` they stood under, if any."""
    key = loaded(network).key
    return {"source": source, "sha256": fingerprint(network), **({"key": key} if key else {})}


def fingerprint(weights):
    """sha256 (hex) of a state dict or network: names, shapes and bytes in order of names; wherever the tensors live.

    Batch norm's counters, which no output depends on, stay out.
    """
    if isinstance(weights, torch.nn.Module):
        weights = weights.state_dict()
    digest = hashlib.sha256()
    for name in sorted(weights):
        if not name.endswith("num_batches_tracked"):
            value = weights[name].detach().cpu().contiguous()
            digest.update(f"{name}{_shape(value)}".encode())
            digest.update(value.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
