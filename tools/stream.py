#!/usr/bin/env python
"""What a frame costs where little changes: a detector as a spiking stream against its rivals, on videos or a folder of frames.

python tools/stream.py coco_yolo                                       # generated videos, objects at 0 to 8 pixels a frame
python tools/stream.py coco_yolo --speed 0,2 --frames 10 --save walk.png   # and an animation with boxes and spikes
python tools/stream.py coco_yolo --zone 2 --noise 4 --pan 1            # dead zone, noisy pixels, a camera that moves
python tools/stream.py coco_yolo --folder my_frames                    # pictures in order of their names, without a truth

A stream keeps its state between frames and sends what changed (docs/streams.md). Methods without a streaming law are run afresh on
each frame. Weights and calibration are the task's own; videos show objects that neither has seen.
"""

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, run, whole  # noqa: E402


def speeds(text):
    """'0,1.5,8' -> [0.0, 1.5, 8.0]"""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [-1.0]
    if not all(0 <= value <= 64 for value in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected different numbers from 0 to 64, such as 0,1,4")
    return found


def main(argv=None):
    p = Parser(__doc__)
    add = p.add_argument
    add("task", metavar="TASK", help="task file of a detector, or the name of one in tasks/")
    add("--variant", metavar="NAME", help="variant of the task (default: the first of the split)")
    add("--method", default="ours", metavar="M", help="conversion method (%(default)s)")
    add("--timesteps", type=whole(1), default=4, metavar="T", help="that it is converted for (%(default)s)")
    add("--speed", type=speeds, default=[0.0, 1.0, 2.0, 4.0, 8.0], metavar="0,1", help="of the objects, pixels a frame")
    add("--frames", type=whole(2, 10000), default=40, metavar="N", help="of a video (%(default)s)")
    add("--video", type=whole(0), default=0, metavar="K", help="number of the video (%(default)s)")
    for name, words in (("pan", "of the camera, pixels a frame"), ("noise", "of pixels"), ("flicker", "of the light")):
        add(f"--{name}", type=whole(0, 64), default=0, metavar="N", help=f"{words} (%(default)s)")
    add("--zone", type=float, default=0.0, metavar="Z", help="dead zone, in finest levels (%(default)s)")
    add("--folder", metavar="DIR", help="frames as pictures, in place of generated videos")
    add("--save", metavar="FILE.png", help="write the last video as an animated PNG")
    add("--plot", metavar="FILE.png", help="write energy against speed as a picture")
    add("--json", metavar="FILE", help="write the rows")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--seed", type=whole(0), default=0, metavar="N")
    p.add_trust()
    return run(report, p, argv)


def report(args):
    warnings.filterwarnings("ignore")
    import adafire
    from adafire.errors import InputError
    from adapters.base import WorkloadOptions
    from adapters.detection.data import fashion_scenes, moving_scenes
    from benchmarks.report.terminal import aligned
    from benchmarks.running import catalogue, methods, runner
    from benchmarks.running.request import find_adapter
    from benchmarks.running.store import write_whole
    from benchmarks.running.task import load_task
    from benchmarks.streams import measuring, showing

    for option in ("save", "plot", "json"):
        path = getattr(args, option)
        if path and (not Path(path).absolute().parent.is_dir() or option != "json" and not path.endswith(".png")):
            ending = "" if option == "json" else ", ending in .png,"
            raise InputError(f"--{option} {path}: expected a file name{ending} in a folder that exists")
    options = WorkloadOptions.of(args)
    task = load_task(catalogue.find_task(args.task), args.trust_config)
    if task.family != "detection":
        raise InputError(
            f"task {task.name!r} is of the family {task.family}; streams take a detector, such as coco_yolo"
        )
    task, variant = catalogue.choose_variant(task, args.variant, "auto", args.data_root)
    runner.check_request(task, [args.method], [args.timesteps], runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    method = methods.get(args.method)
    if isinstance(method, methods.External):
        raise InputError(
            f"method {method.name} is run by other code, which has no streams; name one of --list that is not"
        )
    if not 0 <= args.zone < 1e6:
        raise InputError(f"--zone {args.zone}: expected a number of finest levels, 0 or more")
    settings = task.variants[variant]
    folder = catalogue.data_folder(settings, args.data_root) if settings.split == "full" else None
    wanted = options._replace(variant=variant, split=settings.split, data_root=str(folder) if folder else None)
    workload = find_adapter(task.adapter)(settings.settings(), wanted)
    given = measuring.folder_frames(args.folder, workload.annotations.categories) if args.folder else None
    if given is None and list(workload.annotations.categories.values()) != list(moving_scenes.CLASSES):
        raise InputError(
            f"task {task.name!r}, variant {variant!r} knows other classes than generated videos show; give frames with --folder DIR"
        )
    say = lambda words, end="\n": print(words, file=sys.stderr, end=end, flush=True)
    say(f"{method.name}: converting for T={args.timesteps}")
    snn = adafire.convert(
        workload.network,
        adafire.Calibration(workload.calibration()),
        method=method,
        timesteps=args.timesteps,
        forward=workload.forward,
        seed=args.seed,
    )
    streams = None if given is None else [None]
    entries, animation = [], None
    with tempfile.TemporaryDirectory() as work:
        objects = fashion_scenes.split_objects("test") if given is None else None
        for speed in streams or args.speed:
            if given is None:
                motion = moving_scenes.Motion(speed, args.pan, args.noise, args.flicker)
                frames = moving_scenes.write(Path(work) / f"{speed:g}", objects, args.video, args.frames, motion)
            else:
                frames = given
            animation = showing.Animation(workload) if args.save else None

            def tell(done, of, fps, stream, plain):
                share = stream.last().energy_pj("horowitz-45nm") / plain.last().energy_pj("horowitz-45nm")
                where = "folder" if speed is None else f"speed {speed:g}"
                line = f"{where}: frame {done} of {of}, {fps:.1f} a second, energy {share:.3f} of the ANN's"
                if sys.stderr.isatty():
                    say(f"\r{line}   ", "\n" if done == of else "")
                elif done == of or done % 50 == 0:
                    say(line)

            see = animation and animation.see
            entries += measuring.measured(workload, snn, frames, speed, args.zone, tell, see)
        if animation:
            animation.save(args.save)
    metric = workload.metric
    print(aligned(*showing.table(entries, metric)))
    if given is None:
        print("\n" + "\n".join(showing.crossings(entries, method.name)))
    else:
        print("\nNo true boxes: agreement with the ANN alone.")
    if args.plot:
        write_whole(Path(args.plot), showing.plot(entries))
    if args.json:
        rows = [entry._asdict() for entry in entries]
        write_whole(Path(args.json).resolve(), json.dumps(rows, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    leave(main())
