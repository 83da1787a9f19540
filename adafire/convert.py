"""The public face: a network and calibration data in, a spiking network out."""

import copy

import torch

from .calibrate import calibrate, correct_bias, correct_potential
from .errors import InputError, UnsupportedError
from .meter import Meter
from .methods import Method, get
from .neuron import NeuronParams
from .passes import map_tensors, tensors_in
from .plan import Plan
from .simulate import Run, plain, simulate
from .thresholds import Histogram, alive, maximum, mmse, percentile
from .trace import record, signature


_PLANS_KEPT = 64


def call_network(network, x):
    """Default ``forward``: a tensor is one argument, a tuple or list positional arguments, a dict keyword arguments."""
    if isinstance(x, dict):
        return network(**x)
    return network(*x) if isinstance(x, (tuple, list)) else network(x)


def convert(network, calibration, method="adafire", timesteps=8, forward=None, memory_gb=0.5, precision="fp32", seed=0,
            **options):
    """Convert a trained network into a spiking one, without training.

    network: any eager ``nn.Module`` in eval mode; it is not modified. calibration: a tensor [B, ...], or an iterable of
    inputs (a tensor, a tuple of arguments, or a dict of keyword arguments each); unlabelled. method: a name from
    ``adafire.methods.names()`` or a Method; options: its parameters, e.g. ``phi_plus=8``. timesteps: T that thresholds and
    corrections are fitted for. forward(network, x): how to call the network for raw outputs. memory_gb: bound on the
    activations held at once; more timesteps than fit run in chunks. precision: 'fp32', or 'bf16' for weights and what flows
    between sites (membranes stay fp32). Returns an ``SNN``. Raises InputError and UnsupportedError before any long work.
    """
    method = (method if isinstance(method, Method) else get(method)).with_options(**options)
    if not isinstance(timesteps, int) or isinstance(timesteps, bool) or timesteps < 1:
        raise InputError(f"timesteps={timesteps!r}; expected an integer of 1 or more")
    if precision not in ("fp32", "bf16"):
        raise InputError(f"precision={precision!r}; expected 'fp32' or 'bf16'")
    for name, parameter in [*network.named_parameters(), *network.named_buffers()]:
        if parameter.is_floating_point() and not bool(torch.isfinite(parameter).all()):
            raise InputError(f"weight '{name}' holds NaN or infinity; load a sound checkpoint")
    if not isinstance(calibration, Calibration):
        calibration = Calibration(calibration)
    if not memory_gb > 0:
        raise InputError(f"memory_gb={memory_gb!r}; expected a positive number of gigabytes")
    torch.manual_seed(seed)
    calibration.measured_on(network)
    snn = SNN(network, method, timesteps, forward or call_network, memory_gb, calibration)
    snn.fit()
    if precision == "bf16":
        snn.to_bf16()
    return snn


class Calibration:
    """Calibration inputs with what was measured on them.

    Give the same object to several conversions of one network, and its dry runs and activation statistics are made once.
    """

    def __init__(self, inputs):
        self.inputs = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        if not self.inputs or any(not tensors_in(x) or any(t.numel() == 0 for t in tensors_in(x)) for x in self.inputs):
            raise InputError("the calibration set is empty; give at least one batch of inputs "
                             "(a tensor [B, ...], or a list of inputs)")
        self._network = None
        self._forget()

    def _forget(self):
        self.plans, self.folds, self.histograms = {}, {}, None

    def measured_on(self, network):
        """Forget what was measured on another network, or on other weights."""
        state = (id(network), sum(p._version for p in network.parameters()), sum(b._version for b in network.buffers()))
        if self._network != state:
            self._forget()
        self._network = state


