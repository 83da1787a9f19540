#!/usr/bin/env python
"""Render results/ from its records: README.md, index.html (one page that needs no network), results.csv, plots/*.png."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/leaderboard.py
  python tools/leaderboard.py --check          # as continuous integration does
  python tools/leaderboard.py --out runs

exit status: 0 current; 1 --check found the rendering out of date; 2 a file is no record, or was changed by hand"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("--out", default=None, metavar="DIR", help="folder with records/ (default: the project's results/)")
    p.add_argument("--check", action="store_true", help="write nothing; exit 1 if a fresh rendering would differ")
    return run(render, p, argv)


def render(args):
    from adafire.errors import InputError
    from benchmarks.report import rendering

    out = Path(args.out) if args.out else Path(__file__).resolve().parents[1] / "results"
    if not (out / "records").is_dir():
        raise InputError(f"{out} has no folder records/; python tools/run_bench.py --out {out} makes records")
    changed = rendering.stale(out) if args.check else rendering.write(out)
    for name in changed:
        print(f"{'out of date' if args.check else 'written'}: {out / name}")
    if args.check and changed:
        print("the rendering is not that of the records: run python tools/leaderboard.py and commit what it writes")
        return 1
    if not changed:
        print(f"{out} is current")
    return 0


if __name__ == "__main__":
    leave(main())
