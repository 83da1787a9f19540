"""One method on one workload: convert, simulate every test sample, score, and say what it cost."""

import random
import time
from collections import Counter

import numpy as np
import torch

from adafire.cost.energy import arithmetic_models
from adafire.cost.meter import Meter
from adafire.errors import AdafireError

from . import decoded, fidelity
from .environment import PeakMemory
from .methods import convert
from .record import SPIKING
from .team import Alone, TeamError, fingerprint

COUNTERS = tuple("messages message_bits sent_bits neuron_updates sub_steps active_steps".split())
"""Counters of spiking networks that a record may lack: they came later."""
OF_SPIKES = ("firing_rate", "spikes", "synops", "synops_graded", "over_fired", "over_fired_sites")
"""Figures of a report that only spiking networks have."""


class BadOutput(AdafireError):
    """A network put out NaN, or the predictions do not match the samples."""


def measure(
    workload,
    calibration,
    method,
    timesteps,
    precision="fp32",
    seed=0,
    on_batch=None,
    team=Alone(),
    notes=None,
    keep=None,
    like_ann=True,
):
    """Generator of one dict a T, with the fields of `record.Row`, in the order of ``timesteps``.

    method: what methods.py gives. timesteps: ascending; [None] for the ANN. on_batch(timesteps, done) is called
    before a conversion (done = None), before its simulation (0) and after each batch with the number of samples done.
    An anytime method is simulated once for all T, any other is converted and simulated anew for each. team: the processes
    that share the batches; each yields the same rows. notes: a list that gets what the network noted (SNN.notes). keep: called
    with every conversion, before it is simulated. like_ann: compare outputs with the ANN's (where the workload has one).
    """
    passes = [timesteps] if method.anytime else [[t] for t in timesteps]
    for together in passes:
        yield from _one_pass(
            workload,
            calibration,
            method,
            together,
            precision,
            seed,
            on_batch or (lambda *_: None),
            team,
            [] if notes is None else notes,
            keep,
            like_ann,
        )


def _one_pass(workload, calibration, method, timesteps, precision, seed, on_batch, team, notes, keep, like_ann):
    on_batch(timesteps, None)
    memory = PeakMemory("cuda" if next((p.is_cuda for p in workload.network.parameters()), False) else "cpu")
    begin = time.perf_counter()
    at = tuple(t or 1 for t in timesteps)  # the ANN puts out the same at every T
    try:
        _seed(seed)
        snn = convert(method, workload, calibration, max(at), precision, seed)
        snn.reset()
        on_batch(timesteps, 0)
        convert_s = time.perf_counter() - begin + snn.spared_s  # as if this method had been run alone
        if keep is not None and method.kind != "ann":
            keep(snn)
        reference = (
            _reference(workload, calibration, precision, snn if method.kind == "ann" else None) if like_ann else None
        )
        batches, raw_s, predict_s = _simulate(
            workload, snn, at, team, lambda done: on_batch(timesteps, done), reference
        )
        notes += getattr(snn, "notes", [])
    except Exception as problem:
        team.collect(None, problem)  # the other processes wait for this one; raises
    if team.world > 1:
        batches = _exchange(team, snn, batches)
    predictions = [{i: p for _, of_t in sorted(batches.items()) for i, p in of_t[k][0].items()} for k in range(len(at))]
    done = sum(len(of_t[0][0]) for of_t in batches.values())
    if done != len(workload) or len(predictions[0]) != done:
        raise BadOutput(f"{len(predictions[0])} different samples were predicted in {done}, expected {len(workload)}")
    raw_s += convert_s
    peak_mb = memory.read_mb()
    for k, t in enumerate(timesteps):
        begin = time.perf_counter()
        evaluation = workload.evaluate(predictions[k])
        row = _costs(snn.report(at=at[k]), method, t)
        seconds = raw_s + predict_s[k] + time.perf_counter() - begin
        yield {
            "timesteps": t,
            "metrics": {name: float(value) for name, value in evaluation.metrics.items()},
            "low": float(evaluation.low),
            "high": float(evaluation.high),
            "evidence": evaluation.evidence,
            "parameters": parameters(method, max(at)),
            "convert_s": round(convert_s, 3),
            "time_s": round(seconds, 3),
            "peak_memory_mb": peak_mb and round(peak_mb, 1),
            "ran": dict(Counter(getattr(snn, "ran", {}).values())) or None,
            "fidelity": fidelity.total([of_t[k][1] for _, of_t in sorted(batches.items())], done),
            **row,
        }


