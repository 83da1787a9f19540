#!/usr/bin/env python
"""Draw test samples: the sample, ground truth, ANN and SNN at several T side by side, with where they are wrong.

    python tools/show.py fashion_resnet
    python tools/show.py coco_yolo --method adafire --timesteps 1,4 --samples 1,17 --out runs/pictures
    python tools/show.py coco_yolo --variant yolov3 --data-root /data/coco --method adafire-signed --timesteps 4
    python tools/show.py coco_yolo --method ours --timesteps 1,4 --sheet my_sheet.png
    python tools/show.py fashion_resnet --method burst --timesteps 8 --animate my_sample.gif

One PNG a sample is written; where to is printed. --sheet: one picture instead, of the samples on which the network is nearest to its
ANN at the largest T, in the middle, and farthest from it. --animate: one sample at T = 1, 2, .. up to the largest, above the spikes
that each layer sends (a row a layer, a column a timestep). Sample ids are those of the data set (COCO's image ids, file names).
"""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, names, new_file, numbers, run, whole  # noqa: E402


def picture(*endings):
    """Type of an option: a new file with one of the ``endings``."""

    def convert(text):
        if Path(text).suffix.lower() not in endings:
            raise argparse.ArgumentTypeError(f"found {text}, expected a file name that ends in {' or '.join(endings)}")
        return new_file(text)

    return convert


def main(argv=None):
    p = Parser(__doc__)
    add = p.add_argument
    add("task", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--method", default="adafire", metavar="M", help="conversion method (%(default)s)")
    add("--timesteps", type=numbers, default="1,2,4,8", metavar="1,2,4", help="numbers of timesteps T (%(default)s)")
    add(
        "--samples", type=names, metavar="IDS", help="ids of test samples with commas between (default: the first four)"
    )
    add("--sheet", type=picture(".png"), metavar="FILE", help="write a contact sheet of best, median and worst samples")
    add("--each", type=whole(1, 20), metavar="N", help="samples in each part of a sheet (2)")
    add("--of", type=whole(1), metavar="N", help="test samples that a sheet looks at (the first 60)")
    add(
        "--animate",
        type=picture(".gif", ".png"),
        metavar="FILE",
        help="write one sample over T (.gif, or animated .png)",
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


def check_options(args):
    """InputError for options that another makes meaningless."""
    from adafire.errors import InputError

    if args.sheet and args.animate:
        raise InputError("--sheet and --animate are two pictures; give one of them")
    if (args.each or args.of) and not args.sheet:
        raise InputError(f"--{'each' if args.each else 'of'} is of contact sheets; give --sheet FILE with it")
    if args.sheet and args.samples:
        raise InputError(
            "--samples: a contact sheet finds its samples itself; leave it out, or look at more with --of N"
        )
    if args.animate and args.samples and len(args.samples) > 1:
        raise InputError(f"--samples: found {len(args.samples)}, expected one sample for an animation")


def draw(args):
    warnings.filterwarnings("ignore")
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from benchmarks.report import sheet, show
    from benchmarks.running import catalogue, runner
    from benchmarks.running.task import load_task

    check_options(args)
    samples = args.samples and list(dict.fromkeys(args.samples))
    options = WorkloadOptions.of(args)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    task, variant = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    _, timesteps = runner.check_request(task, [args.method], args.timesteps, runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    if Path(args.out).exists() and not Path(args.out).is_dir():
        raise InputError(f"--out {args.out}: a file, not a folder")
    tell = lambda words: print(words, file=sys.stderr, flush=True)
    if args.sheet:
        given = {key: value for key, value in (("each", args.each), ("of", args.of)) if value}
        sheet.contact_sheet(task, variant, args.method, timesteps, options, args.sheet, **given, tell=tell)
    elif args.animate:
        sample = samples[0] if samples else None
        sheet.animation(task, variant, args.method, max(timesteps), options, args.animate, sample, tell)
    if args.sheet or args.animate:
        print(f"picture: {args.sheet or args.animate}")
        return
    for path in show.show(
        task,
        variant,
        args.method,
        timesteps,
        options,
        samples,
        args.out,
        tell,
    ):
        print(f"picture: {path}")


if __name__ == "__main__":
    leave(main())
