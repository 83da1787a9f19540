#!/usr/bin/env python
"""Compare two results on the same samples: paired test, difference with its interval, costs, classes, samples."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run, whole  # noqa: E402
from benchmarks.report.terminal import print_aligned, say  # noqa: E402

EXAMPLES = """examples:
  python tools/compare.py adafire snn-calibration --task fashion_resnet
  python tools/compare.py adafire-signed adafire --task coco_yolo --timesteps 4 --worst 5
  python tools/compare.py my_record.json results/records/coco_yolo-mini-mini/adafire-46409824e2d0.json

A and B are record files or methods of one task (their committed records). exit status: 0 compared; 2 it cannot be"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("first", metavar="A")
    p.add_argument("second", metavar="B")
    p.add_argument("--task", help="the task whose methods A and B are")
    p.add_argument("--variant")
    p.add_argument(
        "--timesteps", type=whole(1), metavar="T", help="T of the classes and samples (default: the largest in both)"
    )
    p.add_argument(
        "--worst", type=whole(0), default=10, metavar="N", help="samples to show a side (default: %(default)s)"
    )
    p.add_argument("--out", metavar="DIR", help="folder with records (default: runs/, and the project's results/)")
    p.add_argument("--data-root", metavar="DIR", help="data of a full split, for the names of classes and samples")
    p.add_json("the comparison")
    return run(report, p, argv)


def report(args):
    from adafire.errors import AdafireError
    from benchmarks.report import compare

    first, second = (compare.find(given, args.task, args.variant, args.out) for given in (args.first, args.second))
    try:
        labels, lacking = compare.labels_of(first, args.data_root), None
    except AdafireError as error:
        labels, lacking = None, f"without the task's data: {error}"
    found = compare.compare(first, second, labels, args.timesteps, args.worst)
    notes = [*found.notes, *([lacking] if lacking else [])]
    show(found, notes)
    if args.json:
        from benchmarks import as_json

        as_json.write(args.json, {**compare.as_dict(found), "notes": notes})


def show(found, notes):
    from benchmarks.running.record import ENERGY_MODEL
    from benchmarks.running.splits import split_of
    from benchmarks.running.task import task_label

    first, second = found.first, found.second
    names = (
        (first.method, second.method) if first.method != second.method else (f"{first.method} A", f"{second.method} B")
    )
    say(
        f"{task_label(first.task, split_of(first))}: {first.variant}, {first.metric}, {first.samples} samples; "
        f"A = {names[0]}, B = {names[1]}; energy in uJ a sample, {ENERGY_MODEL} (in brackets: a burst counts once)"
    )
    print_aligned(
        ["T", "A", "B", "A - B", "95 % interval", "p", "test", "energy A", "energy B"],
        [
            [
                "-" if line["timesteps"] is None else str(line["timesteps"]),
                f"{line['first']['value']:.4f}",
                f"{line['second']['value']:.4f}",
                f"{line['difference'].value:+.4f}",
                f"{line['difference'].low:+.4f} to {line['difference'].high:+.4f}",
                f"{line['difference'].p_value:.3g}",
                line["difference"].test,
                energy(line["first"]),
                energy(line["second"]),
            ]
            for line in found.lines
        ],
    )
    if found.per_class:
        print(f"class by class, T = {found.timesteps}")
        print_aligned(
            ["class", "A", "B", "A - B", "samples"],
            [
                [name, f"{a:.4f}", f"{b:.4f}", f"{a - b:+.4f}", "-" if n is None else str(n)]
                for name, a, b, n in found.per_class
            ],
        )
    if found.worst:
        print(f"samples furthest apart, T = {found.timesteps} (first those where A is worse)")
        print_aligned(["sample", "A", "B"], [[str(sample), f"{a:g}", f"{b:g}"] for sample, a, b in found.worst])
    for note in notes:
        print(f"note: {note}")


def energy(figures):
    if figures["energy_pj"] is None:
        return "-"
    graded = figures["energy_graded_pj"]
    return f"{figures['energy_pj'] / 1e6:.3f}" + ("" if graded is None else f" ({graded / 1e6:.3f})")


if __name__ == "__main__":
    leave(main())
