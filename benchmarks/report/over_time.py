"""A sample as its network sees it over time: the prediction at every T, how far the outputs are from the ANN's, and the spikes
that each layer sends from step to step.

Differences are those of records (running/fidelity.py): of all raw outputs half the mean square over their variance.
"""

from typing import Any, NamedTuple

import torch

import adafire
from adafire.errors import InputError, UnsupportedError
from adapters.base import Batch

from ..running import fidelity, methods

COLOURS = "magma_r"


class Seen(NamedTuple):
    """Of one sample at T = ``timesteps``: what ``predict`` gave; difference from the ANN's outputs, None where they cannot be
    compared; spikes: {site: spikes a neuron in the steps up to T}."""

    timesteps: int
    prediction: Any
    difference: float | None
    spikes: dict


class Watched:
    """A workload with its ANN and a method, converted once for every T that needs a network of its own.

    method: what running/methods.py gives, a spiking one; timesteps: ascending; one: read one network out at all of them as its
    simulation goes on, that for the largest. InputError for the ANN itself and its rounded forms,
    which have no spikes."""

    def __init__(self, workload, method, timesteps, seed=0, tell=lambda words: None, one=False):
        if method.kind in ("ann", "quantised"):
            raise InputError(f"method {method.name} has no timesteps to look at; expected a spiking one, such as burst")
        inputs = list(workload.calibration())
        if not inputs:
            raise InputError("the calibration set is empty; give calibration=dict(samples=...) some in the task")
        calibration = adafire.Calibration(inputs)
        self.workload, self.networks = workload, []
        self.ann = methods.convert(methods.get("ann"), workload, calibration, 1, seed=seed)
        for together in [timesteps] if method.anytime or one else [[t] for t in timesteps]:
            tell(f"{method.name}, T={', '.join(map(str, [together[-1]] if one else together))}")
            torch.manual_seed(seed)
            network = methods.convert(method, workload, calibration, max(together), seed=seed)
            self.networks.append((tuple(together), network))

    @torch.no_grad()
    def look(self, batch):
        """(the ANN's prediction, [Seen]) of a Batch of one sample."""
        (reference,) = self.workload.simulate(self.ann, batch, (1,))
        self.ann.reset()
        kept = fidelity.map_tensors(
            lambda y: y.detach().clone(), reference
        )  # a prediction may write into what it is given
        (ann,) = self.workload.predict(reference, Batch(*batch))
        seen = []
        for at, network in self.networks:
            network.reset()
            for t, outputs in zip(at, self.workload.simulate(network, batch, at)):
                found = fidelity.total([fidelity.compared(outputs, kept, None, 1)], 1)
                (prediction,) = self.workload.predict(outputs, Batch(*batch))
                sites = network.report(at=t).sites
                spikes = {site["site"]: site["spikes"] / max(1.0, site["neurons"]) for site in sites}
                seen.append(Seen(t, prediction, found and found["output_error"], spikes))
        return ann, seen


def farthest_last(workload, watched, batches):
    """[(difference at the largest T, sample, batch, ANN's prediction, [Seen])] of all batches, the nearest to the ANN first.

    UnsupportedError where outputs have no counterpart in the ANN's (two-stage detectors: boxes of other proposals)."""
    found = []
    for batch in batches:
        ann, seen = watched.look(batch)
        if seen[-1].difference is None:
            raise UnsupportedError(
                f"outputs of {type(workload).__name__} workloads cannot be held against the ANN's one by one, so no sample is the worst; "
                "choose samples yourself with --samples"
            )
        found.append((seen[-1].difference, batch.ids[0], batch, ann, seen))
    return sorted(found, key=lambda entry: entry[0])


def strip(axes, seen, steps=None):
    """Spikes a neuron as a strip: a row a layer in the network's order, a column for the steps from one read-out to the next.

    seen: [Seen] of one sample; steps: how many of them are known yet (None: all)."""
    import numpy as np

    before, columns = dict.fromkeys(seen[0].spikes, 0.0), []
    for one in seen:
        columns.append([max(0.0, one.spikes[site] - before[site]) for site in before])
        before = one.spikes
    shown = np.array(columns, float).T
    most = shown.max(initial=0.0) or 1.0
    if steps is not None:
        shown[:, steps:] = np.nan
    drawn = axes.imshow(shown, aspect="auto", interpolation="nearest", cmap=COLOURS, vmin=0, vmax=most)
    axes.set_xticks(range(len(seen)), [str(one.timesteps) for one in seen])
    axes.set_yticks([])
    axes.set(xlabel="T", ylabel="layers", title=f"spikes a neuron, {len(before)} layers, the first on top")
    axes.figure.colorbar(drawn, ax=axes, pad=0.01)
