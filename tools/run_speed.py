"""How long a T-step simulation takes, over T forwards of the ANN (channels_last, batch norms folded) in the same process.

    python tools/run_speed.py --threads 2                       # every figure but the search: about five minutes
    python tools/run_speed.py mini-yolo --only simulation       # one network
    python tools/run_speed.py --only search                     # the search on ResNet-18, 64 images: minutes
    python tools/run_speed.py --only grid --runs 3 --threads 2  # six methods and SpikingJelly at T = 1, 4, 8 on ten networks
    python tools/run_speed.py squeezenet-224 --only grid --methods ours,burst --timesteps 8      # two cells
    python tools/run_speed.py --only grid --runs 3 --threads 1 --cpu-time    # on a busy machine
    python tools/run_speed.py --only grid,parts --runs 3 --threads 2         # and where the time of every cell goes
    python tools/run_speed.py --only growth --runs 3 --threads 2 # time and memory against T, batch, pixels, sites, classes
    python tools/run_speed.py --threads 2 --save                # and write runs/speed/ and runs/SPEED.md
    python tools/run_speed.py --threads 2 --save --out results  # the committed ones
    python tools/run_speed.py --render --out results            # the page anew, from the records that are there
    python tools/run_speed.py --render --against DIR            # and the grid beside the records of an earlier state

Measures: simulation (fp32; bf16, and SpikingJelly if installed, on ResNet-18), curve (read-outs at all T), memory (peak at
T=256), search, grid (methods and networks, with and without counting), parts (shares of a cell's time), growth (processes of
their own). With --save, cells of grid, parts and growth that were measured on this machine with this very code are kept.
"""

import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.command import Parser, leave, names, numbers, run, same_again, whole  # noqa: E402

MEASURES = ("simulation", "curve", "memory", "search", "grid", "parts", "growth")


def main(argv=None):
    parser = Parser(__doc__)
    parser.add_argument("cases", nargs="*", help="which networks (default: all)")
    parser.add_argument("--only", type=names, help="comma-separated measures (default: simulation,curve,memory)")
    parser.add_argument(
        "--methods", type=names, help="comma-separated, of grid, parts (default: all) and growth (ours)"
    )
    parser.add_argument("--axes", type=names, help="comma-separated: what grows (default: all)")
    parser.add_argument("--without", default="", help="comma-separated: bf16, spikingjelly")
    parser.add_argument("--timesteps", type=numbers, help="comma-separated (default: 8; grid and parts 1,4,8)")
    parser.add_argument(
        "--runs", type=whole(1), default=9, help="rounds that count, after one or two that do not (default: 9)"
    )
    parser.add_argument("--threads", type=whole(1, 1024), help="threads of torch (default: its own choice)")
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="time of the processor, not of the clock: for --threads 1 on a busy machine",
    )
    parser.add_argument("--again", action="store_true", help="measure again what was measured with this very code")
    parser.add_argument("--save", action="store_true", help="write records and the page")
    parser.add_argument("--render", action="store_true", help="write the page from the records, and measure nothing")
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="records of the grid of an earlier state, kept beside these ones"
    )
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="folder for speed/ and SPEED.md (default: %(default)s)"
    )
    again = same_again(__file__, sys.argv[1:] if argv is None else argv) if "--save" in (argv or sys.argv) else None
    return run(measure_all, parser, argv, again)


def measure_all(args):
    import torch

    from adafire.errors import InputError
    from benchmarks.running.environment import keep_memory
    from benchmarks.speed import before, page, records

    warnings.filterwarnings("ignore")
    folder, clock = Path(args.out) / records.FOLDER, time.process_time if args.cpu_time else time.perf_counter
    if args.cpu_time and args.threads != 1:
        raise InputError("--cpu-time adds up the time of all threads; expected --threads 1 with it")
    plan = _plan(args)
    if args.against:
        earlier = before.earlier(args.against)
        if args.save or args.render:
            before.keep(args.against, folder)
    if args.threads:
        torch.set_num_threads(args.threads)
    keep_memory()
    if not args.render:
        for made in _measured(plan, args, folder, clock):
            print(made.line(), flush=True)
            if args.save:
                records.save(made, folder)
    if args.against:
        shown = before.table(earlier, records.load_all(folder))
        print("\n".join(shown) or f"no cell of the grid in {folder} was measured as in {args.against}")
    if args.save or args.render:
        page.write_page(args.out)


