#!/usr/bin/env python
"""Run the tasks and methods behind one table of the paper, and print the paper's column beside ours, and what others published."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, numbers, run, same_again, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/reproduce.py --list
  python tools/reproduce.py cifar10 --split mini                     # no data needed; the title says mini
  python tools/reproduce.py imagenet --data-root /data/imagenet

Figures of the paper that are not known are shown as unknown. What was run before is not run again.
exit status: 0 every run succeeded; 1 some failed; 2 nothing could be run as asked; 130 Ctrl-C"""


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("table", nargs="?", metavar="TABLE")
    p.add_argument(
        "--list", action="store_true", help="list the tables, their tasks, and what is known of the paper's figures"
    )
    p.add_argument(
        "--split", choices=("auto", "full", "mini"), default="auto", help="auto: full where --data-root is given"
    )
    p.add_argument("--data-root", metavar="DIR")
    p.add_argument("--timesteps", type=numbers, metavar="4,8", help="other numbers of timesteps than the table's")
    p.add_argument("--limit", type=whole(1), metavar="N", help="the first N samples only")
    p.add_argument("--out", default="runs", metavar="DIR", help="folder for records (default: %(default)s)")
    return run(reproduce, p, argv, same_again(__file__, argv))


def reproduce(args):
    from adafire.errors import InputError
    from benchmarks.report import published, reproduction

    if not args.list:
        if not args.table:
            raise InputError(f"which table? One of {', '.join(reproduction.TABLES)} (--list shows them)")
        return measure(reproduction.find(args.table), args)
    for name, table in reproduction.TABLES.items():
        known = "; ".join(f"{what}: {figure}" for what, figure in table.known.items())
        print(
            f"{name}: {table.title}\n    tasks: {', '.join(available(table.tasks))}\n"
            f"    the paper's figures: {known + '; all others ' if known else ''}{reproduction.UNKNOWN}"
        )
        others = dict.fromkeys(row.method for row in published.published(name))
        if others:
            print(f"    published by others: {'; '.join(others)}")


def available(tasks):
    """Names of tasks; those without a task file are marked."""
    from benchmarks.running.task import TASKS

    return [name if (TASKS / f"{name}.py").is_file() else f"{name} (no task file)" for name in tasks]


def measure(table, args):
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from benchmarks.report import published, reproduction
    from benchmarks.report.terminal import aligned
    from benchmarks.running import catalogue, runner
    from benchmarks.running.progress import reporter
    from benchmarks.running.splits import split_of
    from benchmarks.running.store import load_all
    from benchmarks.running.task import TASKS, load_task

    mini = args.split == "mini" or args.split == "auto" and not args.data_root
    names = [name for name in (table.fallback if mini else table.tasks) if (TASKS / f"{name}.py").is_file()]
    if not names:
        raise InputError("none of the table's tasks has a task file here: " + ", ".join(table.tasks))
    timesteps = args.timesteps or list(table.timesteps)
    options = runner.RunOptions(WorkloadOptions.of(args))
    jobs = []
    for name in names:
        task = load_task(catalogue.find_task(name))
        task, variant = catalogue.choose_variant(task, None, "mini" if mini else "full", args.data_root)
        catalogue.check_ready(task, variant, args.data_root)
        runner.check_request(task, table.methods, timesteps, options)
        jobs.append((task, variant))
    outcomes = []
    with reporter() as tell:
        for task, variant in jobs:
            outcomes.append(runner.run(task, variant, list(table.methods), timesteps, options, args.out, tell))
            if outcomes[-1].interrupted:
                break
    print(f"# {reproduction.title(table, {split_of(r) for outcome in outcomes for r in outcome.records})}\n")
    for what, figure in table.known.items():
        print(f"the paper, {what}: {figure}")
    for outcome in (found for found in outcomes if found.records):
        headers, lines = reproduction.lines(outcome.records)
        print("\n" + aligned(headers, lines))
        best = reproduction.saved(outcome.records)
        if best:
            words = (
                f"up to {100 * best.saved:.1f} %"
                if best.saved > 0
                else f"none, {-100 * best.saved:.1f} % more at the least"
            )
            print(
                f"ours, energy saved: {words} ({best.method} at T={best.row.timesteps} against "
                f"snn-calibration at T={best.reference.timesteps}, accuracy no lower; a burst of k counts k)"
            )
    ours = [record for outcome in outcomes for record in outcome.records] + load_all(args.out) + load_all()
    headers, lines = published.beside(args.table, ours)
    if lines:
        print("\nPublished by others, as quoted there; not measured here:\n\n" + aligned(headers, lines))
    if any(outcome.interrupted for outcome in outcomes):
        raise KeyboardInterrupt
    return int(any(record.status == "failed" for outcome in outcomes for record in outcome.records))


if __name__ == "__main__":
    leave(main())
