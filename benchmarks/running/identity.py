"""What every record of one variant of a task holds: its identity, and the ANN that it is compared with."""

from .measure import plain
from .record import METHOD_VERSION, SCHEMA_VERSION, Reference


def common_fields(task, variant, options, described):
    """The fields that all records of a variant share. described: what its workload says of data and weights."""
    settings = {
        key: plain(value)
        for key, value in task.variants[variant].settings().items()
        if key not in ("config", "checkpoint")
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "method_version": METHOD_VERSION,
        "task": task.name,
        "task_version": task.version,
        "family": task.family,
        "metric": task.metric,
        "variant": variant,
        "split": task.variants[variant].split,
        "settings": settings,
        "workload": described,
        "precision": options.precision,
        "seed": options.workload.seed,
        "draw": options.workload.draw,
        "limit": options.workload.limit,
        "device_type": options.workload.device,
    }


def reference(ann):
    """What the others keep of the ANN's record; None if there is none or it failed."""
    if ann is None or ann.status == "failed":
        return None
    row = ann.rows[0]
    return Reference(
        key=ann.key,
        value=row.metrics[ann.metric],
        low=row.low,
        high=row.high,
        metrics=row.metrics,
        macs=row.macs,
        energy_pj=row.energy_pj,
    )