def _reference(workload, calibration, precision, ann=None):
    """The ANN's outputs, for all methods on this workload; ``ann``: the network, where it is what is measured."""
    if ann is not None:
        workload.reference = fidelity.Reference(ann)
    if workload.reference is None:
        workload.reference = fidelity.Reference.of(workload, calibration, precision)
    return workload.reference


def _simulate(workload, snn, at, team, on_batch, reference):
    """({number of a batch: for each T, ({id: prediction}, what fidelity.py compares)}, seconds of simulation, seconds of prediction
    for each T) of the batches that are this process's."""
    batches, done, raw_s, predict_s = {}, 0, 0.0, [0.0] * len(at)
    itself = reference is not None and reference.network is snn  # the ANN's outputs are kept, and compared with nothing
    with torch.no_grad():
        for number, batch in enumerate(decoded.batches(workload)):
            if not team.mine(number):
                continue
            begin = time.perf_counter()
            outputs = workload.simulate(snn, batch, at)
            raw_s += time.perf_counter() - begin
            like = reference and reference.outputs(workload, number, batch, outputs[0] if itself else None)
            batches[number] = []
            for k, output in enumerate(outputs):
                part = reference and not itself and fidelity.compared(output, like, workload.exit_judge, len(batch.ids))
                begin = time.perf_counter()
                if _has_nan(output):
                    raise BadOutput(f"the outputs are NaN at T={at[k]} (samples {_span(batch.ids)})")
                batches[number].append(
                    (dict(zip(batch.ids, workload.predict(output, batch), strict=True)), part or None)
                )
                predict_s[k] += time.perf_counter() - begin
            done += len(batch.ids)
            on_batch(min(done * team.world, len(workload)))
    return batches, raw_s, predict_s


def _exchange(team, snn, batches):
    """The batches of all processes; what all counted is then counted by ``snn``."""
    parts = team.collect((batches, snn.meter.sums, fingerprint(snn)))
    if len({made for _, _, made in parts}) > 1:
        raise TeamError(
            "the processes came to different networks from the same calibration data; start them on one kind of "
            "machine, with the same OMP_NUM_THREADS"
        )
    snn.meter = Meter.of(sums for _, sums, _ in parts)
    return {number: found for own, _, _ in parts for number, found in own.items()}


def _costs(report, method, timesteps):
    """Fields of a row that come from the library's report (means per sample)."""
    spiking, known = method.kind in SPIKING, method.kind == "snn"  # what neurons of other code were asked for
    sites = [plain(site) for site in report.sites]
    limits = sites or [parameters(method, timesteps)]  # the quantised ANN has levels, but no sites of neurons
    up, down = ([int(entry[limit]) for entry in limits if entry.get(limit)] for limit in ("phi_plus", "phi_minus"))
    return {
        **{
            name: float(getattr(report, name)) if known or spiking and "over" not in name else None
            for name in OF_SPIKES
        },
        **(
            {"mean_timesteps": float(report.mean_timesteps), "exits": {str(t): n for t, n in report.exits.items()}}
            if spiking and report.mean_timesteps < report.timesteps
            else {}
        ),
        "macs": float(report.macs),
        "energy_pj": {model: float(report.energy_pj(model=model)) for model in arithmetic_models()},
        **{name: getattr(report, name) if spiking else None for name in COUNTERS},
        "eff_macs": float(report.eff_macs),
        "weight_bytes": report.weight_bytes,
        "footprint_bytes": report.footprint_bytes,
        "levels": _values(report, method, timesteps, up),
        "longest_burst": max(up + down) if spiking and up else None,
        "sites": sites,
        "layers": [plain(layer) for layer in report.layers],
    }


def _values(report, method, timesteps, up):
    """How many values above 0 an activation can take; None for the ANN, or where nobody says."""
    if method.kind in SPIKING and report.values:
        return int(report.values)
    return method.quantiser_levels(timesteps, max(up)) if timesteps and up else None


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
