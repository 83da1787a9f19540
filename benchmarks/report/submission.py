"""Check a submitted record: its schema and key, whether its names are known here, every figure's range, what follows from other
figures, and the claimed metric against the evidence of the single samples. Nothing is run; what only a run could show is said.
"""

import math
from typing import NamedTuple

import numpy as np

from adafire.cost.energy import ENERGY_MODELS
from adafire.errors import InputError
from adapters.shared.accuracy import correctness
from adapters.shared.stats import percentile_interval, wilson

from ..running.record import SPIKING
from ..running.store import Store, read_record
from .compare import labels_of
from .provenance import named

SHARES = ("accuracy", "class_mean_accuracy", "top5", "over_fired", "over_fired_sites")


class Finding(NamedTuple):
    """kind: 'wrong' (the record is refused), 'unknown' (a name that nobody here knows) or 'not checked' (and why); where: T
    or the whole record."""

    kind: str
    where: str
    text: str


def check(path, results=None, data_root=None):
    """(record, [Finding]) of a file; InputError where it is no record of this schema. results: folder with committed
    records, for the ANN that it quotes; the data of its task are compared where they are at hand."""
    record = read_record(path)
    found = []
    expected = record.name
    if f"{path.parent.name}/{path.name}" != expected:
        found.append(Finding("not checked", "file", f"in results/records/ it must be called {expected}"))
    found += [Finding(kind, "record", text) for kind, text in named(record)]
    if record.status == "failed":
        return record, [*found, Finding("not checked", "record", f"a failed run has no figures ({record.reason})")]
    for row in record.rows:
        where = "ANN" if row.timesteps is None else f"T={row.timesteps}"
        found += [
            Finding(kind, where, text)
            for kind, text in (*_ranges(record, row), *_derived(record, row), *_evidence(record, row))
        ]
    found += [Finding("wrong", "record", text) for text in _quoted(record, results)]
    try:
        labels_of(record, data_root)
    except InputError as error:
        other = "another fingerprint" in str(error)
        found.append(Finding("wrong" if other else "not checked", "data", str(error)))
    return record, found


def _ranges(record, row):
    if not row.low <= row.metrics[record.metric] <= row.high and not row.low == row.high:
        yield (
            "wrong",
            f"{record.metric} {row.metrics[record.metric]:.6g} lies outside its interval {row.low:.6g} to {row.high:.6g}",
        )
    for name, value in {**row.metrics, "over_fired": row.over_fired, "over_fired_sites": row.over_fired_sites}.items():
        if value is not None and not -1e-9 <= value <= 1 + 1e-9:
            yield "wrong", f"{name} is {value:.6g}; expected a share of 0 to 1"
    if row.mean_timesteps is not None and row.timesteps and row.mean_timesteps > row.timesteps + 1e-9:
        yield "wrong", f"mean_timesteps {row.mean_timesteps:.6g} is more than T"
    if row.synops is not None and row.synops_graded > row.synops * (1 + 1e-9):
        yield (
            "wrong",
            f"synops_graded {row.synops_graded:.6g} is more than synops {row.synops:.6g}: a burst counts 1 or more",
        )


