#!/usr/bin/env python
"""Export a converted network: as a NIR graph, soft reset spelled out; refused, with the list, where NIR cannot say it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run, whole  # noqa: E402

EXAMPLES = """examples:
  python tools/export.py cifar10_resnet20 --method snn-calibration --timesteps 32 --out resnet20.nir
  python tools/export.py coco_yolo --method adafire        # refused: bursts, max pooling, ...

needs: pip install -e '.[nir]'. The file is read again and compared before it counts as written.
exit status: 0 written; 2 not (why)"""


def main(argv=None):
    p = Parser(__doc__, EXAMPLES)
    p.add_argument("task", metavar="TASK")
    p.add_argument(
        "--method", default="snn-calibration", help="one whose neurons emit single spikes (default: %(default)s)"
    )
    p.add_argument("--format", choices=("nir",), default="nir")
    p.add_argument(
        "--timesteps", type=whole(1), default=32, metavar="T", help="T that it is fitted for (default: %(default)s)"
    )
    p.add_argument("--variant")
    p.add_argument("--split", choices=("auto", "full", "mini"), default="auto")
    p.add_argument("--data-root", metavar="DIR")
    p.add_argument("--checkpoint", metavar="FILE")
    p.add_argument("--out", metavar="FILE", help="default: runs/TASK-METHOD.nir")
    p.add_trust()
    return run(export, p, argv)


def export(args):
    import adafire
    from adafire.errors import InputError
    from adapters import nir_export
    from adapters.base import WorkloadOptions
    from benchmarks.running import catalogue, opening
    from benchmarks.running.task import load_task

    nir, out = nir_export.package(), Path(args.out or Path("runs") / f"{Path(args.task).stem}-{args.method}.nir")
    if args.out and not out.absolute().parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}; make it first")
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    task, name = catalogue.choose_variant(task, args.variant, args.split, args.data_root)
    catalogue.check_ready(task, name, args.data_root, args.checkpoint)
    workload = opening.workload(task, name, WorkloadOptions.of(args, limit=1))
    snn = adafire.convert(
        workload.network,
        list(workload.calibration()),
        method=args.method,
        timesteps=args.timesteps,
        forward=workload.forward,
    )
    graph = nir_export.to_nir(snn, next(iter(workload.batches())).inputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    nir.write(str(out), graph)
    wrong = nir_export.differences(graph, nir.read(str(out)))
    if wrong:
        raise InputError(f"{out} does not read back as it was written: {', '.join(wrong[:5])}")
    nodes, edges, parameters = nir_export.size(graph)
    print(f"{out}: {nodes} nodes, {edges} edges, {parameters} parameters; read back and equal")


if __name__ == "__main__":
    leave(main())
