"""PointNets as workloads: a network and its checkpoint, clouds, accuracy by class or IoU by part.

    workload = adapters.get('pointnet')(dict(model='adapters.models.pointnet:pointnet', checkpoint='pointnet.pth',
        data=dict(type='modelnet40'), calibration=dict(samples=64), points=1024), options)

Which data there are: adapters/data/cloud_sets.py; which networks and checkpoints: adapters/models/pointnet.py. Clouds
are in the unit sphere, [3, points], y up, and are never augmented.
"""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import torch

from adafire.errors import InputError
from adafire.registry import near_names

from . import accuracy, part_metrics
from .base import Batch, Workload, adapters
from .checkpoints import describe_weights, load_into, load_state_dict
from .copies import repeated
from .data import cloud_arrays, modelnet, shapenet  # noqa: F401  register their sets
from .data.cloud_sets import load, read
from .dense_exit import DENSE
from .downloads import checkpoint_file
from .models import build
from .models.pointnet_names import renamed

SETTINGS = ("model", "checkpoint", "data", "calibration", "batch_size", "target", "points", "sampling", "turn_y")
TARGETS = ("class", "parts")


def build_pointnet(model, checkpoint, device="cpu", trust=False, seed=0):
    """A network in eval mode on ``device``, by name and checkpoint (file, URL, or 'random' weights of ``seed``)."""
    if not checkpoint:
        raise InputError(f"no checkpoint is given for model {model!r}; give its file with --checkpoint FILE")
    network = build(model, seed)
    if checkpoint != "random":
        state, _ = load_state_dict(checkpoint_file(checkpoint), trust)
        load_into(network, state, rename=lambda found: renamed(found, network))
    return network.to(device).eval()


class PointClouds(Workload):
    """What classes and parts share. test, aside: adapters.data.cloud_sets.Clouds; ids: of the test clouds."""

    family = "pointcloud"

    def __init__(self, network, found, ids, test, aside, batch_size, device, description):
        self.network, self.found, self.ids, self.test, self.aside = network, found, ids, test, aside
        self.batch_size, self.device, self.description = batch_size, device, description
        self.classes, self.place = found.classes, {name: k for k, name in enumerate(ids)}

    def _inputs(self, clouds, rows):
        """What ``forward`` takes for the clouds in slice ``rows``: points [B, 3, N]; with the class one-hot, if
        wanted."""
        points = torch.from_numpy(clouds.points[rows]).transpose(1, 2).contiguous().to(self.device)
        categories = getattr(self.network, "categories", 0)
        if not categories:
            return points
        return points, torch.nn.functional.one_hot(torch.from_numpy(clouds.labels[rows]), categories).float().to(
            self.device
        )

    def forward(self, network, inputs):
        return network(*inputs) if isinstance(inputs, tuple) else network(inputs)

    def _slices(self, number):
        return [slice(start, min(start + self.batch_size, number)) for start in range(0, number, self.batch_size)]

    def calibration(self):
        return [self._inputs(self.aside, rows) for rows in self._slices(len(self.aside.points))]

    def batches(self):
        for rows in self._slices(len(self.ids)):
            yield Batch(self.ids[rows], self._inputs(self.test, rows), rows)

    def __len__(self):
        return len(self.ids)

    def describe(self):
        return self.description

    def _scatter(self, axes, sample, colours):
        """The cloud on a matplotlib 3D axes, y up."""
        x, y, z = self.test.points[self.place[sample]].T
        axes.scatter(x, z, y, c=colours, s=4, linewidths=0)
        axes.set(xlim=(-0.7, 0.7), ylim=(-0.7, 0.7), zlim=(-0.7, 0.7))
        axes.set_box_aspect((1, 1, 1), zoom=1.5)
        axes.set_axis_off()


class CloudClassification(PointClouds):
    """One class a cloud; predictions are accuracy.Prediction."""

    metric = "accuracy"
    projection = "3d"

    def predict(self, outputs, batch):
        return accuracy.predictions(outputs.detach().float().cpu().numpy(), self.test.labels[batch.context])

    def evaluate(self, predictions):
        return accuracy.evaluate(predictions, len(self.found.classes))

    def draw(self, axes, sample_id, prediction=None):
        """The cloud, coloured by height, under the class that was found (None: the true one)."""
        label = int(self.test.labels[self.place[sample_id]])
        self._scatter(axes, sample_id, self.test.points[self.place[sample_id]][:, 1])
        found = label if prediction is None else prediction.top
        axes.set_title(f"{axes.get_title()}\n{self.found.classes[found]}", color="black" if found == label else "red")


class CloudParts(PointClouds):
    """One part a point; predictions are part_metrics.PartPrediction."""

    metric = "instance_miou"
    projection = "3d"
    exit_judge = DENSE

    def predict(self, outputs, batch):
        return part_metrics.predictions(
            outputs.detach().float().cpu().numpy(),
            self.test.labels[batch.context].tolist(),
            self.test.parts[batch.context],
            self.found.parts_of,
        )

    def evaluate(self, predictions):
        return part_metrics.evaluate(predictions, self.found.classes, self.found.parts)

    def draw(self, axes, sample_id, prediction=None):
        """The cloud, coloured by the part that was found (None: the true one)."""
        from matplotlib import colormaps

        k = self.place[sample_id]
        label = int(self.test.labels[k])
        parts = self.test.parts[k] if prediction is None else np.frombuffer(prediction.found, np.uint8)
        own = list(self.found.parts_of[label])
        self._scatter(axes, sample_id, colormaps["tab10"](np.searchsorted(own, parts) % 10))
        words = self.found.classes[label] if prediction is None else f"mIoU {prediction.miou:.2f}"
        axes.set_title(f"{axes.get_title()}\n{words}")

    def draw_error(self, axes, sample_id, prediction):
        """The points that were given a wrong part, in red."""
        wrong = np.frombuffer(prediction.found, np.uint8) != self.test.parts[self.place[sample_id]]
        self._scatter(axes, sample_id, np.where(wrong[:, None], [0.84, 0.15, 0.16, 1.0], [0.8, 0.8, 0.8, 0.4]))


