#!/usr/bin/env python
"""Convert the network of a task by several methods and measure each: accuracy against timesteps and energy."""

import argparse
import os
import sys
import traceback
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, complain, leave, names, numbers, run, same_again, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/run_bench.py --list
  python tools/run_bench.py --list coco_yolo
  python tools/run_bench.py tasks/coco_yolo.py
  python tools/run_bench.py tasks/coco_yolo.py --methods adafire,adafire-signed --timesteps 1,2,4,8
  python tools/run_bench.py tasks/coco_yolo.py --methods dcgs,dcgs:relays=True,adafire:phi_plus=8:longest=32 --timesteps 4
  python tools/run_bench.py tasks/fashion_resnet.py --methods spikingjelly,sinabs,ours --timesteps 4,16
  python tools/run_bench.py tasks/coco_yolo.py --variant yolov3 --data-root /data/coco --limit 100
  python tools/run_bench.py tasks/*.py --split mini --json table.json
  torchrun --nproc-per-node 2 tools/run_bench.py tasks/coco_yolo.py --launcher pytorch

What is finished stays in the --out folder and is not run again: after Ctrl-C or a crash, call the same command again.
exit status: 0 every run succeeded; 1 some failed (the table says why); 2 nothing could be run as asked; 130 Ctrl-C"""


def parser():
    p = Parser(__doc__, EXAMPLES)
    add = p.add_argument
    add("tasks", nargs="*", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--methods", type=names, metavar="A,B", help="methods to run (default: the task's; the ANN is always run)")
    add("--timesteps", type=numbers, metavar="1,2,4", help="numbers of timesteps T (default: the task's)")
    add(
        "--split",
        choices=("auto", "full", "mini"),
        default="auto",
        help="full: the real data, of which tables say 'part' where they are no whole standard test set; mini: data that the project "
        "brings; auto: full where a data root is given",
    )
    add("--variant", metavar="NAME", help="variant of the task (--list shows them; default: the first of the split)")
    add(
        "--data-root",
        metavar="DIR",
        help="folder with the data of a full split (or $ADAFIRE_DATA, or a line of the set in ~/.config/adafire/data.toml)",
    )
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--limit", type=whole(1), metavar="N", help="score the first N samples only; they get a table of their own")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add(
        "--launcher",
        choices=("none", "pytorch"),
        default="none",
        help="pytorch: the processes that torchrun started share the batches (gloo on CPUs, nccl on GPUs)",
    )
    add("--precision", choices=("fp32", "bf16", "fp16"), default="fp32")
    add("--weights", choices=("float", "int8"), default="float", help="int8: every method on 8-bit weights")
    add(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="of what is drawn: calibration samples, and so which of a test set are set aside",
    )
    add(
        "--draws",
        type=whole(1),
        metavar="N",
        help="run with N choices of calibration samples; tables show mean and span",
    )
    add(
        "--only-draw",
        type=whole(1),
        metavar="K",
        help="of --draws N the K-th alone, scored on the same samples: to share draws between machines, or to have one of a slow method",
    )
    add("--out", default="runs", metavar="DIR", help="folder for records and tables (default: %(default)s)")
    p.add_json("the table as a list of rows, or what --list shows")
    add("--wide", action="store_true", help="all columns of the table, however narrow the terminal is")
    add(
        "--save-snn",
        metavar="DIR",
        help="keep every network that is converted, as a file that adafire.load reads (what is finished "
        "is not converted again: --rerun)",
    )
    words = "run the quantised and integer networks beside every spiking row (default: unless --methods chooses)"
    add("--rivals", action=argparse.BooleanOptionalAction, help=words)
    add("--rerun", action="store_true", help="run again what is finished")
    add(
        "--list",
        action="store_true",
        help="list tasks, variants and methods; with TASK what each variant lacks; run nothing",
    )
    p.add_trust()
    return p


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    return run(lambda args: show_list(args) if args.list else run_all(args), parser(), argv, same_again(__file__, argv))


def run_all(args):
    """Check everything that can be checked before work, run task after task, show what came out."""
    from adafire.errors import AdafireError, InputError
    from benchmarks.running import catalogue
    from benchmarks.running.progress import reporter
    from benchmarks.running.task import load_task

    if not args.tasks:
        raise InputError("which task? For example: python tools/run_bench.py tasks/coco_yolo.py (--list shows all)")
    check_places(args)
    tasks = [load_task(catalogue.find_task(given), args.trust_config) for given in args.tasks]
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"task {name!r} is given twice")
    jobs, notes = catalogue.choose_variants(tasks, args.variant, args.split, args.data_root)
    if args.checkpoint and (args.variant, args.split) == (None, "auto"):
        own = [job for job in jobs if job[0].name in names]  # of another task's mini there is a note already
        notes += filter(None, (catalogue.fell_to_mini(*job, args.checkpoint) for job in own))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)

    from adapters.base import WorkloadOptions  # the rest needs torch, which takes seconds to import
    from benchmarks.report import leaderboard
    from benchmarks.report.closing import closing
    from benchmarks.report.rows import rows_of_run
    from benchmarks.report.shown import random_weights
    from benchmarks.report.terminal import say
    from benchmarks.running import runner
    from benchmarks.running.environment import keep_memory
    from benchmarks.running.team import launch

    keep_memory()
    options = runner.RunOptions(
        WorkloadOptions.of(args),
        args.precision,
        args.rerun,
        args.save_snn,
        args.methods is None if args.rivals is None else args.rivals,
        args.only_draw,
    )
    for task, variant in jobs:
        runner.check_request(task, weighted(args.methods or task.methods, args.weights), args.timesteps, options)
        catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    rows, said, code, interrupted, team = [], [], 0, False, launch(args.launcher, args.device)
    with reporter() if team.leads else nullcontext(lambda event: None) as tell:

        def on_progress(event):
            tell(event)
            if args.debug and event.error is not None:
                traceback.print_exception(event.error)

        for task, variant in jobs:
            try:
                outcome = runner.run(
                    task,
                    variant,
                    weighted(args.methods or task.methods, args.weights),
                    args.timesteps,
                    options,
                    args.out,
                    on_progress,
                    team,
                )
            except AdafireError as error:
                if len(jobs) == 1:
                    raise
                code = complain(error, args.debug, f"{task.name}: ")  # the other tasks go on
                continue
            except KeyboardInterrupt:  # while its data were loaded
                interrupted = True
                break
            full = rows_of_run(outcome.records)
            said += closing(full, any(map(random_weights, outcome.records)))
            rows += [{k: v for k, v in row.items() if k not in ("record", "records", "draw_id")} for row in full]
            if code == 0 and any(record.status == "failed" for record in outcome.records):
                code = 1
            if outcome.interrupted:
                interrupted = True
                break
    if rows and team.leads:
        show(rows, args)
    if interrupted:
        raise KeyboardInterrupt
    if rows and team.leads:
        for problem in leaderboard.write_leaderboard(args.out):
            print(f"note: {problem}", file=sys.stderr)
        for line in said:
            say(line, sys.stderr)
        print(f"All results: {Path(args.out) / 'README.md'}", file=sys.stderr)
    return code


def weighted(methods, weights):
    """Names of the methods with weights of that kind."""
    return (
        methods if weights == "float" else [name if name == "ann" else f"{name}:weights={weights}" for name in methods]
    )


def check_places(args):
    """InputError if the results, the networks or the JSON file could not be written at the end."""
    from adafire.errors import InputError

    for option, given in (("--out", args.out), ("--save-snn", args.save_snn)):
        out = Path(given or args.out)
        there = next(
            path for path in (out, *out.absolute().parents) if os.path.exists(path)
        )  # False where it may not be seen
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise InputError(
                f"{option} {given}: {there} is {'not writable' if there.is_dir() else 'a file, not a folder'}"
            )


def show(rows, args):
    """The table on stdout, and as JSON where asked for."""
    from benchmarks import as_json
    from benchmarks.report.columns import THREE, table
    from benchmarks.report.terminal import print_table, say

    if args.json:
        as_json.write(args.json, rows)
    print_table(*table(rows), wide=args.wide)
    say(f"energy: under {', '.join(THREE)}; in brackets the span over all models and readings")


def show_list(args):
    from benchmarks.report.listed import show

    rows, methods = show(args.tasks, args.data_root, args.variant)
    if args.json:
        from benchmarks import as_json

        as_json.write(args.json, {"tasks": rows, "methods": methods})
    return 0


if __name__ == "__main__":
    leave(main())
