"""Image classification sets by name: where the pictures to score and to calibrate on come from, in usual layouts.

A reader is a function (data: the task's dict without 'type', options: WorkloadOptions) -> ImageSet; one a layout.
"""

import numpy as np

from adafire.errors import InputError
from adafire.registry import Registry

from ...shared import asked, class_order
from ...shared.asked import root_folder, take
from ...shared.fashion_mnist import CLASSES as FASHION
from ...shared.fashion_mnist import carried, full
from ...shared.images import ImageSet, pictures, split_in_two
from .class_folders import class_folders, left_out
from .imagenet_devkit import official_folders
from .labelled_files import labelled_files

image_sets = Registry("image set")
CANDIDATES = 200  # pictures of each class of a train set that are thought of for calibration
SET_ASIDE = 1000  # pictures to calibrate on, never scored, where only the test set is there
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100 = tuple(
    """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
""".split()
)


def read(data, options):
    """ImageSet of a task's ``data``: {'type': name, ...}; InputError for what is unknown or not there."""
    return asked.read(image_sets, data, options)


@image_sets.register("fashion_mnist")
def fashion_mnist(data, options):
    """Fashion-MNIST, 28 x 28 grey. Mini: the carried 2,500 test pictures; full: all 10,000, below the data root or
    where Debian's package puts them. Calibration: the carried 500 of the train split."""
    (root,) = take(data, "fashion_mnist", root=None)
    aside, test = carried("calibration"), carried("test")
    if options.split == "full":
        try:
            test = full("test", options.data_root or root)
        except InputError as error:
            raise InputError(
                f"{str(error).split(';')[0]}; give the folder of t10k-images-idx3-ubyte.gz and "
                "t10k-labels-idx1-ubyte.gz with --data-root DIR, or 'apt-get install "
                "dataset-fashion-mnist'"
            ) from error

    def listed(objects):
        ids = [f"{objects.split}/{i:05d}" for i in objects.indices]
        return pictures(ids, objects.labels, objects.images, len(FASHION), "Fashion-MNIST")

    def training():
        objects = full("train", options.data_root or root)
        return listed(objects.subset(~np.isin(objects.indices, aside.indices)))

    return ImageSet("Fashion-MNIST", FASHION, listed(test), listed(aside), side=28, train=training)


@image_sets.register("cifar10")
def cifar10(data, options):
    """CIFAR-10, 32 x 32 colour, as torchvision keeps it (cifar-10-batches-py) or as pictures: test/<class>/..., and
    train/<class>/... if there, in a folder or in a zip file in it. Calibration: of the train set; without one,
    ``set_aside`` test pictures, which are then not scored."""
    return _cifar("CIFAR-10", CIFAR10, *take(data, "cifar10", root=None, set_aside=SET_ASIDE), options)


@image_sets.register("cifar100")
def cifar100(data, options):
    """CIFAR-100 (fine labels), in torchvision's layout (cifar-100-python) or as pictures; otherwise as ``cifar10``."""
    return _cifar("CIFAR-100", CIFAR100, *take(data, "cifar100", root=None, set_aside=SET_ASIDE), options)


def _cifar(name, classes, root, number, options):
    from torchvision import datasets

    reader = getattr(datasets, name.replace("-", ""))
    packed = reader.base_folder
    words = {10: "ten", 100: "hundred"}[len(classes)]
    wanted = f"{packed}, or test/<class>/<picture> for the {words} classes (as a zip file, too)"
    root = root_folder(options, root, wanted)
    for place in (root, root.parent):
        if (place / packed).is_dir() and (place == root or root.name == packed):
            test, train = (_packed(reader, place, train, classes) for train in (False, True))
            return ImageSet(name, classes, test, train, side=32, train=lambda: train)
    for place in (root, *(sorted(root.glob("*.zip")) if root.is_dir() else ())):
        test = class_folders(place, "test")
        if test is not None:
            train = class_folders(place, "train", CANDIDATES)
            break
    else:
        raise InputError(f"no {name} in '{root}'; expected {wanted}")
    for found in (test, train or test):
        different = sorted(set(classes) ^ set(found))
        if different:
            raise InputError(
                f"the class folders in '{place}' are not {name}'s: {different[0]!r} is "
                f"{'missing' if different[0] in classes else 'unknown'}; expected {', '.join(classes)}"
            )
    all_train = (lambda: class_folders(place, "train")) if train else None
    return _image_set(name, classes, test, train, number, place, all_train=all_train)._replace(side=32)


