#!/usr/bin/env python
"""Render results/ from its records: README.md, index.html (one page that needs no network), results.csv, plots/*.png; and the tables
of figures in README.md and docs/ (between lines such as <!-- scores: ... -->) from results.csv and results/measured/."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run  # noqa: E402

EXAMPLES = """examples:
  python tools/leaderboard.py
  python tools/leaderboard.py --check          # as continuous integration does
  python tools/leaderboard.py --pages --check  # the tables in README.md and docs/ alone, in a second
  python tools/leaderboard.py --out runs

exit status: 0 current; 1 --check found the rendering out of date; 2 a file is no record, or was changed by hand"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("--out", default=None, metavar="DIR", help="folder with records/ (default: the project's results/)")
    p.add_argument("--check", action="store_true", help="write nothing; exit 1 if a fresh rendering would differ")
    p.add_argument(
        "--pages", action="store_true", help="only the tables in README.md and docs/, from the committed results.csv"
    )
    return run(render, p, argv)


def render(args):
    from adafire.errors import InputError
    from benchmarks.report import page_tables, rendering

    if args.pages and args.out:
        raise InputError("--pages writes README.md and docs/ of the project; take --out away")
    out = Path(args.out) if args.out else Path(__file__).resolve().parents[1] / "results"
    if not (out / "records").is_dir():
        raise InputError(f"{out} has no folder records/; python tools/run_bench.py --out {out} makes records")
    at, made = (out.parent, page_tables) if args.pages else (out, rendering)
    place = () if args.pages else (out,)
    changed = made.stale(*place) if args.check else made.write(*place)
    for name in changed:
        print(f"{'out of date' if args.check else 'written'}: {at / name}")
    if args.check and changed:
        again = "python tools/leaderboard.py" + (" --pages" if args.pages else "")
        print(f"the rendering is not that of the records: run {again} and commit what it writes")
        return 1
    if not changed:
        print(f"{'pages are' if args.pages else f'{out} is'} current")
    return 0


if __name__ == "__main__":
    leave(main())
