#!/usr/bin/env python
"""Accuracy of an event task after so many milliseconds of events: the ANN and methods, as a table.

    python tools/event_time.py fashion_events                          # 18 channels; bins to come are empty, T = 8
    python tools/event_time.py fashion_events --variant mini-frames    # T is the number of frames that have come
"""

import argparse
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    add = parser.add_argument
    add("task", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--methods", default="adafire-signed", metavar="A,B", help="conversion methods (%(default)s)")
    add("--timesteps", type=int, default=8, metavar="T", help="T for constant inputs (%(default)s)")
    add("--bins", metavar="1,2", help="numbers of bins that have come (default: every one)")
    add("--limit", type=int, metavar="N", help="score only the first N samples")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--seed", type=int, default=0, metavar="N")
    args = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    from adafire.errors import AdafireError
    try:
        return run(args)
    except AdafireError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def run(args):
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from benchmarks import catalogue, event_time, runner
    from benchmarks.task import load_task

    bins = args.bins.split(",") if args.bins else []
    if not all(part.strip().isascii() and part.strip().isdigit() for part in bins):
        raise InputError(f"--bins {args.bins}: expected whole numbers with commas between, such as 1,2,4")
    options = WorkloadOptions(data_root=args.data_root, checkpoint=args.checkpoint, limit=args.limit, seed=args.seed)
    task = load_task(catalogue.find_task(args.task))
    variant = catalogue.choose_variant(task, args.variant, "auto", args.data_root)
    methods, _ = runner.check_request(task, [name.strip() for name in args.methods.split(",")], [args.timesteps],
                                      runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    found = event_time.event_time(task, variant, [m for m in methods if m != "ann"], [int(k) for k in bins],
                                  args.timesteps, options, lambda words: print(words, file=sys.stderr, flush=True))
    print(event_time.table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
