"""A spiking module made elsewhere, run step by step, and counted like an SNN that was converted here."""

import torch
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from ..errors import InputError
from ..frames import pattern, show
from ..graph import averaged, map_tensors, module_stack, normal_mode, tensors_in, wide, x_batch
from .arrivals import Arrivals
from .products import Products
from .stepping import Stepper, own_copy, same_draws
from .streams import SCALES


class ExternalSNN:
    """``module``, called with an input as an ``SNN`` is, and counted the same way: see ``adafire.count``.

    read_from: the step after which the read-out begins to average. meter: sums at every read-out time that was asked for; made_by: who
    converted it, or None; notes, spared_s, params, exit: as an ``SNN`` has them, which nothing here was fitted for.
    """

    params, exit = {}, None

    def __init__(self, module, timesteps, forward=None, scale=None, verify=True, seed=0, read_from=0):
        if not isinstance(timesteps, int) or isinstance(timesteps, bool) or timesteps < 1:
            raise InputError(f"timesteps={timesteps!r}; expected an integer of 1 or more")
        if scale not in SCALES:
            raise InputError(f"scale={scale!r}; expected {', '.join(map(repr, SCALES))}")
        module = getattr(module, "_orig_mod", module)  # what torch.compile has made cannot be looked into
        self.module, self.timesteps, self.stepper = module, timesteps, Stepper(module, forward)
        self.scale, self.seed, self.notes, self.spared_s = scale, seed, [], 0.0
        self.verified, self.read_from, self.made_by = not verify, read_from, None
        self.known = {}
        self.reset()

    def reset(self):
        """Forget what was counted."""
        self.arrivals, self.times, self.steps_run, self._meter = Arrivals(self.scale), (), None, None

    @normal_mode
    def __call__(self, x, at=None):
        """Outputs in the structure that the module puts out, averaged over the steps up to ``timesteps``; at: ascending read-out
        times, one output each (a list). A read-out before ``read_from`` averages over all steps."""
        times = (self.timesteps,) if at is None else tuple(at)
        _check_times(times)
        found, total = [], Average()
        for t, output in enumerate(self._steps(x, times[-1]), 1):
            if t == self.read_from + 1:
                total = Average()
            total.add(output)
            if t in times:
                found.append(total.value())
        self.times = tuple(sorted({*self.times, *times}))
        return found[0] if at is None else found

    @normal_mode
    def steps(self, x):
        """Outputs of each step, a list of ``timesteps``."""
        outputs = [map_tensors(torch.clone, y) for y in self._steps(x, self.timesteps)]
        self.times = tuple(sorted({*self.times, self.timesteps}))
        return outputs

    def report(self, at=None):
        """``Report`` of what was counted since ``reset()``, at read-out time ``at`` (default: timesteps). InputError for spikes of
        changing scale."""
        t, meter = self.timesteps if at is None else at, self.meter
        if t not in meter.sums:
            counted = ", ".join(map(str, meter.sums)) or "nothing"
            raise InputError(
                f"nothing was counted at T={t}; run the module with at=(..., {t}) first. Counted: {counted}"
            )
        return meter.report(t)

    @property
    def meter(self):
        """Sums at the read-out times up to now; may be set to those of several that shared the samples."""
        if self._meter is None:
            self.arrivals.check()
            return self.arrivals.meter(self.times)
        return self._meter

    @meter.setter
    def meter(self, meter):
        self._meter = meter

    def _steps(self, x, last):
        """Outputs of steps 1 to ``last``, counted."""
        if any(t.dim() and not len(t) for t in tensors_in(x)):
            raise InputError("the input holds no samples; leave empty batches out")
        if self.steps_run not in (None, last):
            raise InputError(
                f"{last} steps are asked for after batches of {self.steps_run}; call reset() before, or ask for as many"
            )
        self.steps_run = last
        if self.verified:
            yield from self._walk(x, last, self.arrivals, None)
            return
        first, second = [], []
        for _ in self._walk(x, last, None, first):
            pass
        yield from self._walk(x, last, self.arrivals, second)
        _compare(first, second)
        self.verified = True

    def _walk(self, x, last, arrivals, trail):
        """Outputs of each step. trail: a list that gets (step, place, sum of values) of all that flows; arrivals: what counts, or None
        in a trial."""
        samples = x_batch(show(x, lambda frames: frames.first()))
        devices = {t.device for t in tensors_in(x) if t.is_cuda}
        self.stepper.begin()
        with module_stack(self.module) as stack, same_draws(self.seed, devices):
            products = Products(self.module, stack, lambda product: see(product), self.known)

            def see(product):
                for operand in product.operands if trail is not None else ():
                    trail.append((t, product.name, float(operand.values.double().sum())))
                if arrivals is not None:
                    arrivals.see(product)

            for t in range(1, last + 1):
                shown = own_copy(show(x, lambda frames: frames.steps(t - 1, 1)[0]))
                products.begin()
                if arrivals is None:
                    outputs = self._in_sight(products, shown)
                else:
                    still = [leaf for leaf, changes in zip(tree_leaves(shown), pattern(x)) if not changes]
                    arrivals.begin(t, samples, tensors_in(still))
                    with products:
                        outputs = self.stepper.step(shown)
                    arrivals.end(tensors_in(outputs))
                if trail is not None:
                    trail += [
                        (t, "the output", float(y.double().sum())) for y in tensors_in(outputs) if not y.is_complex()
                    ]
                yield outputs
        self.stepper.begin()

    def _in_sight(self, products, shown):
        """Outputs of a step. InputError where matrices are multiplied that ``products`` is not told of."""
        with FlopCounterMode(display=False) as counter, products:
            outputs = self.stepper.step(shown)
        if counter.get_total_flops() > products.flops:
            raise InputError(
                f"{type(self.module).__name__} multiplies matrices out of sight (in TorchScript, or in an extension): they cannot be "
                "counted; write that part as an nn.Module"
            )
        return outputs


def _compare(first, second):
    """InputError where a module did something else when it was shown the same samples again."""
    for (t, place, one), (_, _, two) in zip(first, second):
        if one != two and not abs(one - two) <= 1e-6 * max(abs(one), abs(two)) and one == one:
            raise InputError(
                f"the same samples give something else when they are shown again (at {place!r} in step {t}: a sum of {one:.6g}, then "
                f"{two:.6g}): the module keeps state between samples; give it a method reset(), or let it take and return its "
                "state: forward(x, state) -> (y, state)"
            )


def _check_times(times):
    bad = [t for t in times if not isinstance(t, int) or isinstance(t, bool) or t < 1]
    if not times or bad or list(times) != sorted(set(times)):
        raise InputError(f"at={times!r}; expected ascending integers of 1 or more, such as (1, 2, 4)")


class Average:
    """Mean over time of nested outputs; of what has no mean (indices, masks), the last."""

    def __init__(self):
        self.steps, self.sums, self.last = 0, [], None

    def add(self, outputs):
        """One step more."""
        values = [wide(y) if averaged(y.dtype) else y for y in tensors_in(outputs)]
        sums = self.sums or [y * 0 if averaged(y.dtype) else y for y in values]
        self.sums = [a + y if averaged(y.dtype) else y for a, y in zip(sums, values)]
        self.steps, self.last = self.steps + 1, outputs

    def value(self):
        """The mean of the steps up to now, in the types of the outputs."""
        sums = iter(self.sums)
        mean = lambda y, total: (total / self.steps).to(y.dtype) if averaged(y.dtype) else total.clone()
        return map_tensors(lambda y: mean(y, next(sums)), self.last)
