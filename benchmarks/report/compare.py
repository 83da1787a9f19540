"""Two results on the same samples: difference at every T with its interval and p value, what each costs, class by class, and
the samples on which they differ most. From the records; the names of classes and samples come from the task's data.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import near_names
from adapters.base import WorkloadOptions
from adapters.shared.accuracy import correctness

from ..running import catalogue, opening
from ..running.record import ENERGY_MODEL
from ..running.store import load_all, places, read_record
from .paired import paired
from .rows import graded_energy


class Labels(NamedTuple):
    """Of the scored samples in the order of sorted ids: ids, the class of each or None, and the classes' names."""

    ids: list
    classes: list | None
    names: list | None


class Comparison(NamedTuple):
    """first, second: records. lines: a dict a T with the figures of both and their Difference. timesteps: the T that
    per_class [(class, first, second, samples or None)] and worst [(sample, first, second)] are of; notes: what is not
    there, and why."""

    first: object
    second: object
    lines: list
    timesteps: int | None
    per_class: list
    worst: list
    notes: list


def find(given, task=None, variant=None, out=None):
    """Record in the file ``given``, or of the method ``given`` among the good records of ``task``: the latest, of all
    samples where there is one."""
    if Path(given).suffix == ".json":
        if not Path(given).is_file():
            raise InputError(f"no record file {given}; records are in results/records/TASK-SPLIT-VARIANT/")
        return read_record(Path(given))
    if task is None:
        raise InputError(f"{given!r} is no record file (.json); to compare methods, name the task: --task coco_yolo")
    records = [r for r in load_all(out, task) if r.status == "ok" and variant in (None, r.variant)]
    if not records:
        raise InputError(
            f"no finished records of task {task!r}{f', variant {variant!r}' if variant else ''} in "
            f"{' or '.join(map(str, places(out)))}{catalogue.make_them(task)}"
        )
    methods = sorted({r.method for r in records})
    own = [r for r in records if r.method == given]
    if not own:
        raise InputError(
            f"no record of method {given!r} for task {task!r}{near_names(given, methods)} There are: "
            f"{', '.join(methods)}"
        )
    if len({(r.variant, r.split) for r in own}) > 1:
        raise InputError(
            f"{task!r} has records of several variants: {', '.join(sorted({r.variant for r in own}))}; choose "
            "one with --variant NAME"
        )
    return max(own, key=lambda r: (r.limit is None, r.method_version, r.date, r.key))


def compare(first, second, labels=None, timesteps=None, most=10):
    """Comparison of two records; InputError where they cannot be paired. labels: Labels, or None without the data."""
    differences = paired(first, second)
    if not differences:
        raise InputError(
            f"no T in common: {first.method} has {first.timesteps}, {second.method} has {second.timesteps}"
        )
    if timesteps is not None and timesteps not in differences:
        raise InputError(f"T={timesteps} is not in both records; they share {', '.join(map(str, differences))}")
    at = timesteps if timesteps is not None else max(differences, key=lambda t: t or 0)
    lines = [
        {"timesteps": t, "first": _figures(first, t), "second": _figures(second, t), "difference": difference}
        for t, difference in sorted(differences.items(), key=lambda item: item[0] or 0)
    ]
    rows, notes = (_row(first, at), _row(second, at)), []
    return Comparison(
        first, second, lines, at, _per_class(*rows, labels, notes), _worst(*rows, labels, most, notes), notes
    )


def as_dict(found):
    """A Comparison for programs: what the two records are of, and all its figures."""
    first, second = found.first, found.second
    same = {key: getattr(first, key) for key in ("task", "variant", "split", "metric", "samples")}
    return {
        **same,
        "first": {"method": first.method, "key": first.key},
        "second": {"method": second.method, "key": second.key},
        "lines": found.lines,
        "timesteps": found.timesteps,
        "per_class": [dict(zip(("class", "first", "second", "samples"), line)) for line in found.per_class],
        "worst": [dict(zip(("sample", "first", "second"), line)) for line in found.worst],
    }


