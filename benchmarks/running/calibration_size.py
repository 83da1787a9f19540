"""What a method reaches with few or many calibration samples, and with samples of other data than the network will see.

The task's workload is built once: what it sets aside to calibrate on (``pool`` samples, none of them scored, which the adapter checks by
content) is what all draws and sizes are taken from. Draw k takes the samples from the k-th part of the pool on, so that a larger
set of a draw holds the smaller ones, and draws share samples only where the pool is smaller than draws x samples.
Sources: 'own'; 'noise', pixels drawn evenly from 0 to 1; 'other', pictures of another task, at this network's size and normalisation.
"""

from typing import NamedTuple

import torch
from torch.nn import functional

import adafire
from adafire.errors import AdafireError, InputError
from adafire.graph import map_tensors, tensors_in

from . import methods as known
from .catalogue import data_folder
from .measure import measure
from .record import METHOD_VERSION
from .request import find_adapter

SOURCES = ("own", "other", "noise")


class Point(NamedTuple):
    """One row: ``samples`` calibration samples of ``source`` (another task's name for 'other'), the draw (from 1), and what came out on
    ``scored`` samples. timesteps: None for the ANN, whose samples, draw and source are None, too. reason: why there is no value."""

    task: str
    variant: str
    method: str
    timesteps: int | None
    source: str | None
    samples: int | None
    draw: int | None
    scored: int
    seed: int
    method_version: int
    metric: str
    value: float | None
    low: float | None
    high: float | None
    agreement: float | None
    reason: str | None


KEY = Point._fields[: Point._fields.index("metric")]
"""What determines a row."""


def build(task, variant, options, pool, set_aside=None):
    """The workload of a variant with ``pool`` calibration samples, ``options`` a WorkloadOptions. set_aside: so many samples of a test set
    are set aside to calibrate on, where its reader has that key; None: as the task says."""
    settings = task.variants[variant]
    if settings.alone:
        raise InputError(f"variant {variant!r} of task {task.name!r} has no network that is converted")
    folder = data_folder(settings, options.data_root) if settings.split == "full" else None
    wanted = options._replace(variant=variant, split=settings.split, data_root=str(folder) if folder else None)
    given = {**settings.settings(), "calibration": {**settings.calibration, "samples": pool}}
    if set_aside is not None:
        given["data"] = {**given["data"], "set_aside": set_aside}
    return find_adapter(task.adapter)(given, wanted)


def samples_of(workload):
    """Its calibration samples one by one, as batches of one."""
    found = []
    for inputs in workload.calibration():
        first = tensors_in(inputs)[0]
        found += [map_tensors(lambda x, i=i: x[i : i + 1], inputs) for i in range(len(first))]
    return found


def taken(pool, samples, draw, draws):
    """``samples`` of the list ``pool`` for draw ``draw`` (from 1) of ``draws``. InputError where the pool is too small, or where every
    draw would be the same.

    >>> taken([0, 1, 2, 3, 4, 5], 2, 2, 3), taken([0, 1, 2, 3, 4, 5], 4, 3, 3)
    ([2, 3], [4, 5, 0, 1])
    """
    if samples > len(pool) or samples == len(pool) and draws > 1:
        raise InputError(
            f"{draws} draws of {samples} calibration samples out of {len(pool)}; expected fewer samples: lower --sizes, or raise --pool"
        )
    begin = (draw - 1) * len(pool) // draws
    return [pool[(begin + i) % len(pool)] for i in range(samples)]


def batched(samples, size):
    """Batches of up to ``size`` from single samples; those that are no tensors of one shape stay single."""
    if not all(isinstance(x, torch.Tensor) and x.shape == samples[0].shape for x in samples):
        return samples
    return [torch.cat(samples[i : i + size]) for i in range(0, len(samples), size)]


