"""PointNets as workloads: a network and its checkpoint, clouds, accuracy by class or IoU by part.

    workload = adapters.get('pointnet')(dict(model='adapters.models.pointnet:pointnet', checkpoint='pointnet.pth',
        data=dict(type='modelnet40'), calibration=dict(samples=64), points=1024), options)

Which data there are: adapters/points/data/cloud_sets.py; which networks and checkpoints: adapters/models/pointnet.py. Clouds
are in the unit sphere, [3, points], y up, and are never augmented.
"""

from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import InputError
from adafire.registry import near_names

from ..base import adapters
from ..models import build
from ..models.pointnet_names import renamed
from ..shared.asked import amounts, check_keys, whole
from ..shared.checkpoints import describe_weights, load_into, load_state_dict
from ..shared.copies import repeated
from ..shared.downloads import checkpoint_file
from ..shared.draws import drawn
from ..shared.fingerprints import of_entries
from .clouds import CloudClassification, CloudParts
from .data import cloud_arrays, modelnet, shapenet  # noqa: F401  register their sets
from .data.cloud_sets import load, read

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


@adapters.register("pointnet")
def workload(settings, options):
    """Point clouds from a variant's settings; everything that can be wrong with its files is found here.

    Beside model, checkpoint, data, calibration and batch_size: target 'class' or 'parts'; points: number of them;
    sampling: 'random', 'first' or 'fps'; turn_y: degrees about the vertical that clouds are turned by.
    """
    check_keys(settings, SETTINGS, "setting")
    target = settings.get("target", "class")
    if target not in TARGETS:
        raise InputError(f"target is {target!r}{near_names(target, TARGETS)} Known: {', '.join(TARGETS)}")
    points = whole(settings.get("points", 1024), "points")
    samples, batch_size, limit = amounts(settings, options)
    model, checkpoint = settings.get("model"), options.checkpoint or settings.get("checkpoint")
    network = build_pointnet(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    found = read(settings.get("data"), options)
    listed = found.test[:limit]
    how = (points, settings.get("sampling", "random"), float(settings.get("turn_y", 0)))
    test = load(listed, *how)
    candidates = drawn(found.candidates, samples, options, found.name, name=lambda item: item.id)
    aside, aside_ids = _aside(
        found._replace(candidates=candidates),
        samples,
        set(test.digests),
        (min(points, found.aside_points or points), *how[1:]),
    )
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
            "fingerprint": of_entries(zip(ids, test.labels.tolist(), test.digests)),
        },
        "calibration": {
            "samples": len(aside_ids),
            "set_aside": found.set_aside,
            "fingerprint": of_entries(zip(aside_ids, aside.digests)),
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
