"""What is in a checkpoint file, read without running what is in it.

A checkpoint is a pickle, and a pickle can call any function. Files are therefore read with PyTorch's own weights-only
unpickler. What MMEngine and others add to the tensors (log buffers, schedulers, bound methods, numpy scalars) is let
through as inert placeholders: the unpickler is told to build a class that does nothing in place of every class or
function it does not know, so model-zoo checkpoints need no trust and can run no code. What still wants real
unpickling (a whole pickled network, formats older than PyTorch 1.6 with foreign classes) is refused unless trusted.

Also read: pickles of arrays or tensors by Python's own pickle module, .npz archives, safetensors files, Darknet's .weights.
"""

import io
import pickle
import re
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch

from adafire.errors import InputError

from .darknet_weights import is_darknet, read_darknet
from .inert import NUMPY, Array, inert


def _load_restricted(path):
    """torch.load of a zip-format checkpoint with unknown globals inert; raises UnpicklingError if that cannot do."""
    unknown = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    with torch.serialization.safe_globals([(NUMPY.get(name) or inert(name), name) for name in unknown]):
        return torch.load(path, map_location="cpu", weights_only=True)


class _Dict(dict):
    """collections.OrderedDict, whose attributes (a state dict has some) are not wanted."""

    def __setstate__(self, state):
        pass


PLAIN = {
    "collections.OrderedDict": _Dict,
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    "torch._utils._rebuild_parameter": lambda data, *_: data,
    "torch.storage._load_from_bytes": lambda raw: torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True),
    "_codecs.encode": lambda text, how="latin1": text.encode("latin1"),
    **NUMPY,
}
"""What a pickle of tensors or arrays by Python's own module calls; all else is inert."""
for _package in ("numpy.core", "numpy._core"):
    PLAIN[f"{_package}.numeric._frombuffer"] = lambda raw, dtype, shape, order: _array(raw, dtype, shape, order)


def _array(raw, dtype, shape, order):
    """numpy's newer spelling of an array."""
    made = Array()
    made.__setstate__((1, shape, dtype, order == "F", bytes(raw)))
    return made


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        return PLAIN.get(f"{module}.{name}") or inert(f"{module}.{name}")


def _load_pickle(path):
    """A pickle by Python's own module; UnpicklingError for torch.save's older format, which is several in a row."""
    with open(path, "rb") as file:
        content = _Unpickler(file).load()
    if isinstance(content, int):
        raise pickle.UnpicklingError("a number")
    return content


def _load_npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(np.array(arrays[name])) for name in arrays.files}


def _load_safetensors(path):
    from safetensors.torch import load_file

    return load_file(path)


OTHERS = (
    (b"\x89HDF", "an HDF5 file (Keras writes such)"),
    (b"\x1f\x8b", "compressed with gzip: unpack it (gunzip)"),
    (b"BZh", "compressed with bzip2: unpack it (bunzip2)"),
    (b"\xfd7zXZ", "compressed with xz: unpack it (unxz)"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"version https://git-lfs", "the pointer that Git LFS left in place of the file: 'git lfs pull' fetches it"),
)
"""(first bytes, what such a file is)"""


def _other_form(path, head, members):
    """What a file is that is no checkpoint of PyTorch's, in words; None if that is not known. members: of a zip archive."""
    if members is None:
        if path.suffix.lower() == ".onnx" or head[:1] == b"\x08" and re.search(rb"onnx|pytorch|tf2", head):
            return "an ONNX graph; give the PyTorch checkpoint that it was exported from"
        if tarfile.is_tarfile(path):
            return "a tar archive: unpack it and give the checkpoint in it"
        return next((words for start, words in OTHERS if head.startswith(start)), None)
    if any(re.fullmatch(r"[^/]+/data\.pkl", name) for name in members):
        if not any(re.fullmatch(r"[^/]+/(constants\.pkl|code/.*)", name) for name in members):
            return None
        return (
            "a TorchScript archive (torch.jit.save), which is a program; if you trust it, save its weights: torch.save("
            f"torch.jit.load('{path.name}').state_dict(), 'weights.pth'), or add --trust-checkpoint"
        )
    inside = sorted(name for name in members if not name.endswith("/"))
    return (
        f"a zip archive of {len(inside)} files ({', '.join(inside[:2])}{', ...' * (len(inside) > 2)}), not of torch.save: "
        "unpack it and give the checkpoint in it"
    )


