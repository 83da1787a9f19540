"""The spiking network: called like the network that it was, it counts what it does."""

import gc
import pickle
from dataclasses import replace

import torch
from torch.utils._pytree import tree_map

from ..cost import Meter
from ..errors import InputError
from ..graph import copied, map_tensors, normal_mode, tensors_in
from ..neurons import quantised
from ..simulation import CHUNK, Run, cast, dtype_of, own_outputs, plain, ran_out, run_until_sure, simulate, words
from .module import SpikingModule
from .save import save
from .stream import Stream


class SNN(SpikingModule):
    """A converted network. Call it like the network; ``at`` asks for several read-out times of one simulation.

    A module like others (module.py): ``to(device)``, ``state_dict()``, ``copy.deepcopy``, pickle, a part of ``nn.Sequential``;
    always in eval mode. call(network, x): how the network is called for raw outputs (``forward=`` of ``convert``).
    notes: sentences on what went otherwise than planned; most_at_once: timesteps, after memory ran out with more; spared_s:
    seconds of searches that an earlier conversion on the same ``Calibration`` had made, which this one would have taken.
    ran: name of a site, or of a pooling of spikes -> what simulated it in the last call: 'compiled' (kernels.c), 'triton', or
    'reference' (torch's operators); the same bits in other times.
    counts_ann: set to True, every call runs the network before conversion, too, and counts what it multiplies where it skips
    zeros (``ann_eff_macs`` of reports); the methods 'ann' and 'quantised' count their own (``eff_macs``) in any case.
    """

    def __init__(self, fitting):
        """From a ``Fitting`` whose method has set its parameters; the calibration data is let go."""
        super().__init__("calibration" if fitting.copied else "original")
        self.network, self.method, self.timesteps = fitting.network, fitting.method, fitting.timesteps
        self.call, self.memory_gb = fitting.forward, fitting.memory_gb
        self.params, self.found, self.plan = fitting.params, fitting.found, fitting.plan
        self.spared_s = fitting.spared_s
        self.exit, self.exit_judge = fitting.exit, fitting.exit_judge
        self.meter, self.precision, self.counts_ann = Meter(), "fp32", False
        self.most_at_once, self.notes, self.template = CHUNK, fitting.notes, fitting.template
        self.ran = {}

    @normal_mode
    def forward(self, x, at=None, count=True):
        """Outputs in the structure that the network returns, averaged over time.

        at: ascending read-out times, one output each (a list); None: the one at ``timesteps``. Before ``timesteps`` it is what an
        observer sees of this very simulation then (with early exit: of a sample that has left, what it left with); a conversion
        for that smaller T may do better. Beyond ``timesteps`` go only methods no parameter of which depends on it.
        count: False for who wants outputs only: the same ones sooner, and ``report()`` does not know of this call.
        """
        if at is not None and not hasattr(at, "__iter__"):
            raise InputError(
                f"at={at!r}; expected read-out times one after the other, such as at=(2, {self.timesteps})"
            )
        times = (self.timesteps,) if at is None else tuple(at)
        self._check_times(times)
        x = cast(x, self.precision)
        if any(t.dim() and not len(t) for t in tensors_in(x)):  # no samples: nothing to simulate, or to count
            outputs = own_outputs(self.network, x, self.call)
            return outputs if at is None else [outputs for _ in times]
        plan = self.plan(x)
        if self.exit is not None:
            outputs = self._until_sure(plan, x, times, count)
        elif self.method.kind != "snn":
            outputs = [self._analog(plan, x, t, count) for t in times]
        else:
            outputs = self._simulated(plan, x, times, count)
        if count and self.counts_ann and self.method.kind != "ann":
            self._count_ann(x, times)
        if self.precision != "fp32":
            outputs = [map_tensors(lambda t: t.float() if t.is_floating_point() else t, o) for o in outputs]
        return outputs[0] if at is None else outputs

    def _simulated(self, plan, x, times, count):
        """Outputs at ``times``. Where memory runs out, all again with half as many timesteps at once, down to one."""
        chunk, counted = min(plan.chunk(self.memory_gb), self.most_at_once), pickle.dumps(self.meter.sums)
        while True:
            run, outputs = self.run(plan, x, count), []
            try:
                for _, output in simulate(run, times, chunk, ends=True, plans=self.plan):
                    if count:
                        self.meter.add(run)
                    outputs.append(output)
                return outputs
            except Exception as error:
                if chunk == 1 or run.comes_to_rest or not ran_out(error):
                    raise
                self.notes.append(
                    f"memory ran out with {chunk} timesteps at once ({words(error)}); then {chunk // 2} at once"
                )
            run = outputs = output = None
            gc.collect()  # what the failed attempt holds, the frames of its error included, is free before the next
            self.meter.sums, chunk = pickle.loads(counted), chunk // 2
            self.most_at_once = chunk

    def run(self, plan, x, count=True):
        """A simulation of ``x`` at rest; count: whether operands other than 0 are counted, too. InputError where neurons have
        potentials of their own, for inputs of another size."""
        for site in plan.trace.sites:
            kept = self.params[site.index].v0.shape
            if any(n not in (1, m) for n, m in zip(kept[:0:-1], site.shape[:0:-1])):  # as they broadcast
                raise InputError(
                    f"{site.name}: method {self.method.name} keeps a potential for every neuron, here {list(kept[1:])}; this "
                    f"input gives {list(site.shape[1:])}. Use inputs of the calibration's size, or correction='light'"
                )
        run = Run(plan, self.params, self.network, x, self.call, self.method.read_from(self.timesteps))
        run.counted, run.counting = run.counted if count else frozenset(), count
        self.ran = run.ran
        return run

    def save(self, path):
        """Write everything to a file that ``adafire.load(path, network)`` reads; see save.py. InputError where that cannot be."""
        save(self, path)

    def stream(self, batch=1, zone=0.0, refresh=None):
        """A ``Stream`` (stream.py): inputs one after the other, ``batch`` samples each, whose state is kept between them.

        zone: dead zone, in finest levels of a neuron: smaller changes are not sent; refresh: all is sent anew every so many
        calls (None: never, the state does not drift). InputError where a method without a streaming law is given a zone.
        """
        return Stream(self, batch, zone, refresh)

    def reset(self):
        """Forget what was counted."""
        self.meter = Meter()

    def report(self, at=None):
        """``Report`` of what was counted since ``reset()``, at read-out time ``at`` (default: timesteps)."""
        t = self.timesteps if at is None else at
        if t not in self.meter.sums:
            raise InputError(
                f"nothing was counted at T={t}; run the network with at=(..., {t}) first. "
                f"Counted: {', '.join(map(str, self.meter.sums)) or 'nothing'}"
            )
        return replace(self.meter.report(t), fitted_for=None if self.method.anytime else self.timesteps)

    @property
    def sites(self):
        """The call sites that became neurons (with the shapes of the first input)."""
        return self.plan.sites

    def to_precision(self, precision):
        """Weights, and what flows between sites, in a half precision; membranes and counts stay float32."""
        dtype = dtype_of(precision)
        self.network, self.precision, self.shared = copied(self.network).to(dtype), precision, "copy"
        self.plan = self.plan.renewed(self.network, lambda w: w.to(dtype))
        self.plan.base, self.plan.verified = None, self.plan.verified and not self.plan.overrides

    def _analog(self, plan, x, t, count):
        def on_site(site, z):
            if self.method.kind == "ann":
                return site.activation.f(z)
            return quantised(z, t, self.params[site.index], site.activation)

        nonzero = {} if count else None
        outputs = plain(plan, self.network, x, self.call, on_site, None if self.method.kind == "ann" else t, nonzero)
        if not count:
            return outputs
        self.meter.add_analog(plan, t, nonzero)
        if self.method.kind == "ann":
            self.meter.add_ann(plan, (t,), nonzero)
        return outputs

    def _count_ann(self, x, times):
        """Numbers other than 0 that meet weights in the network before conversion, on the same inputs."""
        plan, nonzero = (self.plan.base or self.plan)(x), {}
        plain(plan, self.network, x, self.call, lambda site, z: site.activation.f(z), None, nonzero)
        self.meter.add_ann(plan, times, nonzero)

    def _until_sure(self, plan, x, times, count):
        """Outputs of the batch at each of ``times``: of the samples that left, at the step they left."""
        found = {t: {} for t in times}

        def see(rows, outputs, run, left):
            for t in times:
                if run.t == t or left and run.t < t:
                    if count:
                        self.meter.add(run, at=t)
                    found[t].update((row, map_tensors(lambda y: y[i], outputs)) for i, row in enumerate(rows.tolist()))

        run_until_sure(
            self.run(plan, x, count),
            self.exit,
            self.plan,
            lambda *seen: see(*seen, True),
            self.exit_judge,
            lambda *seen: see(*seen, False),
            times[-1],
        )
        return [
            tree_map(lambda *rows: torch.stack(rows), *(of_t[i] for i in range(len(of_t)))) for of_t in found.values()
        ]

    def _check_times(self, times):
        bad = [t for t in times if not isinstance(t, int) or isinstance(t, bool) or t < 1]
        if not times or bad or list(times) != sorted(set(times)):
            raise InputError(f"at={times!r}; expected ascending integers of 1 or more, such as (1, 2, 4)")
        if not self.method.anytime and times[-1] > self.timesteps:
            raise InputError(
                f"method {self.method.name} is fitted for T={self.timesteps}, and read-outs go up to there, found {times[-1]}; "
                f"convert with timesteps={times[-1]}"
            )
