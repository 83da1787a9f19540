"""A GPU that is pretended: its tensors say 'cuda:0', and are computed by the CPU, with numbers. So a whole conversion can be run, and an
operation on tensors of two devices is an error, as on a GPU."""

from contextlib import contextmanager
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

_aten = torch.ops.aten
_ACROSS = {_aten.copy_.default, _aten._to_copy.default}
_INDEXED = {_aten.index.Tensor, _aten.index_put_.default, _aten.index_put.default, _aten._index_put_impl_.default}
"""Whose indices may be on the CPU."""


class OnGpu(torch.Tensor):
    """A tensor on the GPU, around one on the CPU."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=torch.device("cuda:0"),
            requires_grad=inner.requires_grad,
        )

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {}, [])

    def __repr__(self):
        return f"OnGpu({self.inner!r})"


class _Gpu(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.numbers = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {}, self.numbers)


def _run(func, args, kwargs, numbers):
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
    here = [t for t in tensors if isinstance(t, OnGpu)]
    device = kwargs.get("device")
    to_gpu = torch.device(device).type == "cuda" if device is not None else bool(here)
    checked = tensors[:1] if func in _INDEXED else tensors
    if here and func not in _ACROSS and any(t.dim() and not isinstance(t, OnGpu) for t in checked):
        raise RuntimeError(f"{func}: expected all tensors on one device, found cuda:0 and cpu")
    if not here and not to_gpu:
        return func(*args, **kwargs)
    if func in (_aten._local_scalar_dense.default, _aten.equal.default):
        numbers.append(str(func))
    plain = lambda t: t.inner if isinstance(t, OnGpu) else t
    mine, named = tree_map(plain, (args, {**kwargs, **({"device": "cpu"} if device is not None else {})}))
    out = func(*mine, **named)
    if func is _aten.copy_.default:
        return args[0]
    wrap = lambda t: OnGpu(t) if isinstance(t, torch.Tensor) and to_gpu else t
    return return_and_correct_aliasing(func, args, kwargs, tree_map(wrap, out)) if here else tree_map(wrap, out)


@contextmanager
def pretended_gpu():
    """The mode, under which 'cuda' is a device; ``numbers``: its reads of numbers."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    if not torch.cuda.is_available():
        torch._C._ensureCUDADeviceGuardSet()  # as torch's fake tensors do: nothing asks a driver which GPU is chosen
    try:
        with (
            mock.patch("torch.cuda._lazy_init", lambda: None),
            torch.backends.cudnn.flags(enabled=False),
            _Gpu() as mode,
        ):
            yield mode
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
