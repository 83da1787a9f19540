"""The short way to measure a spiking module of any library."""

from typing import Any, NamedTuple

from ..cost import Report
from .module import Average, ExternalSNN


class Counted(NamedTuple):
    """outputs: averaged over time; report: means per sample; steps: outputs of each step, where they were asked for."""

    outputs: Any
    report: Report
    steps: list | None = None


def count(module, inputs, timesteps, forward=None, per_step=False, scale=None, verify=True, seed=0):
    """Run a spiking module step by step, and count what arrives at its weights.

    module: an ``nn.Module`` of any library that computes one timestep, in eval mode; its state is its own, or taken and returned:
    (x, state) -> (y, state). inputs: one input (a tensor [B, ...], a tuple of arguments, a dict of keyword arguments, with ``Frames`` for
    what changes in time), or a list of them, one a batch. The same input is shown in each of the ``timesteps``. forward(module, x) or
    forward(module, x, state): how the module is called. per_step: outputs of each step, too. scale: 'layer', where a value of k
    scales is k spikes; 'step', where the size of a spike changes from step to step, and each counts as one; None: the former, and an error
    where it looks like the latter. verify: show the first batch twice, and
    refuse a module that keeps state. seed: of what the module draws, in each batch.

    Returns ``Counted(outputs, report, steps)``; outputs and steps are lists of one a batch where ``inputs`` is a list. The report is that of
    an SNN (docs/external.md says what is counted, and how spikes are told from numbers); its ``ann_macs`` are the multiply-accumulates of a
    single step without spikes, its sites what arrives at the layers. The module's state is reset before and after each batch.

    Raises InputError for a module in training mode, one that keeps state between batches, one that takes all timesteps at once, and spikes of
    changing scale. Source: ours.

    >>> import torch
    >>> from adafire import Frames
    >>> layer = torch.nn.Linear(3, 2).eval()
    >>> counted = count(layer, Frames(torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]])), timesteps=3)
    >>> counted.report.synops, counted.report.macs, counted.report.ann_macs  # three spikes, two synapses each
    (6.0, 0.0, 6.0)
    """
    snn = ExternalSNN(module, timesteps, forward, scale, verify, seed)
    outputs, steps, several = [], [], isinstance(inputs, list)
    for x in inputs if several else [inputs]:
        if per_step:
            steps.append(snn.steps(x))
        total = Average()
        for output in steps[-1] if per_step else [snn(x)]:
            total.add(output)
        outputs.append(total.value())
    report = snn.report()
    return Counted(outputs if several else outputs[0], report, (steps if several else steps[0]) if per_step else None)
