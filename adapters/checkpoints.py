"""Weights from checkpoint files, without running what is in them.

A checkpoint is a pickle, and a pickle can call any function. Files are therefore read with PyTorch's own weights-only
unpickler. What MMEngine and others add to the tensors (log buffers, schedulers, bound methods, numpy scalars) is let
through as inert placeholders: the unpickler is told to build a class that does nothing in place of every class or
function it does not know, so model-zoo checkpoints need no trust and can run no code. What still wants real
unpickling (a whole pickled network, formats older than PyTorch 1.6 with foreign classes) is refused unless trusted.
"""

import hashlib
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from adafire.errors import InputError

KEYS = ("state_dict", "model", "net", "model_state_dict", "state_dict_ema", "ema_state_dict")
"""Where checkpoints keep their weights, most usual first; MMEngine's 'state_dict' already holds averaged weights."""


class Inert:
    """Takes the place of a class or function of a checkpoint: accepts any call and any state, and does nothing."""

    source = "?"

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass

    def __repr__(self):
        return f"<{self.source}>"


class _Dtype(Inert):
    """numpy.dtype of plain numbers; anything else stays inert. (numpy's own __setstate__ trusts what it reads.)"""

    dtype = None

    def __init__(self, code=None, *_):
        code = code.decode("ascii", "replace") if isinstance(code, bytes) else code
        if isinstance(code, str) and re.fullmatch(r"[<>=|]?(b1|[iu][1248]|f[248]|c8|c16)", code):
            self.dtype = np.dtype(code)

    def __setstate__(self, state):
        if self.dtype is not None and isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array(Inert):
    """numpy.ndarray of plain numbers, built from its bytes; ``array`` is None if it was anything else."""

    array = None

    def __setstate__(self, state):
        if isinstance(state, tuple) and len(state) == 5 and getattr(state[2], "dtype", None) is not None \
                and isinstance(state[4], bytes):
            _, shape, dtype, fortran, raw = state
            self.array = np.frombuffer(raw, dtype.dtype).reshape(shape, order="F" if fortran else "C").copy()


def _scalar(dtype, raw=b""):
    """numpy scalar as a Python number, or an inert object."""
    known = isinstance(dtype, _Dtype) and dtype.dtype is not None and isinstance(raw, bytes)
    return np.frombuffer(raw, dtype.dtype)[0].item() if known and len(raw) == dtype.dtype.itemsize else Inert()


def _dict(*args):
    """collections.defaultdict as a plain dict; its factory is not wanted."""
    return {}


NUMPY = {"numpy.dtype": _Dtype, "numpy.ndarray": _Array, "collections.defaultdict": _dict}
for _package in ("numpy.core", "numpy._core"):  # the older and the newer name
    NUMPY[f"{_package}.multiarray.scalar"] = _scalar
    NUMPY[f"{_package}.multiarray._reconstruct"] = lambda *args: _Array()


def _inert(name):
    return type("Inert", (Inert,), {"source": name})


def _load_restricted(path):
    """torch.load of a zip-format checkpoint with unknown globals inert; raises UnpicklingError if that cannot do."""
    unknown = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    with torch.serialization.safe_globals([(NUMPY.get(name) or _inert(name), name) for name in unknown]):
        return torch.load(path, map_location="cpu", weights_only=True)


def _load(path, trust):
    """The unpickled content of a checkpoint file. InputError: not there, damaged, not a checkpoint, needs trust."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        hint = "give the checkpoint with --checkpoint FILE" if not path.exists() else "expected a readable file"
        raise InputError(f"cannot read checkpoint '{path}': {error.strerror}; {hint}") from error
    is_zip = zipfile.is_zipfile(path)
    size = path.stat().st_size
    if head.startswith(b"PK") and not is_zip:
        raise InputError(f"checkpoint '{path}' is truncated: the zip archive has no end (it has {size:,} bytes); "
                         "copy or download it again")
    if not is_zip and not head.startswith(b"\x80"):
        found = f"it starts with {head!r}" if head else "it is empty"
        raise InputError(f"'{path}' is not a PyTorch checkpoint: {found}; expected a file written by torch.save")
    attempts = [lambda: torch.load(path, map_location="cpu", weights_only=True)]
    if is_zip:
        attempts.append(lambda: _load_restricted(path))
    error = None
    for attempt in attempts:
        try:
            content = attempt()
            if trust and not _find(content):
                break  # a pickled network: placeholders will not do
            return content
        except Exception as caught:  # the unpicklers raise nearly everything on damaged files
            error = caught
    if trust:
        try:
            return torch.load(path, map_location="cpu", weights_only=False)
        except Exception as caught:
            raise InputError(f"cannot read checkpoint '{path}': {type(caught).__name__}: {caught}") from caught
    if isinstance(error, pickle.UnpicklingError) and re.search(r"GLOBAL|reduce|NEWOBJ|Can only|new object", str(error)):
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        raise InputError(f"checkpoint '{path}' cannot be read without unpickling, which can run code"
                         + (f" (it asks for {asked[1]})" if asked else "")
                         + "; if you trust where it comes from, add --trust-checkpoint") from error
    reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    raise InputError(f"checkpoint '{path}' is truncated or damaged, or not a PyTorch checkpoint ({size:,} bytes; "
                     f"{reason[:200]}); copy or download it again") from error


def _find(content):
    """The mapping of names to weights inside a checkpoint's content; None if there is none."""
    if isinstance(content, torch.nn.Module):
        return content.state_dict()
    if not isinstance(content, Mapping):
        return None
    for key in KEYS:
        if key in content and not isinstance(content[key], torch.Tensor):
            found = _find(content[key])
            if found:
                return found
    named = {k: torch.from_numpy(v.array) if isinstance(v, _Array) and v.array is not None else v
             for k, v in content.items() if isinstance(k, str)}
    return {k: v for k, v in named.items() if isinstance(v, torch.Tensor)} or None


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
    if isinstance(value, _Array) and value.array is not None:
        return value.array.tolist()
    return repr(value) if isinstance(value, Inert) else f"<{type(value).__name__}>"


