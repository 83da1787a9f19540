"""Where a conversion loses accuracy: between which stages of the coding, at which sites, and by which error.

Stages (ours): the network with, at every site,
  ann        its activation a = f(z)
  clipped    a cut off at phi_plus theta (below: at -phi_minus theta), what a neuron can emit at most
  quantised  that, in the T phi_plus levels that T steps of spikes can carry, with the neuron's rounding, as if spikes
             came evenly; without the corrections of the calibration, which are measured on the SNN and belong to it
  snn        the simulation of T steps
Where neurons have a law of their own (``ours``, ``dcgs``), what they can emit at most is the mean that an endless current
brings them to in T steps, and quantised what a constant current of that size does.

Errors of one site in the SNN, neuron by neuron (after Bu et al., ICLR 2022, who split the error of one layer into these
three). With z the mean over T steps of its input current, the bias current included, and q the value that the neuron
gives after T steps if the same mean comes at a constant rate:
  inherited     f(z) - a               errors of the sites before it, less what this site's bias current corrects
  clipping      clip(f(z)) - f(z)
  quantisation  q(z) - clip(f(z))      rounding to a multiple of theta / T
  unevenness    theta N_T / T - q(z)   spikes came too early to be taken back, or too late for its firing limit
They add up to the site's mean output minus the activation of the ANN.
"""

from dataclasses import dataclass, field

import torch

from .errors import InputError
from .graph import identity, tensors_in
from .neurons import number_over_fired, target_counts
from .simulation import Plans, plain, simulate

STAGES = ("ann", "clipped", "quantised", "snn")
OWN_ERRORS = ("clipping", "quantisation", "unevenness")
ERRORS = ("inherited", *OWN_ERRORS, "total")


def check_method(method):
    """InputError unless the stages and errors above are defined for a Method."""
    if method.kind != "snn":
        raise InputError(f"method {method.name} has no spikes to look at; expected one of kind 'snn', such as adafire")


def decompose(site, params, state, activation, timesteps):
    """The errors of a site as {name: tensor like ``activation``} with the names ``ERRORS``.

    params, state: NeuronParams and NeuronState after ``timesteps`` steps; activation: the ANN's on the same inputs.
    """
    t, theta = timesteps, params.theta
    driven = site.activation.target(state.x + params.bias * float(t), t) / t
    clipped = _clipped(site, params, driven / theta, t) * theta
    if params.neuron is None:
        even = target_counts(state.x, t, params, site.activation).clamp(-params.phi_minus * t, params.phi_plus * t)
    else:
        even = _under_constant(site, params, state.x / t, t)
    even, out = even * (theta / t), state.n * (theta / t)
    return dict(zip(ERRORS, (driven - activation, clipped - driven, even - clipped, out - even, out - activation)))


def _lowest(site, params):
    """Least value that a neuron can emit per step, in units of its threshold."""
    return -params.phi_minus if site.activation.signed else 0


def _clipped(site, params, a, timesteps):
    """``a``, in units of the threshold, within what the neuron can emit per step in ``timesteps`` steps."""
    if params.neuron is None:
        return a.clamp(_lowest(site, params), params.phi_plus)
    one = params._replace(theta=torch.ones(1, 1), bias=torch.zeros(1, 1), v0=torch.full((1, 1), 0.5))
    most = float(_under_constant(site, one, torch.full((1, 1), 1e6), timesteps, identity())) / timesteps
    return a.clamp(-most if site.activation.signed else 0, most)


def _under_constant(site, params, z, timesteps, activation=None):
    """n after ``timesteps`` steps of the constant current ``z``, by the law of the neurons."""
    state = params.neuron.initial_state(z, params)
    return params.neuron.scan(z, 0, timesteps, params, state, activation or site.activation)[1].n


def coded(site, params, z, timesteps=None, offset=0.5, within=1):
    """The activation of a current ``z`` clipped to what the neuron can emit and, with ``timesteps``, quantised to
    floor(level + offset), or as its law does. within: steps that a law with a limit of its own has."""
    low = _lowest(site, params)
    a = site.activation.f(z) / params.theta
    if timesteps is None:
        return _clipped(site, params, a, within) * params.theta
    if params.neuron is not None:
        plain = params._replace(bias=torch.zeros_like(params.bias))
        return _under_constant(site, plain, z, timesteps) * (params.theta / timesteps)
    levels = (a * timesteps + offset).floor().clamp(low * timesteps, params.phi_plus * timesteps)
    return levels * (params.theta / timesteps)


