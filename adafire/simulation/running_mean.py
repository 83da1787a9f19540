"""Rate operators: any deterministic operator acts on the running mean of its inputs.

With X_t the cumulative input, y_t = t f(X_t/t) - (t-1) f(X_{t-1}/(t-1)), so that the mean of y over t steps is exactly
f(mean of x) (ECMT, MM 2024, for transformers; LIPooling, IJCAI 2022, is the case of max pooling; here for any f). For a
homogeneous f the division by t cancels: max pooling of cumulative counts gives whole spikes again.
"""

import torch

from ..graph import HOMOGENEOUS_RATES, averaged, maximum_over_last, specs_in, wide
from ..neurons import kernels
from ..neurons import pool_kernels as fused
from .pooled import shifts_at, thresholds_at, thresholds_laid_out
from .state import instant, law_behind
from .stepwise import over_time

_NOISE = 1e-5  # rounding of cumulative sums, over the sum or theta; one spike among 4,096 is 25 times larger. Finest levels below it
# (laws of more than 100,000 values) are taken for it


def advance(run, call, function, tensors, changing, length):
    """Increments [K, B, ...] of every result of ``function`` over the next ``length`` timesteps.

    tensors: operands, [K, B, ...] where ``changing``, constant in time elsewhere. The state kept in ``run.rates`` is
    (cumulative operands, last totals, sum of |what was sent| (number of spikes where neurons have a law of their own), steps that
    sent something): the last two count spikes. A maximum of spikes with a constant current is that of the spikes, and the
    current: the state is without it.
    """
    if not call.affine:
        return _advance(run, call, function, tensors, changing, length)
    before, after = shifts_at(run, call)
    pooled, *rest = _advance(run, call, function, [tensors[0] - before], changing, length)
    if call.index in run.plan.tapped:
        run.sums[(call.index, 0)] = run.rates[call.index][1][0] + after * float(run.t + length)
    return pooled + after, *rest


def _advance(run, call, function, tensors, changing, length):
    if instant(run):
        found = None if run.memo is None else run.memo.find(("rate", call.index), tensors)
        if found is None:
            results = _step_by_step(run, call, function, tensors, changing, length)
            found = results, run.rates[call.index]
            if run.memo is not None:
                quiet = not call.pools_spikes or not torch.as_tensor(found[1][3]).any()
                run.memo.keep(("rate", call.index), tensors, found, quiet)
        results, run.rates[call.index] = found
        if call.index in run.plan.tapped:
            run.sums.update({(call.index, i): total for i, total in enumerate(run.rates[call.index][1])})
        return results
    pooled = _fused_pool(run, call, tensors, changing)
    if call.pools_spikes:
        run.ran[call.name] = "reference" if pooled is None else kernels.path(tensors[0])
    if pooled is not None:
        return pooled
    carried, previous, size, active = run.rates.get(call.index, (None, None, 0.0, 0.0))
    adds = [moves and averaged(t.dtype) for t, moves in zip(tensors, changing)]
    sums = [wide(t).cumsum(0) if add else t for t, add in zip(tensors, adds)]
    if carried is not None:
        sums = [s + c if add else s for s, c, add in zip(sums, carried, adds)]
    homogeneous = call.op in HOMOGENEOUS_RATES and all(changing)
    clock = torch.arange(run.t + 1, run.t + length + 1, device=tensors[0].device, dtype=torch.float32)
    operands = [s if homogeneous or not add else s / _along(clock, s) for s, add in zip(sums, adds)]
    results = over_time(run.plan, call, function, operands, changing)
    dtype = next((t.dtype for t, add in zip(tensors, adds) if add and not t.is_complex()), torch.float32)
    totals, increments = [], []
    for i, result in enumerate(results):
        if averaged(result.dtype):
            total = wide(result) if homogeneous else wide(result) * _along(clock, result)
            before = torch.zeros_like(total[:1]) if previous is None else previous[i][None]
            increment = torch.diff(total, dim=0, prepend=before)
            if call.pools_spikes:
                increment = torch.where(increment.abs() <= _noise(run, call, total), 0.0, increment)
                if i == 0:
                    sent = _sent(run, call, increment, total, clock)
            totals.append(total[-1])
            increments.append(increment if result.is_complex() else increment.to(dtype))
        else:  # indices and masks: those of the running mean
            totals.append(result[-1] * (run.t + length))
            increments.append(result)
    if call.pools_spikes:
        size = size + sent.abs().sum(0)
        active = active + (sent != 0).sum(0)
    last = [s[-1] if moves else s for s, moves in zip(sums, changing)]
    run.rates[call.index] = (last, totals, size, active)
    if call.index in run.plan.tapped:
        run.sums.update({(call.index, i): total for i, total in enumerate(totals)})
    return tuple(increments)