LARGEST_HEADER = 10**8  # bytes of a safetensors file's


def _attempts(path, head, members):
    """The readers that may do, in the order in which they are tried."""
    if members is not None and members and all(name.endswith(".npy") for name in members):
        return [lambda: _load_npz(path)]
    if len(head) > 8 and head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < LARGEST_HEADER:
        return [lambda: _load_safetensors(path)]
    return [
        lambda: torch.load(path, map_location="cpu", weights_only=True),
        (lambda: _load_pickle(path)) if members is None else (lambda: _load_restricted(path)),
    ]


def load(path, trust, complete):
    """The content of a checkpoint file: mostly a dict. trust: unpickle, and so run, what cannot be read otherwise, or what
    ``complete``, a function of the content, says has no weights without that (a pickled network).

    InputError: not there, damaged, not a checkpoint, needs trust.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError as error:
        hint = "give the checkpoint with --checkpoint FILE" if not path.exists() else "expected a readable file"
        raise InputError(f"cannot read checkpoint '{path}': {error.strerror}; {hint}") from error
    if is_darknet(path, head):
        return read_darknet(path)
    members = None
    if head.startswith(b"PK") and zipfile.is_zipfile(path):  # a tar archive can hold one at its end
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    size = path.stat().st_size
    if head.startswith(b"PK") and members is None:
        raise InputError(
            f"checkpoint '{path}' is truncated: the zip archive has no end (it has {size:,} bytes); "
            "copy or download it again"
        )
    attempts = _attempts(path, head, members)
    other = None if len(attempts) == 1 else _other_form(path, head, members)
    if other and not (trust and "TorchScript" in other):
        raise InputError(f"'{path}' is not a PyTorch checkpoint but {other}")
    if len(attempts) > 1 and members is None and not head.startswith(b"\x80"):
        found = f"it starts with {head[:16]!r}" if head else "it is empty"
        raise InputError(
            f"'{path}' is not a PyTorch checkpoint: {found}; expected a file written by torch.save, or a "
            "safetensors file"
        )
    error = None
    for attempt in attempts:
        try:
            with warnings.catch_warnings():  # torch's, on pickles that are not its own and on sparse tensors
                warnings.simplefilter("ignore", UserWarning)
                content = attempt()
            if trust and not complete(content):
                break  # a pickled network: placeholders will not do
            return content
        except Exception as caught:  # the unpicklers raise nearly everything on damaged files
            error = error or caught
    if trust:
        try:
            return torch.jit.load(path, "cpu") if other else torch.load(path, map_location="cpu", weights_only=False)
        except Exception as caught:
            raise InputError(f"cannot read checkpoint '{path}': {type(caught).__name__}: {caught}") from caught
    if _asks_for_trust(error):
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        raise InputError(
            f"checkpoint '{path}' cannot be read without unpickling, which can run code"
            + (f" (it asks for {asked[1]})" if asked else "")
            + "; if you trust where it comes from, add --trust-checkpoint"
        ) from error
    reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    raise InputError(
        f"checkpoint '{path}' is truncated or damaged, or not a PyTorch checkpoint ({size:,} bytes; "
        f"{reason[:200]}); copy or download it again"
    ) from error


def _asks_for_trust(error):
    return isinstance(error, pickle.UnpicklingError) and bool(
        re.search(r"GLOBAL|reduce|NEWOBJ|Can only|new object", str(error))
    )


def array_of(value):
    """The numpy array that a checkpoint's array became, in the machine's byte order; None of anything else."""
    found = value.array if isinstance(value, Array) else None
    return found if found is None else found.astype(found.dtype.newbyteorder("="), copy=False)
