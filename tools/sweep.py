#!/usr/bin/env python
"""Run many methods on many tasks with Ray: on this machine, or on a cluster; one process a job, resumable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, names, numbers, run, same_again, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/sweep.py fashion_resnet coco_yolo --split mini --jobs 4
  python tools/sweep.py tasks/imagenet_*.py --data-root /data/imagenet --address ray://head:10001 --device cuda

needs Ray: pip install -e '.[sweep]'. What is finished is not run again: after a crash, call the same command again.
exit status: 0 every job succeeded; 1 some failed; 2 nothing could be run as asked; 130 Ctrl-C"""


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("tasks", nargs="+", metavar="TASK")
    p.add_argument("--methods", type=names, metavar="A,B", help="methods (default: the task's)")
    p.add_argument("--timesteps", type=numbers, metavar="1,2,4", help="numbers of timesteps (default: the task's)")
    p.add_argument("--split", choices=("auto", "full", "mini"), default="auto")
    p.add_argument("--variant", metavar="NAME")
    p.add_argument("--data-root", metavar="DIR")
    p.add_argument("--limit", type=whole(1), metavar="N")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    p.add_argument("--seed", type=whole(0), default=0)
    p.add_argument("--out", default="runs", metavar="DIR", help="folder for records and tables (default: %(default)s)")
    p.add_argument(
        "--jobs", type=whole(1), metavar="N", help="processes at a time on this machine (default: one a core)"
    )
    p.add_argument("--address", metavar="HOST", help="a Ray cluster ('auto', ray://head:10001); default: this machine")
    p.add_argument("--trust-config", action="store_true", help="execute task files from outside this project")
    return run(sweep_all, p, argv, same_again(__file__, argv))


def sweep_all(args):
    from adapters.base import WorkloadOptions
    from benchmarks.report import leaderboard
    from benchmarks.running import catalogue, runner, sweep
    from benchmarks.running.task import load_task

    tasks = [load_task(catalogue.find_task(given), args.trust_config) for given in args.tasks]
    jobs, notes = catalogue.choose_variants(tasks, args.variant, args.split, args.data_root)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    given_as = {task.name: given for task, given in zip(tasks, args.tasks)}
    requests = [(given_as.get(task.name, task.name), variant) for task, variant in jobs]
    options = runner.RunOptions(WorkloadOptions.of(args))
    found = sweep.sweep(
        requests,
        args.methods,
        args.timesteps,
        options,
        Path(args.out).absolute(),
        args.address,
        args.jobs,
        int(args.device == "cuda"),
        args.trust_config,
        show,
    )
    for problem in leaderboard.write_leaderboard(args.out):
        print(f"note: {problem}", file=sys.stderr)
    count = {kind: sum(done.kind == kind for done in found) for kind in ("finished", "cached", "failed")}
    print(
        f"{len(found)} jobs: {count['finished']} run, {count['cached']} done before, {count['failed']} failed. "
        f"All results: {Path(args.out) / 'README.md'}"
    )
    return 1 if count["failed"] else 0


def show(done, number, total):
    words = {"finished": f"done in {done.text}", "cached": done.text, "failed": f"FAILED: {done.text}"}[done.kind]
    print(f"[{number}/{total}] {done.job.label}: {done.job.method}: {words}", flush=True)


if __name__ == "__main__":
    leave(main())
