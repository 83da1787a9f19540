#!/usr/bin/env python
"""Run a small fixed subset of every task family and compare with what was accepted: accuracy, spikes, operations, energy."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/regress.py
  python tools/regress.py --only coco_yolo
  python tools/regress.py --accept "bias correction now measured on two batches"

exit status: 0 nothing moved; 1 something did (what, from what, to what); 2 it could not be run as asked"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("--accept", metavar="REASON", help="make what is measured now the expectation, for this reason")
    p.add_argument("--only", metavar="TASK", help="cases of one task only")
    return run(judge, p, argv)


def judge(args):
    from adafire.errors import InputError
    from adafire.registry import near_names
    from benchmarks.running import regression
    from benchmarks.running.progress import reporter

    tasks = [case.task for case in regression.CASES]
    if args.only and args.only not in tasks:
        raise InputError(f"no case of task {args.only!r}{near_names(args.only, tasks)} Known: {', '.join(tasks)}")
    if args.accept is not None and (args.only or not args.accept.strip()):
        raise InputError("--accept takes a reason, and all cases: leave --only out")
    expected = {"cases": {}} if args.accept is not None else regression.load()
    begin, cases = time.perf_counter(), [c for c in regression.CASES if args.only in (None, c.task)]
    with reporter() as tell:
        found = regression.measure(cases, tell)
    if args.accept is not None:
        regression.accept(found, args.accept)
        print(f"accepted: {regression.EXPECTATIONS.name}, {len(found)} cases, reason: {args.accept}")
        return 0
    names = [case.name for case in cases] if args.only else {**expected["cases"], **found}
    moved = regression.compare({name: expected["cases"].get(name, {}) for name in names}, found)
    for case, methods in found.items():
        for method, now in methods.items():
            was = expected["cases"].get(case, {}).get(method)
            print(
                f"{case}, {method}: {now['metric']} {now['value']:.4f}, {now['energy_pj'] / 1e6:.3f} uJ, "
                f"time over the ANN's {now['time_ratio']:.2f}"
                + (f" (accepted: {was['time_ratio']:.2f})" if was else "")
            )
    for entry in moved:
        print(
            f"MOVED {entry.where}: {entry.figure} from {number(entry.expected)} to {number(entry.found)}{change(entry)}; "
            f"allowed: {entry.allowed}"
        )
    print(
        f"{len(moved)} figures moved, {time.perf_counter() - begin:.0f} s"
        + ("; where that is right: python tools/regress.py --accept REASON" if moved else "")
    )
    return 1 if moved else 0


def number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def change(entry):
    if not isinstance(entry.expected, float) or not isinstance(entry.found, float) or not entry.expected:
        return ""
    return f" ({100 * (entry.found / entry.expected - 1):+.2f} %)"


if __name__ == "__main__":
    leave(main())
