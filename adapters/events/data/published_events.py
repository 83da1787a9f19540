"""Published event data, as their authors lay them out; four sets also as tonic keeps them (pip install 'adafire[events]').

Nothing is downloaded unless a task says data=dict(..., download=True). Where a set has no official split, a share of each
class is scored, chosen by a hash of its name, the same everywhere.
"""

import contextlib
import functools
import io
from pathlib import Path

from adafire.errors import InputError

from ...classification.data.image_sets import CIFAR10
from ...shared.asked import PROJECT, root_folder, take
from ...shared.draws import by_hash
from . import dvs_gesture
from .event_sets import EventSet, Recording, event_sets, folder
from .event_values import Polarity, events_of

ACTIONS = (
    "arm crossing",
    "get-up",
    "jumping",
    "kicking",
    "picking up",
    "sit-down",
    "throwing",
    "turning around",
    "walking",
    "waving",
)


def tonic_datasets():
    """tonic's datasets; InputError without it."""
    try:
        import tonic.datasets
    except ImportError as error:
        raise InputError(
            f"this event set is read by tonic, which is not installed ({error}); pip install 'adafire[events]'"
        ) from error
    return tonic.datasets


def _published(data, options, sign, folders=()):
    """The data root, or one of ``folders`` in it, if it holds files as the authors publish them (``sign``: a pattern); else None."""
    root = options.data_root or data.get("root") and PROJECT / data["root"]
    places = [Path(root), *(Path(root) / name for name in folders)] if root else []
    return next((place for place in places if next(place.glob(sign), None)), None)


def _in_folder(place, options, **data):
    """EventSet of a folder in the authors' layout, whose times are microseconds."""
    return folder(dict(sort=True, unit="us", **data), options._replace(data_root=str(place)))


def _tonic(kind, data, options, sensor, title, suffix, split=False, share=0.1, classes=None):
    """EventSet of tonic's class ``kind``, whose recordings end in ``suffix``. split: it has train and test; otherwise ``share`` of each class is scored."""
    root, download = take(data, kind.lower(), root=None, download=False)
    base = getattr(tonic_datasets(), kind)
    place = root_folder(options, root, f"tonic's folder {kind}")

    class Asked(base):
        def download(self):
            if not download:
                raise InputError(
                    f"{title} is neither in '{place}' as its authors publish it nor in '{self.location_on_system}', where "
                    "tonic keeps it; give its folder by --data-root DIR, or let tonic download it with "
                    "data=dict(..., download=True) in the task"
                )
            super().download()

        def _check_exists(self):  # tonic wants the archive beside the files, too
            return next(Path(self.location_on_system, self.folder_name).rglob(f"*{suffix}"), None) is not None

    Asked.__name__ = kind  # tonic's folder has the name of the class
    opened = {}
    for part in (False, True) if split else (None,):
        with contextlib.redirect_stdout(io.StringIO()):  # it reports verified checksums
            opened[part] = Asked(str(place), **({} if part is None else {"train": part}))
    names = classes or tuple(sorted(set(map(str, opened[None].targets))))

    def listed(dataset, prefix):
        found = {}
        for k, (path, target) in enumerate(zip(dataset.data, dataset.targets)):
            label = names.index(target) if isinstance(target, str) else int(target)
            key = f"{prefix}{path.replace(dataset.location_on_system, '').lstrip('/')}"
            found[key] = Recording(key, label, (dataset, k))
        return [found[key] for key in by_hash(found)]

    if split:
        test, rest = listed(opened[False], "test/"), listed(opened[True], "train/")
    else:
        test, rest = [], []
        everything = listed(opened[None], "")
        for label in range(len(names)):
            own = [r for r in everything if r.label == label]
            cut = max(1, round(share * len(own)))
            test, rest = test + own[:cut], rest + own[cut:]
        test, rest = ([{r.id: r for r in part}[key] for key in by_hash(r.id for r in part)] for part in (test, rest))
    return EventSet(title, names, sensor, test, rest, functools.partial(_load, sensor, Polarity()))


