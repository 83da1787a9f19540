"""Operators that ``torch.vmap`` has no rule for (recurrent layers, matrix_exp, foreign ones) run timestep by timestep; and those
that want their operands in one order of memory get them so (layers keep channels last here, where the network's own do not)."""

import torch

from ..graph import RECURRENT, map_tensors
from .memory import ran_out


def over_time(plan, call, function, tensors, moving):
    """Results, [K, ...] each, of ``function(*tensors)`` at K timesteps; tensors: [K, ...] where ``moving``, else constant.

    function gives a tuple of tensors. What failed under vmap once is not tried again.
    """
    slow = vars(plan).setdefault("stepwise", set())
    if call.index not in slow and call.op not in RECURRENT:
        try:
            return torch.vmap(function, in_dims=tuple(0 if moves else None for moves in moving))(*tensors)
        except RuntimeError as error:
            if ran_out(error):
                raise
            slow.add(call.index)
    steps = next(len(t) for t, moves in zip(tensors, moving) if moves)
    each = [function(*(t[k].contiguous() if moves else t for t, moves in zip(tensors, moving))) for k in range(steps)]
    return tuple(map(torch.stack, zip(*each)))


def no_rule(error):
    """Whether a RuntimeError means that vmap cannot run an operator."""
    return not ran_out(error) and any(words in str(error) for words in ("atching rule", "vmap"))


def cat_channels_last(func, args, kwargs):
    """``func(*args, **kwargs)``, a concatenation. Of pictures [B, C, H, W] that all keep channels last so does the result, which layers
    behind it are fastest with (torch.cat of what moves in time gives channels first)."""
    given = dict(zip(("tensors", "dim"), args)) | kwargs
    tensors, dim = given.get("tensors"), given.get("dim", 0)
    last = lambda t: isinstance(t, torch.Tensor) and t.dim() == 4 and t.stride(1) == 1 and t.shape[1] > 1
    if (
        set(given) <= {"tensors", "dim"}
        and isinstance(tensors, (tuple, list))
        and isinstance(dim, int)
        and all(map(last, tensors))
    ):
        return func([t.permute(0, 2, 3, 1) for t in tensors], (0, 3, 1, 2)[dim % 4]).permute(0, 3, 1, 2)
    return in_any_layout(func, args, kwargs)


def in_any_layout(func, args, kwargs):
    """``func(*args, **kwargs)``; once more on contiguous tensors where it was written for them alone."""
    try:
        return func(*args, **kwargs)
    except RuntimeError as error:
        if "view size is not compatible" not in str(error):
            raise
    args, kwargs = map_tensors(torch.Tensor.contiguous, (args, kwargs))
    return func(*args, **kwargs)
