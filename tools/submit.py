#!/usr/bin/env python
"""Check a record before it is sent in: schema, key, ranges, derived fields, and the metric against its evidence."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, complain, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/submit.py check runs/records/coco_yolo-mini-mini/mine-0123456789ab.json
  python tools/submit.py check results/records/*/*.json

Then put the file into results/records/TASK-SPLIT-VARIANT/, run python tools/leaderboard.py, and send a pull request.
A method of yours must be in adafire/methods/ and its task in tasks/, as they are to be sent with it.
exit status: 0 nothing is wrong; 1 something is, or is unknown here; 2 a file is no record"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("what", choices=("check",))
    p.add_argument("records", nargs="+", metavar="RECORD", help="record files (.json)")
    p.add_argument("--data-root", metavar="DIR", help="data of a full split, to compare its fingerprint")
    return run(check, p, argv)


def check(args):
    from adafire.errors import AdafireError
    from benchmarks.report import submission
    from benchmarks.text import visible

    code, results = 0, Path(__file__).resolve().parents[1] / "results"
    for name in args.records:
        try:
            record, found = submission.check(Path(name), results, args.data_root)
        except AdafireError as error:
            code = complain(error, args.debug)
            continue
        wrong, unknown = ([entry for entry in found if entry.kind == kind] for kind in ("wrong", "unknown"))
        print(
            visible(
                f"{name}: {record.method} on {record.task} ({record.variant}), {len(record.rows)} rows: "
                f"{verdict(wrong, unknown)}"
            )
        )
        for entry in wrong:
            print(visible(f"  WRONG {entry.where}: {entry.text}"))
        for kind, text in dict.fromkeys((entry.kind, entry.text) for entry in found if entry.kind != "wrong"):
            print(visible(f"  {kind}: {text}"))
        code = max(code, 1 if wrong or unknown else 0)
    return code


def verdict(wrong, unknown):
    """'nothing is wrong', or how many things are wrong and unknown."""
    words = [
        f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} {kind}"
        for found, kind in ((wrong, "wrong"), (unknown, "unknown here"))
        if found
    ]
    return ", ".join(words) or "nothing is wrong"


if __name__ == "__main__":
    leave(main())
