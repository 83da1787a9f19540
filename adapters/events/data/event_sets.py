"""Event data by name: where the recordings to score, to calibrate on and to train on come from.

A reader is a function (data: the task's dict without 'type', options: WorkloadOptions) -> EventSet; this file has the
generated set and folders of recordings, published_events.py those that others recorded.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from adafire.errors import InputError
from adafire.registry import Registry

from ...shared import asked
from ...shared.asked import root_folder, take
from ...shared.draws import by_hash
from ...shared.fashion_mnist import CLASSES, carried, full
from ...shared.stray_files import is_stray
from . import recordings
from .event_camera import DURATION_US, Camera, saccades
from .event_values import Polarity, check_duration, pair_told
from .recording_splits import by_class, pieces, split

event_sets = Registry("event set")


class Recording(NamedTuple):
    """id: unique in its set; label: from 0; source: what the set's ``load`` understands. begin_us, end_us: the part of
    the source that is meant (None: all of it)."""

    id: str
    label: int
    source: Any
    begin_us: int | None = None
    end_us: int | None = None


class EventSet(NamedTuple):
    """sensor: (width, height). test: Recordings to score; candidates: for calibration, none of them in ``test``. Both in
    an order that is arbitrary, but the same everywhere. load: iterator of one EVENT array a Recording of a list. train:
    function without arguments -> Recordings to train on (default: the candidates)."""

    name: str
    classes: tuple
    sensor: tuple
    test: list
    candidates: list
    load: Callable
    set_aside: bool = False
    train: Callable | None = None
    times: str = "known"
    notes: tuple = ()


def read(data, options):
    """EventSet of a task's ``data``."""
    return asked.read(event_sets, data, options)


@event_sets.register("fashion_saccades")
def fashion_saccades(data, options):
    """Fashion-MNIST pictures moved in three saccades before the camera of event_camera.py: 34 x 34 pixels, 300 ms. Test
    (the first ``test`` by hash) and calibration: the carried pictures; train: the first ``train`` of the train split's others (the full set is
    needed: Debian's dataset-fashion-mnist, or root=)."""
    test, train, root, camera = take(data, "fashion_saccades", test=2500, train=12000, root=None, camera={})
    model, side = Camera(**camera), 34

    def listed(objects):
        found = {
            f"{objects.split}/{i:05d}": Recording(f"{objects.split}/{i:05d}", int(label), (image, i, objects.split))
            for image, label, i in zip(objects.images, objects.labels, objects.indices)
        }
        return [found[name] for name in by_hash(found)]

    def load(chosen):
        images = np.stack([r.source[0] for r in chosen]) if chosen else np.zeros((0, 28, 28), np.uint8)
        seeds = [(r.source[2] == "train", int(r.source[1])) for r in chosen]
        return saccades(images, seeds, side, model, DURATION_US)

    def training():
        objects = full("train", root)
        rest = objects.subset(~np.isin(objects.indices, carried("calibration").indices))
        return listed(rest.subset(np.arange(min(train, len(rest.labels)))))

    return EventSet(
        "Fashion-MNIST saccades",
        CLASSES,
        (side, side),
        listed(carried("test"))[:test],
        listed(carried("calibration")),
        load,
        train=training,
    )


