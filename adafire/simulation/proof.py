"""A conversion proves itself: the plan, with the network's own activations, against the network, before it is used (ours).

What no dry run can see (random numbers, counters in Python, writes into views, weights that depend on the input's size) shows
as a difference of outputs, either between two runs of the network itself or between the network and its plan. The plan's pass
goes the way of a simulation: its calls before the last neuron are made again without the network, its read-out with it.
"""

import weakref

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from ..errors import AdafireError, InputError, UnsupportedError
from ..frames import Frames, show
from ..graph import Identity, map_tensors, placeholders, tensors_in
from .memory import ran_out
from .planned import PlainPass

TOLERANCE = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}
"""Largest difference of outputs over their size (Euclidean norms), by the type they are computed in."""
_FLIPPED = 0.01  # share of integer results (classes, indices) that rounding may turn


@torch.no_grad()
def own_outputs(network, x, forward):
    """Outputs of the network itself for ``x`` (frames: for their mean). InputError with its words where it fails."""
    try:
        return forward(network, _picture(x))
    except AdafireError:
        raise
    except Exception as error:
        if ran_out(error):
            raise
        raise InputError(
            f"the network itself fails on this input ({_described(x)}): {type(error).__name__}: {error}. "
            "Give inputs as the network takes them: same type as its weights, same size, a batch"
        ) from error


@torch.no_grad()
def verify(plan, network, x, forward, reference=None):
    """UnsupportedError, naming the first call that differs, unless ``plan`` computes what the network computes for ``x``.

    reference: outputs of the network for ``x``, where they are known.
    """
    reference = own_outputs(network, x, forward) if reference is None else reference
    again = own_outputs(network, x, forward)
    if difference(reference, again) > 0:
        first = _first_difference(_observed(network, x, forward), _observed(network, x, forward), 0.0)
        raise UnsupportedError(
            f"the network gives other outputs when it is run again on the same input{_at(plan, first)}. It draws "
            "random numbers or keeps a state (a counter, a cache) from call to call; make forward a function "
            "of its input"
        )
    outputs = _Proof(plan).outputs(network, x, forward)
    error = difference(reference, outputs)
    if error > 0:
        proof = _Proof(plan, watch=True)
        proof.outputs(network, x, forward)
        seen = _observed(network, x, forward)
        first = _first_difference(seen, proof.seen, 1e-3)
        raise DifferentOutputs(
            f"the plan of this network gives other outputs than the network itself (relative error {error:.2g})"
            f"{_at(plan, first)}.{_writes(plan, seen, first)} verify=False converts it all the same"
        )


def difference(first, second):
    """Relative Euclidean difference of two nested outputs where it is more than rounding explains, else 0; infinite where
    they are of another structure, shape or type.

    >>> difference([torch.ones(2), 3], [torch.ones(2), 3]), difference(torch.tensor([3., 4.]), torch.tensor([3., 9.]))
    (0.0, 1.0)
    """
    (a, structure), (b, other) = tree_flatten(first), tree_flatten(second)
    if structure != other:
        return float("inf")
    worst = 0.0
    for one, two in zip(a, b):
        if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor):
            worst = max(worst, _distance(one, two))
        elif isinstance(one, (int, float, str)) and one != two and one == one:
            return float("inf")
    return worst


def _distance(one, two):
    if one.shape != two.shape or one.dtype != two.dtype:
        return float("inf")
    if not one.numel():
        return 0.0
    if not one.is_floating_point():
        flipped = float((one != two).double().mean())
        return flipped if flipped > _FLIPPED else 0.0
    finite = torch.isfinite(one)
    if not torch.equal(finite, torch.isfinite(two)):
        return float("inf")
    one, two, bound = one[finite].double(), two[finite].double(), TOLERANCE.get(one.dtype, 1e-4)
    error, size = float((one - two).norm()), float(one.norm())
    return error / (size or 1.0) if error > bound * size else 0.0


class DifferentOutputs(UnsupportedError):
    """A plan does not compute what the network computes."""


