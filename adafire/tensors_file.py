"""Files of named tensors and text in the safetensors format: nothing in them is executed, and what is wrong is one sentence."""

import os
import threading
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .errors import InputError

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "C64": torch.complex64,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "U16": torch.uint16,
    "U32": torch.uint32,
    "U64": torch.uint64,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
}


def write(path, tensors, metadata):
    """Write {name: tensor} and {key: text} to ``path``: whole, or not at all (a temporary name, then a rename). InputError where
    the place cannot be written, or the format has no such type."""
    path = Path(path)
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.dtype not in DTYPES.values():
            kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout).removeprefix("torch.")
            raise InputError(f"'{name}' is of the kind {kind}, which a safetensors file cannot hold")
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        save_file(
            {name: t.detach().cpu().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()},
            temporary,
            metadata,
        )
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"cannot write {path}: {getattr(error, 'strerror', None) or error}; nothing that was there is lost"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


class TensorsFile:
    """A file whose header was read and checked. metadata: {key: text}; shapes: {name: (dtype, shape)}; ``tensor(name)`` reads.

    Raises InputError, in one sentence, for whatever is no such file, is damaged, or lacks a part.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            with open(self.path, "rb"):  # safe_open's own errors do not say why a file cannot be read
                pass
            self._file = safe_open(self.path, framework="pt")
            slices = {name: self._file.get_slice(name) for name in self._file.keys()}
            self.metadata = self._file.metadata() or {}
            kinds = {name: part.get_dtype() for name, part in slices.items()}
        except OSError as error:
            raise InputError(f"'{path}' cannot be read: {error.strerror or error}") from error
        except SafetensorError as error:
            raise self.unusable(
                f"it is no safetensors file, or was cut off or damaged ({' '.join(str(error).split())[:120]})"
            ) from error
        if not all(name.isprintable() for name in slices):
            raise self.unusable("a name in it has characters that cannot be shown")
        odd = next((name for name, kind in kinds.items() if kind not in DTYPES), None)
        if odd is not None:
            raise self.unusable(f"'{odd[:80]}' is of the type {kinds[odd]}, which is not known here")
        self.shapes = {name: (DTYPES[kinds[name]], tuple(part.get_shape())) for name, part in slices.items()}

    def unusable(self, why):
        """An InputError about this file."""
        return InputError(f"'{self.path}' cannot be loaded: {why}")

    def tensor(self, name):
        """The tensor ``name``, on the CPU, with memory of its own: the file may change afterwards."""
        return self._file.get_tensor(name).clone()
