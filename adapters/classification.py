"""Image classifiers as workloads: a network by name and its checkpoint, labelled pictures, accuracy.

    workload = adapters.get('classification')(dict(model='torchvision::resnet18', checkpoint='resnet18-f37072fd.pth',
        preprocessing=dict(resize=256, size=224), data=dict(type='imagefolder'), calibration=dict(samples=64)), options)

Which networks there are: adapters/models; which data: adapters/data/image_sets.py. Pictures are never augmented.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlparse

import torch

from adafire.errors import InputError
from adafire.passes import tensors_in
from adafire.registry import near_names

from . import accuracy
from .base import Batch, Workload, adapters
from .checkpoints import fingerprint, load_into, load_state_dict
from .data.image_sets import read
from .data.images import THREADS, check, decode
from .data.picture_forms import form_of
from .downloads import checkpoint_file
from .models import build, has_own_weights

SETTINGS = ("model", "checkpoint", "data", "calibration", "batch_size", "preprocessing")
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Preprocessing(NamedTuple):
    """From a PIL image to the network's input. mean, std: of pixels in 0..1, one number a channel (1: grey, 3: RGB).
    resize: new length of the shorter side (default: ``size``); size: side of the central square that is cut out;
    without both, pictures stay as they are. interpolation: of torchvision's InterpolationMode."""

    mean: tuple = IMAGENET["mean"]
    std: tuple = IMAGENET["std"]
    resize: int | None = None
    size: int | None = None
    interpolation: str = "bilinear"

    def __call__(self, image):
        """float32 [channels, height, width]."""
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms import functional as transform
        image = image.convert("L" if len(self.mean) == 1 else "RGB")
        if self.resize or self.size:
            image = transform.resize(image, self.resize or self.size, InterpolationMode(self.interpolation))
        if self.size:
            image = transform.center_crop(image, self.size)
        return transform.normalize(transform.to_tensor(image), self.mean, self.std)


def _check_keys(given, known, what):
    for key in given:
        if key not in known:
            raise InputError(f"unknown {what} {key!r}{near_names(key, known)} Known: {', '.join(known)}")


def _whole(value, what, least=1):
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{what} is {value!r}; expected a whole number of {least} or more")
    return value


def preprocessing(settings):
    """Preprocessing from a task's dict; InputError for what cannot be."""
    _check_keys(settings, Preprocessing._fields, "key of preprocessing:")
    made = Preprocessing(**settings)
    kinds = {type(value) for numbers in made[:2] for value in (numbers if isinstance(numbers, (list, tuple)) else [[]])}
    if not kinds <= {int, float} or (len(made.mean), len(made.std)) not in ((1, 1), (3, 3)) or min(made.std) <= 0:
        raise InputError(f"preprocessing has mean {made.mean} and std {made.std}; expected 1 (grey) or 3 (RGB) numbers "
                         "each, of pixels in 0..1, and std above 0")
    for name in ("resize", "size"):
        if getattr(made, name) is not None:
            _whole(getattr(made, name), f"preprocessing {name}")
    if made.resize and made.size and made.resize < made.size:
        raise InputError(f"preprocessing resizes to {made.resize} pixels and cuts out {made.size}; expected resize to "
                         "be size or more")
    if made.interpolation not in ("bilinear", "bicubic", "nearest"):
        raise InputError(f"preprocessing interpolation is {made.interpolation!r}; expected bilinear, bicubic, nearest")
    return made


def build_classifier(model, checkpoint=None, device="cpu", trust=False, seed=0):
    """A network in eval mode on ``device``, by name and checkpoint (file, URL, or 'random' weights of ``seed``).

    Without a checkpoint the weights that the model's own arguments name are taken, as in
    {'name': 'torchvision::resnet18', 'weights': 'IMAGENET1K_V1'} or {'name': 'timm::resnet18d', 'pretrained': True}.
    """
    if not checkpoint and not has_own_weights(model):
        raise InputError(f"no checkpoint is given for model {model!r}; give its file with --checkpoint FILE")
    network = build(model, seed, own_weights=not checkpoint)
    if checkpoint and checkpoint != "random":
        state, _ = load_state_dict(checkpoint_file(checkpoint), trust)
        load_into(network, _without_prefix(state, network.state_dict()))
    return network.to(device).eval()


def _without_prefix(state, expected):
    """``state`` without what stands before every name, as trainers put it ('network.', 'model.'), if names fit then."""
    tops = {name.partition(".")[0] for name in state}
    if len(tops) != 1 or set(state) & set(expected):
        return state
    shorter = {name.partition(".")[2]: value for name, value in state.items()}
    return shorter if set(shorter) & set(expected) else state


