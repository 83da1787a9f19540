#!/usr/bin/env python
"""Accuracy of an event task after so many milliseconds of events: the ANN and methods, as a table.

python tools/event_time.py fashion_events                          # 18 channels; bins to come are empty, T = 8
python tools/event_time.py fashion_events --variant mini-frames    # T is the number of frames that have come
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, names, numbers, run, whole  # noqa: E402


def main(argv=None):
    p = Parser(__doc__)
    add = p.add_argument
    add("task", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--methods", type=names, default="adafire-signed", metavar="A,B", help="conversion methods (%(default)s)")
    add("--timesteps", type=whole(1), default=8, metavar="T", help="T for constant inputs (%(default)s)")
    add("--bins", type=numbers, metavar="1,2", help="numbers of bins that have come (default: every one)")
    add("--limit", type=whole(1), metavar="N", help="score only the first N samples")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--seed", type=whole(0), default=0, metavar="N")
    p.add_trust()
    return run(report, p, argv)


def report(args):
    warnings.filterwarnings("ignore")
    from adapters.base import WorkloadOptions
    from benchmarks.report import event_time
    from benchmarks.running import catalogue, runner
    from benchmarks.running.task import load_task

    options = WorkloadOptions.of(args)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    task, variant = catalogue.choose_variant(task, args.variant, "auto", args.data_root)
    methods, _ = runner.check_request(task, args.methods, [args.timesteps], runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    found = event_time.event_time(
        task,
        variant,
        methods,
        args.bins or [],
        args.timesteps,
        options,
        lambda words: print(words, file=sys.stderr, flush=True),
    )
    print(event_time.table(found))


if __name__ == "__main__":
    leave(main())