def _plan(args):
    """(measures, cases of each, methods of each, parts left out, what grows), checked by name."""
    from adafire.errors import InputError
    from adafire.registry import near_names
    from benchmarks.speed.cases import CASES, GRID, LIGHT
    from benchmarks.speed.grid import METHODS, PEER
    from benchmarks.speed.growth import AXES

    def checked(names, known, what):
        for name in names:
            if name not in known:
                raise InputError(f"unknown {what} {name!r}{near_names(name, known)} Known: {', '.join(known)}")
        return list(names)

    only = checked(args.only or MEASURES[:3], MEASURES, "measure")
    without = checked([w for w in args.without.split(",") if w], ("bf16", PEER), "part")
    methods = checked(args.methods or (), (*METHODS, PEER), "method")
    axes = checked(args.axes or AXES, tuple(AXES), "axis")
    named = checked(args.cases, CASES | LIGHT, "case")
    if PEER in methods and not any(name == "grid" for name in only):
        raise InputError(f"{PEER} is a row of the grid; expected --only grid with --methods {PEER}")
    cases = {name: named or (GRID if name in ("grid", "parts") else list(CASES)) for name in only}
    rows = methods or [*METHODS, *(() if PEER in without else (PEER,))]
    return only, cases, rows, without, axes


def _measured(plan, args, folder, clock):
    """Records, one after the other; a measure that concerns one network is taken of others where they are asked for by name."""
    from benchmarks.speed import grid, growth, measures, records
    from benchmarks.speed.cases import load as load_case

    only, cases, methods, without, axes = plan
    kind = "cpu" if args.cpu_time else "wall"

    def have(filename, model=records.Speed, inner=""):
        if not args.save or args.again:
            return False
        found = records.kept(folder / inner, filename, args.runs, model)
        if found:
            print(f"kept: {found.line()}", flush=True)
        return found is not None

    for name in dict.fromkeys(name for measure in only if measure != "growth" for name in cases[measure]):
        mine = [measure for measure in only if measure != "growth" and name in cases[measure]]
        case, main_case = load_case(name), name == "resnet18-224"
        for t in args.timesteps or [8]:
            if "simulation" in mine:
                precisions = ("fp32", "bf16") if main_case and "bf16" not in without else ("fp32",)
                peer = main_case and "spikingjelly" not in without
                yield from measures.simulation(case, t, args.runs, precisions, peer, clock)
            if "curve" in mine and (args.cases or name == "mini-yolo"):
                yield from measures.curve(case, 4 * t, max(1, args.runs // 2), clock)
        if "memory" in mine and (args.cases or name == "mini-yolo"):
            yield from measures.memory(name)
        if "search" in mine and (args.cases or main_case):
            yield from measures.search(case)
        steps = args.timesteps or grid.TIMESTEPS
        threads = _threads()
        cell = lambda measure, t, name=name: have(records.filename(name, measure, t, threads, kind))
        if wanted := [measure for measure in mine if measure in ("grid", "parts")]:
            yield from grid.grid(case, args.runs, clock, methods, steps, wanted, cell)
    if "growth" in only:
        yield from growth.growth(
            axes,
            args.runs,
            clock,
            [method for method in args.methods or (growth.METHOD,) if method != grid.PEER],
            lambda filename: have(filename, growth.Growth, records.GROWTH),
            lambda text: print(text, flush=True),
        )


def _threads():
    import torch

    return torch.get_num_threads()


if __name__ == "__main__":
    leave(main())