def load_state_dict(path, trust=False):
    """(state_dict, meta) of a checkpoint file, on the CPU, in the dtypes it was stored in.

    state_dict: name -> tensor, from 'state_dict', 'model', ... or the file's own top level; a common prefix 'module.'
    is taken off. meta: what the file says besides (epoch, dataset_meta, ...) in JSON's types.
    ``trust`` (--trust-checkpoint) unpickles, and so runs, what cannot be read otherwise.
    InputError: no such file, truncated, not a checkpoint, needs trust, no weights in it, a NaN or infinite weight.
    """
    path = Path(path)
    content = _load(path, trust)
    weights = _find(content)
    if not weights:
        inside = [content, *content.values()] if isinstance(content, Mapping) else [content]
        keys = f"the keys {list(content)[:5]}" if isinstance(content, Mapping) else str(_plain(content))[:80]
        pickled = any(isinstance(value, Inert) for value in inside)
        raise InputError(f"no weights in checkpoint '{path}': found {keys}; expected named tensors, at the top or "
                         f"under one of {', '.join(KEYS)}"
                         + "; if it holds a whole pickled network that you trust, add --trust-checkpoint" * pickled)
    if all(name.startswith("module.") for name in weights):
        weights = {name[len("module."):]: value for name, value in weights.items()}
    for name, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            nan, bad = int(torch.isnan(value).sum()), int((~torch.isfinite(value)).sum())
            raise InputError(f"weight '{name}' of checkpoint '{path}' is not finite: {nan} NaN and {bad - nan} "
                             f"infinite of {value.numel()} values; use a checkpoint from before training diverged")
    rest = content if isinstance(content, Mapping) and any(k in content for k in KEYS) else {}
    meta = {k: v for k, v in rest.items() if isinstance(v, (str, int, float, bool))}
    meta.update(rest.get("meta") or {} if isinstance(rest.get("meta"), Mapping) else {})
    return dict(weights), _plain(meta)


def _shape(tensor):
    return str(list(tensor.shape))


def _first(found, say, n=3):
    """'first 3: a, b, c' of a list, each put in words."""
    return ", ".join(say(k) for k in found[:n]) + (", ..." if len(found) > n else "")


def load_into(network, state_dict):
    """Copy ``state_dict`` into ``network`` (in the network's dtypes: fp16 weights become fp32); returns the network.

    Every weight must be there with its shape, and no other; only counters of batch norm may be absent or left over.
    InputError: the first names that are missing, unexpected or of another shape, and how many; the network is then of
    no use (part of the weights may have been copied).
    """
    expected = network.state_dict()
    shapes = [k for k in expected if k in state_dict and expected[k].shape != state_dict[k].shape]
    fitting = {k: v for k, v in state_dict.items() if k not in shapes}
    try:
        result = network.load_state_dict(fitting, strict=False)  # asked, so that modules may rename keys of old versions
    except RuntimeError as error:  # shapes of renamed keys
        raise InputError(f"the checkpoint is not of this network ({type(network).__name__}): "
                         f"{' '.join(str(error).split())[:300]}") from error
    counters = ("num_batches_tracked",)
    missing = [k for k in result.missing_keys if not k.endswith(counters) and k not in shapes]
    unexpected = [k for k in result.unexpected_keys if not k.endswith(counters)]
    problems = []
    if shapes:
        problems.append(f"{len(shapes)} of another shape (" + _first(
            shapes, lambda k: f"'{k}' expected {_shape(expected[k])}, found {_shape(state_dict[k])}") + ")")
    if missing:
        problems.append(f"{len(missing)} missing (" + _first(
            missing, lambda k: f"'{k}' expected {_shape(expected[k])}") + ")")
    if unexpected:
        problems.append(f"{len(unexpected)} unexpected (" + _first(
            unexpected, lambda k: f"'{k}' found {_shape(state_dict[k])}") + ")")
    if problems:
        raise InputError(f"the checkpoint is not of this network ({type(network).__name__}, {len(expected)} weights): "
                         + "; ".join(problems) + ". Give the checkpoint that was trained with this config "
                         "(--checkpoint FILE), or the config of this checkpoint")
    return network


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