def _step_by_step(run, call, function, tensors, changing, length):
    """As ``_advance``, of what a step alone says: ``function`` of it, at every step. The state is that of ``advance``, the last
    result in the place of cumulative operands."""
    (before, *_), previous, size, active = run.rates.get(call.index, ([None], None, 0.0, 0.0))
    results, totals = over_time(run.plan, call, function, tensors, changing), []
    for i, result in enumerate(results):
        if averaged(result.dtype):
            totals.append(wide(result).sum(0) + (0.0 if previous is None else previous[i]))
        else:
            totals.append(result[-1] * (run.t + length))
    if call.pools_spikes:
        pooled = results[0] / thresholds_at(run, call)
        sent = law_behind(run, call).spikes_of(pooled, run.t, before)
        size, active, before = size + sent.sum(0), active + (sent != 0).sum(0), pooled[-1]
    run.rates[call.index] = ([before], totals, size, active)
    return results


def _fused_pool(run, call, tensors, changing):
    """As ``advance``, for max pooling of spikes, in two dimensions or over the whole last one, where a fused kernel
    applies; else None."""
    law = law_behind(run, call) if call.pools_spikes else None
    if not call.pools_spikes or changing != [True] or not (law is None or getattr(law, "differential", False)):
        return None
    if call.op == "amax":
        return _fused_row_max(run, call, tensors[0], law)
    if call.op != "max_pool2d" or tensors[0].dim() != 5:
        return None
    options = (
        dict(
            zip(
                ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
                call.arguments[1],
            )
        )
        | call.arguments[2]
    )
    pair = lambda value: (value, value) if isinstance(value, int) else tuple(value)
    kernel = pair(options["kernel_size"])
    if pair(options.get("dilation", 1)) != (1, 1) or options.get("return_indices"):
        return None
    window = kernel, pair(options.get("stride") or kernel), pair(options.get("padding", 0))
    kept = run.rates.get(call.index)
    state = None if kept is None else (kept[0][0], kept[1][0], kept[2], kept[3])
    sent = _counted_as(run, call, law, len(tensors[0]), channels_last=True)
    result = fused.pool(tensors[0], window, specs_in(call.template)[0].shape[-2:], state, _NOISE, sent, run.last)
    if result is None:
        return None
    out, (x, total, size, active) = result
    run.rates[call.index] = ([x], [total], size, active)
    if call.index in run.plan.tapped:
        run.sums[(call.index, 0)] = total
    return (out,)


def _fused_row_max(run, call, spikes, law):
    keep = maximum_over_last(call)
    if keep is None:
        return None
    kept = run.rates.get(call.index)
    squeezed = lambda s: s.squeeze(-1) if keep and torch.is_tensor(s) else s
    state = None if kept is None else (kept[0][0], *map(squeezed, (kept[1][0], kept[2], kept[3])))
    result = fused.row_max(spikes, state, _NOISE, _counted_as(run, call, law, len(spikes)))
    if result is None:
        return None
    out, (x, *rest) = result
    total, size, active = (s.unsqueeze(-1) if keep else s for s in rest)
    run.rates[call.index] = ([x], [total], size, active)
    if call.index in run.plan.tapped:
        run.sums[(call.index, 0)] = total
    return (out.unsqueeze(-1) if keep else out,)


def _counted_as(run, call, law, steps, channels_last=False):
    """What the fused kernels count a pooled result as."""
    theta = thresholds_laid_out(run, call, channels_last)
    return fused.Sent(theta) if law is None else law.sent_by_pooling(theta, run.t, steps)


def advance_peak(run, call, counts):
    """As ``advance``, for the maximum over the last dimension, from the largest counts [K, ...] of a site's neurons along
    it (``fused.scan`` with peak)."""
    keep, kept = maximum_over_last(call), run.rates.get(call.index)
    theta = run.params[run.plan.trace.calls[call.inputs[0]].site.index].theta
    counts = counts.unsqueeze(-1)
    before, size, active = (torch.zeros_like(counts[0]), 0.0, 0.0) if kept is None else (kept[0][0], *kept[2:])
    if kept is not None and not keep:
        size, active = size.unsqueeze(-1), active.unsqueeze(-1)
    out = torch.diff(counts, dim=0, prepend=before[None]) * theta
    total, size, active = counts[-1] * theta, size + out.abs().sum(0), active + (out != 0).sum(0)
    if not keep:
        out, total, size, active = (t.squeeze(-1) for t in (out, total, size, active))
    run.rates[call.index] = ([counts[-1]], [total], size, active)
    if call.index in run.plan.tapped:
        run.sums[(call.index, 0)] = total
    return out


def _sent(run, call, increment, total, clock):
    """What a pooled result sends: its increments, or the number of spikes where neurons have a law of their own."""
    law = law_behind(run, call)
    if law is None:
        return increment
    if not getattr(law, "differential", False):
        return law.spikes_of(increment / thresholds_at(run, call), run.t)
    before = (total - increment) / _along((clock - 1).clamp_min(1), total)  # the change s_t of y_t = m_{t-1} + s_t
    change = increment - before
    change = torch.where(change.abs() <= _noise(run, call, total), 0.0, change)
    return law.spikes_of(change / _along(clock, change) / thresholds_at(run, call), run.t)


def _noise(run, call, total):
    """Rounding of sums that stand at ``total``: their terms are multiples of a level of theta, and may have cancelled."""
    return _NOISE * torch.maximum(total.abs(), thresholds_at(run, call).to(total.dtype))


def _along(clock, tensor):
    return clock.view(-1, *[1] * (tensor.dim() - 1))
