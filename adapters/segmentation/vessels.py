"""Vessels in retinal pictures (DRIVE) by a plain U-Net from a Keras file, as a workload; scored inside the field of view.

workload = adapters.get('vessels')(dict(checkpoint='weights.h5', data=dict(type='drive'),
    calibration=dict(samples=4)), WorkloadOptions(data_root='/data/DRIVE', split='full'))
data=dict(type='retinas'): generated ones in the same layout (adapters/segmentation/data/retinas.py)

python -m adapters.segmentation.vessels --data-root /data/DRIVE --checkpoint weights.h5      # the network itself, all pictures
"""

import argparse
import hashlib
import sys
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from adafire.errors import AdafireError, InputError

from ..base import Batch, Workload, WorkloadOptions, adapters
from ..classification.classification import build_classifier
from ..models.unet_keras import KerasUNet, from_keras
from ..shared.asked import amounts, check_keys, whole
from ..shared.checkpoints import describe_weights
from ..shared.dense_exit import DENSE
from ..shared.downloads import PROJECT
from ..shared.draws import by_hash, drawn, set_aside
from ..shared.fingerprints import of_files
from . import vessel_scores
from .data import drive, retinas

SETTINGS = ("model", "checkpoint", "data", "calibration", "batch_size")
SETS = {"drive": "DRIVE test", "retinas": "generated retinas"}


class Prediction(NamedTuple):
    """counts: of ``vessel_scores.measure``; probability: uint8 [height, width] in 1/255, compressed; shape."""

    counts: np.ndarray
    probability: bytes
    shape: tuple


