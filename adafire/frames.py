"""Inputs that change in time: every timestep sees its own frame.

Neurons integrate, so after T steps the SNN stands for the network applied to the mean of what these steps showed; it
tends to that as T grows, like the SNN of a constant input to the network itself. This mean is what "the network" means for
frames wherever it is a reference: in calibrations and searches for T steps, and in the quantised network at T, the mean of
what T steps show; for the network before conversion, which knows no time, the mean of all frames. Source: ours.
"""

import torch
from torch.utils import _pytree as pytree

from .errors import InputError

AFTER = ("repeat", "hold")


class Frames:
    """A tensor [B, F, ...] in an input's place: timestep t shows ``values[:, t - 1]`` [B, ...] to the network.

    after: what follows the last frame. 'repeat' shows the frames again from the first; 'hold' goes on showing the last.
    Nothing that depends on it is computed once for all steps; tensors beside it in the input stay constant.

    >>> clip = Frames(torch.tensor([[1., 2., 6.]]))
    >>> clip.steps(0, 5).tolist()      # two steps beyond the end: the first two frames again
    [[1.0], [2.0], [6.0], [1.0], [2.0]]
    >>> float(clip.mean()), float(clip.mean(4))
    (3.0, 2.5)
    """

    def __init__(self, values, after="repeat"):
        if after not in AFTER:
            raise InputError(f"after={after!r}; expected {' or '.join(map(repr, AFTER))}")
        if isinstance(values, torch.Tensor) and (values.dim() < 2 or values.shape[1] < 1):
            raise InputError(
                f"frames have the shape {list(values.shape)}; expected [samples, frames, ...] with at least one frame"
            )
        self.values, self.after = values, after

    def __len__(self):
        """Number of frames."""
        return self.values.shape[1]

    def _order(self, steps):
        last = len(self) - 1
        return [min(k, last) if self.after == "hold" else k % (last + 1) for k in steps]

    def steps(self, before, length):
        """[K, B, ...]: what the ``length`` timesteps after step ``before`` show."""
        order = torch.tensor(self._order(range(before, before + length)), device=self.values.device)
        return self.values.index_select(1, order).movedim(1, 0)

    def first(self):
        """[B, ...]: the first frame."""
        return self.values[:, 0]

    def mean(self, steps=None, start=0):
        """[B, ...]: mean of what the timesteps start + 1 to ``steps`` show (None: of all frames, once each)."""
        order = self._order(range(start, len(self) if steps is None else steps))
        weights = torch.bincount(torch.tensor(order), minlength=len(self)).to(self.values) / len(order)
        return torch.tensordot(self.values, weights, ([1], [0]))

    def __repr__(self):
        return f"Frames({list(self.values.shape)}, after={self.after!r})"


def _unflatten(children, after):
    made = object.__new__(Frames)  # no check: the tree may hold placeholders
    made.values, made.after = children[0], after
    return made


pytree.register_pytree_node(Frames, lambda frames: ([frames.values], frames.after), _unflatten)


def _is_frames(leaf):
    return isinstance(leaf, Frames)


def frames_in(x):
    """All Frames of an input, in order."""
    return [leaf for leaf in pytree.tree_flatten(x, is_leaf=_is_frames)[0] if _is_frames(leaf)]


def pattern(x):
    """For each tensor of an input, whether it changes in time."""
    return tuple(_is_frames(leaf) for leaf in pytree.tree_flatten(x, is_leaf=_is_frames)[0])


def show(x, picture):
    """An input as the network sees it: ``picture(frames)`` in place of each Frames."""
    return pytree.tree_map(lambda leaf: picture(leaf) if _is_frames(leaf) else leaf, x, is_leaf=_is_frames)


def put(x, tensors):
    """An input with the given tensors in place of its Frames."""
    fresh = iter(tensors)
    return show(x, lambda frames: next(fresh))
