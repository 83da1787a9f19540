#!/usr/bin/env python
"""Run many methods on many tasks with Ray: on this machine, or on a cluster; one process a job, resumable."""

import argparse
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

EXAMPLES = """examples:
  python tools/sweep.py fashion_resnet coco_yolo --split mini --jobs 4
  python tools/sweep.py tasks/imagenet_*.py --data-root /data/imagenet --address ray://head:10001 --device cuda

needs Ray: pip install -e '.[sweep]'. What is finished is not run again: after a crash, call the same command again.
exit status: 0 every job succeeded; 1 some failed; 2 nothing could be run as asked; 130 Ctrl-C"""


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    p = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tasks", nargs="+", metavar="TASK")
    p.add_argument("--methods", metavar="A,B", help="methods (default: the task's)")
    p.add_argument("--timesteps", metavar="1,2,4", help="numbers of timesteps (default: the task's)")
    p.add_argument("--split", choices=("auto", "full", "mini"), default="auto")
    p.add_argument("--variant", metavar="NAME")
    p.add_argument("--data-root", metavar="DIR")
    p.add_argument("--limit", type=int, metavar="N")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", default="results", metavar="DIR")
    p.add_argument("--jobs", type=int, metavar="N", help="processes at a time on this machine (default: one a core)")
    p.add_argument("--address", metavar="HOST", help="a Ray cluster ('auto', ray://head:10001); default: this machine")
    p.add_argument("--trust-config", action="store_true", help="execute task files from outside this project")
    args = p.parse_args(argv)
    from adafire.errors import AdafireError, InputError
    from adapters.base import WorkloadOptions
    from benchmarks import catalogue, leaderboard, runner, sweep
    from benchmarks.task import load_task

    try:
        if args.jobs is not None and args.jobs < 1:
            raise InputError(f"--jobs {args.jobs}: expected 1 or more")
        methods = args.methods and [name.strip() for name in args.methods.split(",")]
        try:
            timesteps = args.timesteps and [int(t) for t in args.timesteps.split(",")]
        except ValueError:
            raise InputError(f"--timesteps {args.timesteps}: expected whole numbers with commas between") from None
        requests = [(given, catalogue.choose_variant(load_task(catalogue.find_task(given), args.trust_config), args.variant,
                                                     args.split, args.data_root)) for given in args.tasks]
        options = runner.RunOptions(WorkloadOptions(data_root=args.data_root, limit=args.limit, device=args.device,
                                                    seed=args.seed))
        found = sweep.sweep(requests, methods, timesteps, options, Path(args.out).absolute(), args.address, args.jobs,
                            int(args.device == "cuda"), args.trust_config, show)
    except AdafireError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; what is done is kept. To go on: " + shlex.join(["python", os.path.relpath(__file__), *argv]),
              file=sys.stderr)
        return 130
    for problem in leaderboard.write_leaderboard(args.out):
        print(f"note: {problem}", file=sys.stderr)
    count = {kind: sum(done.kind == kind for done in found) for kind in ("finished", "cached", "failed")}
    print(f"{len(found)} jobs: {count['finished']} run, {count['cached']} done before, {count['failed']} failed. "
          f"All results: {Path(args.out) / 'README.md'}")
    return 1 if count["failed"] else 0


def show(done, number, total):
    words = {"finished": f"done in {done.text}", "cached": done.text, "failed": f"FAILED: {done.text}"}[done.kind]
    print(f"[{number}/{total}] {done.job.label}: {done.job.method}: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
