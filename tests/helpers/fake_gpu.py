"""A GPU that is not there: torch's fake tensors say 'cuda:0', have shapes and types, and hold no numbers. An operation on tensors of
two devices is an error, and so is whatever needs a number; ``Reads`` gives a made-up one, and notes where it was asked for."""

import traceback
from contextlib import contextmanager

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from adafire.neurons import gpu

_aten = torch.ops.aten


class Reads(TorchDispatchMode):
    """Notes, as 'loop.py simulate', which function of the library reads a number of a tensor (``numbers``), and which moves one
    from device to device (``moved``). Of a fake tensor the number is 1, or True."""

    def __init__(self):
        super().__init__()
        self.numbers, self.moved = [], []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is _aten._local_scalar_dense.default:
            self.numbers.append(_where())
            if isinstance(args[0], FakeTensor):
                return {torch.bool: True}.get(args[0].dtype, 1.0 if args[0].is_floating_point() else 1)
        out = func(*args, **(kwargs or {}))
        source = {_aten._to_copy.default: 0, _aten.copy_.default: 1}.get(func)
        if source is not None and args[source].device != out.device:
            self.moved.append(_where())
        return out


def _where():
    frames = [f for f in traceback.extract_stack() if "/adafire/" in f.filename and "/tests/" not in f.filename]
    return f"{frames[-1].filename.split('/')[-1]} {frames[-1].name}" if frames else "elsewhere"


@contextmanager
def fake_gpu():
    """(mode, reads), under which tensors are fake."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(
        True
    )  # a parameter with numbers cannot become one without
    gpu.numbers.cache_clear()
    try:
        with FakeTensorMode() as mode, Reads() as reads:
            yield mode, reads
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
        gpu.numbers.cache_clear()  # it keeps tensors


def put_there(snn, mode):
    """Move an SNN to the GPU that ``mode`` feigns. Its plans are not proved there, for that compares numbers."""
    snn._apply(lambda t: (t if isinstance(t, FakeTensor) else mode.from_tensor(t)).to("cuda"))
    for plans in (snn.plan, snn.plan.base):
        if plans is not None:
            plans.verified = False
