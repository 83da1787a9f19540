"""From a command line (tools/stream.py) to entries: which task is meant, its networks, and the films or recordings they are shown."""

import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from adafire.errors import InputError
from adapters.base import WorkloadOptions
from adapters.detection.data import fashion_scenes, moving_scenes
from adapters.shared.video_files import library

from ..running import catalogue, methods, opening, runner
from ..running.task import load_task
from . import films, measuring, recordings, timing
from .animation import FILES, Animation
from .families import FAMILIES
from .named import NAMED, meant
from .options import check_together


class Session(NamedTuple):
    """workload, snn, ann: what is run; data, options: of the task, for recordings; film: frames of the user's own, or None; folder:
    for what is made on the way."""

    workload: Any
    snn: Any
    ann: Any
    data: dict
    options: WorkloadOptions
    film: Any
    folder: Path


def say(words, end="\n"):
    """To the terminal, past the tables."""
    print(words, file=sys.stderr, end=end, flush=True)


class Live:
    """A line that is written over itself on a terminal; in a pipe every so many seconds, and at the end."""

    def __init__(self, seconds=20):
        self.seconds, self.said = seconds, time.monotonic()

    def __call__(self, line, last):
        if sys.stderr.isatty():
            say(f"\r{line}   ", "\n" if last else "")
        elif last or time.monotonic() - self.said > self.seconds:
            self.said = time.monotonic()
            say(line)


def check_places(args):
    """InputError where what is asked for cannot be written."""
    for option, endings in (("save", FILES), ("plot", (".png",))):
        path = getattr(args, option)
        if path and not (Path(path).absolute().parent.is_dir() and path.endswith(endings)):
            raise InputError(
                f"--{option} {path}: expected a file name, ending in {' or '.join(endings)}, in a folder that exists"
            )
    if args.save and args.save.endswith(".mp4"):
        library()  # that it is not installed is said before any work


def own_film(args, folder):
    """Film of --folder or --file; None without."""
    if args.folder:
        return films.of_folder(args.folder, args.annotations)
    return films.of_file(args.file, folder, args.annotations, args.frames) if args.file else None


def open_session(args, folder, given=()):
    """Session for parsed options, of which ``given`` were (options.py); InputError for what cannot be run, before any work. folder: an empty one."""
    check_places(args)
    options, (name, variant) = WorkloadOptions.of(args), meant(args.task, args.variant)
    task = load_task(catalogue.find_task(name), args.trust_config)
    if task.family not in (*FAMILIES, "events"):
        raise InputError(
            f"task {task.name!r} is of the family {task.family}; streams take a detector, such as coco_yolo, a segmenter, such as "
            f"voc12_fcn, a set of recordings, such as dvs128_objects, or one of {', '.join(NAMED)}"
        )
    check_together(given, task.family == "events")
    task, variant = catalogue.choose_variant(task, variant, "auto", args.data_root)
    runner.check_request(task, [args.method], [args.timesteps], runner.RunOptions(options))
    catalogue.check_ready(task, variant, args.data_root, args.checkpoint)
    method = methods.get(args.method)
    if isinstance(method, methods.External):
        raise InputError(
            f"method {method.name} is run by other code, which has no streams; name one of --list that is not"
        )
    settings = task.variants[variant]
    own = args.folder or args.file
    if task.family == "events" and (own or args.save or args.rate):
        raise InputError(
            f"task {task.name!r} is one of recordings: --folder, --file, --rate and --save are for pictures"
        )
    if args.plot and args.folder:
        raise InputError(
            "--plot is of energy against speed or rate, which pictures in a folder do not tell; leave it out"
        )
    if args.annotations and not own:
        raise InputError("--annotations are of frames of your own: give these with --folder or --file")
    if own and args.annotations and task.family != "detection":
        raise InputError(f"task {task.name!r} is of the family {task.family}; --annotations are boxes, for a detector")
    film = own_film(args, folder)
    workload = opening.workload(task, variant, options)
    if task.family != "events" and not own:
        _check_classes(workload, task, variant)
    say(f"{method.name}: converting for T={args.timesteps}")
    located = opening.located(task, variant, options)
    snn, ann = measuring.networks(workload, method, args.timesteps, args.seed)
    return Session(workload, snn, ann, settings.settings().get("data"), located, film, Path(folder))


def _check_classes(workload, task, variant):
    """InputError unless the classes of a task are those that generated videos show."""
    if workload.family == "detection":
        mine = list(workload.annotations.categories.values())
    else:
        mine = list(workload.classes)[1:]  # after the background
    if mine != list(moving_scenes.CLASSES):
        raise InputError(
            f"task {task.name!r}, variant {variant!r} knows other classes than generated videos show; give frames with --folder DIR "
            "or --file VIDEO"
        )


def shown(session, args):
    """Iterator of (speed, rate, Film) of what the options ask for: frames of the user's own; the same motion at several rates; or
    several speeds."""
    if session.film:
        yield None, session.film.rate, session.film
        return
    objects, family = fashion_scenes.split_objects("test"), session.workload.family
    for x in args.rate or args.speed:
        speed, frames = x, args.frames or 40
        if args.rate:
            speed, frames = args.pixels / x, max(2, round(args.seconds * x))
        motion = moving_scenes.Motion(
            speed, args.pan / x if args.rate else args.pan, args.noise, args.flicker, args.shake
        )
        place = session.folder / f"{x:g}"
        yield (
            speed,
            x if args.rate else None,
            films.generated(place, family, objects, args.video, frames, motion, x if args.rate else None),
        )


def of_pictures(session, args):
    """Entries of every film and dead zone that the options ask for."""
    entries, animation, live = [], None, Live()
    for speed, rate, film in shown(session, args):
        where = f"{rate:g} frames a second" if rate else "frames" if speed is None else f"speed {speed:g}"
        for zone in args.zone:
            animation = Animation(session.workload, film, args.save) if args.save else None
            words = f"{where}, zone {zone:g}" if len(args.zone) > 1 else where

            def tell(now):
                line = f"{words}: frame {now.done} of {now.of}, {now.fps:.1f} a second, energy {now.share:.3f} of the ANN's"
                live(f"{line}, agreement {now.alike:.3f}", now.done == now.of)
                if animation:
                    animation.see(now)

            entries += measuring.measured(session.workload, session.snn, session.ann, film, speed, zone, rate, tell)
    if animation:
        animation.save()
    return entries


def alone(session, args):
    """Iterator of (speed, dead zone, timing.Times) of every film that the options ask for, the stream without its rivals."""
    if session.workload.family not in FAMILIES:
        raise InputError(f"--alone is of pictures: the task is of the family {session.workload.family}")
    for speed, _, film in shown(session, args):
        for zone in args.zone:
            yield speed, zone, timing.timed(session.workload, session.snn, film, zone)


def of_recordings(session, args):
    """[(ms between windows, dead zone, recordings.Found)]."""
    found, live = [], Live()
    for every in args.every:
        told = recordings.pieces(session.workload, session.data, session.options, every, args.piece, args.pieces)
        for zone in args.zone:

            def tell(done, of, fps):
                live(f"every {every:g} ms, zone {zone:g}: window {done} of {of}, {fps:.0f} a second", done == of)

            found.append((every, zone, recordings.measured(session.snn, session.ann, told, every, zone, tell)))
    return found
