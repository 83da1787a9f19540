"""The public face: a network and calibration data in, a spiking network out."""

import copy
import gc
from dataclasses import replace

import torch
from torch.utils._pytree import tree_map

from .calling import call_network, normal_mode
from .errors import InputError
from .exit import run_until_sure
from .fitting import Calibration, Fitting
from .meter import Meter
from .memory import ran_out, words
from .methods import Method, get
from .module import SpikingModule
from .passes import map_tensors, tensors_in
from .plan import CHUNK
from .precision import cast, dtype_of, exact_params
from .run import Run
from .save import save
from .simulate import plain, simulate
from .snapshot import copied
from .verify import own_outputs


@normal_mode
def convert(network, calibration, method="adafire", timesteps=8, forward=None, memory_gb=0.5, precision="fp32", seed=0,
            exit_judge=None, verify=True, **options):
    """Convert a trained network into a spiking one, without training.

    network: any eager ``nn.Module`` in eval mode; it is not modified, and what is done to it later does not reach the
    SNN, which has a copy. calibration: one input (a tensor [B, ...], a tuple of arguments, or a dict of keyword arguments),
    or a list or another iterable of inputs; unlabelled. method: a name from
    ``adafire.methods.names()`` or a Method; options: its parameters, e.g. ``phi_plus=8``. timesteps: T that thresholds and
    corrections are fitted for. forward(network, x): how to call the network for raw outputs. memory_gb: bound on the
    activations held at once; more timesteps than fit run in chunks. precision: 'fp32', or 'bf16' or 'fp16' for weights and
    what flows between sites (membranes fp32; spikes exact where precision.py says so). exit_judge: an ``exit.ExitJudge`` for early
    exit on other outputs than class scores. seed: of what is drawn (batches of weight calibration). verify: prove every plan
    against the network, here and on inputs of a new shape (verify.py; three forwards). Returns an ``SNN``. Raises InputError
    and UnsupportedError before any long work.
    """
    method = (method if isinstance(method, Method) else get(method)).with_options(**options)
    if not isinstance(timesteps, int) or isinstance(timesteps, bool) or timesteps < 1:
        raise InputError(f"timesteps={timesteps!r}; expected an integer of 1 or more")
    dtype_of(precision)  # refused before any work
    check_weights(network)
    if not isinstance(calibration, Calibration):
        calibration = Calibration(calibration)
    if not memory_gb > 0:
        raise InputError(f"memory_gb={memory_gb!r}; expected a positive number of gigabytes")
    fitting = Fitting(network, method, timesteps, forward or call_network, memory_gb, calibration, verify, seed)
    fitting.exit_judge = exit_judge
    if method.kind != "ann":
        method.fit(fitting)
    if precision != "fp32":
        fitting.params = fitting.corrected({i: exact_params(p, precision) for i, p in fitting.params.items()}, method)
        if any(p.neuron is not None for p in fitting.params.values()):
            fitting.notes.append(f"{precision}: what the neurons of {method.name} send is rounded (precision.py)")
    snn = SNN(fitting)
    if precision != "fp32":
        snn.to_precision(precision)
    return snn


def check_weights(network):
    """InputError that names the tensor where a weight is not finite, or not there yet. A buffer may hold -inf (masks)."""
    buffers = {id(t) for t in network.buffers()}
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if torch.nn.parameter.is_lazy(tensor):
            raise InputError(f"weight '{name}' has no shape yet (a lazy module); call the network once, then convert it")
        values = tensor.detach() if tensor.layout == torch.strided else tensor.detach().to_dense()
        if values.is_floating_point() and bool((values.isnan() if id(tensor) in buffers else ~values.isfinite()).any()):
            raise InputError(f"weight '{name}' holds NaN or infinity; load a sound checkpoint")


