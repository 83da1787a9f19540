"""Sums of counts, weighed with maps, by a compiled kernel: one pass over memory for all maps of one tensor."""

import math

import torch

from . import kernels
from .compiled import library
from .layouts import order


class Maps:
    """Weights of the elements of a row of counts [rows, *shape], each constant along many of its dimensions.

    >>> maps = Maps((2, 3))
    >>> maps.place_of(torch.ones(2, 3)), maps.place_of(torch.tensor([[5.0], [6.0]])), maps.place_of(torch.ones(1, 1))
    (0, 1, 0)
    """

    def __init__(self, shape):
        self.shape, self.maps, self._laid_out = tuple(shape), [], {}

    def place_of(self, weights):
        """Index of a map of whole numbers that broadcasts to ``shape``: of the one that is there, or of a new one."""
        weights = weights.detach().double()
        for d in range(weights.dim()):
            first = weights.narrow(d, 0, 1)
            if weights.stride(d) == 0 or bool((weights == first).all()):
                weights = first
        found = (k for k, own in enumerate(self.maps) if own.shape == weights.shape and torch.equal(own, weights))
        place = next(found, len(self.maps))
        if place == len(self.maps):
            self.maps.append(weights.clone())
            self._laid_out.clear()
        return place

    def sums(self, first, second=None):
        """[2, rows, maps] in float64 of two tensors of counts, in one order of memory; second None: 1 for every count of
        ``first`` other than 0. None where the kernel does not apply (another type, gaps, no compiler)."""
        laid = _order(first) if first.dtype == torch.float32 and kernels.path(first) == "compiled" else None
        if laid is None or second is not None and (second.dtype != first.dtype or _order(second) != laid):
            return None
        if laid not in self._laid_out:
            self._laid_out[laid] = self._in_order(laid)
        outer, inner, across, ends, weights = self._laid_out[laid]
        out = torch.empty(2, len(first), len(self.maps), dtype=torch.float64)
        library().adafire_weighed(
            first.data_ptr(),
            None if second is None else second.data_ptr(),
            len(first),
            outer,
            inner,
            across,
            ends.data_ptr(),
            len(ends),
            weights.data_ptr(),
            len(self.maps),
            out.data_ptr(),
            torch.get_num_threads(),
        )
        return out

    def _in_order(self, dims):
        """(outer, inner, whether outer is cut into segments, their ends, weights) as the kernel takes them: whichever of the two
        ways has fewer weights."""
        # torch.broadcast_shapes would import its symbolic shapes
        common = [max(sizes) for sizes in zip(*(w.shape for w in self.maps))]
        whole = torch.stack([w.expand(common) for w in self.maps]).permute(0, *dims)
        sizes, kinds = [self.shape[d - 1] for d in dims], len(self.maps)
        changes = [n > 1 for n in whole.shape[1:]]
        last = min(len(sizes), max(1, (changes[::-1] + [True]).index(True)))  # dimensions along which one run goes on
        lead = min(len(sizes), max(1, (changes + [True]).index(True)))
        cut = len(sizes) - last
        inner = whole.expand(kinds, *sizes[:cut], *whole.shape[1 + cut :]).reshape(kinds, math.prod(sizes[:cut]), -1)
        outer = whole.expand(kinds, *whole.shape[1 : 1 + lead], *sizes[lead:])
        outer = outer.reshape(kinds, -1, math.prod(sizes[lead:])).transpose(1, 2)
        along, across = _segments(inner, math.prod(sizes[cut:])), _segments(outer, math.prod(sizes[:lead]))
        if not any(changes):
            return 1, math.prod(sizes), False, torch.tensor([math.prod(sizes)]), inner[:, 0, 0].contiguous()
        if along[1].numel() <= across[1].numel():
            return inner.shape[1], math.prod(sizes[cut:]), False, along[0], along[1].permute(1, 2, 0).contiguous()
        return math.prod(sizes[:lead]), outer.shape[1], True, across[0], across[1].permute(2, 0, 1).contiguous()


def _segments(weights, size):
    """(ends of the segments along the last dimension within which weights [maps, n, size or 1] do not change, those of each)."""
    if weights.shape[2] == 1:
        return torch.tensor([size]), weights
    change = (weights[..., 1:] != weights[..., :-1]).flatten(0, 1).any(0).nonzero()[:, 0]
    last = torch.cat([change, torch.tensor([size - 1])])
    return last + 1, weights[..., last]


def _order(tensor):
    """Dimensions of a row of a dense tensor [rows, ...] from the slowest to the fastest in memory; None if there are gaps, or rows do
    not lie one after the other."""
    dims = order(tensor)
    if dims is None or len(tensor) > 1 and dims[0] != 0:
        return None
    longer = [d for d in dims if d]
    return (*(d for d in range(1, tensor.dim()) if d not in longer), *longer)