def labels_of(record, data_root=None):
    """Labels of a record's samples from its task's data; InputError where the data here are others, or not at hand."""
    from ..running.task import load_task

    task = load_task(catalogue.find_task(record.task))
    variant = task.variants.get(record.variant)
    if variant is None:
        raise InputError(f"task {record.task!r} has no variant {record.variant!r} any more")
    catalogue.check_ready(task, record.variant, data_root)
    options = WorkloadOptions(limit=record.limit, seed=record.seed, data_root=data_root)
    workload = opening.workload(task, record.variant, options)
    if workload.describe()["data"]["fingerprint"] != record.workload.data.fingerprint:
        raise InputError("the data at hand are not those of the record (another fingerprint)")
    of_samples = workload.labels()
    if of_samples is None:
        return Labels(sorted(i for batch in workload.batches() for i in batch.ids), None, workload.classes)
    ids = sorted(of_samples)
    return Labels(ids, [of_samples[i] for i in ids], workload.classes)


def _row(record, timesteps):
    by_t = {row.timesteps: row for row in record.rows}
    return by_t.get(timesteps, by_t.get(None))


def _figures(record, timesteps):
    row = _row(record, timesteps)
    return {
        "value": row.metrics[record.metric],
        "energy_pj": row.energy_pj.get(ENERGY_MODEL),
        "energy_graded_pj": graded_energy(row),
        "synops": row.synops,
        "levels": row.levels,
    }


def _per_class(first, second, labels, notes):
    """[(class, first, second, samples)]: from correctness and labels, from 'per_class', or from metrics of classes."""
    if "correct" in first.evidence:
        if labels is None or labels.classes is None:
            notes.append("per class: the true classes of the samples are not known here")
            return []
        right, own = [correctness(row.evidence) for row in (first, second)], np.array(labels.classes)
        if len(own) != len(right[0]):
            notes.append(f"per class: {len(own)} samples are at hand, {len(right[0])} were scored")
            return []
        return [
            (
                labels.names[c] if labels.names else str(c),
                *(float(r[own == c].mean()) for r in right),
                int((own == c).sum()),
            )
            for c in np.unique(own).tolist()
        ]
    found = [_classes(row, labels) for row in (first, second)]
    shared = [name for name in found[0] if name in found[1]]
    if not shared:
        notes.append("per class: the records hold no figure of a class")
    return [(name, found[0][name], found[1][name], None) for name in shared]


def _classes(row, labels):
    """{class: score} from whatever the record holds of classes."""
    if isinstance(row.evidence.get("per_class"), dict):
        return row.evidence["per_class"]
    if isinstance(row.evidence.get("iou"), list):
        names = labels.names if labels and labels.names else range(len(row.evidence["iou"]))
        return {str(name): value for name, value in zip(names, row.evidence["iou"]) if value is not None}
    return {name: value for name, value in row.metrics.items() if " " in name}  # 'iou chair'


def _worst(first, second, labels, most, notes):
    """[(sample, first, second)], at most ``most`` a side, where the two scores are furthest apart."""
    scores = [_of_samples(row) for row in (first, second)]
    if any(s is None for s in scores) or len(scores[0]) != len(scores[1]):
        notes.append("samples: the records hold no score of every sample")
        return []
    ids = labels.ids if labels and len(labels.ids) == len(scores[0]) else [f"number {k}" for k in range(len(scores[0]))]
    gaps = np.nan_to_num(scores[0] - scores[1])
    order = np.argsort(gaps, kind="stable")
    chosen = [k for k in order[:most] if gaps[k] < 0] + [k for k in order[::-1][:most] if gaps[k] > 0]
    return [(ids[k], float(scores[0][k]), float(scores[1][k])) for k in chosen]


def _of_samples(row):
    if "correct" in row.evidence:
        return correctness(row.evidence).astype(float)
    for name in ("per_image", "miou"):
        if isinstance(row.evidence.get(name), list):
            return np.array([np.nan if v is None else v for v in row.evidence[name]], np.float64)
    return None
