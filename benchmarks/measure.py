"""One method on one workload: convert, simulate every test sample, score, and say what it cost."""

import random
import time

import numpy as np
import torch

import adafire
from adafire.energy import ENERGY_MODELS
from adafire.errors import AdafireError

SPIKING = ("firing_rate", "spikes", "synops", "synops_graded", "over_fired", "over_fired_sites")
"""Figures of a report that only spiking networks have."""


class BadOutput(AdafireError):
    """A network put out NaN, or the predictions do not match the samples."""


def measure(workload, calibration, method, timesteps, precision="fp32", seed=0, on_batch=None):
    """Generator of one dict a T, with the fields of `record.Row`, in the order of ``timesteps``.

    method: an entry of adafire.methods. timesteps: ascending; [None] for the ANN. on_batch(timesteps, done) is called
    before a conversion (done = None), before its simulation (0) and after each batch with the number of samples done.
    An anytime method is simulated once for all T, any other is converted and simulated anew for each.
    """
    passes = [timesteps] if method.anytime else [[t] for t in timesteps]
    for together in passes:
        yield from _one_pass(workload, calibration, method, together, precision, seed, on_batch or (lambda *_: None))


def _one_pass(workload, calibration, method, timesteps, precision, seed, on_batch):
    on_batch(timesteps, None)
    begin = time.perf_counter()
    at = tuple(t or 1 for t in timesteps)  # the ANN puts out the same at every T
    _seed(seed)
    snn = adafire.convert(workload.network, calibration, method=method.name, timesteps=max(at),
                          forward=workload.forward, precision=precision, seed=seed)
    snn.reset()
    on_batch(timesteps, 0)
    convert_s = raw_s = time.perf_counter() - begin
    predict_s = [0.0] * len(at)
    predictions = [{} for _ in at]
    done = 0
    with torch.no_grad():
        for batch in workload.batches():
            begin = time.perf_counter()
            outputs = workload.simulate(snn, batch, at)
            raw_s += time.perf_counter() - begin
            for k, output in enumerate(outputs):
                begin = time.perf_counter()
                if _has_nan(output):
                    raise BadOutput(f"the outputs are NaN at T={at[k]} (samples {_span(batch.ids)})")
                predictions[k].update(zip(batch.ids, workload.predict(output, batch), strict=True))
                predict_s[k] += time.perf_counter() - begin
            done += len(batch.ids)
            on_batch(timesteps, done)
    if done != len(workload) or len(predictions[0]) != done:
        raise BadOutput(f"{len(predictions[0])} different samples were predicted in {done}, expected {len(workload)}")
    for k, t in enumerate(timesteps):
        begin = time.perf_counter()
        evaluation = workload.evaluate(predictions[k])
        row = _costs(snn.report(at=at[k]), method, t)
        seconds = raw_s + predict_s[k] + time.perf_counter() - begin
        yield {"timesteps": t, "metrics": {name: float(value) for name, value in evaluation.metrics.items()},
               "low": float(evaluation.low), "high": float(evaluation.high), "evidence": evaluation.evidence,
               "parameters": parameters(method, max(at)), "convert_s": round(convert_s, 3),
               "time_s": round(seconds, 3), **row}


def _costs(report, method, timesteps):
    """Fields of a row that come from the library's report (means per sample)."""
    spiking = method.kind == "snn"
    sites = [plain(site) for site in report.sites]
    limits = sites or [parameters(method, timesteps)]  # the quantised ANN has levels, but no sites of neurons
    up, down = ([int(entry[limit]) for entry in limits if entry.get(limit)] for limit in ("phi_plus", "phi_minus"))
    return {**{name: float(getattr(report, name)) if spiking else None for name in SPIKING},
            **({"mean_timesteps": float(report.mean_timesteps), "exits": {str(t): n for t, n in report.exits.items()}}
               if spiking and report.mean_timesteps < report.timesteps else {}),
            "macs": float(report.macs),
            "energy_pj": {model: float(report.energy_pj(model=model)) for model in ENERGY_MODELS.names()},
            "levels": timesteps * max(up) if timesteps and up else None,
            "longest_burst": max(up + down) if spiking and up else None,
            "sites": sites, "layers": [plain(layer) for layer in report.layers]}


def parameters(method, timesteps):
    """JSON-able parameters of a method at T; none for the ANN, whose result depends on none."""
    return {} if method.kind == "ann" else plain(method.parameters(timesteps))


def plain(value):
    """``value`` as JSON can hold it: tuples become lists, arrays lists of numbers; what is not finite becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _has_nan(outputs):
    if isinstance(outputs, torch.Tensor):
        return outputs.is_floating_point() and bool(outputs.isnan().any())
    if isinstance(outputs, dict):
        outputs = outputs.values()
    return isinstance(outputs, (list, tuple, type({}.values()))) and any(_has_nan(entry) for entry in outputs)


def _span(ids):
    return str(ids[0]) if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"


def _seed(seed):
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