class Classification(Workload):
    """A classifier on labelled pictures; predictions are accuracy.Prediction."""

    family, metric = "classification", "accuracy"

    def __init__(self, network, prepare, classes, test, calibration, batch_size, device, description):
        self.network, self.prepare, self.classes = network, prepare, classes
        self.test, self.calibration_pictures, self.batch_size = test, calibration, batch_size
        self.device, self.description = device, description

    def _load(self, pictures):
        """Batches (pictures, inputs [B, C, H, W]) in order; decoded in threads."""
        with ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(pictures), self.batch_size):
                part = pictures[start:start + self.batch_size]
                inputs = torch.stack(list(pool.map(lambda p: self.prepare(decode(p)), part)))
                yield part, inputs.to(self.device)

    def calibration(self):
        return [inputs for _, inputs in self._load(self.calibration_pictures)]

    def batches(self):
        for part, inputs in self._load(self.test):
            yield Batch([p.id for p in part], inputs, [p.label for p in part])

    def __len__(self):
        return len(self.test)

    def predict(self, outputs, batch):
        return accuracy.predictions(outputs.detach().float().cpu().numpy(), batch.context)

    def evaluate(self, predictions):
        return accuracy.evaluate(predictions, len(self.classes))

    def labels(self):
        return {p.id: p.label for p in self.test}

    def describe(self):
        return self.description

    def draw(self, axes, sample_id, prediction):
        picture = next(p for p in self.test if p.id == sample_id)
        image = decode(picture)
        axes.imshow(image, cmap="gray" if image.mode in ("L", "1") else None)
        chosen = picture.label if prediction is None else prediction.top
        axes.set_xlabel(self.classes[chosen], color="black" if chosen == picture.label else "#d55e00")


def _check_outputs(workload, name):
    """InputError unless the network gives one number a class for the first calibration pictures."""
    classes, inputs = workload.classes, next(workload._load(workload.calibration_pictures[:2]))[1]
    first = tensors_in(inputs)[0]
    try:
        with torch.no_grad():
            outputs = workload.forward(workload.network, inputs)
    except Exception as error:  # whatever a stranger's network raises on inputs that it is not made for
        raise InputError(f"{name} does not take inputs of shape {list(first.shape)} ({type(error).__name__}: "
                         f"{str(error).splitlines()[0] if str(error) else ''}); see preprocessing=dict(mean, std, size)"
                         ) from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim != 2 or len(outputs) != len(first):
        found = list(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        raise InputError(f"{name} puts out {found} for {len(first)} pictures; a classifier's [pictures, classes] is "
                         "expected")
    if outputs.shape[1] != len(classes):
        shown = ", ".join(classes[:3]) + (", ..." if len(classes) > 3 else "")
        raise InputError(f"{name} has {outputs.shape[1]} outputs, but the data have {len(classes)} classes ({shown}); "
                         "give data of the network's classes, or the network of this data")


def _calibration(candidates, samples, scored, side, what):
    """(Pictures, their Facts): the first ``samples`` candidates whose content is not among ``scored`` (sha256)."""
    chosen = []
    for start in range(0, len(candidates), samples):
        part = candidates[start:start + samples]
        chosen += [(p, f) for p, f in zip(part, check(part, side)) if f.sha256 not in scored]
        if len(chosen) >= samples:
            return tuple(zip(*chosen[:samples]))
    raise InputError(f"{samples} calibration pictures are asked for, but {what} has {len(chosen)} that are not scored "
                     f"as well (of {len(candidates)}); lower calibration=dict(samples=...)")


def _digest(entries):
    return hashlib.sha256(json.dumps(sorted(entries)).encode()).hexdigest()


@adapters.register("classification")
def workload(settings, options):
    """Classification from a variant's settings; everything that can be wrong with its files is found here."""
    _check_keys(settings, SETTINGS, "setting")
    model, checkpoint = settings.get("model"), options.checkpoint or settings.get("checkpoint")
    name = model.get("name") if isinstance(model, dict) else model
    samples = _whole(settings.get("calibration", {}).get("samples", 64), "calibration samples")
    batch_size = _whole(settings.get("batch_size", 8), "batch_size")
    prepare = preprocessing(settings.get("preprocessing", {}))
    limit = None if options.limit is None else _whole(options.limit, "limit")
    found = read(settings.get("data"), options)
    network = build_classifier(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    test = found.test[:limit]
    facts = check(test, found.side)
    scored = {f.sha256 for f in facts}
    chosen, chosen_facts = _calibration(found.candidates, samples, scored, found.side, found.name)
    sizes = {f.size for f in (*facts, *chosen_facts)}
    if len(sizes) > 1 and not prepare.size:
        raise InputError(f"the pictures of {found.name} have {len(sizes)} sizes ({min(sizes)} to {max(sizes)} pixels); "
                         "expected one, or preprocessing=dict(resize=256, size=224)")
    source = Path(urlparse(str(checkpoint)).path).name if checkpoint else has_own_weights(model)
    description = {
        "data": {"name": found.name, "split": options.split, "samples": len(test), "classes": len(found.classes),
                 "fingerprint": _digest((p.id, p.label, f.sha256) for p, f in zip(test, facts))},
        "calibration": {"samples": len(chosen), "set_aside": found.set_aside,
                        "fingerprint": _digest((p.id, f.sha256) for p, f in zip(chosen, chosen_facts)),
                        "overlap": sum(f.sha256 in scored for f in chosen_facts)},
        "weights": {"source": source, "sha256": fingerprint(network)},
        "network": name, "preprocessing": prepare._asdict()}
    made = Classification(network, prepare, found.classes, test, chosen, batch_size, options.device, description)
    made.data_form = form_of(test)
    _check_outputs(made, name)
    return made