def noise(workload, samples, draw, seed=0):
    """Pictures of even noise, normalised as this workload's: [1, C, H, W] each. InputError for inputs that are no pictures."""
    mean, std, like = _normalisation(workload)
    made = torch.Generator().manual_seed(1000 * seed + draw)
    return [(torch.rand(like.shape, generator=made) - mean) / std for _ in range(samples)]


def others(workload, other):
    """Calibration pictures of the workload ``other`` as this network takes them: its size (bilinear), its channels, its normalisation."""
    mean, std, like = _normalisation(workload)
    their_mean, their_std, _ = _normalisation(other)
    found = []
    for x in samples_of(other):
        pixels = (x * their_std + their_mean).clamp(0, 1)
        pixels = functional.interpolate(pixels, like.shape[2:], mode="bilinear", antialias=True, align_corners=False)
        if pixels.shape[1] != like.shape[1]:
            pixels = pixels.mean(1, keepdim=True).expand(-1, like.shape[1], -1, -1)
        found.append((pixels - mean) / std)
    return found


def _normalisation(workload):
    """(mean [1, C, 1, 1], standard deviation likewise, one input) of a workload of pictures."""
    like, prepared = workload.calibration()[0], workload.describe().get("preprocessing") or {}
    mean, std = prepared.get("mean"), prepared.get("std")
    if not isinstance(like, torch.Tensor) or like.dim() != 4 or mean is None or std is None:
        raise InputError(
            f"noise and pictures of other tasks are made for classifiers of pictures, not for {type(workload).__name__}; leave them out: --sources own"
        )
    shape = (1, -1, 1, 1)
    return torch.tensor(mean).reshape(shape), torch.tensor(std).reshape(shape), like[:1]


def points(task, variant, workload, asked, sizes, draws, sources, seed=0, other=None, done=(), tell=lambda words: None):
    """Iterator of Points: the ANN, then every method of ``asked`` [(name, T)] with every source, size and draw.

    workload: the variant's, of ``build``; other: (task's name, its workload) for source 'other'; done: keys of rows that are there
    already (``KEY``), which are left out; tell: hears what is run.
    """
    own = samples_of(workload)
    sets = {"own": own, "noise": None, "other": other and others(workload, other[1])}
    if "noise" in sources:
        noise(workload, 1, 1)
    for source in sources:
        for size in sizes:
            if sets[source] is not None:
                taken(sets[source], size, 1, draws)  # what cannot be is told before any work

    def key(method, t, source, size, draw):
        label = other[0] if source == "other" else source
        return (task.name, variant, method, t, label, size, draw, len(workload), seed, METHOD_VERSION)

    bound = {name: known.bound(known.get(name), task.variants[variant], workload) for name in ("ann", *dict(asked))}
    base = adafire.Calibration(batched(own[: max(sizes)], workload.batch_size))
    plan = [("ann", None, None, None, None)]
    plan += [(name, t, s, n, k + 1) for n in sizes for s in sources for k in range(draws) for name, t in asked]
    todo = [(cell, key(*cell)) for cell in plan if key(*cell) not in done]
    for number, ((name, t, source, size, draw), entry) in enumerate(todo, 1):
        words = f"{name}, T={t}, {size} samples ({entry[4]}), draw {draw} of {draws}" if t else "the ANN"
        tell(f"{number} of {len(todo)}: {words}")
        if t is None:
            inputs = base
        else:
            chosen = noise(workload, size, draw, seed) if source == "noise" else taken(sets[source], size, draw, draws)
            inputs = adafire.Calibration(batched(chosen, workload.batch_size))
        yield _point(workload, inputs, bound[name], t, entry, seed)


def _point(workload, inputs, method, timesteps, key, seed):
    try:
        (row,) = measure(workload, inputs, method, [timesteps], seed=seed)
    except AdafireError as error:  # too few samples for this method
        return Point(*key, workload.metric, None, None, None, None, str(error))
    like = row["fidelity"] or {}
    return Point(
        *key, workload.metric, row["metrics"][workload.metric], row["low"], row["high"], like.get("agreement"), None
    )
