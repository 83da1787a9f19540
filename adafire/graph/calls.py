"""What a dry run remembers: calls, the shapes that flowed, and the sites where neurons go."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_map

from . import support as ops
from .activations import Activation

INPUT, FRAMES = -1, -2
"""In place of a call's index: the network's input; the part of it that changes in time (frames.py)."""


@dataclass
class Call:
    """One call of a torch function.

    inputs: indices of the calls whose results it uses (INPUT, FRAMES: the network's input); template: its result with every
    tensor replaced by a ``Spec``; arguments: (function, args, kwargs) with a ``Stream`` for what depends on the input, and
    made: the same as it was called, where ``arguments`` is rewritten; spiking: the result is spikes, or sums of spikes;
    mixed: with constants among or in them; brings: for each stream, whether it is more than a factor; unit: whole spikes of
    one threshold; affine: such spikes, scaled and shifted by constants of a channel; flops: of its matrix products.
    """

    index: int
    full: str
    op: str
    rule: ops.Rule
    name: str
    inputs: tuple
    template: Any
    arguments: tuple
    streams: int = 0
    mutates: bool = False
    region: str = "independent"
    consumers: list = field(default_factory=list)
    spiking: bool = False
    unit: bool = False
    affine: bool = False
    mixed: bool = False
    brings: tuple = ()
    site: Any = None
    flops: float = 0.0
    stand_in: Any = None
    made: tuple = ()

    def __post_init__(self):
        self.made = self.made or self.arguments

    @property
    def pools_spikes(self):
        """Whether it is a rate operator whose result is still spikes."""
        return self.rule.treatment == "rate" and self.spiking and self.site is None


@dataclass(frozen=True)
class Spec:
    """Shape and type of a tensor that flowed."""

    shape: tuple
    dtype: torch.dtype
    device: torch.device

    def placeholder(self):
        """A tensor of this shape that owns one number: for code that looks at shapes only."""
        return torch.empty((), dtype=self.dtype, device=self.device).expand(self.shape)


@dataclass
class Site:
    """A call that becomes neurons. ``operand``: position of its input among the call's arguments; relay: the neurons have
    no activation and stand behind the call, in the way of its result."""

    index: int
    call: int
    name: str
    activation: Activation
    shape: tuple
    channel_axis: int
    operand: int = 0
    relay: bool = False

    @property
    def channels(self):
        return self.shape[self.channel_axis]


@dataclass
class Trace:
    """The result of a dry run. ``others``: names of functions that are not calls; ``outputs``: calls whose results
    the network returned; ``batch``: samples in the input; ``answer``: what it returned, with a Stream in place of every tensor,
    or None where it can tell only by being run (it read values, or returned something else than calls' results)."""

    calls: list
    sites: list
    others: set
    outputs: set
    batch: int
    signature: tuple
    answer: object = None


class Stream:
    """Stands for a tensor that depends on the input, in remembered arguments. ``call``: who made it, as which of its
    results (``position``)."""

    def __init__(self, call, shape, position=0):
        self.call, self.shape, self.position = call, shape, position

    def __repr__(self):
        return f"stream({self.call}, {self.shape})"


def averaged(dtype):
    """Whether values of a type have a mean over time; indices and masks have none."""
    return dtype.is_floating_point or dtype.is_complex


def wide(tensor):
    """A tensor in the type that sums over time are kept in."""
    return tensor.to(torch.complex64) if tensor.is_complex() else tensor.float()


def specs_in(template):
    """The Specs in a call's template, in order."""
    return [leaf for leaf in tree_flatten(template)[0] if isinstance(leaf, Spec)]


def map_specs(fn, template):
    """A call's template with ``fn(spec)`` in place of every Spec."""
    return tree_map(lambda leaf: fn(leaf) if isinstance(leaf, Spec) else leaf, template)


def placeholders(call):
    """Tensors of the right shapes for a call that is not computed in this pass; made once, nobody writes to them."""
    if call.stand_in is None:
        call.stand_in = map_specs(lambda spec: spec.placeholder(), call.template)
    return call.stand_in


def streams_of(call):
    """The Streams among a call's arguments, in order."""
    return [leaf for leaf in tree_flatten(call.arguments[1:])[0] if isinstance(leaf, Stream)]


def stream_slots(call):
    """For each tensor argument of a call, whether it depends on the input."""
    leaves = tree_flatten(call.arguments[1:])[0]
    return [isinstance(leaf, Stream) for leaf in leaves if isinstance(leaf, (Stream, torch.Tensor))]
