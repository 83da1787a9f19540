"""Files of named tensors and text in the safetensors format: nothing in them is executed, and nothing is taken on trust.

The format: 8 bytes, the length of a header (little-endian); the header, JSON of {name: {dtype, shape, data_offsets}}, with texts
under "__metadata__"; the tensors' bytes, without holes. Written here, since the library needs torch and numpy only, and since a
reader that says in one sentence what is wrong with a file has to look at it anyway.
"""

import json
import math
import os
import threading
from pathlib import Path

import torch

from .errors import InputError

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "C64": torch.complex64,
          "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
          "U16": torch.uint16, "U32": torch.uint32, "U64": torch.uint64, "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
LONGEST_HEADER = 10**8


def write(path, tensors, metadata):
    """Write {name: tensor} and {key: text} to ``path``: whole, or not at all (a temporary name, then a rename). The same
    tensors and texts give the same bytes. InputError where the place cannot be written, or the format has no such type."""
    path, header, offset = Path(path), {"__metadata__": dict(sorted(metadata.items()))}, 0
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.dtype not in _NAMES:
            kind = str(tensor.dtype if tensor.layout == torch.strided else tensor.layout).removeprefix("torch.")
            raise InputError(f"'{name}' is of the kind {kind}, which a safetensors file cannot hold")
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))  # so that all of them are aligned
    for name in order:
        size = tensors[name].numel() * tensors[name].element_size()
        header[name] = {"dtype": _NAMES[tensors[name].dtype], "shape": list(tensors[name].shape), "data_offsets": [offset, offset + size]}
        offset += size
    head = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    head += b" " * (-len(head) % 8)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(len(head).to_bytes(8, "little") + head)
            for name in order:
                file.write(tensors[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; nothing that was there is lost") from error
    finally:
        temporary.unlink(missing_ok=True)


class TensorsFile:
    """A file whose header was read and checked. metadata: {key: text}; shapes: {name: (dtype, shape)}; ``tensor(name)`` reads.

    Raises InputError, in one sentence, for whatever is no such file, is damaged, or lacks a part.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            with open(self.path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                length = int.from_bytes(file.read(8), "little")
                if size < 8 or length > min(size - 8, LONGEST_HEADER):
                    raise self.unusable("it is no safetensors file, or its header was cut off")
                text = file.read(length)
        except OSError as error:
            raise InputError(f"'{path}' cannot be read: {error.strerror or error}") from error
        header = self._parsed(text)
        self.metadata = header.pop("__metadata__", {})
        if not isinstance(self.metadata, dict) or not all(isinstance(value, str) for value in self.metadata.values()):
            raise self.unusable("its metadata are no texts")
        if not all(name.isprintable() for name in header):
            raise self.unusable("a name in it has characters that cannot be shown")
        self._start, self._places = 8 + length, {name: self._entry(name, entry) for name, entry in header.items()}
        self.shapes = {name: (dtype, shape) for name, (dtype, shape, _, _) in self._places.items()}
        end = 0
        for name, (_, _, first, last) in sorted(self._places.items(), key=lambda item: item[1][2:]):
            if first != end:
                raise self.unusable(f"the bytes of '{_short(name)}' begin at {first}, expected {end}")
            end = last
        if size - self._start != end:
            raise self.unusable(f"it holds {size - self._start} bytes of tensors where its header says {end}: it was cut off or damaged")

    def unusable(self, why):
        """An InputError about this file."""
        return InputError(f"'{self.path}' cannot be loaded: {why}")

    def _parsed(self, text):
        try:
            header = json.loads(text.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise self.unusable("it is no safetensors file: its header is no JSON") from None
        if not isinstance(header, dict):
            raise self.unusable("it is no safetensors file: its header names no tensors")
        return header

    def _entry(self, name, entry):
        """(dtype, shape, first byte, byte behind the last) of a tensor, checked against each other."""
        try:
            dtype, shape, (first, last) = DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
            sound = all(type(n) is int and n >= 0 for n in (*shape, first, last))
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound or len(shape) > 64 or last - first != math.prod(shape) * dtype.itemsize:
            raise self.unusable(f"type, shape and place of '{_short(name)}' do not fit each other")
        return dtype, tuple(shape), first, last

    def tensor(self, name):
        """The tensor ``name``, on the CPU, with memory of its own."""
        dtype, shape, first, last = self._places[name]
        if first == last:
            return torch.empty(shape, dtype=dtype)
        content = bytearray(last - first)
        with open(self.path, "rb") as file:
            file.seek(self._start + first)
            if file.readinto(content) != len(content):
                raise self.unusable("it was changed while it was read")
        return torch.frombuffer(content, dtype=torch.uint8).view(dtype).reshape(shape)


def _refuse(constant):
    raise ValueError(constant)


def _short(name):
    return name if len(name) <= 80 else f"{name[:77]}..."
