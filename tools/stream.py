#!/usr/bin/env python
"""What an input costs where little changes: a network as a spiking stream against its rivals, on videos or recordings.

python tools/stream.py scenes_video_yolo                                 # generated videos, objects at 0 to 8 pixels a frame
python tools/stream.py scenes_video_fpn --speed 0,2 --frames 10 --save walk.png   # and an animation with what is found, and spikes
python tools/stream.py scenes_video_yolo --zone 0,2 --noise 4 --pan 1    # dead zones, noisy pixels, a camera that moves
python tools/stream.py scenes_video_yolo --rate 15,30,60,120,240         # the same motion at frame rates: energy a second
python tools/stream.py scenes_video_yolo --csv boxes.csv                 # in results/measured/: as docs/streams.md shows it
python tools/stream.py scenes_video_yolo --alone                         # frames a second on this machine, without the rivals
python tools/stream.py scenes_video_yolo --file my_video.mp4 --save boxes.mp4     # a video of your own (adafire[video])
python tools/stream.py scenes_video_yolo --folder my_frames              # pictures in order of their names
python tools/stream.py dvs128_stream --data-root DIR --checkpoint FILE   # an event camera, windows every 1 to 25 ms

Instead of a stream's name, that of a task, or a task file. A stream keeps its state between inputs and sends what changed
(docs/streams.md). Methods without a streaming law are run afresh on each. Weights and calibration are the task's own; videos show
objects that neither has seen.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # from a clone, nothing need be installed

from benchmarks.command import Parser, leave, new_file, run, whole  # noqa: E402


def several(least, most, words, above=False):
    """Type of an option: '0,1.5,8' -> [0.0, 1.5, 8.0], different numbers from ``least`` (above: not that itself) to ``most``."""

    def convert(text):
        try:
            found = [float(part) for part in text.split(",")]
        except ValueError:
            found = [float("nan")]
        if not all(least <= v <= most and (v > least or not above) for v in found) or len(set(found)) < len(found):
            raise argparse.ArgumentTypeError(f"found {text!r}, expected {words}")
        return found

    return convert


def main(argv=None):
    p = Parser(__doc__)
    add = p.add_argument
    add(
        "task",
        metavar="TASK",
        help="scenes_video_yolo, scenes_video_fpn, dvs128_stream, a task file or the name of a task",
    )
    add("--variant", metavar="NAME", help="variant of the task (default: the stream's own, or the first of the split)")
    add("--method", default="ours", metavar="M", help="conversion method (%(default)s)")
    add("--timesteps", type=whole(1), default=4, metavar="T", help="that it is converted for (%(default)s)")
    zones = several(0, 1e6, "different numbers of finest levels, 0 or more, such as 0,2,4")
    add("--zone", type=zones, default=[0.0], metavar="0,2", help="dead zones, in finest levels (0)")
    v = p.add_argument_group("videos").add_argument
    speeds = several(0, 64, "different numbers from 0 to 64, such as 0,1,4")
    v("--speed", type=speeds, default=[0.0, 1.0, 2.0, 4.0, 8.0], metavar="0,1", help="of the objects, pixels a frame")
    v("--frames", type=whole(2, 10**7), metavar="N", help="of a video (40; of your own: all)")
    rates = several(0, 10000, "different numbers above 0, up to 10000, such as 15,30,60", above=True)
    v("--rate", type=rates, metavar="15,30", help="frames a second, of one motion; in place of --speed and --frames")
    v(
        "--pixels",
        type=whole(0, 10000),
        default=60,
        metavar="N",
        help="of the objects a second, with --rate (%(default)s)",
    )
    v("--seconds", type=whole(1, 3600), default=1, metavar="N", help="of the video, with --rate (%(default)s)")
    v("--video", type=whole(0), default=0, metavar="K", help="number of the video (%(default)s)")
    v(
        "--pan",
        type=whole(0, 64),
        default=0,
        metavar="N",
        help="of the camera, pixels a frame; with --rate a second (0)",
    )
    v("--shake", type=whole(0, 64), default=0, metavar="N", help="of the camera, pixels off in a frame (%(default)s)")
    v("--noise", type=whole(0, 64), default=0, metavar="N", help="of pixels (%(default)s)")
    v("--flicker", type=whole(0, 64), default=0, metavar="N", help="of the light (%(default)s)")
    v("--folder", metavar="DIR", help="frames of your own as pictures")
    v("--file", metavar="VIDEO", help="a video file of your own")
    v("--annotations", metavar="FILE", help="boxes of these frames, as COCO has them")
    v("--save", metavar="FILE", help="write the last video with what is found: .png (animated) or .mp4")
    e = p.add_argument_group("recordings").add_argument
    steps = several(0, 1000, "different numbers of milliseconds above 0, up to 1000, such as 1,5,10", above=True)
    e("--every", type=steps, default=[1.0, 5.0, 10.0, 25.0], metavar="1,5", help="milliseconds between windows")
    e("--piece", type=whole(1, 10**6), default=500, metavar="MS", help="milliseconds after which all begins anew (500)")
    e("--pieces", type=whole(1), metavar="N", help="of each class (default: all)")
    add("--alone", action="store_true", help="without rivals: frames a second of the stream, and of the network, here")
    add("--plot", metavar="FILE.png", help="write energy against speed, or against rate, as a picture")
    add(
        "--csv",
        type=new_file,
        metavar="FILE",
        help="write the first table as a file that pages show (results/measured)",
    )
    p.add_json("the rows")
    add("--data-root", metavar="DIR", help="folder with the data of a full split (or $ADAFIRE_DATA)")
    add("--checkpoint", metavar="FILE", help="weights to use instead of the variant's own")
    add("--seed", type=whole(0), default=0, metavar="N")
    p.add_trust()
    words = ["python", "tools/stream.py", *(sys.argv[1:] if argv is None else argv)]
    return run(lambda args: report(args, given(p, args), words), p, argv)


def given(parser, args):
    """{name: how it is spelled} of the options that are not at their defaults."""
    named = [action for action in parser._actions if action.option_strings and hasattr(args, action.dest)]
    return {a.dest: a.option_strings[-1] for a in named if getattr(args, a.dest) != a.default}


def report(args, options, command):
    warnings.filterwarnings("ignore")
    from benchmarks import as_json
    from benchmarks.report import measured
    from benchmarks.report.terminal import aligned
    from benchmarks.running.store import write_whole
    from benchmarks.streams import crossing, families, session, showing, timing
    from benchmarks.streams.pricing import ONE_READ

    with tempfile.TemporaryDirectory() as folder:
        if args.alone:
            headers, lines = timing.table(session.alone(session.open_session(args, folder, options), args))
            print(aligned(headers, lines))
            if args.csv:
                measured.write(args.csv, f"{args.task}, medians of a call in ms", command, headers, lines)
            return
        opened = session.open_session(args, folder, options)
        workload, method = opened.workload, opened.snn.method.name
        events = workload.family == "events"
        found = session.of_recordings(opened, args) if events else []
        entries = [e for *_, one in found for e in one.entries] if events else session.of_pictures(opened, args)
    words = "agreement with the ANN" if events else families.FAMILIES[workload.family].words
    headers, lines = showing.table(entries, workload.metric, words)
    print(aligned(headers, lines))
    axis, own = "rate" if any(e.rate for e in entries) else "speed", args.folder or args.file
    if not own:
        least = [e for e in entries if e.zone == min(args.zone)]
        print("\n" + "\n".join(crossing.crossings(least, method, axis)))
        for name in (method, method + ONE_READ)[: 1 + any(e.name.endswith(ONE_READ) for e in entries)]:
            print("\n" + aligned(*crossing.crossing_table(least, name, axis)))
    elif all(e.value is None for e in entries):
        print("\nNothing to score against: agreement with the ANN alone.")
    for every, zone, one in found:
        print(f"\naccuracy after so many ms of events, a window every {every:g} ms, zone {zone:g}")
        print(aligned(*showing.after_table(one.after, method)))
        print(f"{one.windows} full windows were scored; {one.empty} of all hold no event, and were told as zeros.")
    if args.plot:
        write_whole(Path(args.plot), showing.plot(entries, workload.metric, "windows" if events else "frames"))
    if args.csv:
        what = f"{args.task}, {method} for T = {args.timesteps}: means of {'a window' if events else 'a frame'}"
        measured.write(args.csv, what, command, headers, lines)
    if args.json:
        as_json.write(args.json, entries)


if __name__ == "__main__":
    leave(main())
