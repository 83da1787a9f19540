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
exit status: 0 nothing is wrong; 1 something is; 2 a file is no record"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("what", choices=("check",))
    p.add_argument("records", nargs="+", metavar="RECORD", help="record files (.json)")
    p.add_argument("--data-root", metavar="DIR", help="data of a full split, to compare its fingerprint")
    return run(check, p, argv)


def check(args):
    from adafire.errors import AdafireError
    from benchmarks import submission

    code, results = 0, Path(__file__).resolve().parents[1] / "results"
    for name in args.records:
        try:
            record, found = submission.check(Path(name), results, args.data_root)
        except AdafireError as error:
            code = complain(error, args.debug)
            continue
        wrong = [entry for entry in found if entry.kind == "wrong"]
        print(f"{name}: {record.method} on {record.task} ({record.variant}), {len(record.rows)} rows: "
              f"{f'{len(wrong)} things are wrong' if wrong else 'nothing is wrong'}")
        for entry in wrong:
            print(f"  WRONG {entry.where}: {entry.text}")
        for entry in dict.fromkeys((entry.kind, entry.text) for entry in found if entry.kind != "wrong"):
            print(f"  {entry[0]}: {entry[1]}")
        code = max(code, 1 if wrong else 0)
    return code


if __name__ == "__main__":
    leave(main())