@event_sets.register("recordings")
def folder(data, options):
    """Any folder (or zip archive, or a folder with one) of .aedat, .bin, .npy or .dat recordings: <part>/<class>/<recording> where there are
    the folders that ``test`` and ``train`` name, otherwise <class>/<recording>.

    pattern: a regular expression for other layouts, matched with the whole path below the root; its groups are class
    and, if you like, part. layout: camera of .aedat files; size: (width, height) where the camera does not say it.
    sample_ms: recordings are cut into samples of this length; those with fewer than ``least`` events are left out.
    share: the first so much of each recording is trained and calibrated on, the rest is scored (test and train may then
    name the same part, or nothing). Without parts and share, a fifth (``scored``=0.2) of each class is scored, chosen by hash.
    classes: names of all, in the order of the network's outputs, or a text file of them; default: those that have recordings, in the order of
    their names. unit: of times, 'ns', 'us', 'ms', 's' or its microseconds; where it is not told, a
    recording that lasts as long as none does is refused. columns: the order of unnamed ones in .npy files ('txyp'); polarity:
    (darker, brighter), where it is none of the usual.
    """
    keys = take(
        data,
        "recordings",
        root=None,
        name="recordings",
        pattern=None,
        layout="dvs128",
        size=None,
        sort=False,
        sample_ms=None,
        least=1,
        share=None,
        test="test",
        train="train",
        classes=None,
        unit=None,
        columns=None,
        polarity=None,
        scored=0.2,
    )
    root, name, pattern, layout, size, sort, sample_ms, least, share, test, train, classes, unit, *rest = keys
    columns, polarity, scored = rest
    if not isinstance(scored, float) or not 0 < scored < 1:
        raise InputError(f"scored is {scored!r}; expected the share of recordings to score, above 0 and below 1")
    root = root_folder(
        options,
        root,
        f"{test}/<class>/ and {train}/<class>/, or <class>/, with recordings ({', '.join(recordings.READERS)})",
    )
    archives = sorted(root.glob("*.zip")) if root.is_dir() else []
    if len(archives) == 1 and not any(
        p.suffix.lower() in recordings.READERS and not is_stray(p.relative_to(root)) for p in root.rglob("*")
    ):
        root = archives[0]  # a folder that holds the archive, and perhaps words about it
    if share is not None and not (sample_ms and 0 < share < 1):
        raise InputError(
            f"share is {share!r} and sample_ms {sample_ms!r}; expected a share above 0 and below 1, and "
            "samples of a length in ms"
        )
    own, told = (
        recordings.camera(layout).size,
        dict(sort=sort, unit=unit, columns=columns, polarity=Polarity(pair_told(polarity))),
    )
    found = by_class(root, pattern, test, train)
    size = _size(
        size,
        own,
        [source for part in found.values() for files in part.values() for source in files.values()],
        lambda source: recordings.read(source, layout, **told),
    )
    cache = {}

    def events(source):
        if source in cache:
            return cache[source]
        found = recordings.read(source, layout, size, **told)
        if sample_ms:  # long ones, of which many samples are made
            if unit is None:
                check_duration(found, None, source)
            cache[source] = found
        return found

    def load(chosen):
        for r in chosen:
            whole = events(r.source)
            if r.begin_us is not None:
                whole = whole[slice(*np.searchsorted(whole["t"], [r.begin_us, r.end_us]))]
            yield whole

    parts, classes, notes = split(found, share, test, train, root, classes, scored)
    listed = []
    for side in (0, 1):
        cut = {}
        for label, paths in enumerate(parts[side]):
            for path, source in paths.items():
                spans = pieces(events(source), sample_ms, least, share, side) if sample_ms else [(None, None)]
                for begin, end in spans:
                    key = path if begin is None else f"{path}@{begin - int(events(source)['t'][0])}"
                    cut[key] = Recording(key, label, source, begin, end)
        if not cut:
            raise InputError(f"'{root}': no sample of {sample_ms} ms has {least} events; lower least, or sample_ms up")
        listed.append([cut[key] for key in by_hash(cut)])
    return EventSet(name, classes, size, *listed, load, times="assumed" if unit is None else "told", notes=notes)


def _size(size, own, sources, read):
    """(width, height) of the sensor that is told; otherwise ``own``, of the camera, where all files are its own."""
    if size is not None:
        if not isinstance(size, (list, tuple)) or len(size) != 2 or not all(isinstance(n, int) and n > 0 for n in size):
            raise InputError(f"size is {size!r}; expected (width, height) of the sensor, in pixels")
        return tuple(size)
    other = [source for source in sources if not source.name.lower().endswith(".aedat")]
    if not other:
        return own
    events = read(other[0])
    raise InputError(
        f"recording '{other[0]}' does not say how large its sensor is (its events reach to x = {events['x'].max()}, "
        f"y = {events['y'].max()}); say it: data=dict(size=(width, height)), such as (34, 34) for N-MNIST, (128, 128) for "
        "a DVS128 or (240, 180) for N-Caltech101"
    )
