"""Where neurons run on a GPU by Triton's kernels (triton_laws.py, triton_pools.py), and how these are launched.

Triton comes with torch's builds for GPUs. A GPU without it, or one that it does not compile for, runs the torch reference.

How the bits stay those of the reference: a compiler of GPU code makes one rounding of a product and a sum (fma) where it may, so
every kernel is compiled without that (``enable_fp_fusion=False``); ``/`` is an approximation in Triton, so quotients are ``div_rn``;
and torch's own operators on a GPU multiply with the reciprocal of a Python number, so the reference divides by a tensor
(``divided``). tests/adafire/neurons/test_triton.py runs the kernels in Triton's interpreter, and looks for fma in what is compiled.
"""

import functools
import importlib.util
import logging

import torch

_LOG = logging.getLogger(__name__)
DEVICES = {"cuda"}
"""Types of devices whose tensors the kernels are launched on; Triton's interpreter can do so on the CPU."""
BLOCK = 1024
"""Elements of one program."""


@functools.lru_cache(maxsize=1)
def available():
    """Whether Triton's kernels can be launched here: it is installed, and torch sees a GPU that it compiles for (compute
    capability 7.5, or AMD's)."""
    if not torch.cuda.is_available():
        return False
    if importlib.util.find_spec("triton") is None:
        _LOG.info("triton is not installed: neurons are simulated by torch's operators, the same bits in more time")
        return False
    return torch.version.hip is not None or torch.cuda.get_device_capability() >= (7, 5)


def takes(tensor):
    """Whether the kernels are launched for ``tensor``."""
    return tensor.device.type in DEVICES and available()


def launch(kernel, size, *arguments, block=BLOCK, **constants):
    """``kernel`` on ``size`` elements (or rows), ``block`` of them a program, on the device of the first argument."""
    with torch.cuda.device_of(arguments[0]):
        kernel[(-(-size // block),)](*arguments, BLOCK=block, **constants, enable_fp_fusion=False)


@functools.lru_cache(maxsize=1024)
def numbers(values, device):
    """A float32 tensor of a tuple of numbers, copied to ``device`` once."""
    return torch.tensor(values, dtype=torch.float32, device=device)


def divided(x, number):
    """``x / number`` for a Python number, rounded as a quotient on every device.

    >>> divided(torch.tensor([1.0, 2.0]), 4)
    tensor([0.2500, 0.5000])
    """
    return x / number if x.device.type == "cpu" else x / torch.full((), number, dtype=x.dtype, device=x.device)
