"""How a variant's network is trained: a few recipes, and the table of which task takes which (recipes.csv), as data.

Recipes are ours unless a source is named; accuracy that others report is in the table with its source, and is of their networks
and schedules. Hours are estimates for one GPU of a data centre, not measured.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from adafire.errors import InputError
from adafire.registry import near_names

FILE = Path(__file__).with_suffix(".csv")
FULL = "full"


class Recipe(NamedTuple):
    """epochs; warm_up: of these, in which the rate rises (a cosine to nothing follows); batch: samples; optimiser: of torch.optim,
    with its arguments; augment: what is done to train samples at random, by name and amount; held_out: share of each class of
    the train set that is not trained on, by which the best epoch is chosen; smoothing: of labels; clip: largest norm of the
    gradient (None: any); about: what it is, with its source."""

    epochs: int
    batch: int
    optimiser: dict
    augment: dict
    about: str
    warm_up: int = 5
    held_out: float = 0.05
    smoothing: float = 0.0
    clip: float | None = None


def sgd(lr, decay=5e-4):
    """SGD with Nesterov momentum of 0.9; no decay of norms and biases."""
    return {"type": "SGD", "lr": lr, "momentum": 0.9, "nesterov": True, "weight_decay": decay}


def adamw(lr, decay):
    """AdamW (Loshchilov, Hutter, ICLR 2019); no decay of norms and biases."""
    return {"type": "AdamW", "lr": lr, "weight_decay": decay}


RECIPES = {
    "cifar-resnet": Recipe(
        200,
        128,
        sgd(0.1, 1e-4),
        {"mirror": 0.5, "shift": 4},
        "flips and shifts by 4 pixels as in He et al., CVPR 2016, section 4.2; a cosine in place of their steps",
    ),
    "cifar-vgg": Recipe(
        200, 128, sgd(0.05), {"mirror": 0.5, "shift": 4}, "as cifar-resnet, with a lower rate and more decay"
    ),
    "events": Recipe(
        100,
        64,
        adamw(1e-3, 0.05),
        {"mirror": 0.5, "shift": 1 / 16},
        "flips and shifts by a sixteenth of the picture, of the augmentations of Li et al., ECCV 2022, the two that a CNN wants",
        held_out=0.1,
        smoothing=0.1,
    ),
    "events-gestures": Recipe(
        100,
        32,
        adamw(1e-3, 0.05),
        {"shift": 1 / 16},
        "as events, without flips: a left hand is no right hand",
        held_out=0.1,
        smoothing=0.1,
    ),
    "pointnet": Recipe(
        200,
        32,
        adamw(1e-3, 1e-2),
        {"turn": 180.0, "scale": 0.0, "noise": 0.02},
        "turns about the vertical and jitter of 0.02 as in Qi et al., CVPR 2017, section 5.1; AdamW and a cosine in place of "
        "Adam and steps",
    ),
    "pointnet-parts": Recipe(
        200,
        16,
        adamw(1e-3, 1e-2),
        {"turn": 0.0, "scale": 0.2, "noise": 0.01},
        "scales of 0.8 to 1.2 and jitter; not turned, as parts are told by where they are",
    ),
    "segmenter": Recipe(
        300,
        8,
        sgd(0.01),
        {},
        "scales of 0.5 to 2, cuts, flips and changes of colour as MMSegmentation's own configs have them, auxiliary head included; "
        "begins at ImageNet's weights; a cosine in place of their polynomial",
        held_out=0.1,
    ),
    "yolov3": Recipe(
        150,
        64,
        sgd(1e-3),
        {},
        "MMDetection's YOLOv3 (Redmon, Farhadi, 2018) and its augmentation: widening, cuts, flips, changes of colour; begins at the "
        "ImageNet weights of Darknet-53; a cosine in place of steps",
        clip=35.0,
    ),
}


class Entry(NamedTuple):
    """A line of the table: a task and one of its variants; recipe: its name; hours: on one GPU, estimated; percent, metric: what
    the literature reports, of which network, in which source ('' where nothing that fits is known to us)."""

    task: str
    variant: str
    recipe: str
    hours: float
    percent: str
    metric: str
    network: str
    source: str

    @property
    def literature(self):
        """The reported figure in words."""
        if not self.percent:
            return "unknown"
        return f"{self.percent} % {self.metric} ({self.network}; {self.source})"


def table():
    """[Entry] of every variant that can be trained."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Entry(**{**row, "hours": float(row["hours"])}) for row in csv.DictReader(file)]


def entry(task, variant):
    """The Entry of a variant, or None."""
    return next((found for found in table() if (found.task, found.variant) == (task, variant)), None)


def find(task, variant):
    """(Entry, Recipe) of a variant; InputError that names those there are."""
    found = entry(task, variant)
    if found:
        return found, RECIPES[found.recipe]
    own = [other.variant for other in table() if other.task == task]
    tasks = sorted({other.task for other in table()})
    if own:
        raise InputError(
            f"there is no recipe to train variant {variant!r} of task {task!r}; there is for {', '.join(own)}"
        )
    raise InputError(
        f"there is no recipe to train task {task!r}{near_names(task, tasks)} There is for {', '.join(tasks)}"
    )
