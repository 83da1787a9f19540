#!/usr/bin/env python
"""Which neural code wins where: Pareto fronts of accuracy against energy, under every energy model, and against sub-steps."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/codes.py                                     # how often each code is the cheapest, over all tables
  python tools/codes.py cifar10_resnet20 fashion_resnet     # and the fronts of these
  python tools/codes.py coco_yolo --model lemaire-45nm,sub-steps

from the records of runs/ and of the project's results/; exit status: 0 printed; 2 there is nothing to print"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("tasks", nargs="*", metavar="TASK")
    p.add_argument("--variant")
    p.add_argument(
        "--model",
        metavar="A,B",
        help="energy models (with ', a message' for the second reading), or sub-steps (default: all)",
    )
    p.add_argument("--out", metavar="DIR", help="folder with records (default: runs/, and the project's results/)")
    return run(report, p, argv)


def report(args):
    from adafire.errors import InputError
    from adafire.registry import near_names
    from benchmarks.report import codes, energy_page
    from benchmarks.report.terminal import print_aligned
    from benchmarks.running.catalogue import make_them
    from benchmarks.running.store import load_all, places

    known = [*energy_page.keys(), codes.SUB_STEPS]
    costs = _models(args.model, known)
    for key in costs or ():
        if key not in known:
            raise InputError(f"unknown energy model {key!r}{near_names(key, known)} Known: {'; '.join(known)}")
    records = [
        r for task in args.tasks or [None] for r in load_all(args.out, task) if args.variant in (None, r.variant)
    ]
    found = codes.tables(records)
    if not found:
        raise InputError(
            f"no spiking rows beside an ANN in {' or '.join(map(str, places(args.out)))}"
            + (f" of {', '.join(args.tasks)}" if args.tasks else "")
            + make_them(args.tasks[0] if args.tasks else None)
        )
    print(f"How often a code has the cheapest row within so many points of the ANN: {len(found)} tables\n")
    print_aligned(*codes.summary(found))
    for name, rows in found if args.tasks else ():
        print(f"{name}: energy as a share of the ANN's, or sub-steps; points below the ANN\n")
        for key in costs or codes.priced(rows):
            _, ((_, *near, front),) = codes.of_table(rows, [key])
            for points, cell in zip(codes.WITHIN, near):
                print(f"  {key}, cheapest within {points:g}: {cell}")
            print(f"  {key}, front: {front}\n")


def _models(text, known):
    """Keys between commas; a reading holds one itself."""
    if not text:
        return None
    found = []
    for part in text.split(","):
        if found and f"{found[-1]},{part}" in known:
            found[-1] += f",{part}"
        else:
            found.append(part.strip())
    return found


if __name__ == "__main__":
    leave(main())
