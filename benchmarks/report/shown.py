"""Which records tables show, and the lines that say how many others there are and why."""

from ..running.catalogue import own_task


def shown(records):
    """Those of ``records`` that a table can hold: not of random weights, not of a mini that was a copy of another task's."""
    return [record for record in records if not random_weights(record) and stands_in(record) is None]


def left_out(records):
    """Lines: how many of ``records`` are not shown, one for each reason."""
    random = sum(map(random_weights, records))
    copies = {}
    for record in records:
        other = stands_in(record)
        if other is not None:
            copies.setdefault(other, []).append(record.task)
    found = [f"{random} records with random weights are not shown: their scores mean nothing."] if random else []
    return found + [
        f"{len(tasks)} records of {', '.join(sorted(set(tasks)))} are not shown: their mini was a copy of {other}'s, which "
        "has a table of its own."
        for other, tasks in sorted(copies.items())
    ]


def random_weights(record):
    """Was nothing trained? Such runs measure memory and time."""
    return record.workload.weights.source == "random"


def stands_in(record):
    """Name of the task whose mini a record's was a copy of, before its task came to name that one; None otherwise."""
    task = own_task(record.task) if record.split == "mini" else None
    return task.mini if task is not None and task.mini and record.variant not in task.variants else None
