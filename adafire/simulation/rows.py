"""Some samples of a simulation as one of their own."""

import torch

from ..errors import UnsupportedError
from ..graph import map_tensors, specs_in
from .state import Run


def check_rows(plan):
    """UnsupportedError where a value between neurons belongs to all samples at once: it would change as some leave."""
    for call in plan.trace.calls:
        if call.region == "steps" and any(not spec.shape for spec in specs_in(call.template)):
            raise UnsupportedError(
                f"{call.name}: '{call.op}' gives one value over the whole batch, which changes as samples leave; "
                "early exit cannot simulate that. Take it over each sample, or leave out '+iat'"
            )


def part(run, rows, plans):
    """The simulation of some samples (indices) of ``run``; every state must have the batch as its first dimension."""
    batch = run.plan.trace.batch

    def take(tensor):
        if not isinstance(tensor, torch.Tensor) or tensor.dim() == 0:
            return tensor
        if tensor.shape[0] != batch:
            raise UnsupportedError(
                f"early exit needs the batch as the first dimension everywhere; found a state of shape "
                f"{tuple(tensor.shape)} with batch {batch}"
            )
        return tensor[rows]

    x = map_tensors(take, run.x)
    new = Run(plans(x), run.params, run.network, x, run.forward, run.start)
    new.ran, new.t, new.counted = run.ran, run.t, new.counted if run.counted else run.counted
    new.neurons = {i: map_tensors(take, s) for i, s in run.neurons.items()}
    new.rates = {k: map_tensors(take, s) for k, s in run.rates.items()}
    new.sums, new.before = ({k: take(s) for k, s in d.items()} for d in (run.sums, run.before))
    new.constants = {k: map_tensors(take, s) for k, s in run.constants.items()}
    new.nonzero = {k: counts[rows] for k, counts in run.nonzero.items()}
    new.counting, new.sent, new.silent = run.counting, {k: take(s) for k, s in run.sent.items()}, run.silent[rows]
    return new
