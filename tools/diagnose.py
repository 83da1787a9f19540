#!/usr/bin/env python
"""Where a conversion loses accuracy: ANN, clipped, quantised, SNN; the worst sites by each error; rates; a picture.

python tools/diagnose.py fashion_resnet --method adafire --timesteps 4
python tools/diagnose.py coco_yolo --method burst --timesteps 8 --limit 0 --out burst.png
python tools/diagnose.py coco_yolo --variant yolov3 --data-root /data/coco --method ours --timesteps 4 --samples 8
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run, whole  # noqa: E402


def main(argv=None):
    p = Parser(__doc__)
    add = p.add_argument
    add("task", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--method", required=True, metavar="M", help="conversion method")
    add("--timesteps", required=True, type=whole(1), metavar="T", help="number of timesteps")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--split", choices=("auto", "full", "mini"), default="auto")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add(
        "--samples",
        type=whole(1),
        default=32,
        metavar="N",
        help="calibration samples that errors are measured on (%(default)s)",
    )
    add(
        "--limit", type=whole(0), default=200, metavar="N", help="score the first N test samples (%(default)s; 0: none)"
    )
    add("--worst", type=whole(1), default=5, metavar="N", help="how many of the worst sites to name (%(default)s)")
    add("--out", metavar="FILE", help="the picture: .png, .pdf or .svg (default: in runs/diagnose/)")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--seed", type=whole(0), default=0, metavar="N")
    p.add_json("stages and sites")
    p.add_trust()
    return run(report, p, argv)


def report(args):
    warnings.filterwarnings("ignore")
    from adapters.base import WorkloadOptions
    from benchmarks.report import diagnose
    from benchmarks.running import catalogue, runner
    from benchmarks.running.environment import keep_memory
    from benchmarks.running.task import load_task

    options = WorkloadOptions.of(args, limit=None)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    task, variant = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    runner.check_request(task, [args.method], [args.timesteps], runner.RunOptions(options))
    diagnose.check_request(args.method, args.samples, args.limit, args.out)
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    out = Path(args.out or Path("runs") / "diagnose" / f"{task.name}-{variant}-{args.method}-T{args.timesteps}.png")
    keep_memory()
    found = diagnose.diagnose(
        task,
        variant,
        args.method,
        args.timesteps,
        options,
        args.samples,
        args.limit,
        lambda words: print(words, file=sys.stderr, flush=True),
    )
    print(diagnose.text(found, args.worst))
    out.parent.mkdir(parents=True, exist_ok=True)
    diagnose.plot(found, out)
    print(f"\npicture: {out}")
    if args.json:
        from benchmarks import as_json

        as_json.write(args.json, diagnose.as_dict(found))


if __name__ == "__main__":
    leave(main())
