"""Published event data: five sets through tonic (optional: pip install 'adafire[events]'), two from their own layouts.

Nothing is downloaded unless a task says data=dict(..., download=True). Where a set has no official split, a share of each
class is scored, chosen by a hash of its name, the same everywhere.
"""

import contextlib
import functools
import io

from adafire.errors import InputError

from ...shared.asked import root_folder, take
from ...shared.draws import by_hash
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


def _tonic(kind, data, options, sensor, title, split=False, share=0.1, classes=None):
    """EventSet of tonic's class ``kind``. split: it has train and test; otherwise ``share`` of each class is scored."""
    root, download = take(data, kind.lower(), root=None, download=False)
    base = getattr(tonic_datasets(), kind)
    place = root_folder(options, root, f"tonic's folder {kind}")

    class Asked(base):
        def download(self):
            if not download:
                raise InputError(
                    f"{title} is not in '{self.location_on_system}', where tonic keeps it; copy it there, "
                    "give its parent by --data-root DIR, or let tonic download it with "
                    "data=dict(..., download=True) in the task"
                )
            super().download()

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
    """CIFAR10-DVS (Li et al., 2017): 10,000 recordings of 128 x 128; a tenth of each class is scored."""
    datasets = tonic_datasets()
    return _tonic("CIFAR10DVS", data, options, (128, 128), "CIFAR10-DVS", classes=tuple(datasets.CIFAR10DVS.classes))


@event_sets.register("ncaltech101")
def ncaltech101(data, options):
    """N-Caltech101 (Orchard et al., 2015): 8,709 recordings of up to 240 x 180; a fifth of each class is scored."""
    return _tonic("NCALTECH101", data, options, (240, 180), "N-Caltech101", share=0.2)


@event_sets.register("dvsgesture")
def dvsgesture(data, options):
    """DVS128 Gesture (Amir et al., 2017): 11 gestures, 128 x 128, official split by persons."""
    datasets = tonic_datasets()
    return _tonic(
        "DVSGesture", data, options, (128, 128), "DVS128 Gesture", True, classes=tuple(datasets.DVSGesture.classes)
    )


@event_sets.register("nmnist")
def nmnist(data, options):
    """N-MNIST (Orchard et al., 2015): 34 x 34, 60,000 and 10,000 recordings, official split."""
    return _tonic("NMNIST", data, options, (34, 34), "N-MNIST", True, classes=tuple("0123456789"))


@event_sets.register("ncars")
def ncars(data, options):
    """N-Cars (Sironi et al., 2018) as published: n-cars_test and n-cars_train with cars/ and background/ of .dat files
    (100 ms, up to 120 x 100). tonic has dropped this set."""
    (root,) = take(data, "ncars", root=None)
    return folder(
        dict(root=root, name="N-Cars", test="n-cars_test", train="n-cars_train", size=(120, 100), sort=True, unit="us"),
        options,
    )


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