def _derived(record, row):
    """Figures that follow from others of the row."""
    for name, claimed in row.energy_pj.items():
        if name not in ENERGY_MODELS.names():
            yield "unknown", f"energy model {name!r} is not known here"
            continue
        own = ENERGY_MODELS.get(name).energy_pj(row.macs or 0.0, row.synops or 0.0)
        if not math.isclose(own, claimed, rel_tol=1e-6):
            yield "wrong", f"energy_pj {claimed:.8g} under {name}; MACs and synaptic operations give {own:.8g}"
    for name in ("synops", "synops_graded", "macs"):
        total, parts = getattr(row, name), [layer.get(name) for layer in row.layers]
        if (
            row.layers
            and total is not None
            and None not in parts
            and not math.isclose(sum(parts), total, rel_tol=1e-6, abs_tol=1e-3)
        ):
            yield "wrong", f"{name} {total:.8g}; its layers sum to {sum(parts):.8g}"
    if record.kind in SPIKING and row.sites and all("spikes" in site and "neurons" in site for site in row.sites):
        spikes, neurons = sum(s["spikes"] for s in row.sites), sum(s["neurons"] for s in row.sites)
        if not math.isclose(spikes, row.spikes, rel_tol=1e-6, abs_tol=1e-3):
            yield "wrong", f"spikes {row.spikes:.8g}; its sites sum to {spikes:.8g}"
        rate = spikes / neurons / (row.mean_timesteps or row.timesteps)
        # larger samples may leave earlier than small ones: the rate then lies between those of all at T and all at step 1
        least, most = (rate, rate) if not row.exits else (spikes / neurons / row.timesteps, spikes / neurons)
        if not least * (1 - 1e-4) <= row.firing_rate <= most * (1 + 1e-4):
            yield "wrong", f"firing_rate {row.firing_rate:.6g}; spikes over neurons and timesteps give {rate:.6g}"


def _evidence(record, row):
    """The primary metric and its interval, from what is there of the single samples."""
    evidence, value = row.evidence, row.metrics[record.metric]
    if "correct" in evidence and record.metric == "accuracy":
        right = correctness(evidence)
        if len(right) != record.samples:
            yield "wrong", f"{len(right)} correctness bits for {record.samples} samples"
        elif not math.isclose(float(right.mean()), value, abs_tol=1e-9):
            yield "wrong", f"accuracy {value:.6g}, but {int(right.sum())} of {len(right)} correctness bits are set"
        elif not np.allclose(wilson(int(right.sum()), len(right)), (row.low, row.high), atol=1e-6):
            yield (
                "wrong",
                f"interval {row.low:.6g} to {row.high:.6g} is not Wilson's of {int(right.sum())} of {len(right)}",
            )
        return
    lists = [
        v
        for v in evidence.values()
        if isinstance(v, list) and len(v) == record.samples and all(isinstance(x, (int, float)) for x in v)
    ]
    if (
        any(math.isclose(float(np.mean(v)), value, abs_tol=1e-5) for v in lists)
        and evidence.get("samples") == record.samples
    ):
        return
    drawn = evidence.get("replicates")
    drawn = drawn.get(record.metric) if isinstance(drawn, dict) else None
    if not drawn:
        yield (
            "wrong",
            f"the evidence ({', '.join(evidence) or 'none'}) holds nothing that {record.metric} can be checked against",
        )
        return
    if evidence.get("images", record.samples) != record.samples:
        yield "wrong", f"evidence of {evidence['images']} images, but {record.samples} samples"
    values = [v for v in drawn if v is not None]
    if not np.allclose(percentile_interval(values), (row.low, row.high), atol=2e-6):
        yield "wrong", f"interval {row.low:.6g} to {row.high:.6g} is not that of the replicates"
    middle, spread = float(np.mean(values)), float(np.std(values)) + 1e-6
    if abs(middle - value) > 4 * spread:
        yield (
            "wrong",
            f"{record.metric} {value:.6g} is far from its replicates (mean {middle:.6g}, deviation {spread:.2g})",
        )
    yield "not checked", f"{record.metric} itself: replicates bound it, only a run with the data recomputes it"


def _quoted(record, results):
    """Whether the ANN that the record quotes is the one on file."""
    if record.ann is None or results is None:
        return
    of_ann = {**record.model_dump(include={"task", "split", "variant"}), "method": "ann"}
    other, _ = Store(results).find(of_ann, record.ann.key)
    if other is not None and other.key == record.ann.key:
        metrics = other.rows[0].metrics
        if any(
            not math.isclose(metrics.get(name, math.nan), v, abs_tol=1e-9) for name, v in record.ann.metrics.items()
        ):
            yield f"quotes other figures of the ANN than its record {other.name}"