def _whole(value, what):
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{what} is {value!r}; expected a whole number of 1 or more")
    return value


def _aside(found, samples, scored, settings):
    """(Clouds, ids) of the first ``samples`` candidates whose content is not among ``scored``."""
    chosen, ids = None, []
    for extra in (0, samples, 10 * samples):  # more only if some are scored as well
        listed = found.candidates[: samples + extra]
        clouds = load(listed, *settings)
        keep = [k for k, digest in enumerate(clouds.digests) if digest not in scored][:samples]
        if len(keep) == samples:
            chosen, ids = clouds, [listed[k].id for k in keep]
            parts = None if chosen.parts is None else chosen.parts[keep]
            return type(chosen)(chosen.points[keep], chosen.labels[keep], parts, [chosen.digests[k] for k in keep]), ids
        if len(listed) == len(found.candidates):
            break
    raise InputError(
        f"{samples} calibration clouds are asked for, but {found.name} has {len(keep)} that are not scored as "
        f"well; lower calibration=dict(samples=...)"
    )


def _digest(entries):
    return hashlib.sha256(json.dumps(sorted(entries)).encode()).hexdigest()


@adapters.register("pointnet")
def workload(settings, options):
    """Point clouds from a variant's settings; everything that can be wrong with its files is found here.

    Beside model, checkpoint, data, calibration and batch_size: target 'class' or 'parts'; points: number of them;
    sampling: 'random', 'first' or 'fps'; turn_y: degrees about the vertical that clouds are turned by.
    """
    for key in settings:
        if key not in SETTINGS:
            raise InputError(f"unknown setting {key!r}{near_names(key, SETTINGS)} Known: {', '.join(SETTINGS)}")
    target = settings.get("target", "class")
    if target not in TARGETS:
        raise InputError(f"target is {target!r}{near_names(target, TARGETS)} Known: {', '.join(TARGETS)}")
    points = _whole(settings.get("points", 1024), "points")
    batch_size = _whole(settings.get("batch_size", 8), "batch_size")
    samples = _whole(settings.get("calibration", {}).get("samples", 64), "calibration samples")
    limit = None if options.limit is None else _whole(options.limit, "limit")
    model, checkpoint = settings.get("model"), options.checkpoint or settings.get("checkpoint")
    network = build_pointnet(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    found = read(settings.get("data"), options)
    listed = found.test[:limit]
    how = (points, settings.get("sampling", "random"), float(settings.get("turn_y", 0)))
    test = load(listed, *how)
    aside, aside_ids = _aside(found, samples, set(test.digests), (min(points, found.aside_points or points), *how[1:]))
    if target == "parts" and test.parts is None:
        raise InputError(
            f"{found.name} has no part labels; expected data with parts (shapes, shapenetpart) or target='class'"
        )
    name = model.get("name") if isinstance(model, dict) else model
    ids = [item.id for item in listed]
    description = {
        "data": {
            "name": found.name,
            "split": options.split,
            "samples": len(ids),
            "classes": len(found.classes),
            "points": points,
            "fingerprint": _digest(zip(ids, test.labels.tolist(), test.digests)),
        },
        "calibration": {
            "samples": len(aside_ids),
            "set_aside": found.set_aside,
            "fingerprint": _digest(zip(aside_ids, aside.digests)),
            "overlap": len(set(test.digests) & set(aside.digests)),
        },
        "weights": describe_weights(Path(urlparse(str(checkpoint)).path).name, network),
        "network": name,
    }
    make = CloudParts if target == "parts" else CloudClassification
    made = make(network, found, ids, test, aside, batch_size, options.device, description)
    made.notes = [*found.notes, *repeated("clouds", ids, test.labels.tolist(), test.digests)]
    _check_outputs(made, name)
    return made


def _check_outputs(made, name):
    """InputError unless the network gives one score a class (and point: a part) for the first calibration clouds."""
    inputs = made._inputs(made.aside, slice(0, 2))
    try:
        with torch.no_grad():
            outputs = made.forward(made.network, inputs)
    except Exception as error:  # whatever a stranger's network raises on inputs that it is not made for
        raise InputError(
            f"{name} does not take points [B, 3, {made.aside.points.shape[1]}] ({type(error).__name__}: "
            f"{str(error).splitlines()[0] if str(error) else ''})"
        ) from error
    parts = isinstance(made, CloudParts)
    names = made.found.parts if parts else made.found.classes
    wanted = [len(made.aside.points[:2]), len(names), *([made.aside.points.shape[1]] if parts else [])]
    if not isinstance(outputs, torch.Tensor) or list(outputs.shape) != wanted:
        shape = list(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        raise InputError(
            f"{name} puts out {shape} for {wanted[0]} clouds; {wanted} is expected: the data have {len(names)} "
            f"{'parts' if parts else 'classes'}. Give the network of this data (model=dict(name=..., "
            f"{'parts' if parts else 'classes'}={len(names)}))"
        )