class SNN(SpikingModule):
    """A converted network. Call it like the network; ``at`` asks for several read-out times of one simulation.

    A module like others (module.py): ``to(device)``, ``state_dict()``, ``copy.deepcopy``, pickle, a part of ``nn.Sequential``;
    always in eval mode. call(network, x): how the network is called for raw outputs (``forward=`` of ``convert``).
    notes: sentences on what went otherwise than planned; most_at_once: timesteps, after memory ran out with more; spared_s:
    seconds of searches that an earlier conversion on the same ``Calibration`` had made, which this one would have taken.
    """

    def __init__(self, fitting):
        """From a ``Fitting`` whose method has set its parameters; the calibration data is let go."""
        super().__init__("calibration" if fitting.copied else "original")
        self.network, self.method, self.timesteps = fitting.network, fitting.method, fitting.timesteps
        self.call, self.memory_gb = fitting.forward, fitting.memory_gb
        self.params, self.found, self.plan = fitting.params, fitting.found, fitting.plan
        self.spared_s = fitting.spared_s
        self.exit, self.exit_judge = fitting.exit, fitting.exit_judge
        self.meter, self.precision = Meter(), "fp32"
        self.most_at_once, self.notes, self.template = CHUNK, fitting.notes, fitting.template

    @normal_mode
    def forward(self, x, at=None):
        """Outputs in the structure that the network returns, averaged over time.

        at: ascending read-out times, one output each (a list); None: the one at ``timesteps``. Before ``timesteps`` it is what an
        observer sees of this very simulation then (with early exit: of a sample that has left, what it left with); a conversion
        for that smaller T may do better. Beyond ``timesteps`` go only methods no parameter of which depends on it.
        """
        times = (self.timesteps,) if at is None else tuple(at)
        self._check_times(times)
        x = cast(x, self.precision)
        if any(t.dim() and not len(t) for t in tensors_in(x)):  # no samples: nothing to simulate, or to count
            outputs = own_outputs(self.network, x, self.call)
            return outputs if at is None else [outputs for _ in times]
        plan = self.plan(x)
        if self.exit is not None:
            outputs = self._until_sure(plan, x, times)
        elif self.method.kind != "snn":
            outputs = [self._analog(plan, x, t) for t in times]
        else:
            outputs = self._simulated(plan, x, times)
        if self.precision != "fp32":
            outputs = [map_tensors(lambda t: t.float() if t.is_floating_point() else t, o) for o in outputs]
        return outputs[0] if at is None else outputs

    def _simulated(self, plan, x, times):
        """Outputs at ``times``. Where memory runs out, all again with half as many timesteps at once, down to one."""
        chunk, counted = min(plan.chunk(self.memory_gb), self.most_at_once), copy.deepcopy(self.meter.sums)
        while True:
            run, outputs = self.run(plan, x), []
            try:
                for _, output in simulate(run, times, chunk):
                    self.meter.add(run)
                    outputs.append(output)
                return outputs
            except Exception as error:
                if chunk == 1 or run.comes_to_rest or not ran_out(error):
                    raise
                self.notes.append(f"memory ran out with {chunk} timesteps at once ({words(error)}); then {chunk // 2} at once")
            run = outputs = output = None
            gc.collect()  # what the failed attempt holds, the frames of its error included, is free before the next
            self.meter.sums, chunk = copy.deepcopy(counted), chunk // 2
            self.most_at_once = chunk

    def run(self, plan, x):
        """A simulation of ``x`` at rest. InputError where neurons have potentials of their own, for inputs of another size."""
        for site in plan.trace.sites:
            kept = self.params[site.index].v0.shape
            if any(n not in (1, m) for n, m in zip(kept[:0:-1], site.shape[:0:-1])):  # as they broadcast
                raise InputError(f"{site.name}: method {self.method.name} keeps a potential for every neuron, here {list(kept[1:])}; this "
                                 f"input gives {list(site.shape[1:])}. Use inputs of the calibration's size, or correction='light'")
        return Run(plan, self.params, self.network, x, self.call, self.method.read_from(self.timesteps))

    def save(self, path):
        """Write everything to a file that ``adafire.load(path, network)`` reads; see save.py. InputError where that cannot be."""
        save(self, path)

    def reset(self):
        """Forget what was counted."""
        self.meter = Meter()

    def report(self, at=None):
        """``Report`` of what was counted since ``reset()``, at read-out time ``at`` (default: timesteps)."""
        t = self.timesteps if at is None else at
        if t not in self.meter.sums:
            raise InputError(f"nothing was counted at T={t}; run the network with at=(..., {t}) first. "
                             f"Counted: {', '.join(map(str, self.meter.sums)) or 'nothing'}")
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

    def _analog(self, plan, x, t):
        def on_site(site, z):
            if self.method.kind == "ann":
                return site.activation.f(z)
            p = self.params[site.index]
            step = p.theta / t
            low = -p.phi_minus * t if site.activation.signed else 0
            return (site.activation.f(z.float()) / step).round().clamp(low, p.phi_plus * t).mul(step).to(z.dtype)
        self.meter.add_analog(plan, t)
        return plain(plan, self.network, x, self.call, on_site, None if self.method.kind == "ann" else t)

    def _until_sure(self, plan, x, times):
        """Outputs of the batch at each of ``times``: of the samples that left, at the step they left."""
        found = {t: {} for t in times}

        def see(rows, outputs, run, left):
            for t in times:
                if run.t == t or left and run.t < t:
                    self.meter.add(run, at=t)
                    found[t].update((row, map_tensors(lambda y: y[i], outputs)) for i, row in enumerate(rows.tolist()))
        run_until_sure(self.run(plan, x), self.exit, self.plan, lambda *seen: see(*seen, True), self.exit_judge,
                       lambda *seen: see(*seen, False), times[-1])
        return [tree_map(lambda *rows: torch.stack(rows), *(of_t[i] for i in range(len(of_t)))) for of_t in found.values()]

    def _check_times(self, times):
        bad = [t for t in times if not isinstance(t, int) or isinstance(t, bool) or t < 1]
        if not times or bad or list(times) != sorted(set(times)):
            raise InputError(f"at={times!r}; expected ascending integers of 1 or more, such as (1, 2, 4)")
        if not self.method.anytime and times[-1] > self.timesteps:
            raise InputError(f"method {self.method.name} is fitted for T={self.timesteps}, and read-outs go up to there, found {times[-1]}; "
                             f"convert with timesteps={times[-1]}")
