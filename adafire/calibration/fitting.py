"""From calibration data to the parameters of every site: what methods are made of."""

import copy
import functools
import time

import torch

from ..errors import InputError
from ..frames import frames_in
from ..graph import signature, split_samples, x_batch
from ..graph.template import describe
from ..neurons import NeuronParams
from ..simulation import Exit, Run, check_rows, class_scores, plain, trajectory
from .corrections import calibrate, correct_bias, correct_potential
from .exit_rules import fit_thresholds, paper_thresholds
from .layer_weights import calibrated_plans
from .thresholds import Histogram, alive, maximum, mmse, percentile


class Fitting:
    """A conversion while it is being made: a method's ``fit`` sets ``params`` (site index -> NeuronParams).

    inputs: the calibration inputs; plan(x): the plan for an input; ann_plan(x): with the network's own weights;
    sites: the call sites; found: what searches report; spared_s: seconds of searches that an earlier conversion made; weighed:
    (number of samples, what an error of each channel weighs), of the first samples (search/channels.py), or None.
    """

    def __init__(self, network, method, timesteps, forward, memory_gb, calibration, verified=True, seed=0):
        self.method, self.timesteps, self.forward, self.memory_gb = method, timesteps, forward, memory_gb
        self.calibration, self.inputs, self.seed = calibration, calibration.inputs, seed
        snapshot, self.plan, self.histograms, self._searches, notes = calibration.measured_on(
            network, forward, method.relays_in(network), verified, method.weights
        )
        self.network, self.notes, self.copied = snapshot.network, [*snapshot.notes, *notes], snapshot.copied
        self.ann_plan, self.template = self.plan, describe(self.inputs[0])
        self.params, self.found, self.exit, self.exit_judge, self.spared_s = {}, {}, None, None, 0.0
        self.weighed = None
        self.plan(self.inputs[0])

    @functools.cached_property
    def _kept(self):
        return self.calibration.kept(self.network, self.ann_plan, self.notes)

    def hold_out(self, share=1 / 3):
        """Take the last ``share`` of the calibration samples out of ``inputs``, and return them as a list of inputs."""
        total = sum(map(x_batch, self.inputs))
        keep = total - int(total * share)
        if not 0 < keep < total:
            raise InputError(f"{total} calibration samples are too few to hold some out for early exit; give 3 or more")
        self.inputs, held = split_samples(self.inputs, keep)
        return held

    @property
    def sites(self):
        """The call sites that become neurons."""
        return self.plan.sites

    def statistics(self):
        """site index -> Histogram of the ANN's activations on the calibration inputs."""
        moving = any(frames_in(x) for x in self.inputs)
        key = sum(map(x_batch, self.inputs)), self.timesteps if moving else None  # inputs are only ever shortened
        if key in self.histograms:
            return self.histograms[key]
        histograms = self._kept and self._kept.histograms(key)
        if histograms:
            self.histograms[key] = histograms
            return histograms
        histograms = {}

        def collect(site, z):
            a = site.activation.f(z)
            if site.index not in histograms:
                histograms[site.index] = Histogram(site.channels, a.device)
            histograms[site.index].update(a, site.channel_axis)
            return a

        self.sweep(collect)
        self.histograms[key] = histograms  # only now: a measurement that was broken off leaves nothing behind
        if self._kept:
            self._kept.keep_histograms(key, histograms)
        return histograms

    def sweep(self, on_site):
        """Run the network itself over the calibration inputs, with ``on_site(site, z)`` in place of its activations (inputs
        with frames: on the mean of what T steps show)."""
        for x in self.inputs:
            plain(self.ann_plan(x), self.network, x, self.forward, on_site, self.timesteps)

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
        for site in self.plan(self.inputs[0]).trace.sites:
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

    def with_limit(self, index, phi, method, refit=True):
        """NeuronParams of one site with another limit, its threshold refitted for it (or kept, without ``refit``)."""
        present = self.params[index]
        back = phi if method.phi_minus or present.phi_minus else 0
        if not refit:
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
        return self._calibrated(fresh, correct_bias)

    def search_once(self, settings, search):
        """What ``search()`` returns; it sets ``params``. Done once for conversions on the same samples with the same
        ``settings``, a string: that of 'adafire' is half of 'adafire+ssc'."""
        key = settings, self.timesteps, sum(map(x_batch, self.inputs))
        if key not in self._searches and self._kept and (known := self._kept.search(key)):
            self._searches[key] = known
        if key in self._searches:
            params, found, seconds = self._searches[key]
            self.params, self.spared_s = dict(params), self.spared_s + seconds
        else:
            begin = time.perf_counter()
            found = search()
            self._searches[key] = dict(self.params), found, time.perf_counter() - begin
            if self._kept:
                self._kept.keep_search(key, *self._searches[key])
        return copy.deepcopy(found)

    def check_exit(self):
        """UnsupportedError unless early exit can judge what the network gives: before any long work."""
        if self.exit_judge is None:
            x = self.inputs[0]
            class_scores(
                plain(
                    self.ann_plan(x),
                    self.network,
                    x,
                    self.forward,
                    lambda site, z: site.activation.f(z),
                    self.timesteps,
                )
            )

    def fit_exit(self, held, drop, rule="fitted", shape=(0.6, 0.4)):
        """The Exit of IAT, fitted on held-out inputs. shape: a and b of the paper's formula."""
        check_rows(self.plan(held[0]))
        scores, labels = [], []
        for x in held:
            run = Run(self.plan(x), self.params, self.network, x, self.forward, self.method.read_from(self.timesteps))
            scores.append(trajectory(run, self.timesteps, self.exit_judge))
            if rule == "paper":
                outputs = plain(
                    self.ann_plan(x),
                    self.network,
                    x,
                    self.forward,
                    lambda site, z: site.activation.f(z),
                    self.timesteps,
                )
                labels.append(class_scores(outputs).argmax(1))
        scores = torch.cat(scores, 1)
        return Exit(
            paper_thresholds(scores, torch.cat(labels), *shape) if labels else fit_thresholds(scores, drop), rule
        )

    def unshifted_bias(self, params, method):
        """Bias current before any correction: the per-step shift where the method has one."""
        return params.theta / (2 * self.timesteps) if method.shift else torch.zeros_like(params.theta)

    def calibrate_bias(self, steps=None):
        """Light pipeline: bias of every channel corrected against the ANN, after ``steps`` timesteps (None: all)."""
        self.params = self._calibrated(self.params, correct_bias, steps)

    def calibrate_potential(self):
        """Initial potential of every neuron corrected against the ANN; needs inputs of one size."""
        if not self.of_one_size:
            raise InputError(
                "potential calibration keeps one value a neuron: give calibration inputs of one size, or "
                "use correction='light'"
            )
        self.params = self._calibrated(self.params, correct_potential)

    def calibrate_weights(self, count, rate):
        """Layers before neurons fitted against the ANN (layer_weights.py), in plans of this conversion only."""
        self.plan = calibrated_plans(
            self.ann_plan, self.params, self.network, self.inputs, self.forward, self.timesteps, count, rate, self.seed
        )

    @property
    def of_one_size(self):
        """Whether all calibration inputs have the same shape but for the batch."""
        return len({tuple(s[0][1:] for s in signature(x)) for x in self.inputs}) == 1

    def _calibrated(self, params, correct, steps=None):
        steps, method = steps or self.timesteps, self.method
        how = {"first": method.read_from(steps), "spiking": method.kind != "quantised"}
        return calibrate(
            self.plan, params, self.network, self.inputs, self.forward, steps, correct, self.ann_plan, **how
        )
