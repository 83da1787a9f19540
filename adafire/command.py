"""The command `adafire`: the suite's tools under one name, where they are: beside this package, in a clone.

adafire check torchvision::resnet18 --size 224
adafire bench coco_yolo --methods adafire,adafire-signed --timesteps 1,2,4
adafire report --check
"""

import argparse
import importlib.util
import sys
from pathlib import Path

from . import __version__

TOOLS = {
    "check": ("check.py", "what becomes of every operator of a network, before any conversion"),
    "bench": ("run_bench.py", "convert the networks of tasks by several methods, and measure each"),
    "report": ("leaderboard.py", "render the leaderboard from records"),
}
"""{command: (file in tools/, what it does)}"""
EXAMPLES = """examples:
  adafire check torchvision::resnet18 --size 224
  adafire check mmdet::retinanet/retinanet_r18_fpn_1x_coco.py
  adafire bench coco_yolo --methods adafire,adafire-signed --timesteps 1,2,4
  adafire report --check
  adafire bench --help

From Python: import adafire; snn = adafire.convert(network, calibration)"""


def main(argv=None):
    """Exit code of the command line ``argv`` (None: that of the process). Everything behind a command is its tool's."""
    parser = argparse.ArgumentParser(
        prog="adafire",
        description="Spiking networks from trained ones, and what they cost.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"adafire {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, words) in TOOLS.items():
        commands.add_parser(name, help=words)
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv or argv[0] not in TOOLS:
        try:
            parser.parse_args(argv)
        except SystemExit as stop:  # --help, --version, a wrong word
            return stop.code
    command, clone = argv[0], Path(__file__).resolve().parents[1]
    tool = clone / "tools" / TOOLS[command][0]
    if not all(path.is_file() for path in (tool, clone / "benchmarks" / "command.py", clone / "pyproject.toml")):
        print(
            f"adafire {command} is part of the benchmark suite, which no wheel holds: clone adafire's repository, type "
            f"`make setup` in it, and call .venv/bin/adafire {command} there.",
            file=sys.stderr,
        )
        return 2
    return _run(tool, f"adafire {command}", argv[1:])


def _run(tool, name, argv):
    """Exit code of ``main(argv)`` in the file ``tool``, which is told that it is called ``name``."""
    spec = importlib.util.spec_from_file_location(f"adafire_tool_{tool.stem}", tool)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    called, sys.argv[0] = sys.argv[0], name
    try:
        return module.leave(module.main(argv))
    finally:
        sys.argv[0] = called


if __name__ == "__main__":
    sys.exit(main())
