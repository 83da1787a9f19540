#!/usr/bin/env python
"""How many calibration samples a method needs, and whether it matters which: scores as a table of a task's methods with few and many
samples of its own data, of another task's pictures, and of noise."""

import argparse
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, names, new_file, numbers, run, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/calibration_size.py fashion_resnet --sizes 4,16,64,256 --pool 500 --out sizes.csv
  python tools/calibration_size.py cifar10_resnet20 --data-root DIR --limit 1000 --sources own,other,noise --other fashion_resnet
  python tools/calibration_size.py coco_yolo --methods ours@1,adafire@4 --sizes 4,64 --draws 1

  python tools/calibration_size.py --page                    # docs/calibration.md from results/measured/calibration_size.csv

Rows that stand in the file of --out are not measured again. Calibration samples are never scored."""


def method_at(text):
    """'ours@1,adafire@4' -> [('ours', 1), ('adafire', 4)]"""
    found = []
    for part in names(text):
        name, _, t = part.partition("@")
        if not name or not (t.isascii() and t.isdigit() and int(t)):
            raise argparse.ArgumentTypeError(f"found {part!r}, expected a method and its T, such as adafire@4")
        found.append((name, int(t)))
    if len({name for name, _ in found}) < len(found):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected every method once")
    return found


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    add = p.add_argument
    add("task", nargs="?", metavar="TASK", help="task file, or the name of one in tasks/")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    default = "adafire-uniform@4,snn-calibration@4,adafire@4,ours@1"
    add(
        "--methods",
        type=method_at,
        default=method_at(default),
        metavar="A@T",
        help=f"methods, each at its T ({default})",
    )
    add(
        "--sizes",
        type=numbers,
        default=[4, 16, 64, 256],
        metavar="4,16",
        help="numbers of calibration samples (4,16,64,256)",
    )
    add("--draws", type=whole(1), default=3, metavar="N", help="choices of samples for each number (%(default)s)")
    add("--sources", type=names, default=["own"], metavar="A,B", help="whose samples: own, other, noise (own)")
    add("--other", metavar="TASK", help="task whose pictures source 'other' takes")
    add("--other-root", metavar="DIR", help="folder with the data of that task's full split")
    add("--pool", type=whole(1), metavar="N", help="samples to draw from (default: draws times the largest size)")
    add(
        "--set-aside",
        type=whole(1),
        metavar="N",
        help="test samples that are set aside to draw from, in place of the task's number (of sets without a train set)",
    )
    add(
        "--other-pool",
        type=whole(1),
        metavar="N",
        help="likewise --pool, of the other task's pictures (default: as many)",
    )
    add("--limit", type=whole(1), metavar="N", help="score the first N samples only")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--seed", type=whole(0), default=0, metavar="N", help="of what is drawn")
    add(
        "--out",
        type=new_file,
        metavar="FILE",
        help="CSV file that rows are added to as they come, and that a later call goes on with",
    )
    add(
        "--page",
        action="store_true",
        help="write table and plot of docs/calibration.md from the committed rows; measure nothing",
    )
    p.add_json("the rows")
    p.add_trust()
    return run(lambda args: write_page() if args.page else report(args), p, argv)


def write_page():
    from adafire.errors import InputError
    from benchmarks.report import calibration_table, plots
    from benchmarks.running.store import write_whole

    rows = calibration_table.read(calibration_table.MEASURED)
    if not rows:
        raise InputError("results/measured/calibration_size.csv holds no rows; measure some, with --out and that name")
    page = calibration_table.PAGE
    write_whole(page, calibration_table.page(rows, page.read_text(encoding="utf-8")))
    page.with_suffix(".png").write_bytes(plots.picture(lambda: calibration_table.plot(rows)))
    print("wrote docs/calibration.md and docs/calibration.png")


def report(args):
    warnings.filterwarnings("ignore")
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from benchmarks import as_json
    from benchmarks.report import calibration_table
    from benchmarks.running import calibration_size, catalogue, runner
    from benchmarks.running.task import load_task

    if not args.task:
        raise InputError(
            "which task? For example: python tools/calibration_size.py fashion_resnet --sizes 4,16 --pool 500"
        )
    for source in args.sources:
        if source not in calibration_size.SOURCES:
            raise InputError(f"--sources: found {source!r}, expected some of {', '.join(calibration_size.SOURCES)}")
    if ("other" in args.sources) != bool(args.other):
        raise InputError(
            "source 'other' and --other TASK belong together; for example --sources own,other --other fashion_resnet"
        )
    options = WorkloadOptions.of(args, draws=None)
    chosen = []
    for given, root in ((args.task, args.data_root), (args.other, args.other_root)):
        if given:
            task = load_task(catalogue.find_task(given), args.trust_config)
            chosen.append(catalogue.choose_variant(task, args.variant if not chosen else None, "auto", root))
            catalogue.check_ready(*chosen[-1], root, args.checkpoint if len(chosen) == 1 else "random")
    (task, variant), (most, rows) = chosen[0], (max(args.sizes), calibration_table.read(args.out))
    for _, t in args.methods:
        runner.check_request(task, [name for name, _ in args.methods], [t], runner.RunOptions(options))
    pool, other = args.pool or args.draws * most, None
    if args.other:
        theirs = WorkloadOptions(
            data_root=args.other_root, limit=1, checkpoint="random"
        )  # of its network nothing is used
        other = (chosen[1][0].name, calibration_size.build(*chosen[1], theirs, args.other_pool or pool))
    made = calibration_size.points(
        task,
        variant,
        calibration_size.build(task, variant, options, pool, args.set_aside),
        args.methods,
        args.sizes,
        args.draws,
        args.sources,
        options.seed,
        other,
        {calibration_table.key(row) for row in rows},
        lambda words: print(words, file=sys.stderr, flush=True),
    )
    for point in made:
        rows.append(point)
        if args.out:
            calibration_table.write(args.out, rows)
    if args.json:
        as_json.write(args.json, rows)
    print("\n".join(calibration_table.table(rows)))
    return 1 if any(row.reason for row in rows) else 0


if __name__ == "__main__":
    leave(main())
