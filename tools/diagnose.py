#!/usr/bin/env python
"""Where a conversion loses accuracy: ANN, clipped, quantised, SNN; the worst sites by each error; rates; a picture.

    python tools/diagnose.py fashion_resnet --method adafire --timesteps 4
    python tools/diagnose.py coco_yolo --method burst --timesteps 8 --limit 0 --out burst.png
    python tools/diagnose.py coco_yolo --variant yolov3 --data-root /data/coco --method ours --timesteps 4 --samples 8
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
    add("--method", required=True, metavar="M", help="conversion method")
    add("--timesteps", required=True, type=int, metavar="T", help="number of timesteps")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--split", choices=("auto", "full", "mini"), default="auto")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--samples", type=int, default=32, metavar="N",
        help="calibration samples that errors are measured on (%(default)s)")
    add("--limit", type=int, default=200, metavar="N", help="score the first N test samples (%(default)s; 0: none)")
    add("--worst", type=int, default=5, metavar="N", help="how many of the worst sites to name (%(default)s)")
    add("--out", metavar="FILE", help="the picture: .png, .pdf or .svg (default: in runs/diagnose/)")
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
    from benchmarks import catalogue, diagnose, runner
    from benchmarks.environment import keep_memory
    from benchmarks.task import load_task

    options = WorkloadOptions(data_root=args.data_root, checkpoint=args.checkpoint, device=args.device, seed=args.seed,
                              trust_checkpoint=args.trust_checkpoint)
    if args.worst < 1 or args.seed < 0:
        raise InputError(f"--worst {args.worst}, --seed {args.seed}: expected 1 or more, and 0 or more")
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    variant = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    runner.check_request(task, [args.method], [args.timesteps], runner.RunOptions(options))
    diagnose.check_request(args.method, args.samples, args.limit, args.out)
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    out = Path(args.out or Path("runs") / "diagnose" / f"{task.name}-{variant}-{args.method}-T{args.timesteps}.png")
    if not args.out:
        out.parent.mkdir(parents=True, exist_ok=True)
    keep_memory()
    report = diagnose.diagnose(task, variant, args.method, args.timesteps, options, args.samples, args.limit,
                               lambda words: print(words, file=sys.stderr, flush=True))
    print(diagnose.text(report, args.worst))
    diagnose.plot(report, out)
    print(f"\npicture: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