class _Proof(PlainPass):
    """The network with its own activations, in the two halves of a simulation. watch: keep a digest of every result."""

    def __init__(self, plan, watch=False):
        super().__init__(plan, lambda site, z: site.activation.f(z))
        self.watch, self.seen, self.kept, self.reading = watch, {}, {}, False
        self.border = plan.kept | plan.tapped

    def outputs(self, network, x, forward):
        """Outputs for ``x``; frames stand for their mean."""
        picture = _picture(x)
        self.run_through(_Inputs(network, picture, forward), "prefix", "steps")
        self.reading, self.k = True, 0
        return self.answer(network, picture, forward)

    def dispatch(self, call, this):
        if self.reading != (call.region == "readout"):
            return self._other_half(call, this)
        out = super().dispatch(call, this)
        if call.index in self.border:
            self.kept[call.index] = out
        if self.watch and not call.mutates and not self._rewritten(call):
            self.seen[call.index] = digest(out)
        return out

    def _other_half(self, call, this):
        """What the present half of a simulation has of a call of the other one."""
        if not self.reading:
            return this.args[0] if call.mutates else placeholders(call)
        kept = self.kept.get(call.index)
        if kept is None:
            return placeholders(call)
        return map_tensors(torch.clone, kept) if self.plan.mutates else kept

    def _rewritten(self, call):
        """Whether a result is another than the network's by design: a layer that has taken in its norm, a part of a SiLU."""
        return call.rule.treatment == "skipped" or any(k in self.plan.skipped for k in call.consumers)


class _Inputs:
    """What ``run_through`` asks of a simulation."""

    def __init__(self, network, picture, forward):
        self.network, self.picture, self.forward = network, picture, forward


class _Observer(TorchFunctionMode):
    """The network untouched, with a digest of every call's result; calls are numbered as in a dry run.

    writes: numbers of the calls that wrote into memory which another living tensor showed, too.
    """

    def __init__(self):
        super().__init__()
        self.seen, self.writes, self._showing = {}, [], {}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        identity, out = Identity(func, args, kwargs), func(*args, **kwargs)
        results = [args[0]] if identity.mutates else tensors_in(out)
        if results and out is not NotImplemented:
            written = args[0] if identity.mutates else identity.written
            if written is not None and self._shown_elsewhere(written):
                self.writes.append(len(self.seen))
            self.seen[len(self.seen)] = digest(results)
            for tensor in results:
                self._showing.setdefault(_memory(tensor), []).append(weakref.ref(tensor))
        return out

    def _shown_elsewhere(self, tensor):
        return any(other() is not None and other() is not tensor for other in self._showing.get(_memory(tensor), ()))


def _memory(tensor):
    return tensor.untyped_storage().data_ptr() if tensor.layout == torch.strided else id(tensor)


def _observed(network, x, forward):
    with _Observer() as observer:
        forward(network, _picture(x))
    return observer


def digest(result):
    """A few numbers that tell results apart, whatever their layout in memory."""
    found = []
    for tensor in tensors_in(result):
        values = (
            tensor.detach().double().flatten().nan_to_num()
            if not tensor.is_complex()
            else torch.view_as_real(tensor).double().flatten()
        )
        ramp = torch.arange(1, values.numel() + 1, dtype=torch.float64, device=values.device).cos()
        found.append((tuple(tensor.shape), float(values @ ramp), float(values.norm()) + 1e-30))
    return found


def _first_difference(one, two, bound):
    """Number of the first call whose results differ; None where none does."""
    one, two = getattr(one, "seen", one), getattr(two, "seen", two)
    for k in sorted(set(one) & set(two)):
        if len(one[k]) != len(two[k]) or any(
            a[0] != b[0] or abs(a[1] - b[1]) > bound * a[2] or abs(a[2] - b[2]) > bound * a[2]
            for a, b in zip(one[k], two[k])
        ):
            return k
    return None


def _at(plan, index):
    calls = plan.trace.calls
    if index is None or index >= len(calls):
        return ""
    return f"; the first call whose result differs is '{calls[index].op}' at {calls[index].name}"


def _writes(plan, observer, first):
    """The likely cause where the network wrote in place before the first difference."""
    calls, until = plan.trace.calls, len(plan.trace.calls) if first is None else first
    names = [f"'{calls[k].op}' at {calls[k].name}" for k in observer.writes if k <= until and k < len(calls)]
    if not names:
        return ""
    return (
        f" Before it the network writes in place ({', '.join(names[-3:])}) into memory that another tensor shows, too (a view or its "
        "base). Write it out of place (y = f(x), then torch.cat or torch.where)."
    )


def _picture(x):
    return show(x, Frames.mean)


def _described(x):
    return (
        ", ".join(f"{str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for t in tensors_in(x)) or type(x).__name__
    )
