"""State of one simulation: what neurons and rate operators have seen and sent so far, and sums for the read-out."""

from itertools import count

import torch

from ..frames import Frames, frames_in, show
from ..graph import map_specs, map_tensors, specs_in, tensors_in, wide
from ..neurons import Watch, divided, number_over_fired
from ..neurons import count as neuron
from ..neurons import in_blocks as blocked
from ..neurons import kernels as fused


class Run:
    """State of one simulation: neurons, rate operators, sums for the read-out, and results that are constant in time.

    start: the read-out averages over the steps after this one (delayed read-out; the steps before still cost energy).
    picture: the input at one step, for passes that look at shapes only.
    fuse: additions before a neuron become part of it, and spikes may take the place of their currents; not where somebody
    looks at currents, as a subclass with a ``fire`` of its own.
    comes_to_rest: silence says 'as before' (differential.py) and the input does not change, so that after a step later than
    ``unrest``, up to which the weights of spikes change, and without a spike (``at_rest``) none will follow; silent: steps
    of each sample without a spike, in which none of its currents changes and nothing need be computed.
    repeats: every step does what the first one does (one_pass.py), and is not simulated again.
    nonzero: call index -> numbers other than 0 that met its weights up to now (operands.py): once where they are constant or
    read out, and at every step that is not ``silent``. fresh: call index -> MACs of the layers that see the input, where they
    are not all of it (snn/stream.py). memo: results of a stream's calls before (memo.py), or None.
    counted: calls whose operands other than 0 are counted; those of the plan, or none.
    last, counting: no step follows the next ones, so that a state is not kept but for what is read out, and counted if ``counting``.
    told: site -> what its kernel told of the last steps, or None.
    sent, pending: site -> messages of each of its rows up to now, and who has more to send (watch.py).
    ran: name of a site, or of a pooling of spikes -> what simulated it last: 'compiled', 'triton', or 'reference' (kernels.py).
    """

    def __init__(self, plan, params, network, x, forward, start=0):
        self.plan, self.params = plan, params
        self.network, self.x, self.forward = network, x, forward
        self.picture, self.counted = show(x, Frames.first), plan.counted
        self.t, self.start, self.before = 0, start, {}
        self.neurons, self.rates, self.sums, self.constants, self.nonzero, self.fresh = {}, {}, {}, {}, {}, {}
        self.ran, self.last, self.counting, self.told, self.sent, self.pending = (
            *({}, False, True),
            *({}, {}, {}),
        )
        self.fuse, self.at_rest, self.memo = type(self).fire is Run.fire, False, None
        self.repeats = (
            bool(params) and all(getattr(p.neuron, "repeats", False) for p in params.values()) and not frames_in(x)
        )
        settled = [getattr(p.neuron, "constant_after", None) for p in params.values()]
        self.comes_to_rest = bool(settled) and None not in settled and start == 0 and not frames_in(x)
        self.unrest, self.silent = (
            max(settled) if self.comes_to_rest else 0,
            torch.zeros(plan.trace.batch, device=_place(self.picture)),
        )

    def watch(self, site):
        """What is asked of a kernel at the next steps of a site beside spikes and state."""
        starting = site.index not in self.neurons  # messages are added up from the first step on, or not at all
        if starting and self.comes_to_rest and self.memo is None:
            self.sent[site.index] = torch.zeros(site.shape[0], dtype=torch.int64)
        sent = self.sent.get(site.index)
        return Watch(self.last, site.call in self.plan.tapped, self.counting, sent)

    def over_fired(self, site):
        """How many neurons of a site have sent more than they were asked for up to now."""
        state = self.neurons[site.index]
        if state.x is None:  # it was let go, and the kernel told before (watch.py)
            return int(self.told[site.index][1])
        return number_over_fired(state, self.t, self.params[site.index], site)

    def fire(self, site, z, steps, more=None, overwrite=False):
        """Spikes [K, B, ...] of a site for currents ``z`` at the next ``steps`` timesteps; see ``fused.scan``."""
        params, state = self.params[site.index], self.neurons.get(site.index)
        law, given = params.neuron or neuron, (z, more)
        found = None if self.memo is None else self.memo.find(("site", site.index), given)
        if found is not None:
            out, self.neurons[site.index] = found
            return out.to(z.dtype)
        watch = self.watch(site)
        result = (
            fused.scan(z, self.t, steps, params, state, site, more, overwrite, watch=watch) if law is neuron else None
        )
        if result is None:
            z = z if more is None else z + more
            given_watch = (watch,) if getattr(law, "watched", False) else ()
            result = law.fast(z, self.t, steps, params, state, site, *given_watch) if hasattr(law, "fast") else None
        self.told[site.index], self.pending[site.index] = watch.told, watch.pending
        if watch.told is None or watch.sent is None:
            self.sent.pop(site.index, None)
        if result is None:
            if state is None:
                state = law.initial_state(z if z.dim() == len(site.shape) else z[0], params)
            result = (blocked if law is neuron else law).scan(z, self.t, steps, params, state, site.activation)
            self.ran[site.name] = "reference"
        else:
            self.ran[site.name] = fused.path(z)
        out, self.neurons[site.index] = result
        if self.memo is not None:
            self.memo.keep(("site", site.index), given, result, quiet=not result[1].graded.any())
        return out.to(given[0].dtype)

    def peak(self, site, z, steps, more=None):
        """The largest count along the last dimension after each step, [K, B, ...], in place of the spikes; None where only
        ``fire`` goes."""
        params, state = self.params[site.index], self.neurons.get(site.index)
        if params.neuron is not None or params.theta.dim() and params.theta.shape[-1] != 1:
            return None
        watch = self.watch(site)
        result = fused.scan(z, self.t, steps, params, state, site, more, peak=True, watch=watch)
        if result is None:
            return None
        self.told[site.index] = watch.told
        out, self.neurons[site.index] = result
        self.ran[site.name] = fused.path(z)
        return out

    def graded(self):
        """Events of all neurons up to now, of each sample [B], on the input's device; where rows of a site are no samples, all stand
        for each."""
        total = torch.zeros_like(self.silent, dtype=torch.float64)
        for index, state in self.neurons.items():
            events = self.sent.get(index)
            if events is None:
                events = state.graded.sum(tuple(range(1, state.graded.dim())), dtype=torch.float64).to(total.device)
            total += events if len(events) == len(total) else events.sum()
        return total

    def rests(self, silent):
        """Which samples [B] will send nothing more, after a step in which some were ``silent`` [B]: these, or, where kernels say so, those
        without a neuron that has something left to send. (What it has sent is what its input asks for; so is, layer by layer, the
        input of all behind it, then and ever after.)"""
        waiting = [self.pending.get(site.index) for site in self.plan.trace.sites]
        if any(w is None or w.shape != silent.shape for w in waiting):
            return silent
        return torch.stack(waiting).sum(0) == 0

    def rest_until(self, t):
        """What further steps up to ``t`` would do to a network at rest: all totals grow in proportion."""
        if t == self.t:
            return
        if self.repeats:
            return self._repeat(t / self.t, t)
        for index, state in self.neurons.items():
            self.neurons[index] = state._replace(x=state.x * (t / self.t), n=state.mean * float(t))
        more = lambda totals: map_tensors(lambda total: total * (t / self.t), totals)
        self.rates = {k: (last, more(totals), *rest) for k, (last, totals, *rest) in self.rates.items()}
        self.sums = {key: total * (t / self.t) for key, total in self.sums.items()}
        self.silent = self.silent + (t - self.t)
        self.t = t

    def _repeat(self, times, t):
        """All that was done, ``times`` as often."""
        more = lambda part: map_tensors(lambda tensor: tensor * times, part)
        for i, state in self.neurons.items():
            if state.graded is None and state.events is not None:  # one step: messages are where spikes are
                state = state._replace(graded=(state.events != 0).to(state.events.dtype))
            self.neurons[i] = type(state)(*map(more, state))
        self.rates = {
            k: (last, *map(more, (totals, size, active))) for k, (last, totals, size, active) in self.rates.items()
        }
        self.sums = {key: total * times for key, total in self.sums.items()}
        in_steps = lambda k: self.plan.trace.calls[k].region == "steps"
        self.nonzero = {k: counts * times if in_steps(k) else counts for k, counts in self.nonzero.items()}
        self.t = t

    def tap(self, call, position, value):
        """Add [K, B, ...] to what the read-out will average."""
        key = (call.index, position)
        total = wide(value).sum(0)
        self.sums[key] = self.sums[key] + total if key in self.sums else total

    def silence(self, silent, before):
        """Of the samples that were ``silent`` [B] in a step nothing is multiplied: ``before``, counts as they were."""
        for index, counts in self.nonzero.items():
            if self.plan.trace.calls[index].region == "steps":
                rows = silent.to(counts.device).view(-1, *[1] * (counts.dim() - 1))
                self.nonzero[index] = torch.where(rows, before.get(index, torch.zeros_like(counts)), counts)
        self.silent = self.silent + silent

    def average(self, call):
        """Time average up to now of a tapped call's results, in their structure."""
        positions, start = count(), self.start if self.t > self.start else 0

        def mean(spec):
            key = (call.index, next(positions))
            before = self.before[key] if start else 0.0
            return divided(self._sum(call, key) - before, self.t - start).to(spec.dtype)

        return map_specs(mean, call.template)

    def _sum(self, call, key):
        if call.site is not None:
            return self.neurons[call.site.index].n * self.params[call.site.index].theta
        return self.sums[key]

    def remember(self):
        """Keep the sums as they are, for a read-out that starts now."""
        for index in self.plan.tapped:
            call = self.plan.trace.calls[index]
            for position in range(len(specs_in(call.template))):
                self.before[(index, position)] = self._sum(call, (index, position)).clone()


def _place(x):
    return next((t.device for t in tensors_in(x)), torch.device("cpu"))


def law_behind(run, call):
    """The law of their own that the neurons have whose spikes arrive at a pooling call; None where they send unit spikes. ``law.spikes_of(changes, t)``:
    number of spikes for what is sent [K, ...] in the steps after step t, in units of theta: changes of the running mean where the
    law is ``differential`` (multi_threshold.py), values of the step where it is ``instant`` (one_pass.py), increments elsewhere.
    """
    calls = run.plan.trace.calls
    source = calls[call.inputs[0]]
    while source.site is None:
        source = calls[source.inputs[0]]
    law = run.params[source.site.index].neuron
    return law if hasattr(law, "spikes_of") else None


def instant(run):
    """Whether what flows on at a step is a value of this step alone, so that operators act on it as the network does."""
    return any(getattr(p.neuron, "instant", False) for p in run.params.values())