def _load(sensor, polarity, chosen):
    """EVENT arrays of tonic's recordings, sorted by time."""
    for r in chosen:
        dataset, k = r.source
        try:
            found, _ = dataset[k]
        except Exception as error:  # whatever its readers raise on damaged files
            raise InputError(
                f"recording '{r.id}' cannot be read by tonic ({type(error).__name__}: {error}); copy or "
                "download it again"
            ) from error
        if not len(found):
            raise InputError(f"recording '{r.id}' holds no events; copy or download it again")
        try:
            yield events_of(*(found[name] for name in "txyp"), polarity, r.id, sensor, sort=True)
        except ValueError as error:
            raise InputError(f"recording '{r.id}' {error}") from error


@event_sets.register("cifar10dvs")
def cifar10dvs(data, options):
    """CIFAR10-DVS (Li et al., 2017): 10,000 recordings of 128 x 128; a tenth of each class is scored. Published as
    <class>/cifar10_<class>_<n>.aedat; tonic keeps another form of file."""
    place = _published(data, options, "airplane/*.aedat")
    if place:
        return _in_folder(place, options, name="CIFAR10-DVS", classes=CIFAR10, scored=0.1)
    return _tonic("CIFAR10DVS", data, options, (128, 128), "CIFAR10-DVS", ".aedat4", classes=CIFAR10)


@event_sets.register("ncaltech101")
def ncaltech101(data, options):
    """N-Caltech101 (Orchard et al., 2015): 8,709 recordings of up to 240 x 180; a fifth of each class is scored. Published as
    Caltech101/<class>/image_<n>.bin."""
    place = _published(data, options, "*/image_*.bin", ("Caltech101",))
    if place:
        return _in_folder(place, options, name="N-Caltech101", size=(240, 180))
    return _tonic("NCALTECH101", data, options, (240, 180), "N-Caltech101", ".bin", share=0.2)


@event_sets.register("dvsgesture")
def dvsgesture(data, options):
    """DVS128 Gesture (Amir et al., 2017): 11 gestures, 128 x 128, official split by persons; as published (dvs_gesture.py) or
    as tonic keeps it."""
    place = _published(data, options, "trials_to_test.txt", ("DvsGesture",))
    if place:
        return dvs_gesture.read(place)
    return _tonic("DVSGesture", data, options, (128, 128), "DVS128 Gesture", ".npy", True, classes=dvs_gesture.CLASSES)


@event_sets.register("nmnist")
def nmnist(data, options):
    """N-MNIST (Orchard et al., 2015): 34 x 34, 60,000 and 10,000 recordings, official split. Published as Train/<digit>/<n>.bin
    and Test/<digit>/<n>.bin."""
    place = _published(data, options, "Test/*/*.bin")
    if place:
        digits = list("0123456789")
        return _in_folder(place, options, name="N-MNIST", size=(34, 34), test="Test", train="Train", classes=digits)
    return _tonic("NMNIST", data, options, (34, 34), "N-MNIST", ".bin", True, classes=tuple("0123456789"))


@event_sets.register("ncars")
def ncars(data, options):
    """N-Cars (Sironi et al., 2018) as published: n-cars_test and n-cars_train with cars/ and background/ of .dat files
    (100 ms, up to 120 x 100). tonic has dropped this set."""
    (root,) = take(data, "ncars", root=None)
    found = folder(
        dict(root=root, name="N-Cars", test="n-cars_test", train="n-cars_train", size=(120, 100), sort=True, unit="us"),
        options,
    )
    if set(found.classes) != {"cars", "background"}:
        raise InputError(
            f"'{options.data_root or root}' is not N-Cars: expected n-cars_test and n-cars_train with cars and background in "
            f"each; found the classes {', '.join(found.classes[:5])}"
        )
    return found


@event_sets.register("action")
def action(data, options):
    """Action recognition (Miao et al., 2019) as published: one folder of .aedat files of a DAVIS346 for each of ten
    actions; no official split: a fifth of each class is scored."""
    (root,) = take(data, "action", root=None)
    found = folder(dict(root=root, name="action recognition", layout="davis346", sort=True, unit="us"), options)
    if len(found.classes) != len(ACTIONS):
        raise InputError(
            f"the action recognition set has {len(ACTIONS)} classes ({', '.join(ACTIONS)}); found "
            f"{len(found.classes)}: {', '.join(found.classes)}. Give the folder that holds theirs"
        )
    return found
