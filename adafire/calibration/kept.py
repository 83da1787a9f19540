"""What was measured for a conversion, kept on disk: statistics of activations, and results of searches (``Calibration(cache=DIR)``).

A file's name is a hash of everything that its content depends on: the samples, the network's weights, what its dry run calls with
which constants, the versions of torch and of this file. So nothing goes stale, and other networks and data use the same folder. A
file appears whole or not at all, so that processes share the folder without locks: two that measure the same at the same time
write the same. What cannot be read is measured again.
"""

import hashlib
import json
from pathlib import Path

import torch
from torch.utils._pytree import tree_flatten

from ..errors import InputError
from ..graph import Stream
from ..neurons import NeuronParams, law_of, law_terms
from ..tensors_file import TensorsFile, write
from .thresholds import Histogram

_SHOWN = bool, int, float, complex, str, slice, range, torch.dtype, torch.device, torch.layout
VERSION = 1
"""Goes up where the same inputs would be measured otherwise, or written otherwise."""


def folder_of(cache):
    """The folder, made if it is not there; InputError where it cannot be. None stays None."""
    if cache is None:
        return None
    try:
        Path(cache).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cache={str(cache)!r}: {error.strerror or error}; give a folder that can be written"
        ) from error
    return Path(cache)


def digest_of_inputs(inputs):
    """Hash of the samples and of their structure."""
    found = hashlib.sha256()
    for x in inputs:
        leaves, structure = tree_flatten(x)
        found.update(str(structure).encode())
        for leaf in leaves:
            found.update(_bytes(leaf))
    return found.hexdigest()


def digest_of_network(network, trace):
    """Hash of what a network computes: its class, weights and buffers, and the calls of a dry run with their constants."""
    found = hashlib.sha256(f"{type(network).__module__}.{type(network).__qualname__}".encode())
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        found.update(name.encode() + _bytes(tensor))
    known = {id(t) for t in (*network.parameters(), *network.buffers())}
    for call in trace.calls:
        found.update(f"{call.full} {call.name} {call.inputs} {call.region} {call.site is not None}".encode())
        for leaf in tree_flatten(call.made[1:])[0]:
            found.update(b"own" if id(leaf) in known else _bytes(leaf))
    return found.hexdigest()


def digest_of_weights(overrides):
    """Hash of what layers compute with in place of the network's weights; nothing where that is nothing."""
    found = hashlib.sha256()
    for name, (weight, _) in overrides.items():
        found.update(name.encode() + _bytes(weight))
    return found.hexdigest() if overrides else ""


def _bytes(leaf):
    """A leaf as bytes that tell it from others."""
    if isinstance(leaf, torch.Tensor):
        dense = leaf.detach() if leaf.layout == torch.strided else leaf.detach().to_dense()
        content = dense.cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes() if dense.numel() else b""
        return f"{leaf.dtype} {list(leaf.shape)} {leaf.device.type} ".encode() + content
    if isinstance(leaf, Stream):
        return f"{leaf} {leaf.position} ".encode()
    return f"{type(leaf).__name__} {leaf if isinstance(leaf, _SHOWN) else ''} ".encode()


class Kept:
    """A folder for what is measured on ``subject``: a text, such as digests of network and inputs. device: of what is read;
    notes: gets a sentence where nothing can be written, which is no reason to stop."""

    def __init__(self, folder, subject, device="cpu", notes=None):
        self.folder, self.subject = folder, f"{VERSION} {torch.__version__} {subject}"
        self.device, self.notes = device, [] if notes is None else notes

    def _path(self, what):
        return self.folder / (hashlib.sha256(f"{self.subject} {what}".encode()).hexdigest()[:40] + ".safetensors")

    def _file(self, what):
        """The file of ``what``, or None where it is not there or is none."""
        try:
            file = TensorsFile(self._path(what))
            return file if file.metadata.get("adafire-kept") == str(VERSION) else None
        except InputError:
            return None

    def histograms(self, key):
        """{site: Histogram} that were kept under ``key``; None where there are none."""
        file = self._file(f"statistics {key}")
        try:
            if file is None:
                return None
            found = {}
            for index in json.loads(file.metadata["sites"]):
                histogram = found[int(index)] = Histogram(file.shapes[f"{index}.top"][1][0], self.device)
                histogram.counts, histogram.top, histogram.maximum = (
                    file.tensor(f"{index}.{part}").to(self.device) for part in ("counts", "top", "maximum")
                )
            return found
        except (KeyError, ValueError, TypeError, IndexError, OSError, InputError):
            return None

    def keep_histograms(self, key, histograms):
        """Keep {site: Histogram} under ``key``."""
        tensors = {
            f"{i}.{part}": getattr(h, part) for i, h in histograms.items() for part in ("counts", "top", "maximum")
        }
        self._write(f"statistics {key}", tensors, {"sites": json.dumps(list(histograms))})

    def search(self, key):
        """(params, what was found, seconds) of a search that was kept under ``key``; None where there is none."""
        file = self._file(f"search {key}")
        try:
            if file is None:
                return None
            params, terms = {}, json.loads(file.metadata["search"])
            for index, phi_plus, phi_minus, law in terms["sites"]:
                theta, bias, v0 = (file.tensor(f"{index}.{part}").to(self.device) for part in ("theta", "bias", "v0"))
                params[index] = NeuronParams(theta, bias, v0, phi_plus, phi_minus, law_of(law))
            return params, terms["found"], float(terms["seconds"])
        except (KeyError, ValueError, TypeError, OSError, InputError):
            return None

    def keep_search(self, key, params, found, seconds):
        """Keep a search under ``key``; one that JSON cannot hold as it is, or whose neurons have a law of their own, is not kept."""
        try:
            sites = [[index, p.phi_plus, p.phi_minus, law_terms(p.neuron)] for index, p in params.items()]
            text = json.dumps({"sites": sites, "found": found, "seconds": seconds}, allow_nan=False)
        except (InputError, TypeError, ValueError):
            return
        if json.loads(text)["found"] == found:
            tensors = {f"{i}.{part}": getattr(p, part) for i, p in params.items() for part in ("theta", "bias", "v0")}
            self._write(f"search {key}", tensors, {"search": text})

    def _write(self, what, tensors, texts):
        try:
            write(self._path(what), tensors, {"adafire-kept": str(VERSION), **texts})
        except InputError as error:
            self.notes.append(f"what was measured is not kept on disk: {error}")
