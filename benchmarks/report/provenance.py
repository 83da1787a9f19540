"""Whether what a record names is known here: its task and variant, its method, the commit of the code, the data's hashes."""

import re

from adafire.errors import InputError

from ..running import catalogue, methods
from ..running.environment import knows_commit
from ..running.measure import parameters
from ..running.record import METHOD_VERSION
from ..running.task import load_task


def unknown_commits(records, listed=()):
    """Sorted commits that ``records`` name and this checkout's history does not have; where that cannot be told (an archive, a
    shallow clone) those of ``listed``, as somebody with the history found them."""
    commits = sorted({record.git.commit for record in records if record.git.commit})
    known = {commit: knows_commit(commit) for commit in commits}
    return [c for c in commits if known[c] is False or known[c] is None and c in listed]


def unknown_code(records, unknown):
    """A sentence on the records of a table that come from commits in ``unknown``; None where there are none."""
    found = {}
    for record in records:
        if record.git.commit in unknown:
            found.setdefault(record.method, set()).add(record.git.commit[:9])
    if not found:
        return None
    commits = sorted({commit for of_method in found.values() for commit in of_method})
    return (
        f"Rows of {', '.join(sorted(found))} come from commit {', '.join(commits)}, which is not in this repository's history: "
        "what code made them is not known. The command of this section makes them anew (--rerun)."
    )


def earlier_definitions(records):
    """A sentence on the records of a table whose parameters are not those that their method has today; None where there are none.

    A method is known by its name; where its definition changed, a row made before is of another method by the same name."""
    found = {}
    for record in records:
        changed = _changed(record) if record.parameters else {}  # none: the ANN, or a record that does not say
        if changed:
            found.setdefault(record.method, changed)
    if not found:
        return None
    words = [
        f"{method} ({', '.join(f'{key} {was}, now {now}' for key, (was, now) in sorted(changed.items()))})"
        for method, changed in sorted(found.items())
    ]
    return (
        f"Rows of earlier definitions: {'; '.join(words)}. What these methods are today was not run here; "
        "the command of this section with --rerun does."
    )


def _changed(record):
    """{option: (value in the record, value today)} where they differ; nothing for a method that is not known here."""
    try:
        method = methods.get(record.method)
    except InputError:
        return {}
    now, was = parameters(method, max((row.timesteps or 1 for row in record.rows), default=1)), record.parameters
    return {
        key: (was.get(key, "not an option"), now.get(key, "not an option"))
        for key in {*now, *was}
        if was.get(key) != now.get(key)
    }


def named(record):
    """Pairs (kind, words) for `submission.Finding`: 'wrong' where a name is known as something else, 'unknown' where nobody
    registered it, 'not checked' where it cannot be told."""
    yield from _method(record)
    yield from _task(record)
    yield from _commit(record)
    for part in ("data", "calibration"):
        if not re.fullmatch("[0-9a-f]{64}", getattr(record.workload, part).fingerprint):
            yield "unknown", f"the {part}'s fingerprint is no SHA-256: it cannot be compared with anything"
    if record.workload.data.samples != record.samples:
        yield "wrong", f"{record.samples} samples, but the data are said to hold {record.workload.data.samples}"
    if record.limit is not None and record.samples > record.limit:
        yield "wrong", f"{record.samples} samples, but only the first {record.limit} were asked for"


def _method(record):
    try:
        method = methods.get(record.method)
    except InputError as error:
        yield "unknown", f"{str(error).partition(' Known: ')[0]} Nobody registered it in adafire/methods/"
        return
    for name in ("kind", "anytime"):
        if getattr(method, name) != getattr(record, name):
            yield (
                "wrong",
                f"{name} {getattr(record, name)!r}; the method {record.method!r} registered here is {getattr(method, name)!r}",
            )
    if record.method_version > METHOD_VERSION:
        yield "unknown", f"method_version {record.method_version}; this project is at {METHOD_VERSION}"


def _task(record):
    try:
        task = load_task(catalogue.find_task(record.task))
    except InputError as error:
        yield "unknown", str(error).partition(" Known: ")[0]
        return
    for name, own in (("family", task.family), ("metric", task.metric)):
        if getattr(record, name) != own:
            yield "wrong", f"{name} {getattr(record, name)!r}; the task {record.task!r} has {own!r}"
    if record.task_version != task.version:
        yield "unknown", f"task_version {record.task_version}; {record.task!r} is at {task.version} here"
    variant = task.variants.get(record.variant)
    if variant is None:
        yield "unknown", f"task {record.task!r} has no variant {record.variant!r}; it has {', '.join(task.variants)}"
    elif variant.split != record.split:
        yield "wrong", f"split {record.split!r}; the variant {record.variant!r} is a {variant.split} split"


def _commit(record):
    commit, dirty = record.git.commit, record.git.dirty
    if commit is None:
        yield "not checked", "the code that made it: it names no commit"
        return
    known = knows_commit(commit)
    if known is None:
        yield "not checked", f"commit {commit[:12]}: this is no checkout of the project with its history"
    elif not known:
        yield "unknown", f"commit {commit[:12]} is not in this checkout's history: what code made it is not known"
    if dirty:
        yield "not checked", f"it was made with changes that commit {commit[:12]} does not hold"