class Vessels(Workload):
    """A two-class network on DRIVE; class 1 is vessel. window: side of the central square that is used (None: all)."""

    family, metric = "segmentation", "F1"
    exit_judge = DENSE

    def __init__(self, network, eyes, calibration, window, batch_size, device, description):
        self.network, self.eyes, self.calibration_paths, self.window = network, eyes, calibration, window
        self.batch_size, self.device, self.description = batch_size, device, description
        self._by_id = {eye.id: eye for eye in eyes}

    def _cut(self, image):
        """The central window of an array [height, width, ...]."""
        if self.window is None:
            return image
        y, x = ((side - self.window) // 2 for side in image.shape[:2])
        return image[y : y + self.window, x : x + self.window]

    def _input(self, path):
        """[1, height, width], padded at the bottom and right to a multiple of what the network halves."""
        x = torch.from_numpy(np.ascontiguousarray(self._cut(drive.prepare(drive.open_image(path, "RGB")))))
        divisor = 2 ** (self.network.depth - 1)
        return torch.nn.functional.pad(x[None], (0, -x.shape[1] % divisor, 0, -x.shape[0] % divisor)).to(self.device)

    def _batches(self, paths):
        for start in range(0, len(paths), self.batch_size):
            yield torch.stack([self._input(p) for p in paths[start : start + self.batch_size]])

    def calibration(self):
        return list(self._batches(self.calibration_paths))

    def batches(self):
        for start, inputs in zip(
            range(0, len(self.eyes), self.batch_size), self._batches([e.image for e in self.eyes])
        ):
            yield Batch([e.id for e in self.eyes[start : start + self.batch_size]], inputs)

    def __len__(self):
        return len(self.eyes)

    def truth(self, eye):
        """(vessels, view): bool [height, width] each."""
        shape = drive.open_image(eye.image, "L").shape
        return tuple(self._cut(drive.read_mask(path, shape)) for path in (eye.vessels, eye.view))

    def predict(self, outputs, batch):
        found = []
        for sample_id, scores in zip(batch.ids, outputs.detach().float().softmax(1)[:, 1].cpu().numpy()):
            vessels, view = self.truth(self._by_id[sample_id])
            scores = scores[: vessels.shape[0], : vessels.shape[1]]
            found.append(
                Prediction(
                    vessel_scores.measure(scores, vessels, view),
                    zlib.compress((scores * 255).round().astype(np.uint8).tobytes()),
                    scores.shape,
                )
            )
        return found

    def evaluate(self, predictions):
        return vessel_scores.evaluate({i: p.counts for i, p in predictions.items()})

    def describe(self):
        return self.description

    def draw_input(self, axes, sample_id):
        axes.imshow(self._cut(drive.open_image(self._by_id[sample_id].image, "RGB")))

    def draw(self, axes, sample_id, prediction):
        vessels, view = self.truth(self._by_id[sample_id])
        axes.imshow(
            np.where(view, vessels if prediction is None else _probability(prediction), 0), cmap="gray", vmin=0, vmax=1
        )
        if prediction is not None:
            axes.set_xlabel(f"F1 {vessel_scores.scores(prediction.counts)['F1']:.3f}")

    def draw_error(self, axes, sample_id, prediction):
        vessels, view = self.truth(self._by_id[sample_id])
        said = _probability(prediction) >= 0.5
        colours = np.array([[225, 225, 225], [255, 255, 255], [0, 0, 0], [213, 94, 0], [0, 114, 178]], np.uint8)
        axes.imshow(colours[np.where(~view, 0, 1 + said * vessels + 2 * (said & ~vessels) + 3 * (~said & vessels))])
        axes.set_xlabel("orange: false alarm, blue: missed")


def _probability(prediction):
    return np.frombuffer(zlib.decompress(prediction.probability), np.uint8).reshape(prediction.shape) / 255


@adapters.register("vessels")
def workload(settings, options):
    """Vessels from a variant's settings; everything that can be wrong with its files is found here."""
    check_keys(settings, SETTINGS, "setting")
    data = settings.get("data") or {}
    check_keys(data, ("type", "window"), f"key of data {data.get('type')!r}:")
    samples, batch_size, limit = amounts(settings, options, samples=4, batch_size=1)
    window = None if data.get("window") is None else whole(data["window"], "window")
    if data.get("type") not in SETS:
        raise InputError(f"data is {data!r}; expected dict(type='drive') or dict(type='retinas')")
    if options.data_root is None and data["type"] == "drive":
        raise InputError(
            "DRIVE is needed: give the folder that holds test/images, test/1st_manual and test/mask with "
            "--data-root DIR"
        )
    network, source = _network(options.checkpoint or settings.get("checkpoint"), options, settings.get("model"))
    root = options.data_root if data["type"] == "drive" else retinas.ensure()
    eyes, training = drive.read(root)
    if training:
        order = drawn(by_hash(path.name for path in training), samples, options, f"'{root}'")
        chosen, test = [path for path in training if path.name in set(order[:samples])], eyes
    else:
        order = by_hash((eye.image.name for eye in eyes), options.seed)
        what = f"'{root}' has {len(eyes)} test pictures and no training/images"
        aside, rest = map(set, set_aside(order, samples, options, what))
        chosen, test = [e.image for e in eyes if e.image.name in aside], [e for e in eyes if e.image.name in rest]
    test = test[:limit]
    hashes = {
        path: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for path in [*chosen, *(p for eye in test for p in eye[1:])]
    }
    made = Vessels(
        network,
        test,
        chosen,
        window,
        batch_size,
        options.device,
        {
            "data": {
                "name": SETS[data["type"]],
                "split": options.split,
                "samples": len(test),
                "window": window,
                "fingerprint": of_files((eye.id, *(hashes[p] for p in eye[1:])) for eye in test),
            },
            "calibration": {
                "samples": len(chosen),
                "set_aside": not training,
                "fingerprint": of_files((Path(p).name, hashes[p]) for p in chosen),
                "overlap": len({hashes[p] for p in chosen} & {hashes[eye.image] for eye in test}),
            },
            "weights": describe_weights(source, network),
            "network": "KerasUNet",
        },
    )
    for eye in test:  # before any work: that all is there, black and white, and of one size
        made.truth(eye)
    return made


def _network(checkpoint, options, model=None):
    """(network, name of its file): of a Keras file, which says what the network is, or of ``model`` and a torch file; 'random':
    weights of a seed, for ``model`` or orobix's network."""
    if not checkpoint:
        raise InputError("no checkpoint is given; expected the .h5 file of a Keras U-Net with --checkpoint FILE")
    path = next((p for p in (Path(checkpoint), PROJECT / checkpoint) if p.is_file()), Path(checkpoint))
    if checkpoint == "random" and model is None:
        model = "adapters.models.unet_keras:KerasUNet"
    if model is None or path.suffix in (".h5", ".hdf5"):
        network = from_keras(path)
    else:
        network = build_classifier(model, checkpoint, options.device, options.trust_checkpoint, options.seed)
    if not isinstance(network, KerasUNet):
        raise InputError(
            f"model {model!r} is a {type(network).__name__}; expected adapters.models.unet_keras:KerasUNet"
        )
    if network.last.out_channels != 2 or network.stages[0][0].in_channels != 1:
        raise InputError(
            f"'{path}' takes {network.stages[0][0].in_channels} channels and gives {network.last.out_channels} "
            "classes; expected 1 (grey) and 2 (background, vessel)"
        )
    return network.to(options.device), path.name


@torch.no_grad()
def main(argv=None):
    """Scores of the network itself on every test picture: nothing is set aside, as nothing is converted."""
    parser = argparse.ArgumentParser(prog="python -m adapters.segmentation.vessels", description=main.__doc__)
    parser.add_argument("--data-root", required=True, metavar="DIR", help="folder that holds DRIVE's test/")
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help="the .h5 file of a Keras U-Net")
    args = parser.parse_args(argv)
    try:
        network, _ = _network(args.checkpoint, WorkloadOptions())
        made = Vessels(network, drive.read(args.data_root)[0], [], None, 1, "cpu", {})
        found = {}
        for batch in made.batches():
            found.update(zip(batch.ids, made.predict(network(batch.inputs), batch)))
        result = made.evaluate(found)
    except AdafireError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, value in result.metrics.items():
        low, high = result.evidence["intervals"][name]
        print(f"{name} {value:.4f} [{low:.4f}, {high:.4f}]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
