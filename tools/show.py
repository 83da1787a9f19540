#!/usr/bin/env python
"""Draw test samples: the sample, ground truth, ANN and SNN at several T side by side, with where they are wrong.

    python tools/show.py fashion_resnet
    python tools/show.py coco_yolo --method adafire --timesteps 1,4 --samples 1,17 --out runs/pictures
    python tools/show.py coco_yolo --variant yolov3 --data-root /data/coco --method adafire-signed --timesteps 4

One PNG a sample is written; where to is printed. Sample ids are those of the data set (COCO's image ids, file names).
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
    add("--method", default="adafire", metavar="M", help="conversion method (%(default)s)")
    add("--timesteps", default="1,2,4,8", metavar="1,2,4", help="numbers of timesteps T (%(default)s)")
    add("--samples", metavar="IDS", help="ids of test samples with commas between (default: the first four)")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--split", choices=("auto", "full", "mini"), default="auto")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--out", default="runs/show", metavar="FOLDER", help="where the pictures go (%(default)s)")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--seed", type=int, default=0, metavar="N")
    add("--trust-checkpoint", action="store_true", help="unpickle the checkpoint: it may run code")
    add("--trust-config", action="store_true", help="execute a task file from outside this project (it is Python)")
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
    from benchmarks import catalogue, runner, show
    from benchmarks.task import load_task

    parts = [part.strip() for part in args.timesteps.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"--timesteps {args.timesteps}: expected whole numbers with commas between, such as 1,2,4")
    samples = args.samples and list(dict.fromkeys(part.strip() for part in args.samples.split(",")))
    if samples and not all(samples):
        raise InputError(f"--samples {args.samples}: expected ids with commas between, such as 1,17")
    options = WorkloadOptions(data_root=args.data_root, checkpoint=args.checkpoint, device=args.device, seed=args.seed,
                              trust_checkpoint=args.trust_checkpoint)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    variant = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    _, timesteps = runner.check_request(task, [args.method], [int(part) for part in parts], runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    if Path(args.out).exists() and not Path(args.out).is_dir():
        raise InputError(f"--out {args.out}: a file, not a folder")
    for path in show.show(task, variant, args.method, timesteps, options, samples, args.out,
                          lambda words: print(words, file=sys.stderr, flush=True)):
        print(f"picture: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
