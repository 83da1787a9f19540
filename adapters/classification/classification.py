"""Image classifiers as workloads: a network by name and its checkpoint, labelled pictures, accuracy.

    workload = adapters.get('classification')(dict(model='torchvision::resnet18', checkpoint='resnet18-f37072fd.pth',
        preprocessing=dict(resize=256, size=224), data=dict(type='imagefolder'), calibration=dict(samples=64)), options)

Which networks there are: adapters/models; which data: adapters/classification/data/image_sets.py. Pictures are never augmented.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlparse

import torch

from adafire.errors import InputError
from adafire.graph.interception import tensors_in

from ..base import Batch, Workload, adapters
from ..models import build, has_own_weights
from ..models.library_names import with_weights
from ..models.stated import stated
from ..shared import accuracy
from ..shared.asked import amounts, check_keys
from ..shared.checkpoints import describe_weights, load_into, load_state_dict
from ..shared.copies import repeated
from ..shared.downloads import checkpoint_file
from ..shared.draws import drawn
from ..shared.fingerprints import of_entries
from ..shared.images import THREADS, check, decode
from ..shared.picture_forms import form_of
from ..shared.pixels import bits_of, notes
from .data.image_sets import read
from .preprocessing import completed, preprocessing

SETTINGS = ("model", "checkpoint", "data", "calibration", "batch_size", "preprocessing")


def build_classifier(model, checkpoint=None, device="cpu", trust=False, seed=0):
    """A network in eval mode on ``device``, by name and checkpoint (file, URL, or 'random' weights of ``seed``).

    Without a checkpoint the weights that the model's own arguments name are taken, as in
    {'name': 'torchvision::resnet18', 'weights': 'IMAGENET1K_V1'} or {'name': 'timm::resnet18d', 'pretrained': True}; in place of a
    file the checkpoint may name them, too: 'IMAGENET1K_V2', or a tag of timm's.
    """
    model, checkpoint = with_weights(model, checkpoint)
    if not checkpoint and not has_own_weights(model):
        raise InputError(f"no checkpoint is given for model {model!r}; give its file with --checkpoint FILE")
    network = build(model, seed, own_weights=not checkpoint)
    if checkpoint and checkpoint != "random":
        state, _ = load_state_dict(checkpoint_file(checkpoint), trust)
        load_into(network, state)
    return network.to(device).eval()


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
                part = pictures[start : start + self.batch_size]
                inputs = torch.stack(list(pool.map(lambda p: self.prepare(decode(p, self.prepare.bits)), part)))
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
        image = decode(picture, self.prepare.bits)
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
        raise InputError(
            f"{name} does not take inputs of shape {list(first.shape)} ({type(error).__name__}: "
            f"{str(error).splitlines()[0] if str(error) else ''}); see preprocessing=dict(mean, std, size)"
        ) from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim != 2 or len(outputs) != len(first):
        found = list(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
        raise InputError(
            f"{name} puts out {found} for {len(first)} pictures; a classifier's [pictures, classes] is expected"
        )
    if outputs.shape[1] != len(classes):
        shown = ", ".join(classes[:3]) + (", ..." if len(classes) > 3 else "")
        raise InputError(
            f"{name} has {outputs.shape[1]} outputs, but the data have {len(classes)} classes ({shown}); "
            "give data of the network's classes, or the network of this data"
        )


def _calibration(candidates, samples, scored, side, what):
    """(Pictures, their Facts): the first ``samples`` candidates whose content is not among ``scored`` (sha256)."""
    chosen = []
    for start in range(0, len(candidates), samples):
        part = candidates[start : start + samples]
        chosen += [(p, f) for p, f in zip(part, check(part, side)) if f.sha256 not in scored]
        if len(chosen) >= samples:
            return tuple(zip(*chosen[:samples]))
    raise InputError(
        f"{samples} calibration pictures are asked for, but {what} has {len(chosen)} that are not scored "
        f"as well (of {len(candidates)}); lower calibration=dict(samples=...)"
    )


@adapters.register("classification")
def workload(settings, options):
    """Classification from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    model, checkpoint = settings.get("model"), options.checkpoint or settings.get("checkpoint")
    name = model.get("name") if isinstance(model, dict) else model
    samples, batch_size, limit = amounts(settings, options)
    model, checkpoint = with_weights(model, checkpoint)
    preprocessing(settings.get("preprocessing", {}))  # what is wrong with it is told before anything is read
    found = read(settings.get("data"), options)
    network = build_classifier(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    own, library, certain = stated(model, network, checkpoint)
    prepare, said = completed(settings.get("preprocessing", {}), own, library, certain)
    test = found.test[:limit]
    facts = check(test, found.side)
    scored = {f.sha256 for f in facts}
    candidates = drawn(found.candidates, samples, options, found.name, name=lambda picture: picture.id)
    chosen, chosen_facts = _calibration(candidates, samples, scored, found.side, found.name)
    seen, seen_facts = [*test, *chosen], [*facts, *chosen_facts]
    bits = bits_of(seen, seen_facts, prepare.bits)
    sizes = {f.size for f in seen_facts}
    if len(sizes) > 1 and not prepare.size:
        raise InputError(
            f"the pictures of {found.name} have {len(sizes)} sizes ({min(sizes)} to {max(sizes)} pixels); "
            "expected one, or preprocessing=dict(resize=256, size=224)"
        )
    source = Path(urlparse(str(checkpoint)).path).name if checkpoint else has_own_weights(model)
    description = {
        "data": {
            "name": found.name,
            "split": options.split,
            "samples": len(test),
            "classes": len(found.classes),
            "fingerprint": of_entries((p.id, p.label, f.sha256) for p, f in zip(test, facts)),
        },
        "calibration": {
            "samples": len(chosen),
            "set_aside": found.set_aside,
            "fingerprint": of_entries((p.id, f.sha256) for p, f in zip(chosen, chosen_facts)),
            "overlap": sum(f.sha256 in scored for f in chosen_facts),
        },
        "weights": describe_weights(source, network),
        "network": name,
        "preprocessing": {k: v for k, v in prepare._asdict().items() if k != "bits"},
    }
    if own is not None and prepare.as_stated(own):
        description["preprocessing"]["stated_by"] = library
    if any(f.turned for f in seen_facts):
        description["data"]["turned"] = sum(f.turned for f in seen_facts)
    if bits:
        description["data"]["bits"] = bits
    made = Classification(network, prepare, found.classes, test, chosen, batch_size, options.device, description)
    made.notes = (
        *said,
        *found.notes,
        *notes(seen, seen_facts, bits),
        *repeated("pictures", *zip(*((p.id, p.label, f.sha256) for p, f in zip(test, facts)))),
    )
    made.data_form = form_of(test)
    _check_outputs(made, name)
    return made