def _packed(reader, root, train, classes):
    """Pictures of torchvision's layout, which torchvision reads: it unpickles files of known checksums only."""
    try:
        found = reader(str(root), train=train)
    except Exception as error:
        count = {10: "eight", 100: "four"}[len(classes)]
        raise InputError(
            f"'{root / reader.base_folder}' is incomplete or damaged ({str(error).splitlines()[0]}); "
            f"expected the {count} files of {reader.filename}, unpacked: copy or download them "
            "again"
        ) from error
    ids = [f"{'train' if train else 'test'}/{i:05d}" for i in range(len(found.targets))]
    return pictures(ids, found.targets, np.asarray(found.data), len(classes), f"'{root / reader.base_folder}'")


@image_sets.register("imagefolder")
def imagefolder(data, options):
    """One folder a class, as ImageNet's validation set is kept: val/<class>/<picture>. ``classes``: names of the folders in
    the order of the network's outputs (a list, or a text file with one a line); without it classes are numbered in the order
    of their names (as numbers, where all are). ImageNet's own pictures may lie in one folder (imagenet_devkit.py). ``name``: of the set, for records. Calibration: of train/<class>/...; without it, ``set_aside`` of these pictures."""
    root, name, test, folder, number, classes = take(
        data, "imagefolder", root=None, name="pictures", test="val", train="train", set_aside=SET_ASIDE, classes=None
    )
    root = root_folder(options, root, f"{test}/<class>/<picture>")
    scored = official_folders(root, test) or class_folders(root, test)
    if scored is None:
        raise InputError(f"'{root}' has no folder '{test}'; expected {test}/<class>/<picture>, one folder a class")
    train = class_folders(root, folder, CANDIDATES)
    classes, notes = class_order.numbered(scored, classes, root, by_value=True, also=train or ())
    all_train = (lambda: class_folders(root, folder)) if train else None
    return _image_set(name, classes, scored, train, number, root, notes, all_train)


@image_sets.register("labelled")
def labelled(data, options):
    """Pictures of any names, their classes in a CSV file: ``pictures``, a folder or zip file below the root, and ``labels``, the
    table, with ``columns`` of names and of classes, whole numbers of which ``first`` is the network's output 0. ``classes``:
    their names in that order, or 'imagenet' for torchvision's 1,000. Calibration: ``set_aside`` of them, never scored."""
    root, name, files, table, columns, first, number, classes = take(
        data,
        "labelled",
        root=None,
        name="pictures",
        pictures="images",
        labels="labels.csv",
        columns=("name", "class"),
        first=0,
        set_aside=SET_ASIDE,
        classes=None,
    )
    root = root_folder(options, root, f"{files} and {table}")
    if not isinstance(columns, (list, tuple)) or [type(column) for column in columns] != [str, str]:
        raise InputError(f"data has columns={columns!r}; expected two names, columns=('name', 'class')")
    classes = _imagenet_classes() if classes == "imagenet" else class_order.names_told(classes)
    rows, notes = labelled_files(root, files, table, columns, asked.whole(first, "first", 0))
    found = pictures(*zip(*rows), len(classes), f"'{root / table}'")
    aside, scored = split_in_two(found, asked.whole(number, "set_aside"), f"'{root}'")
    return ImageSet(name, classes, scored, aside, set_aside=True, notes=tuple(notes))


def _imagenet_classes():
    """Names of ImageNet's classes in the order of torchvision's outputs."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def _image_set(name, classes, test, train, number, what, notes=(), all_train=None):
    """ImageSet from what ``class_folders`` found; ``train`` (None without) serves to calibrate, its labels do not; all_train:
    function -> all folders to train on."""
    number_of = {name: k for k, name in enumerate(classes)}

    def listed(found, split=""):
        triples = [
            (f"{split}{label}/{file}", number_of.get(class_order.one_spelling(label), 0), source)
            for label, files in found.items()
            for file, source in files.items()
        ]
        return pictures(*zip(*triples), len(classes), f"'{what}'")

    notes = (*notes, *left_out(test, train))
    if train:
        to_train = lambda: listed(all_train(), "train/")  # noqa: E731
        return ImageSet(name, classes, listed(test), listed(train, "train/"), notes=notes, train=to_train)
    aside, scored = split_in_two(listed(test), number, f"'{what}'")
    return ImageSet(name, classes, scored, aside, set_aside=True, notes=notes)
