#!/usr/bin/env python
"""Energy saved at equal accuracy, and by each part of the method at the same T, from committed records."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run  # noqa: E402
from benchmarks.report.terminal import print_aligned, say  # noqa: E402

STEPS = (
    ("adafire-layers", "adafire-uniform"),
    ("adafire", "adafire-uniform"),
    ("adafire+ssc", "adafire"),
    ("adafire+iat", "adafire"),
    ("adafire+ssc+iat", "adafire"),
    ("ours", "adafire"),
    ("ours+exit", "ours"),
)
EXAMPLES = """examples:
  python tools/energy_saved.py fashion_resnet
  python tools/energy_saved.py cifar10_resnet20 fashion_resnet --reference snn-calibration

exit status: 0 printed; 2 there is nothing to print"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("tasks", nargs="+", metavar="TASK")
    p.add_argument("--variant")
    p.add_argument("--reference", default="snn-calibration", metavar="METHOD")
    p.add_argument("--out", metavar="DIR", help="folder with records (default: runs/, and the project's results/)")
    p.add_json("the rows of both tables, a task each")
    return run(report_all, p, argv)


def report_all(args):
    found = {task: report(task, args) for task in args.tasks}
    if args.json:
        from benchmarks import as_json

        as_json.write(args.json, found)


def report(task, args):
    from adafire.errors import InputError
    from benchmarks.report import energy_saved as saved
    from benchmarks.report import names
    from benchmarks.report.reproduction import ABLATION
    from benchmarks.running.record import ENERGY_MODEL

    first, rows = saved.records_of(task, args.variant, args.out)
    if args.reference not in rows:
        raise InputError(f"task {task}: no record of {args.reference!r}; there are {', '.join(sorted(rows))}")
    ann = first.ann
    say(
        f"{names.label([first])}: {first.workload.network}, data {names.data_words([first])}; "
        f"{first.metric}, ANN {ann.value:.4f}; uJ a sample, {ENERGY_MODEL} (in brackets: a burst counts once)"
    )
    print()
    lines = []
    for t, base in rows[args.reference].items():
        for method in (m for m in (*ABLATION[1:], "ours", "dcgs") if m in rows and m != args.reference):
            found = saved.at_equal_accuracy(rows, method, t, first.metric, args.reference)
            row = found.row
            lines.append(
                [f"{args.reference} T={t}", f"{base.metrics[first.metric]:.4f}", joules(saved, base), method]
                + (
                    ["-", "not reached", "-", "-"]
                    if row is None
                    else [
                        f"T={row.timesteps}",
                        f"{row.metrics[first.metric]:.4f}",
                        joules(saved, row),
                        f"{100 * found.saved:.1f} % ({100 * found.saved_graded:.1f} %)",
                    ]
                )
            )
    equal = ["reference", first.metric, "energy", "method", "at", first.metric, "energy", "saved"]
    print_aligned(equal, lines)
    names_of = ["reference", "reference_score", "reference_energy", "method", "at", "score", "energy", "saved"]
    rows_of = [dict(zip(names_of, line)) for line in lines]
    say(f"{saved.PAPER}.")
    print()
    lines = []
    for method, other in STEPS:
        for t in sorted(set(rows.get(method, ())) & set(rows.get(other, ()))):
            found = saved.step(rows, method, other, t, first.metric)
            d = found.difference
            mean = "" if found.row.mean_timesteps is None else f"{found.row.mean_timesteps:.2f}"
            lines.append(
                [
                    f"{method} - {other}",
                    str(t),
                    mean,
                    f"{d.value:+.4f}",
                    f"{d.low:+.4f} to {d.high:+.4f}",
                    f"{d.p_value:.3g}",
                    f"{100 * found.saved:.1f} %",
                    f"{100 * found.fewer_synops:.1f} %",
                ]
            )
    head = ["method - base", "T", "mean T", first.metric, "95 % interval", "p", "energy saved", "synops saved"]
    print_aligned(head, lines)
    return {"at equal accuracy": rows_of, "at equal T": [dict(zip(head, line)) for line in lines]}


def joules(saved, row):
    return f"{saved.energy(row) / 1e6:.2f} ({saved.graded_energy(row) / 1e6:.2f})"


if __name__ == "__main__":
    leave(main())
