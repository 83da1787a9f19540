"""Darknet's weight files: numbers without names, layer after layer as the network runs them.

A file: int32 major, minor, revision; the number of pictures seen (int64 from version 0.2 on, else int32); then float32 of each
convolution: biases, and with batch norm its scales, means and variances, then the weights [out, in, height, width].
"""

import struct

import numpy as np
import torch
from torch import nn

from adafire.errors import InputError

FLAT = "darknet"
"""The name under which all numbers of a file stand in a state dict, until a network spreads them."""
DARKNET_EPS = 1e-6  # added to the deviation; PyTorch adds its own to the variance


def is_darknet(path, head):
    """Whether a file is one of Darknet's, by its suffix and its version."""
    return path.suffix == ".weights" and len(head) >= 16 and all(0 <= v <= 10 for v in struct.unpack("<3i", head[:12]))


def read_darknet(path):
    """{FLAT: float32 [n]} of a file; InputError where no whole numbers follow its head."""
    content = path.read_bytes()
    major, minor, _ = struct.unpack("<3i", content[:12])
    begin = 20 if major * 10 + minor >= 2 else 16
    if (len(content) - begin) % 4 or len(content) <= begin:
        raise InputError(
            f"'{path}' is truncated: after its head of {begin} bytes stand {len(content) - begin}, no multiple of 4; copy or "
            "download it again"
        )
    return {FLAT: torch.from_numpy(np.frombuffer(content, "<f4", offset=begin).astype(np.float32))}


def spread(flat, named, parts):
    """A state dict of the numbers ``flat`` for the convolutions of ``parts``, modules in the order in which Darknet runs them; each has
    the batch norm behind it, or a bias. named: {name: module} of the whole network.

    InputError: too few or too many numbers.
    """
    names, state, at = {id(module): name for name, module in named.items()}, {}, 0

    def take(module, key, shape):
        nonlocal at
        number = int(np.prod(shape))
        state[f"{names[id(module)]}.{key}"] = (
            flat[at : at + number].reshape(shape) if at + number <= len(flat) else None
        )
        at += number

    layers = [m for part in parts for m in part.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    for k, conv in enumerate(layers):
        if isinstance(conv, nn.BatchNorm2d):
            continue
        if conv.bias is not None:
            take(conv, "bias", conv.bias.shape)
        else:
            for key in ("bias", "weight", "running_mean", "running_var"):
                take(layers[k + 1], key, layers[k + 1].weight.shape)
        take(conv, "weight", conv.weight.shape)
    if at != len(flat):
        raise InputError(
            f"the Darknet file is not of this network: it has {len(flat):,} numbers, the network {at:,}; give the file that belongs to "
            "this network (tiny or not, VOC's 20 classes or COCO's 80), or the config of this file"
        )
    for name, value in state.items():
        if name.endswith("running_var"):
            eps = named[name.rpartition(".")[0]].eps
            state[name] = ((value.double().clamp(min=0).sqrt() + DARKNET_EPS) ** 2 - eps).float()
    return state
