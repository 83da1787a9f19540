#!/usr/bin/env python
"""Draw test samples: the sample, ground truth, ANN and SNN at several T side by side, with where they are wrong.

    python tools/show.py fashion_resnet
    python tools/show.py coco_yolo --method adafire --timesteps 1,4 --samples 1,17 --out runs/pictures
    python tools/show.py coco_yolo --variant yolov3 --data-root /data/coco --method adafire-signed --timesteps 4

One PNG a sample is written; where to is printed. Sample ids are those of the data set (COCO's image ids, file names).
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
    add("--method", default="adafire", metavar="M", help="conversion method (%(default)s)")
    add("--timesteps", type=numbers, default="1,2,4,8", metavar="1,2,4", help="numbers of timesteps T (%(default)s)")
    add(
        "--samples", type=names, metavar="IDS", help="ids of test samples with commas between (default: the first four)"
    )
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--split", choices=("auto", "full", "mini"), default="auto")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--out", default="runs/show", metavar="FOLDER", help="where the pictures go (%(default)s)")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--seed", type=whole(0), default=0, metavar="N")
    p.add_trust()
    return run(draw, p, argv)


def draw(args):
    warnings.filterwarnings("ignore")
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from benchmarks.report import show
    from benchmarks.running import catalogue, runner
    from benchmarks.running.task import load_task

    samples = args.samples and list(dict.fromkeys(args.samples))
    options = WorkloadOptions.of(args)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    task, variant = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    _, timesteps = runner.check_request(task, [args.method], args.timesteps, runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    if Path(args.out).exists() and not Path(args.out).is_dir():
        raise InputError(f"--out {args.out}: a file, not a folder")
    for path in show.show(
        task,
        variant,
        args.method,
        timesteps,
        options,
        samples,
        args.out,
        lambda words: print(words, file=sys.stderr, flush=True),
    ):
        print(f"picture: {path}")


if __name__ == "__main__":
    leave(main())
