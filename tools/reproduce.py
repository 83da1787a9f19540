#!/usr/bin/env python
"""Train, convert and measure what is behind one table of the paper, and print the paper's column beside ours, and what others published."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, names, numbers, run, same_again, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/reproduce.py --list
  python tools/reproduce.py cifar10 --split mini                     # no data needed; the title says mini
  python tools/reproduce.py cifar10 --dry-run                        # the commands, and hours of training as estimated
  python tools/reproduce.py cifar10 --data-root DIR --train          # trains what has no weights, converts, measures
  python tools/reproduce.py events --data-root DIR --data-root action_vgg11=DIR --train        # a set that lies elsewhere
  python tools/reproduce.py imagenet --data-root /data/imagenet

Figures of the paper that are not known are shown as unknown. What was trained or run before is not done again, and
a training that was interrupted goes on: call the same command again.
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
    p.add_argument(
        "--data-root",
        action="append",
        default=[],
        metavar="DIR",
        help="folder with the data of all tasks of the table; TASK=DIR for one whose data lie elsewhere (may be given again)",
    )
    p.add_argument(
        "--train", action="store_true", help="train first the networks that have no weights (benchmarks/training)"
    )
    p.add_argument(
        "--dry-run", action="store_true", help="print the commands and the estimated hours of training; run nothing"
    )
    p.add_argument(
        "--epochs", type=whole(1), metavar="N", help="of trainings, in place of the recipe's; records then say so"
    )
    p.add_argument(
        "--if-shortened",
        choices=("refuse", "take", "retrain"),
        default="refuse",
        help="of networks that were trained here otherwise than their recipe says (fewer epochs, say): refuse to measure with them, take "
        "them, or train them again and keep the old ones under another name (default: %(default)s)",
    )
    p.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: trainings on a GPU if there is one"
    )
    p.add_argument("--methods", type=names, metavar="A,B", help="other methods than the table's")
    p.add_argument("--timesteps", type=numbers, metavar="4,8", help="other numbers of timesteps than the table's")
    p.add_argument("--limit", type=whole(1), metavar="N", help="the first N samples only")
    p.add_json("the table's rows, or what --list shows")
    p.add_argument("--out", default="runs", metavar="DIR", help="folder for records (default: %(default)s)")
    return run(reproduce, p, argv, same_again(__file__, argv))


def reproduce(args):
    from adafire.errors import InputError
    from benchmarks import as_json
    from benchmarks.report import published, reproduction
    from benchmarks.training import plan

    if not args.list:
        if not args.table:
            raise InputError(f"which table? One of {', '.join(reproduction.TABLES)} (--list shows them)")
        return measure(reproduction.find(args.table), args)
    if args.json:
        as_json.write(args.json, {name: reproduction.about(name) for name in reproduction.TABLES})
    for name, table in reproduction.TABLES.items():
        known = "; ".join(f"{what}: {figure}" for what, figure in table.known.items())
        print(
            f"{name}: {table.title}\n"
            + "".join(f"    {task}: {plan.status(task)}\n" for task in table.tasks)
            + f"    the paper's figures: {known + '; all others ' if known else ''}{reproduction.UNKNOWN}"
        )
        others = dict.fromkeys(row.method for row in published.published(name))
        if others:
            print(f"    published by others: {'; '.join(others)}")


def planned(table, args):
    """[Job] of a table, in its order."""
    from adafire.errors import InputError
    from benchmarks.running.task import TASKS
    from benchmarks.training import plan

    mini = args.split == "mini" or args.split == "auto" and not (args.data_root or args.train or args.dry_run)
    if mini and args.train:
        raise InputError("--train is for the paper's own data: a mini split has its weights; leave --split mini out")
    names = [name for name in (table.fallback if mini else table.tasks) if (TASKS / f"{name}.py").is_file()]
    if not names:
        raise InputError("none of the table's tasks has a task file here: " + ", ".join(table.tasks))
    found = plan.jobs(names, mini, plan.roots(args.data_root, names))
    lacking = [job.task.name for job in found if not (mini or args.dry_run or job.data_root)]
    if lacking:
        raise InputError(
            f"where are the data of {lacking[0]}? Give their folder: --data-root DIR, or --data-root {lacking[0]}=DIR"
        )
    return found


def show_plan(jobs, methods, timesteps, args):
    """The commands on stdout, with the hours that trainings take."""
    from benchmarks.training import plan

    hours = 0.0
    for job in jobs:
        words = plan.shortened_words(job, args.epochs)
        if words and args.if_shortened != "retrain":
            print(
                f"# {job.task.name}: trained here, but not as the recipe says ({words}): --if-shortened retrain or take"
            )
        if job.entry and (job.lacks_weights or words and args.if_shortened == "retrain"):
            print(f"{plan.words(plan.training(job, args.epochs, args.device))}  # {plan.hours(job)}")
            hours += job.entry.hours
        elif job.lacks_weights:
            print(f"# {job.task.name}: no weights, and no recipe; run_bench takes yours with --checkpoint FILE")
        print(plan.words(plan.measuring(job, methods, timesteps, args.device, args.out)))
    print(f"# trainings: {hours:g} h on one GPU as estimated (not measured); how long measuring takes is not estimated")


def measure(table, args):
    from adapters.base import WorkloadOptions
    from benchmarks import as_json
    from benchmarks.report import published, reproduction
    from benchmarks.report.terminal import aligned
    from benchmarks.running import catalogue, runner
    from benchmarks.running.progress import reporter
    from benchmarks.running.splits import split_of
    from benchmarks.running.store import load_all
    from benchmarks.training import plan, shortened

    jobs, methods = planned(table, args), args.methods or list(table.methods)
    timesteps = args.timesteps or list(table.timesteps)
    if args.dry_run:
        return show_plan(jobs, methods, timesteps, args)
    if args.split == "auto" and not args.data_root and not args.train:
        print(
            f"note: no --data-root, so this measures {', '.join(job.task.name for job in jobs)} on the data that the project brings "
            "(--split mini), not the table's own: --dry-run shows what those take",
            file=sys.stderr,
        )
    device = "cpu" if args.device == "auto" else args.device

    def options_of(job):
        return runner.RunOptions(WorkloadOptions(data_root=job.given, limit=args.limit, device=device))

    for job in jobs:  # all that is wrong is told before the first training
        catalogue.check_ready(job.task, job.variant, job.given, "random")
        runner.check_request(job.task, methods, timesteps, options_of(job))
    lacking = plan.needed(jobs, args.train, args.epochs, args.if_shortened)
    for job in jobs if lacking else ():
        plan.check_data(job)
    for job in lacking:
        if plan.shortened_words(job, args.epochs):
            for path in shortened.set_aside(job.task.name, job.variant):
                print(f"note: what was there is now {path}", file=sys.stderr)
        command = plan.training(job, args.epochs, args.device)
        print(f"{plan.words(command)}  # {plan.hours(job)}", file=sys.stderr, flush=True)
        plan.run(command)
    jobs = [job.reloaded() for job in jobs]
    for job in jobs:
        catalogue.check_ready(job.task, job.variant, job.given)
    outcomes = []
    with reporter() as tell:
        for job in jobs:
            outcomes.append(runner.run(job.task, job.variant, methods, timesteps, options_of(job), args.out, tell))
            if outcomes[-1].interrupted:
                break
    if args.json:
        as_json.write(args.json, reproduction.as_data(table, [outcome.records for outcome in outcomes]))
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
