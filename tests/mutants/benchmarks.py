"""Runner, records, tables: what is compared, written and said."""

from . import Mutant

MUTANTS = [
    Mutant(
        "the expected score is not compared with --limit",
        "benchmarks/running/expected.py",
        "    if expected is None:\n",
        "    if expected is None or limit:\n",
        ("tests/benchmarks/running/test_runner.py",),
    ),
    Mutant(
        "the expected score is compared with its tolerance on some samples, too",
        "benchmarks/running/expected.py",
        "    part = bool(limit) or expected.samples not in (None, samples)",
        "    part = False",
        ("tests/benchmarks/running/test_runner.py",),
    ),
    Mutant(
        "a folder that cannot be synced loses the record",
        "benchmarks/running/store.py",
        "    except OSError:\n        return\n    try:\n        os.fsync(handle)",
        "    except ZeroDivisionError:\n        return\n    try:\n        os.fsync(handle)",
        ("tests/benchmarks/running/test_records.py",),
    ),
    Mutant(
        "a failed run takes the place of a good record",
        "benchmarks/running/store.py",
        '        if standing is not None and standing.status == "ok" and not (rerun and record.status == "ok"):',
        '        if standing is not None and standing.status == "ok" and not rerun:',
        ("tests/benchmarks/running/test_records.py",),
    ),
    Mutant(
        "any text is the name of a method",
        "benchmarks/text.py",
        "    if len(text) > LONGEST_NAME or not _NAME.fullmatch(text):",
        "    if len(text) > LONGEST_NAME:",
        ("tests/benchmarks/report/test_submission.py",),
    ),
    Mutant(
        "links stay links in tables",
        "benchmarks/text.py",
        r'_MARKUP = re.compile(r"[\\*`\[\]|~]',
        r'_MARKUP = re.compile(r"[\\*`|~]',
        ("tests/benchmarks/report/test_rendering.py",),
    ),
    Mutant(
        "a method that nobody registered is not said",
        "benchmarks/report/provenance.py",
        "    yield from _method(record)\n",
        "",
        ("tests/benchmarks/report/test_submission.py",),
    ),
    Mutant(
        "the limit is no part of a record's key",
        "benchmarks/running/record.py",
        '"seed limit device_type"',
        '"seed device_type"',
        ("tests/benchmarks/running/test_records.py", "tests/benchmarks/running/test_runner.py"),
    ),
    Mutant(
        "energy that falls is no regression",
        "benchmarks/running/regression.py",
        "    return abs(now - was) > bound * abs(was) + 1e-9",
        "    return now - was > bound * abs(was) + 1e-9",
        ("tests/benchmarks/running/test_regress.py",),
    ),
    Mutant(
        "where costs are equal is taken from a straight line of the ratio",
        "benchmarks/streams/crossing.py",
        "a, b = math.log2(mine / theirs), math.log2(later / its)",
        "a, b = mine / theirs - 1, later / its - 1",
        ("tests/benchmarks/streams/test_crossing.py",),
    ),
    Mutant(
        "windows that are not yet full are scored",
        "benchmarks/streams/recordings.py",
        "    full = times >= round(form.window_ms * 1000)",
        "    full = times >= 0",
        ("tests/benchmarks/streams/test_recordings.py",),
    ),
]
