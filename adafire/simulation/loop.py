"""The simulator: time is a dimension that ``torch.vmap`` carries.

The network's code sees one timestep of shape [B, ...]; every tensor between neurons holds K timesteps, which vmap folds
into the batch of each layer. What comes before the first neuron is not batched over time and is computed once; what comes
after the last neuron is skipped and run once, on time averages, for each requested read-out (DESIGN 3.3).
"""

import math

import torch

from ..errors import InputError
from ..frames import frames_in, show
from ..graph import tensors_in
from ..neurons import NONE
from .planned import PlainPass, ReadoutPass
from .resting import Resting
from .steps import StepPass


@torch.no_grad()
def plain(plan, network, x, forward, on_site, steps=None, nonzero=None):
    """Outputs of the network with ``on_site(site, z)`` in place of its activations; where the input has frames, on the
    mean of what ``steps`` timesteps show (None: of all frames). nonzero: a dict that gets, by the index of a call, how many
    of the numbers that meet its weights are not 0 (operands.py)."""
    x = show(x, lambda frames: frames.mean(steps))
    with PlainPass(plan, on_site, nonzero):
        return forward(network, x)


@torch.no_grad()
def advance_chunk(run, length):
    """Simulate the next ``length`` timesteps."""

    def body(step, pictures):
        StepPass(run, step, length).advance(pictures)
        return step

    torch.vmap(body)(*clock(run.x, run.t, length))
    run.t += length


def clock(x, before, length):
    """What ``torch.vmap`` runs over in the ``length`` timesteps after step ``before``: their numbers [K], and what each
    Frames of the input shows at them, [K, B, ...]."""
    steps = torch.arange(before + 1, before + length + 1, device=tensors_in(x)[0].device, dtype=torch.float32)
    return steps, [frames.steps(before, length) for frames in frames_in(x)]


@torch.no_grad()
def read_out(run):
    """The network's outputs on time averages up to now. InputError where a neuron received NaN or infinity: it would make a
    number of it."""
    check_finite(run)
    start = run.start if run.t > run.start else 0
    x = show(run.x, lambda frames: frames.mean(run.t, start))
    return ReadoutPass(run).answer(run.network, x, run.forward)


def check_finite(run):
    """InputError that names the sample and the site unless all neurons of ``run`` have received finite currents."""
    sites = [site for site in run.plan.trace.sites if site.index in run.neurons]
    told = {site.index: run.told.get(site.index) for site in sites}
    sums = [torch.isfinite(run.neurons[i].x.sum()) for i, known in told.items() if known is None]
    fine = not sums or torch.stack([s.to(sums[0].device) for s in sums]).all()  # one number is read, of all sites
    if fine and all(known is None or known[0] == NONE for known in told.values()):
        return
    for site in sites:
        row = _first_odd(site, told[site.index], run.neurons[site.index])
        if row is not None:
            bad = [t for t in tensors_in(run.x) if t.is_floating_point() and not torch.isfinite(t).all()]
            why = "the input holds NaN or infinity" if bad else "its input leads to NaN or infinity"
            raise InputError(
                f"sample {row} of {run.plan.trace.batch}: {why}, which arrives at {site.name}; leave it out, or mend it"
            )


def _first_odd(site, told, state):
    """The first row of a site with a current that is NaN or infinite; None where none is."""
    if state.x is None:  # then rows follow each other in memory (watch.py)
        return None if told[0] == NONE else int(told[0]) * site.shape[0] // math.prod(site.shape)
    odd = (~torch.isfinite(state.x.flatten(1)).all(1)).nonzero()
    return int(odd[0]) if len(odd) else None


def simulate(run, at, chunk, ends=False, plans=None):
    """Yield (t, outputs) for each t in ``at`` (ascending), from one simulation in chunks of at most ``chunk`` steps. ends: nobody looks at
    states after the last but to read out and, where ``run.counting``, to count. plans: the ``Plans`` of the network, with which samples that
    have come to rest are left out (resting.py); None: all go on together."""
    chunk = 1 if run.comes_to_rest or run.repeats and run.start == 0 else chunk
    resting = Resting.of(run, plans)
    for t in at:
        while run.t < t and not run.at_rest:
            length = min(chunk, t - run.t, run.start - run.t if run.t < run.start else t)
            run.last = ends and run.t == 0 and (length == at[-1] or run.repeats and run.start == 0)
            if run.comes_to_rest:
                _step_to_rest(run, resting, t)
                continue
            advance_chunk(run, length)
            run.at_rest = run.repeats and run.start == 0
            if run.t == run.start:
                run.remember()
        if run.at_rest:
            run.rest_until(t)
        yield t, read_out(run)


def _step_to_rest(run, resting, until):
    """One step, or, of samples that are left of ``run``, steps until all of them rest, up to the step ``until``."""
    while True:
        left = run if resting is None else resting.go_on()
        before = left.graded(), dict(left.nonzero)
        advance_chunk(left, 1)
        silent = left.graded() == before[0]
        left.silence(silent, before[1])
        settled = left.t > left.unrest
        rest = left.rests(silent) if settled else torch.zeros_like(silent)
        if resting is None:
            run.at_rest = settled and not (~rest).any()  # the one number that is read at a step
            return
        rests = resting.found(rest)
        if rests or left.t >= until:
            resting.settle()
            run.at_rest = rests
            return
