"""A copy of the network as it is now: what is done to the network afterwards does not reach its conversions (ours)."""

import copy

import torch
from torch.utils._pytree import tree_leaves

from ..errors import InputError


class Snapshot:
    """``network``: a copy of a network, weights and all. Where it cannot be copied, itself (not ``copied``), and ``notes`` says
    so."""

    def __init__(self, network):
        self.copied = True
        self.notes, self._switches, self._names = [], _switches(network), list(_tensors(network))
        try:
            self.network = copied(network)
        except Exception as error:
            self.network, self.copied = network, False
            self.notes.append(
                f"the network cannot be copied ({type(error).__name__}: {str(error)[:200]}): this conversion uses it as "
                "it is; do not change it afterwards"
            )

    def shows(self, network):
        """Whether ``network`` is as it was: its tensors, value by value, and the numbers and names that its modules keep."""
        now, then = _tensors(network), _tensors(self.network)
        return (
            list(now) == self._names
            and _switches(network) == self._switches
            and all(name in then and _equal(tensor, then[name]) for name, tensor in now.items())
        )


def copied(network, memo=None):
    """A deep copy, of the tensors, too, that ``copy.deepcopy`` refuses. memo: as deepcopy takes it."""
    return copy.deepcopy(network, {**_computed(network), **({} if memo is None else memo)})


def _computed(network):
    """A memo for ``copy.deepcopy`` with copies of tensors that it refuses: those that a module keeps and that carry a gradient's
    history (weights that old-style weight norm computes)."""
    kept = [v for m in network.modules() for v in tree_leaves(list(vars(m).values())) if isinstance(v, torch.Tensor)]
    return {id(t): t.detach().clone() for t in kept if not t.is_leaf}


def _tensors(network):
    return dict([*network.named_parameters(), *network.named_buffers()])


def _equal(one, two):
    if one is two:
        return True
    if (one.shape, one.dtype, one.device, one.layout) != (two.shape, two.dtype, two.device, two.layout):
        return False
    one, two = (t.detach() if t.layout == torch.strided else t.detach().to_dense() for t in (one, two))
    return torch.equal(one, two) or one.is_floating_point() and torch.equal(one.nan_to_num(), two.nan_to_num())


def _switches(network):
    return [
        (type(m), {k: v for k, v in vars(m).items() if isinstance(v, (bool, int, float, str, type(None)))})
        for m in network.modules()
    ]


def check_weights(network):
    """InputError that names the tensor where a weight is not finite, or not there yet. A buffer may hold -inf (masks)."""
    buffers = {id(t) for t in network.buffers()}
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if torch.nn.parameter.is_lazy(tensor):
            raise InputError(
                f"weight '{name}' has no shape yet (a lazy module); call the network once, then convert it"
            )
        values = tensor.detach() if tensor.layout == torch.strided else tensor.detach().to_dense()
        if values.is_floating_point() and bool((values.isnan() if id(tensor) in buffers else ~values.isfinite()).any()):
            raise InputError(f"weight '{name}' holds NaN or infinity; load a sound checkpoint")