@dataclass
class SiteErrors:
    """Sums over neurons and samples at one site. threshold: mean over channels; sums, squares: of each of ``ERRORS``;
    reference: of the squared ANN activations; spikes: of either sign, a burst counted by its spikes; over: neurons that
    emitted more than their input asked for."""

    name: str
    phi_plus: int
    phi_minus: int
    threshold: float
    timesteps: int
    values: int = 0
    reference: float = 0.0
    spikes: float = 0.0
    over: int = 0
    sums: dict = field(default_factory=lambda: dict.fromkeys(ERRORS, 0.0))
    squares: dict = field(default_factory=lambda: dict.fromkeys(ERRORS, 0.0))

    def add(self, errors, state, activation, over):
        """Count one batch; over: neurons that over-fired."""
        self.values += activation.numel()
        self.reference += float(activation.double().square().sum())
        self.spikes += float(state.events.double().sum())
        self.over += over
        for name, error in errors.items():
            error = error.double()
            self.sums[name] += float(error.sum())
            self.squares[name] += float(error.square().sum())

    def relative(self, name):
        """Root mean square of an error over that of the ANN's activations (of the threshold, where those are all 0)."""
        scale = self.reference or self.values * self.threshold**2
        return (self.squares[name] / scale) ** 0.5

    def mean(self, name):
        """Mean of an error, with its sign; the means of the four errors add up to that of 'total'."""
        return self.sums[name] / self.values

    @property
    def firing_rate(self):
        """Spikes per neuron and timestep."""
        return self.spikes / (self.values * self.timesteps)

    @property
    def over_fired(self):
        """Share of neurons."""
        return self.over / self.values


class Diagnosis:
    """Accumulates, over batches, errors of the sites and relative errors of the raw outputs at each stage."""

    def __init__(self, snn):
        """``snn``: from ``convert``; early exit is left out, every sample is simulated for all timesteps."""
        check_method(snn.method)
        self.snn, self.timesteps = snn, snn.timesteps
        # a calibration may have put other weights into snn.plan
        self._own_plan = snn.plan.base or Plans(snn.network, snn.call, relays=snn.plan.relays)
        self._sites, self._squares, self._reference = {}, dict.fromkeys(STAGES, 0.0), 0.0

    @torch.no_grad()
    def outputs(self, x, count=False):
        """{stage: raw outputs for ``x``}; with ``count``, the errors enter the sums."""
        snn, t, ann = self.snn, self.timesteps, {}
        plan, own_plan, params = snn.plan(x), self._own_plan(x), snn.params
        offset = 0.5 if snn.method.shift else snn.method.v0  # shifts of theta / 2T add up to half a threshold

        def remember(site, z):
            a = site.activation.f(z)
            if count:
                ann[site.index] = a
            return a

        laws = {
            "ann": remember,
            "clipped": lambda site, z: coded(site, params[site.index], z, within=t),
            "quantised": lambda site, z: coded(site, params[site.index], z, t, offset),
        }
        found = {stage: plain(own_plan, snn.network, x, snn.call, law, t) for stage, law in laws.items()}
        run = snn.run(plan, x)
        ((_, found["snn"]),) = simulate(run, (t,), plan.chunk(snn.memory_gb))
        if count:
            self._count(run, ann, found)
        return found

    def _count(self, run, ann, outputs):
        for site in run.plan.trace.sites:
            p, state, a = run.params[site.index], run.neurons[site.index], ann[site.index]
            if site.index not in self._sites:
                self._sites[site.index] = SiteErrors(site.name, p.phi_plus, p.phi_minus, float(p.theta.mean()), run.t)
            over = number_over_fired(state, run.t, p, site)
            self._sites[site.index].add(decompose(site, p, state, a, run.t), state, a, over)
        for stage, output in outputs.items():
            for got, wanted in zip(tensors_in(output), tensors_in(outputs["ann"])):
                if wanted.is_floating_point():
                    self._squares[stage] += float((got - wanted).double().square().sum())
                    self._reference += float(wanted.double().square().sum()) if stage == "ann" else 0.0

    @property
    def sites(self):
        """list of SiteErrors, in the order of the network."""
        return [self._sites[index] for index in sorted(self._sites)]

    def worst(self, error, count=5):
        """The ``count`` sites where an error is largest relative to the activations, largest first."""
        return sorted(self.sites, key=lambda site: -site.relative(error))[:count]

    def output_error(self, stage):
        """|outputs - ANN's| / |ANN's|, Euclidean over all raw outputs and counted samples."""
        return (self._squares[stage] / (self._reference or 1.0)) ** 0.5

    @property
    def firing_rate(self):
        """Spikes per neuron and timestep over all sites."""
        steps = sum(site.values * site.timesteps for site in self.sites)
        return sum(site.spikes for site in self.sites) / steps if steps else 0.0

    @property
    def over_fired(self):
        """Share of all neurons that emitted more than their input asked for."""
        values = sum(site.values for site in self.sites)
        return sum(site.over for site in self.sites) / values if values else 0.0