class SNN:
    """A converted network. Call it like the network; ``at`` asks for several read-out times of one simulation."""

    def __init__(self, network, method, timesteps, forward, memory_gb, calibration):
        self.network, self.method, self.timesteps = network, method, timesteps
        self.forward, self.memory_gb = forward, memory_gb
        self.params, self.meter, self.found = {}, Meter(), {}
        self._calibration, self._inputs = calibration, calibration.inputs
        self._plans, self._folds, self._cast = calibration.plans, calibration.folds, None

    # -- use ------------------------------------------------------------------------------------------------------

    def __call__(self, x, at=None):
        """Outputs in the structure that the network returns, averaged over time.

        at: ascending read-out times, one output each (a list); None: the one at ``timesteps``.
        """
        times = (self.timesteps,) if at is None else tuple(at)
        self._check_times(times)
        if self._cast is not None:
            x = map_tensors(lambda t: t.to(self._cast) if t.is_floating_point() else t, x)
        plan = self.plan(x)
        if self.method.kind != "snn":
            outputs = [self._analog(plan, x, t) for t in times]
        else:
            run, outputs = self.run(plan, x), []
            for _, output in simulate(run, times, plan.chunk(self.memory_gb)):
                self.meter.add(run)
                outputs.append(output)
        if self._cast is not None:
            outputs = [map_tensors(lambda t: t.float() if t.is_floating_point() else t, o) for o in outputs]
        return outputs[0] if at is None else outputs

    def run(self, plan, x):
        """A simulation of ``x`` at rest."""
        return Run(plan, self.params, self.network, x, self.forward, self.method.read_from(self.timesteps))

    def reset(self):
        """Forget what was counted."""
        self.meter = Meter()

    def report(self, at=None):
        """``Report`` of what was counted since ``reset()``, at read-out time ``at`` (default: timesteps)."""
        t = self.timesteps if at is None else at
        if t not in self.meter.sums:
            raise InputError(f"nothing was counted at T={t}; run the network with at=(..., {t}) first. "
                             f"Counted: {', '.join(map(str, self.meter.sums)) or 'nothing'}")
        return self.meter.report(t)

    @property
    def sites(self):
        """The call sites that became neurons (with the shapes of the first input)."""
        return next(iter(self._plans.values())).trace.sites

    # -- conversion -----------------------------------------------------------------------------------------------

    def plan(self, x):
        """The plan for inputs of this shape; a new shape costs one dry run."""
        key = signature(x)
        if key not in self._plans:
            plan = Plan(record(self.network, x, self.forward), self._folds)
            if self._plans:
                self._same_sites(plan, next(iter(self._plans.values())))
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.pop(list(self._plans)[1])  # the first stays: it names the sites
            self._plans[key] = plan
        return self._plans[key]

    def fit(self):
        """Fit the method to the calibration inputs."""
        self.plan(self._inputs[0])
        if self.method.kind != "ann":
            self.method.fit(self)
        self._calibration = self._inputs = None  # the data is not needed any more

    def statistics(self):
        """site index -> Histogram of the ANN's activations on the calibration inputs."""
        if self._calibration.histograms is not None:
            return self._calibration.histograms
        histograms = self._calibration.histograms = {}

        def collect(site, z):
            a = site.activation.f(z)
            if site.index not in histograms:
                histograms[site.index] = Histogram(site.channels, a.device)
            histograms[site.index].update(a, site.channel_axis)
            return a
        self.sweep(collect)
        return histograms

    @property
    def inputs(self):
        """The calibration inputs, while the method is being fitted."""
        return self._inputs

    def sweep(self, on_site):
        """Run the network itself over the calibration inputs, with ``on_site(site, z)`` in place of its activations."""
        for x in self._inputs:
            plain(self.plan(x), self.network, x, self.forward, on_site)

    def fit_thresholds(self, method):
        """NeuronParams for every site by the method's threshold rule."""
        found = {}
        for index, histogram in self.statistics().items():
            self.check_finite(index, histogram.maximum)
            whole = histogram if method.per_channel else histogram.pooled()
            if method.threshold == "max":
                found[index] = maximum(whole)
            elif method.threshold == "percentile":
                found[index] = percentile(whole, method.percentile)
            else:
                found[index] = mmse(whole, method.phi_plus, method.phi_plus * self.timesteps, method.objective)
        self.set_thresholds(method, found)

    def set_thresholds(self, method, thresholds):
        """NeuronParams for every site from its thresholds [C] or [1] (0: a channel that was silent on all data)."""
        for site in self.plan(self._inputs[0]).trace.sites:
            self.check_finite(site.index, thresholds[site.index])
            theta = alive(thresholds[site.index]).expand(site.channels)
            self.params[site.index] = self._params(site, theta, method)

    def check_finite(self, index, values):
        """InputError that names the site unless all of ``values``, measured there on calibration data, are finite."""
        if not torch.isfinite(values).all():
            raise InputError(f"{self.sites[index].name}: NaN or infinite activations on the calibration data")

    def _params(self, site, theta, method):
        shape = [1] * len(site.shape)
        shape[site.channel_axis] = -1
        theta = theta.contiguous().view(shape)
        v0 = torch.full_like(theta, 0.0 if method.shift else method.v0)
        bias = self.unshifted_bias(NeuronParams(theta, None, None, 1, 0), method)
        back = method.phi_plus if site.activation.signed else 0  # a negative branch needs negative spikes
        return NeuronParams(theta, bias, v0, method.phi_plus, max(method.phi_minus, back), method.neuron())

    def with_limit(self, index, phi, method):
        """NeuronParams of one site with another limit, its threshold refitted for it (or kept, without ``method.refit``)."""
        present = self.params[index]
        back = phi if method.phi_minus or present.phi_minus else 0
        if not method.refit:
            return present._replace(phi_plus=phi, phi_minus=back)
        histogram = self.statistics()[index]
        histogram = histogram if method.per_channel else histogram.pooled()
        theta = alive(mmse(histogram, phi, phi * self.timesteps, method.objective)).expand(present.theta.numel())
        return present._replace(theta=theta.reshape(present.theta.shape), phi_plus=phi, phi_minus=back)

    def corrected(self, params, method):
        """``params`` with their bias correction measured afresh, where the method corrects."""
        if method.correction != "light":
            return params
        fresh = {i: p._replace(bias=self.unshifted_bias(p, method)) for i, p in params.items()}
        return calibrate(self.plan, fresh, self.network, self._inputs, self.forward, self.timesteps, correct_bias)

    def unshifted_bias(self, params, method):
        """Bias current before any correction: the per-step shift where the method has one."""
        return params.theta / (2 * self.timesteps) if method.shift else torch.zeros_like(params.theta)

    def calibrate_bias(self):
        """Light pipeline: bias of every channel corrected against the ANN."""
        self.params = calibrate(self.plan, self.params, self.network, self._inputs, self.forward, self.timesteps,
                                correct_bias)

    def calibrate_potential(self):
        """Initial potential of every neuron corrected against the ANN; needs inputs of one size."""
        if len({tuple(s[0][1:] for s in signature(x)) for x in self._inputs}) > 1:
            raise InputError("potential calibration keeps one value a neuron: give calibration inputs of one size, or "
                             "use correction='light'")
        self.params = calibrate(self.plan, self.params, self.network, self._inputs, self.forward, self.timesteps,
                                correct_potential)

    def to_bf16(self):
        """Weights, and what flows between sites, in bfloat16; membranes and counts stay float32."""
        self.network, self._cast = copy.deepcopy(self.network).to(torch.bfloat16), torch.bfloat16
        self._plans, self._folds = {}, {}

    # -- inside ---------------------------------------------------------------------------------------------------

    def _analog(self, plan, x, t):
        def on_site(site, z):
            if self.method.kind == "ann":
                return site.activation.f(z)
            p = self.params[site.index]
            step = p.theta / t
            low = -p.phi_minus * t if site.activation.signed else 0
            return (site.activation.f(z.float()) / step).round().clamp(low, p.phi_plus * t).mul(step).to(z.dtype)
        self.meter.add_analog(plan, t)
        return plain(plan, self.network, x, self.forward, on_site)

    def _check_times(self, times):
        bad = [t for t in times if not isinstance(t, int) or isinstance(t, bool) or t < 1]
        if not times or bad or list(times) != sorted(set(times)):
            raise InputError(f"at={times!r}; expected ascending integers of 1 or more, such as (1, 2, 4)")
        if not self.method.anytime and times != (self.timesteps,):
            raise InputError(f"method {self.method.name} is fitted for T={self.timesteps} and cannot be read at {times}; "
                             f"convert once for each T, or use at=({self.timesteps},)")

    @staticmethod
    def _same_sites(plan, first):
        names, known = [s.name for s in plan.trace.sites], [s.name for s in first.trace.sites]
        if names != known:
            odd = next((a for a, b in zip(names + [None], known + [None]) if a != b), None)
            raise UnsupportedError(f"with this input shape the network calls other activations (first difference at {odd}; "
                                   f"{len(names)} sites, {len(known)} when it was converted)")
