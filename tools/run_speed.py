"""How long a T-step simulation takes, over T forwards of the ANN (channels_last, batch norms folded) in the same process.

    python tools/run_speed.py --threads 2                       # every figure but the search: about five minutes
    python tools/run_speed.py mini-yolo --only simulation       # one network
    python tools/run_speed.py --only search                     # the search on ResNet-18, 64 images: minutes
    python tools/run_speed.py --only grid --runs 3 --threads 2  # six methods at T = 1, 4, 8 on ten networks: half an hour
    python tools/run_speed.py squeezenet-224 --only grid        # one of them
    python tools/run_speed.py --threads 2 --save                # and write runs/speed/ and runs/SPEED.md
    python tools/run_speed.py --threads 2 --save --out results  # the committed ones

Measures: simulation (fp32; bf16, and SpikingJelly if installed, on ResNet-18), curve (read-outs at all T), memory (peak at
T=256), search, grid (methods and light networks, with and without counting).
"""

import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.command import Parser, leave, names, run, whole  # noqa: E402

MEASURES = ("simulation", "curve", "memory", "search", "grid")


def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("cases", nargs="*", help="which networks (default: all)")
    parser.add_argument("--only", type=names, help="comma-separated measures (default: simulation,curve,memory)")
    parser.add_argument("--without", default="", help="comma-separated: bf16, spikingjelly")
    parser.add_argument("--timesteps", type=whole(1), default=8)
    parser.add_argument("--runs", type=whole(1), default=9, help="rounds that count, after two that do not")
    parser.add_argument("--threads", type=whole(1, 1024), help="threads of torch (default: its own choice)")
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="time of the processor, not of the clock: for one thread on a busy machine",
    )
    parser.add_argument("--save", action="store_true", help="write records and the table")
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="folder for speed/ and SPEED.md (default: %(default)s)"
    )
    return run(measure_all, parser, argv)


def measure_all(args):
    import torch

    from adafire.errors import InputError
    from adafire.registry import near_names
    from benchmarks.running.environment import keep_memory
    from benchmarks.speed import measures, records
    from benchmarks.speed.cases import CASES, LIGHT
    from benchmarks.speed.cases import load as load_case

    warnings.filterwarnings("ignore")

    def checked(names, known, what):
        for name in names:
            if name not in known:
                raise InputError(f"unknown {what} {name!r}{near_names(name, known)} Known: {', '.join(known)}")
        return list(names)

    only = checked(args.only or MEASURES[:3], MEASURES, "measure")
    names = checked(args.cases or (CASES | LIGHT if "grid" in only else CASES), CASES | LIGHT, "case")
    without = checked([w for w in args.without.split(",") if w], ("bf16", "spikingjelly"), "part")
    if args.threads:
        torch.set_num_threads(args.threads)
    keep_memory()
    clock = time.process_time if args.cpu_time else time.perf_counter
    for name in names:
        for made in _measured(name, load_case(name), only, without, args, clock, measures, named=bool(args.cases)):
            print(made.line(), flush=True)
            if args.save:
                records.save(made, Path(args.out) / records.FOLDER)
    if args.save:
        records.write_page(args.out)


def _measured(name, case, only, without, args, clock, measures, named):
    """Records of one network; measures that concern one network are taken of others where they are asked for by name."""
    main_case = name == "resnet18-224"
    if "simulation" in only:
        precisions = ("fp32", "bf16") if main_case and "bf16" not in without else ("fp32",)
        yield from measures.simulation(
            case, args.timesteps, args.runs, precisions, main_case and "spikingjelly" not in without, clock
        )
    if "curve" in only and (named or name == "mini-yolo"):
        yield from measures.curve(case, 4 * args.timesteps, max(1, args.runs // 2), clock)
    if "memory" in only and (named or name == "mini-yolo"):
        yield from measures.memory(name)
    if "search" in only and (named or main_case):
        yield from measures.search(case)
    if "grid" in only:
        from benchmarks.speed.grid import grid

        yield from grid(case, args.runs, clock)


if __name__ == "__main__":
    leave(main())
