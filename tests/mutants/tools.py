"""Command lines and task files."""

from . import Mutant

MUTANTS = [
    Mutant(
        "a first run writes into the committed results",
        "tools/run_bench.py",
        'add("--out", default="runs",',
        'add("--out", default="results",',
        ("tests/tools/test_run_bench.py",),
    ),
    Mutant(
        "unknown names do not count against a record",
        "tools/submit.py",
        "        code = max(code, 1 if wrong or unknown else 0)",
        "        code = max(code, 1 if wrong else 0)",
        ("tests/benchmarks/report/test_submission.py",),
    ),
    Mutant(
        "a failed run leaves with exit code 0",
        "tools/run_bench.py",
        '            if code == 0 and any(record.status == "failed" for record in outcome.records):\n                code = 1\n',
        "",
        ("tests/tools/test_run_bench.py",),
    ),
    Mutant(
        "a task without the split stops those that have it",
        "benchmarks/running/catalogue.py",
        "                len(tasks) == 1\n                or variant is not None",
        "                len(tasks) >= 1\n                or variant is not None",
        ("tests/tools/test_run_bench.py",),
    ),
    Mutant(
        "DRIVE's own weights are said to be needless",
        "benchmarks/running/catalogue.py",
        '        return (False, "wants --checkpoint FILE") if variant.split == "full" else (True, "none needed")',
        '        return True, "none needed"',
        ("tests/benchmarks/running/test_tasks.py",),
    ),
]
