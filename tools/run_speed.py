"""How long a T-step simulation takes, over T forwards of the ANN on the same machine in the same process.

    python tools/run_speed.py                                  # every case, T = 8
    python tools/run_speed.py mini-yolo --timesteps 8 --runs 15 --threads 2
"""

import argparse
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="which cases (default: all)")
    parser.add_argument("--timesteps", type=int, default=8)
    parser.add_argument("--runs", type=int, default=9, help="pairs that count, after two that do not")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    args = parser.parse_args(argv)
    import torch

    from adafire.errors import AdafireError, InputError
    from adafire.registry import near_names
    from benchmarks.environment import keep_memory
    from benchmarks.speed import ratio
    warnings.filterwarnings("ignore")
    try:
        known = ratio.cases()
        for name in args.cases:
            if name not in known:
                raise InputError(f"unknown case {name!r}{near_names(name, known)} Known: {', '.join(known)}")
        if args.timesteps < 1 or args.runs < 1 or (args.threads or 1) < 1:
            raise InputError("--timesteps, --runs and --threads want 1 or more")
        if args.threads:
            torch.set_num_threads(args.threads)
        keep_memory()
        print("sim(T) / (T x ANN), fp32, median over pairs of interleaved runs [quartiles]")
        for name in args.cases or known:
            network, x, forward = known[name]()
            r = ratio.measure(name, network, x, forward, args.timesteps, args.runs)
            print(f"{r.case:20s} T={r.timesteps} batch {r.batch} threads {r.threads}: ANN {r.ann_s * 1e3:.1f} ms, "
                  f"simulation {r.simulation_s * 1e3:.1f} ms, ratio {r.ratio:.2f} [{r.low:.2f}, {r.high:.2f}], "
                  f"{r.runs} runs", flush=True)
    except AdafireError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
